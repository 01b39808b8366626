"""Whatever an application logs becomes JSON, and nothing is lost in silence."""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_trail.journal.json_values import encode_json, to_json_value


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Unprintable:
    def __str__(self) -> str:
        raise RuntimeError("no")


class BrokenMapping(Mapping[str, str]):
    def __getitem__(self, key: str) -> str:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise OSError("gone")

    def __len__(self) -> int:
        return 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("é\n", "é\n"),
        (2**70, 2**70),
        (2**2000, hex(2**2000)),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("1.10"), "1.10"),
        (datetime(2026, 1, 31, 1, 2, 3, 4, tzinfo=UTC), "2026-01-31T01:02:03.000004Z"),
        (datetime(2026, 1, 31, 1, tzinfo=timezone(timedelta(hours=2))), "2026-01-30T23:00:00.000000Z"),
        (datetime(2026, 1, 31, 1), "2026-01-31T01:00:00.000000"),
        (date(2026, 1, 31), "2026-01-31"),
        (time(1, 2), "01:02:00"),
        (b"\xff\x00", "/wA="),
        (bytearray(b"a"), "YQ=="),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/a/b"), "/a/b"),
        ({3, 1, 2}, [1, 2, 3]),
        (frozenset({"b", 1}), ["b", 1]),
        ((1, [2], deque([3])), [1, [2], [3]]),
        (OrderedDict(a=1), {"a": 1}),
        ({0: "a", None: "b", True: "c", (1, 2): "d"}, {"0": "a", "null": "b", "true": "c", "(1, 2)": "d"}),
        ({1: "a", "1": "b"}, {"1": "a", "1_": "b"}),
        (Colour.RED, "red"),
        (Level.HIGH, 3),
        (Unprintable(), "<unprintable Unprintable: RuntimeError>"),
        (BrokenMapping(), "<unreadable BrokenMapping: OSError>"),
    ],
)
def test_values_become_json(value: object, expected: object) -> None:
    assert to_json_value(value) == expected
    assert json.loads(encode_json(to_json_value(value))) == expected


def test_a_value_that_holds_itself_says_so_and_a_shared_one_is_written_twice() -> None:
    shared = [1]
    ring: dict[str, object] = {"twice": [shared, shared]}
    ring["self"] = ring
    assert to_json_value(ring) == {"twice": [[1], [1]], "self": "<circular reference>"}


def test_a_value_nested_too_deep_ends_with_a_marker() -> None:
    deep: list[object] = []
    for _ in range(10_000):
        deep = [deep]
    assert b"<nested too deep>" in encode_json(to_json_value(deep))


def test_a_lone_surrogate_survives_as_a_json_escape() -> None:
    encoded = encode_json("a\ud800")
    assert encoded == b'"a\\ud800"'
    assert json.loads(encoded) == "a\ud800"


@settings(deadline=None)
@given(st.recursive(st.one_of(st.text(), st.integers(), st.floats(), st.binary()), st.lists, max_leaves=10))
def test_any_value_encodes_to_one_line_of_json(value: object) -> None:
    encoded = encode_json(to_json_value(value))
    assert b"\n" not in encoded
    json.loads(encoded)
