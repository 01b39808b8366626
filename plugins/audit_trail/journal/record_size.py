"""Keeping a record within its limit, and saying what was left out."""

from __future__ import annotations

from typing import Any

from audit_trail.journal.json_values import encode_json
from audit_trail.redaction import Redactor

# One line must stay readable for every collector; CloudWatch Logs takes 1 MiB per event.
MAX_RECORD_BYTES = 1024 * 1024
# For the record's own fields and the account of what was cut.
_RESERVED_BYTES = 64 * 1024
_PREVIEW_CHARACTERS = 1024
_MAX_NAMED_FIELDS = 16
_NAME_CHARACTERS = 128


def fit(fields: dict[str, Any], *, redactor: Redactor) -> dict[str, Any]:
    """Return the fields, the largest cut where together they would be too big.

    Args:
        fields: Values in JSON's own types, in the order they shall have.
        redactor: A value is redacted before it is cut: half a secret matches no rule.

    Returns:
        The fields themselves, or those that fit, in order, with the first
        characters of the largest others, `"truncated": true`, and
        `truncated_fields`: name to encoded bytes of up to 16 that were cut.
    """
    sizes = {name: len(encode_json({name: value})) for name, value in fields.items()}
    if sum(sizes.values()) <= MAX_RECORD_BYTES - _RESERVED_BYTES:
        return fields
    kept: set[str] = set()
    left = MAX_RECORD_BYTES - 2 * _RESERVED_BYTES
    for name in sorted(sizes, key=lambda name: sizes[name]):
        left -= sizes[name]
        if left < 0:
            break
        kept.add(name)
    cut = sorted((name for name in fields if name not in kept), key=lambda name: -sizes[name])
    shown = set(cut[:_MAX_NAMED_FIELDS])
    body: dict[str, Any] = {}
    for name, value in fields.items():
        if name in kept:
            body[name] = value
        elif name in shown:
            body[name[:_NAME_CHARACTERS]] = _preview(value, redactor)
    body["truncated"] = True
    body["truncated_fields"] = {name[:_NAME_CHARACTERS]: sizes[name] for name in cut[:_MAX_NAMED_FIELDS]}
    body["truncated_field_count"] = len(cut)
    return body


def _preview(value: Any, redactor: Redactor) -> str:
    text = redactor.redact(encode_json(value)).data.decode("utf-8", "replace")
    return text[:_PREVIEW_CHARACTERS]
