"""Canonical JSON: one value has one spelling, and nothing else is read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.fields import MAX_INTEGER

# Section 3.2.3 of RFC 8785: keys are sorted by UTF-16 code units, so the
# emoji (a surrogate pair) comes before the Hebrew presentation form.
SORTED_KEYS = (
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",'
    '"€":"Euro Sign","\U0001f600":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}'
)

scalars = st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def refusal(data: bytes, **limits: int) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        canonical.decode(data, where="some/key", **limits)
    assert caught.value.where == "some/key"
    return caught.value


@given(values)
def test_what_was_encoded_is_read_back_the_same(value: Any) -> None:
    data = canonical.encode(value)
    assert canonical.decode(data, where="x") == value
    assert canonical.encode(canonical.decode(data, where="x")) == data


def test_keys_are_sorted_by_utf16_code_units_as_in_the_rfc() -> None:
    shuffled = dict(reversed(json.loads(SORTED_KEYS).items()))
    assert canonical.encode(shuffled).decode() == SORTED_KEYS


@pytest.mark.parametrize(
    "around",
    [
        lambda value: {"a": value},
        lambda value: {"a": value, "b": "x"},
        lambda value: ["x", value],
        lambda value: [value, "x"],
        lambda value: ("x", value),
        lambda value: {"a": ["x", {"b": value}]},
    ],
)
def test_keys_are_sorted_so_at_any_depth(around: Callable[[Any], Any]) -> None:
    """Plain keys outside say nothing of those inside."""
    data = canonical.encode(around(json.loads(SORTED_KEYS)))
    assert SORTED_KEYS.encode() in data
    assert canonical.encode(canonical.decode(data, where="x")) == data


def test_plain_documents_need_no_slow_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest of 100,000 inputs is encoded in a second, not in twenty."""
    monkeypatch.setattr("rfc8785.dumps", lambda _: pytest.fail("the slow encoder was asked"))
    value = {"b": [True, 1, "é", {}, []], "a": ("x", {"y": False})}
    assert canonical.encode(value) == '{"a":["x",{"y":false}],"b":[true,1,"é",{},[]]}'.encode()


def test_strings_are_escaped_as_in_the_rfc() -> None:
    """Section 3.2.2.2: short escapes where there are any, lower-case hex, the solidus as it is."""
    value = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/\b\f\t\x7f\u2028"
    spelled = b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\\b\\f\\t\x7f\xe2\x80\xa8"'
    assert canonical.encode(value) == spelled
    assert canonical.decode(spelled, where="x") == value


@pytest.mark.parametrize("value", [MAX_INTEGER, -MAX_INTEGER, 0, True, "", [], {}])
def test_the_ends_of_every_type_are_allowed(value: Any) -> None:
    assert canonical.decode(canonical.encode(value), where="x") == value


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        None,
        [None],
        {"a": 0.5},
        {"a": [{"b": None}]},
        MAX_INTEGER + 1,
        -MAX_INTEGER - 1,
        {1: 2},
        "\ud800",
    ],
    ids=ascii,
)
def test_a_value_that_not_every_reader_keeps_is_not_written(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical.encode(value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b'{"a":1,"a":1}', id="key twice"),
        pytest.param(b'{"a":{"b":1,"b":2}}', id="key twice, deeper"),
        pytest.param(b'{"a":1,"\\u0061":1}', id="key twice, spelled differently"),
        pytest.param(b"1.0", id="float"),
        pytest.param(b"1e3", id="exponent"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"a":[null]}', id="null, deeper"),
        pytest.param(b"NaN", id="NaN"),
        pytest.param(b"-Infinity", id="infinity"),
        pytest.param(b"9007199254740992", id="2^53"),
        pytest.param(b"-9007199254740992", id="-2^53"),
        pytest.param(b"1" * 5000, id="5000 digits"),
        pytest.param(b"-0", id="minus zero"),
        pytest.param(b"01", id="leading zero"),
        pytest.param(b'{"b":1,"a":2}', id="keys not sorted"),
        pytest.param(b'{"a": 1}', id="space"),
        pytest.param(b'{"a":1}\n', id="newline at the end"),
        pytest.param(b'{"a":1}{}', id="something behind it"),
        pytest.param(b'"\\u0061"', id="needless escape"),
        pytest.param(b'"\\/"', id="escaped solidus"),
        pytest.param(b'"\\u000F"', id="upper-case hex"),
        pytest.param(b'"\xe2\x82"', id="cut UTF-8"),
        pytest.param(b'"\xc0\xaf"', id="overlong UTF-8"),
        pytest.param(b'"\xed\xa0\x80"', id="surrogate in UTF-8"),
        pytest.param(b'"\\ud800"', id="lone surrogate, escaped"),
        pytest.param(b'{"\\udc00":1}', id="lone surrogate in a key"),
        pytest.param(b'\xef\xbb\xbf{"a":1}', id="byte order mark"),
        pytest.param('"a"'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'"a\x00"', id="NUL"),
        pytest.param(b"{'a':1}", id="single quotes"),
        pytest.param(b"", id="empty"),
    ],
)
def test_another_spelling_is_refused(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b'{"a":1,"a":1}', "an object has the same key twice"),
        (b"1.5", "1.5 is not an integer"),
        (b"NaN", "NaN is not an integer"),
        (b"null", "floats and null have no place"),
        (b"9007199254740992", "beyond 2^53 - 1"),
    ],
)
def test_the_message_says_what_is_wrong(data: bytes, why: str) -> None:
    assert why in refusal(data).found


def test_limits_are_those_of_the_format() -> None:
    assert canonical.MAX_INTEGER == 9_007_199_254_740_991
    assert canonical.MAX_DOCUMENT_BYTES == 67_108_864
    assert refusal(b" " * (67_108_864 + 1)).what == "document is too large"
    assert refusal(b" " * 67_108_864).what == "document is not canonical JSON"


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("closed", [True, False])
def test_deep_nesting_is_refused_not_a_crash(opening: bytes, closed: bool) -> None:
    depth = 100_000
    refusal(opening * depth + (b"1" + (b"]" if opening == b"[" else b"}") * depth if closed else b""))


def test_nesting_around_the_recursion_limit_is_read_or_refused() -> None:
    """Parsing, checking and encoding run out of stack at different depths."""
    outcomes = set()
    for depth in range(sys.getrecursionlimit() // 2, sys.getrecursionlimit() + 50, 7):
        try:
            canonical.decode(b"[" * depth + b"]" * depth, where="x")
            outcomes.add("read")
        except IntegrityError:
            outcomes.add("refused")
    assert outcomes <= {"read", "refused"}
    assert "refused" in outcomes


def test_a_document_as_large_as_the_limit_is_read_and_a_larger_one_is_not() -> None:
    data = canonical.encode("a" * 98)
    assert canonical.decode(data, where="x", max_bytes=100) == "a" * 98
    error = refusal(data, max_bytes=99)
    assert (error.expected, error.found) == ("at most 99 bytes", "100 bytes")


def test_the_size_is_looked_at_before_the_bytes() -> None:
    assert refusal(b"\xff" * 11, max_bytes=10).what == "document is too large"


@given(values)
def test_the_bytes_are_those_of_a_library_for_rfc_8785(value: Any) -> None:
    import rfc8785

    assert canonical.encode(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("value", [{1: "x"}, {"a": b"x"}, {"a": 1.0}, [None], MAX_INTEGER + 1, "\ud800"])
def test_what_no_document_may_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        canonical.encode(value)
