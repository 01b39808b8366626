"""The sample day looks real, lies within its day, and shows redaction."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from audit_trail.demo.samples import write_samples
from audit_trail.errors import ConfigurationError
from audit_trail.redaction import Redactor

DAY = date(2026, 1, 31)
VARYING = ("event_id", "pid", "host")


def records_of(folder: Path) -> list[dict[str, Any]]:
    records = [
        json.loads(line) for path in folder.rglob("*.jsonl") for line in path.read_bytes().splitlines()
    ]
    return sorted(records, key=lambda record: str(record["timestamp"]))


def test_samples_are_spread_over_the_day_in_order_and_counted(tmp_path: Path) -> None:
    summary = write_samples(tmp_path, day=DAY, count=300, seed=1)
    records = records_of(tmp_path)
    assert sum(summary.records.values()) == len(records) == 300
    assert set(summary.records) == {"application", "system", "api"}
    assert min(summary.records.values()) > 0
    assert summary.files == tuple(sorted(tmp_path.rglob("*.jsonl")))
    assert all(path.parent.name == "2026-01-31" for path in summary.files)
    assert records[0]["timestamp"] == "2026-01-31T00:00:00.000000Z"
    assert records[-1]["timestamp"].startswith("2026-01-31T23:5")
    for path in summary.files:
        numbers = [json.loads(line)["seq"] for line in path.read_bytes().splitlines()]
        assert numbers == list(range(1, len(numbers) + 1))


def test_samples_show_redaction_and_a_second_scan_finds_nothing(tmp_path: Path) -> None:
    summary = write_samples(tmp_path, day=DAY, count=400, seed=1)
    written = b"".join(path.read_bytes() for path in summary.files)
    for rule in (
        "password",
        "authorization",
        "token",
        "email",
        "payment-card",
        "us-ssn",
        "aws-access-key",
        "api-key",
    ):
        assert f"[REDACTED:{rule}]".encode() in written
    assert b"@example.com" not in written
    assert Redactor().redact(written).counts == {}


def test_the_same_seed_gives_the_same_records_but_for_ids(tmp_path: Path) -> None:
    def content(name: str, seed: int) -> list[dict[str, Any]]:
        write_samples(tmp_path / name, day=DAY, count=50, seed=seed)
        return [
            {field: value for field, value in record.items() if field not in VARYING}
            for record in records_of(tmp_path / name)
        ]

    assert content("a", 1) == content("b", 1)
    assert content("c", 2) != content("a2", 1)


def test_progress_ends_with_the_count_and_only_new_files_are_named(tmp_path: Path) -> None:
    first = write_samples(tmp_path, day=DAY, count=5, seed=1)
    seen: list[int] = []
    second = write_samples(tmp_path, day=DAY, count=1500, seed=1, on_progress=seen.append)
    assert seen == [1000, 1500]
    assert not set(first.files) & set(second.files)


def test_no_samples_write_no_file_and_fewer_are_refused(tmp_path: Path) -> None:
    assert write_samples(tmp_path, day=DAY, count=0).files == ()
    with pytest.raises(ConfigurationError, match="negative"):
        write_samples(tmp_path, day=DAY, count=-1)
