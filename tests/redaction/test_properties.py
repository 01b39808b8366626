"""What holds for any bytes: records stay records, JSON stays JSON, a second redaction finds nothing."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.redaction.log_bytes import FRAGMENTS, KEY_BYTES, LOG_BYTES, RECORDS

from audit_trail.redaction import Redactor

MANY = settings(deadline=None, max_examples=2000)
SOME = settings(deadline=None, max_examples=400)
SEPARATORS = st.sampled_from([(",", ":"), (", ", ": ")])
# Of no shape that a rule knows, so that only its key can give it away.
MARKER = base64.b32encode(b"a value").decode().lower().rstrip("=")


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@MANY
@given(data=st.one_of(LOG_BYTES, KEY_BYTES))
@example(data=b"://Bearer +++++++++++++++0\x00@")
@example(data=b"001-01-0001-eyJ000000.AAAA.")
@example(data=b"123-45-6789.4111111111111111")
@example(data=b"bob@example.com+14155552671")
@example(data=b"AKIAIOSFODNN7EXAMPLE.password=x")
@example(data=b"Authorization=Digest a=\\p")
@example(data=b"Cookie: a=b\\p")
def test_a_second_redaction_finds_nothing(redactor: Redactor, data: bytes) -> None:
    once = redactor.redact(data)
    again = redactor.redact(once.data)
    assert (again.data, again.counts) == (once.data, {})


@SOME
@given(data=st.one_of(LOG_BYTES, KEY_BYTES))
def test_records_in_are_records_out_and_those_without_a_finding_the_same(
    redactor: Redactor, data: bytes
) -> None:
    before, after = data.split(b"\n"), redactor.redact(data).data.split(b"\n")
    assert len(after) == len(before)
    touched = {data.count(b"\n", 0, found.start) for found in redactor.find(data)}
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        if number not in touched:
            assert new == old


@SOME
@given(records=st.lists(RECORDS, min_size=1, max_size=5))
def test_a_record_is_redacted_the_same_whatever_stands_around_it(
    redactor: Redactor, records: list[bytes]
) -> None:
    together = redactor.redact(b"\n".join(records)).data
    assert together.split(b"\n") == [redactor.redact(record).data for record in records]


@SOME
@given(data=st.one_of(LOG_BYTES, KEY_BYTES))
def test_findings_are_in_order_and_name_what_a_redaction_replaces(redactor: Redactor, data: bytes) -> None:
    """Where nothing more comes to light behind the first replacements, they are all that is counted."""
    pieces, position = [], 0
    findings = redactor.find(data)
    for found in findings:
        assert position <= found.start < found.end <= len(data)
        assert b"\n" not in data[found.start : found.end]
        pieces += [data[position : found.start], found.replacement]
        position = found.end
    spliced = b"".join([*pieces, data[position:]])
    result = redactor.redact(data)
    assert bool(findings) == (result.data != data) == bool(result.counts)
    if not redactor.find(spliced):
        assert result.data == spliced
        assert result.counts == Counter(found.rule for found in findings)


@SOME
@given(data=st.one_of(LOG_BYTES, KEY_BYTES))
def test_no_placeholder_stands_in_another_and_no_carriage_return_is_lost(
    redactor: Redactor, data: bytes
) -> None:
    """Cut-off placeholders in the input may hold anything."""
    after = redactor.redact(data).data
    assert (b"[REDACTED:[" not in after) or b"[REDACTED:" in data
    assert after.count(b"\r\n") == data.count(b"\r\n")


NAMES = st.sampled_from(
    [
        *("password", "pin", "n", "clientSecret", "Cookie", "msg"),
        *("token_count", "é", "bob@example.com", "name", "value"),
    ]
)
TEXTS = st.one_of(st.text(max_size=8), st.lists(FRAGMENTS, max_size=8).map("".join))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS,
    st.sampled_from([4111111111111111, 5555555555554444]),
)  # fmt: skip
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(NAMES, TEXTS), inner, max_size=4)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.one_of(NAMES, TEXTS), DOCUMENTS, max_size=4)


@SOME
@given(document=OBJECTS, ascii_only=st.booleans(), separators=SEPARATORS)
def test_json_in_is_json_out(
    redactor: Redactor, document: dict[str, Any], ascii_only: bool, separators: tuple[str, str]
) -> None:
    text = json.dumps(document, ensure_ascii=ascii_only, separators=separators)
    assert isinstance(json.loads(redactor.redact(text.encode("utf-8", "replace")).data), dict)


@SOME
@given(
    inner=st.dictionaries(NAMES, TEXTS, max_size=3),
    depth=st.integers(1, 3),
    ascii_only=st.booleans(),
    separators=SEPARATORS,
    value=st.sampled_from([MARKER, 123456789, [MARKER], {"a": MARKER}]),
)
def test_json_in_json_strings_stays_json_and_loses_its_secret(
    redactor: Redactor,
    inner: dict[str, Any],
    depth: int,
    ascii_only: bool,
    separators: tuple[str, str],
    value: Any,
) -> None:
    text = json.dumps({**inner, "db_password": value}, ensure_ascii=ascii_only, separators=separators)
    for _ in range(depth):
        text = json.dumps({"body": text, "n": 1}, ensure_ascii=ascii_only, separators=separators)
    result: Any = redactor.redact(text.encode("utf-8", "replace")).data
    assert MARKER.encode() not in result
    assert b"123456789" not in result.replace(b"0123456789", b"")
    for _ in range(depth):
        outer = json.loads(result)
        assert outer["n"] == 1
        result = outer["body"]
    assert json.loads(result)["db_password"].startswith("[REDACTED:password")


@SOME
@given(
    value=st.text(min_size=1, max_size=40),
    key=st.sampled_from(["password", "apiKey", "X-Auth-Token", "CLIENT_SECRET"]),
)
def test_the_value_of_a_sensitive_json_key_is_gone_whatever_it_is(
    redactor: Redactor, value: str, key: str
) -> None:
    record = json.dumps({"a": 1, key: MARKER + value, "z": 2}, ensure_ascii=False)
    loaded = json.loads(redactor.redact(record.encode("utf-8", "replace")).data)
    assert loaded[key].startswith("[REDACTED:")
    assert MARKER not in loaded[key]
    assert (loaded["a"], loaded["z"]) == (1, 2)
