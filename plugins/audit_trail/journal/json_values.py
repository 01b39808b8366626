"""Any Python value as JSON: whatever an application logs, its record is written.

Nothing here raises for a strange value. What JSON cannot say becomes a
string, and what is left out is named in its place.
"""

from __future__ import annotations

import base64
import json
import math
from collections import deque
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from enum import Enum
from typing import Any

# Far deeper than records are, far less deep than Python's own stack.
_MAX_DEPTH = 64
# json refuses integers of more than 4,300 digits; parsers refuse far shorter ones.
_MAX_INTEGER_BITS = 1024


def rfc3339(moment: datetime) -> str:
    """An aware time as RFC 3339 in UTC with microseconds and `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def to_json_value(value: object, _around: tuple[int, ...] = ()) -> Any:
    """The value in JSON's own types.

    Args:
        value: Anything. datetime becomes RFC 3339, bytes base64, a set a
            sorted list, NaN and the infinities strings, an unknown object its
            `str()`; a value that holds itself becomes `<circular reference>`.
        _around: Identities of the containers around it.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return to_json_value(value.value, _around)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping | list | tuple | deque | set | frozenset):
        return _container(value, _around)
    return _scalar(value)


def encode_json(value: object) -> bytes:
    """Compact UTF-8 JSON of a value that `to_json_value` made."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    # A lone surrogate is no UTF-8; its `\udXXX` is the JSON escape for it.
    return text.encode("utf-8", "backslashreplace")


def _number(value: float) -> int | float | str:
    if isinstance(value, int):
        return int(value) if value.bit_length() <= _MAX_INTEGER_BITS else hex(value)
    return float(value) if math.isfinite(value) else float.__repr__(value)


def _container(value: Any, around: tuple[int, ...]) -> Any:
    if id(value) in around:
        return "<circular reference>"
    if len(around) >= _MAX_DEPTH:
        return "<nested too deep>"
    inside = (*around, id(value))
    try:
        if isinstance(value, Mapping):
            return _object(value, inside)
        # A copy first: another thread may be changing it.
        items = [to_json_value(item, inside) for item in list(value)]
        return sorted(items, key=encode_json) if isinstance(value, set | frozenset) else items
    except Exception as error:  # noqa: BLE001 - an application's own mapping may raise anything
        return f"<unreadable {type(value).__name__}: {type(error).__name__}>"


def _object(value: Mapping[Any, Any], inside: tuple[int, ...]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, item in list(value.items()):
        name = _key(key)
        while name in out:  # 1 and "1" are two keys; neither may be lost
            name += "_"
        out[name] = to_json_value(item, inside)
    return out


def _key(key: object) -> str:
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, tuple | frozenset):
        return _text(key)
    value = to_json_value(key)
    return value if isinstance(value, str) else json.dumps(value)


def _scalar(value: object) -> str:
    if isinstance(value, datetime):
        return rfc3339(value) if value.tzinfo else value.isoformat(timespec="microseconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode("ascii")
    return _text(value)


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - __str__ of an application's class may raise anything
        return f"<unprintable {type(value).__name__}: {type(error).__name__}>"
