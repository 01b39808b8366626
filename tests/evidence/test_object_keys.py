"""Object keys: where everything lies, and back."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.evidence.object_keys import (
    day_of_key,
    ledger_key,
    ledger_sequence,
    manifest_key,
    segment_key,
    token_key,
    token_sequence,
)

DIGEST = "0123456789abcdef" * 4
SEGMENT = "logs/source=api/date=2026-01-08/part-00001-0123456789abcdef.jsonl.zst"
MANIFEST = "manifests/date=2026-01-08/r0002-0123456789abcdef.dsse.json"


@pytest.mark.parametrize(
    ("source", "number", "suffix", "key"),
    [
        ("api", 0, "jsonl", "logs/source=api/date=2026-01-09/part-00000-0123456789abcdef.jsonl.zst"),
        ("my.app-1", 7, "log", "logs/source=my.app-1/date=2026-01-09/part-00007-0123456789abcdef.log.zst"),
        ("api", 99999, "log", "logs/source=api/date=2026-01-09/part-99999-0123456789abcdef.log.zst"),
    ],
)
def test_segment_key(source: str, number: int, suffix: str, key: str) -> None:
    made = segment_key(source=source, day="2026-01-09", number=number, stored_sha256=DIGEST, suffix=suffix)
    assert made == key


@pytest.mark.parametrize(("revision", "name"), [(1, "r0001"), (12, "r0012"), (9999, "r9999")])
def test_manifest_key(revision: int, name: str) -> None:
    made = manifest_key(day="2026-01-09", revision=revision, statement_sha256=DIGEST)
    assert made == f"manifests/date=2026-01-09/{name}-0123456789abcdef.dsse.json"


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        (0, "ledger/000000000000.dsse.json"),
        (41, "ledger/000000000041.dsse.json"),
        (10**12 - 1, "ledger/999999999999.dsse.json"),
    ],
)
def test_ledger_key(sequence: int, key: str) -> None:
    assert ledger_key(sequence) == key
    assert ledger_sequence(key) == sequence


@pytest.mark.parametrize(
    "key",
    [
        "ledger/1.dsse.json",
        "ledger/0000000000001.dsse.json",
        "ledger/000000000001.dsse.json\n",
        "ledger/000000000001.dsse.json/",
        "ledger/000000000001.tsr",
        "ledger/00000000001a.dsse.json",
        "ledger/00000000000\u0661.dsse.json",
        "xledger/000000000001.dsse.json",
        "prefix/ledger/000000000001.dsse.json",
        "LEDGER/000000000001.dsse.json",
        "ledger/000000000001xdsse.json",
        "ledger/",
        "",
    ],
    ids=ascii,
)
def test_any_other_key_is_no_ledger_entry(key: str) -> None:
    assert ledger_sequence(key) is None


@given(st.integers(0, 10**12 - 1), st.integers(0, 10**12 - 1))
def test_ledger_keys_sort_as_their_numbers(one: int, other: int) -> None:
    assert (ledger_key(one) < ledger_key(other)) == (one < other)


@given(st.text(max_size=30) | st.from_regex(r"ledger/[0-9]{11,13}\.dsse\.json"))
def test_a_key_is_read_as_an_entry_only_if_it_would_be_written_so(key: str) -> None:
    sequence = ledger_sequence(key)
    assert sequence is None or ledger_key(sequence) == key


def test_keys_are_hive_partitions() -> None:
    """Athena, Spark and DuckDB read `name=value` folders as columns."""
    key = segment_key(source="api", day="2026-01-09", number=0, stored_sha256=DIGEST, suffix="jsonl")
    assert re.findall(r"([a-z]+)=([^/]+)/", key) == [("source", "api"), ("date", "2026-01-09")]


def test_token_key() -> None:
    assert token_key(41) == "ledger/000000000041.tsr"
    assert token_sequence("ledger/000000000041.tsr") == 41
    for key in (ledger_key(41), "ledger/41.tsr", "ledger/000000000041.tsr\n", "x/ledger/000000000041.tsr"):
        assert token_sequence(key) is None


@pytest.mark.parametrize(
    ("key", "day"),
    [
        (SEGMENT, "2026-01-08"),
        (MANIFEST, "2026-01-08"),
        (f"x{SEGMENT}", None),
        (f"{SEGMENT}x", None),
        (f"{MANIFEST}\n", None),
        (SEGMENT.replace("part-00001", "part-1"), None),
        (SEGMENT.replace("source=api", "source=a/b"), None),
        (SEGMENT.replace("0123456789abcdef", "0123456789ABCDEF"), None),
        (SEGMENT.replace(".jsonl.", ".json."), None),
        (MANIFEST.replace("r0002", "r2"), None),
        ("ledger/000000000001.dsse.json", None),
        ("", None),
    ],
)
def test_a_day_is_told_by_keys_of_segments_and_manifests_alone(key: str, day: str | None) -> None:
    """What may be on its way to its seal: anything else nobody of ours has put."""
    assert day_of_key(key) == day
