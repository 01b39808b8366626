"""What an application logs is in the journal: whole, redacted, numbered, in the right file."""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.journal import AuditLogger
from audit_trail.journal.record_size import MAX_RECORD_BYTES

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def records_of(folder: Path) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted(folder.rglob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def clock(*moments: datetime) -> Callable[[], datetime]:
    remaining = list(moments)
    return lambda: remaining.pop(0) if len(remaining) > 1 else remaining[0]


def test_an_api_event_is_one_line_with_its_fields(tmp_path: Path) -> None:
    with AuditLogger(tmp_path, now=clock(NOON)) as logger:
        event_id = logger.log_api_event(
            api_endpoint="POST /x", user_id="u1", request_data={"a": 1}, status_code=200, duration_ms=7
        )
    (record,) = records_of(tmp_path / "api" / "2026-01-31")
    assert {name: record.pop(name) for name in ("host", "pid")}["pid"] == os.getpid()
    assert record == {
        "v": 1,
        "event_id": event_id,
        "timestamp": "2026-01-31T12:00:00.000000Z",
        "seq": 1,
        "kind": "api",
        "api_endpoint": "POST /x",
        "user_id": "u1",
        "request_data": {"a": 1},
        "status_code": 200,
        "duration_ms": 7,
    }


def test_each_kind_has_a_file_of_its_own_numbered_from_one(tmp_path: Path) -> None:
    with AuditLogger(tmp_path, now=clock(NOON)) as logger:
        logger.log_application_event("login", user_id="u1", details="d", severity="WARNING")
        logger.log_system_event("start", component="db")
        logger.log_system_event("stop", component="db")
    (application,) = records_of(tmp_path / "application")
    assert (application["event_type"], application["severity"], application["details"]) == (
        "login", "WARNING", "d",
    )  # fmt: skip
    system = records_of(tmp_path / "system")
    assert [(record["seq"], record["event_type"], record["kind"]) for record in system] == [
        (1, "start", "system"),
        (2, "stop", "system"),
    ]


def test_file_name_and_modes_are_those_of_the_design(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with AuditLogger(journal, now=clock(NOON), durable=True) as logger:
        logger.log_system_event("start")
    (path,) = journal.rglob("*.jsonl")
    assert path.name.endswith(f"-{os.getpid()}-20260131T120000000000Z.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, journal):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    with AuditLogger(tmp_path) as logger:
        logger.log_api_event(
            api_endpoint="/x?token=hunter2", user_id="bob@example.com", request_data='{"password":"hunter2"}'
        )
        logger.log_application_event("x", details={"password": "hunter2", "pin": 1234})
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*.jsonl"))
    assert b"hunter2" not in written
    assert b"bob@" not in written
    assert b"1234," not in written
    assert len(records_of(tmp_path)) == 2


def test_a_new_utc_day_opens_a_new_file(tmp_path: Path) -> None:
    local = timezone(timedelta(hours=2))
    late = datetime(2026, 2, 1, 1, 59, 59, tzinfo=local)
    with AuditLogger(tmp_path, now=clock(late, late + timedelta(seconds=1))) as logger:
        logger.log_system_event("before")
        logger.log_system_event("after")
    (before,) = records_of(tmp_path / "system" / "2026-01-31")
    (after,) = records_of(tmp_path / "system" / "2026-02-01")
    assert (before["event_type"], before["seq"]) == ("before", 1)
    assert (after["event_type"], after["seq"]) == ("after", 1)


def test_two_loggers_of_one_moment_do_not_share_a_file(tmp_path: Path) -> None:
    with AuditLogger(tmp_path, now=clock(NOON)) as one, AuditLogger(tmp_path, now=clock(NOON)) as two:
        one.log_system_event("a")
        two.log_system_event("b")
    assert [record["seq"] for record in records_of(tmp_path)] == [1, 1]
    assert len(list(tmp_path.rglob("*.jsonl"))) == 2


def test_threads_write_whole_lines_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    with AuditLogger(tmp_path, now=clock(NOON)) as logger:

        def write(name: int) -> None:
            for _ in range(100):
                logger.log_application_event("x", details={"thread": name, "padding": "y" * 3000})

        threads = [threading.Thread(target=write, args=(name,)) for name in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    records = records_of(tmp_path)
    assert [record["seq"] for record in records] == list(range(1, 601))
    ids = [record["event_id"] for record in records]
    assert ids == sorted(set(ids))


def test_a_forked_child_writes_a_file_of_its_own_even_while_the_lock_is_held(tmp_path: Path) -> None:
    logger = AuditLogger(tmp_path, now=clock(NOON))
    logger.log_system_event("parent")
    with logger._lock:  # what another thread of the parent may be doing
        child = os.fork()
        if child == 0:
            try:
                logger.log_system_event("child")
                os._exit(0)
            finally:
                os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    logger.log_system_event("parent again")
    logger.close()
    seen = [(record["pid"], record["seq"], record["event_type"]) for record in records_of(tmp_path)]
    assert sorted(seen) == sorted(
        [(os.getpid(), 1, "parent"), (os.getpid(), 2, "parent again"), (child, 1, "child")]
    )
    assert len({record["event_id"] for record in records_of(tmp_path)}) == 3


def test_a_field_named_like_one_of_the_record_is_kept_under_extra(tmp_path: Path) -> None:
    with AuditLogger(tmp_path) as logger:
        logger.log_system_event("x", host="db1", seq=99, colour="red")
    (record,) = records_of(tmp_path)
    assert record["extra"] == {"host": "db1", "seq": 99}
    assert (record["seq"], record["colour"]) == (1, "red")


def test_an_oversized_record_is_cut_and_says_so(tmp_path: Path) -> None:
    with AuditLogger(tmp_path) as logger:
        logger.log_api_event(
            api_endpoint="/x", user_id="u", request_data={"password": "hunter2", "body": "x" * 3_000_000}
        )
    (path,) = tmp_path.rglob("*.jsonl")
    assert path.stat().st_size < MAX_RECORD_BYTES
    (record,) = records_of(tmp_path)
    assert record["truncated"] is True
    assert record["truncated_field_count"] == 1
    assert record["truncated_fields"]["request_data"] > 3_000_000
    assert record["request_data"].startswith('{"password":"[REDACTED:password]"')
    assert record["api_endpoint"] == "/x"


def test_a_record_of_very_many_fields_is_cut_within_the_limit(tmp_path: Path) -> None:
    with AuditLogger(tmp_path) as logger:
        logger.log_system_event("x", **{f"field{number}": "y" * 90 for number in range(20_000)})
    (path,) = tmp_path.rglob("*.jsonl")
    assert path.stat().st_size < MAX_RECORD_BYTES
    (record,) = records_of(tmp_path)
    assert record["event_type"] == "x"
    assert len(record["truncated_fields"]) == 16
    assert record["truncated_field_count"] > 5_000


def test_an_unwritable_journal_is_a_storage_error_naming_the_path(tmp_path: Path) -> None:
    in_the_way = tmp_path / "journal"
    in_the_way.write_text("a file")
    logger = AuditLogger(in_the_way)
    with pytest.raises(StorageError, match=str(in_the_way)):
        logger.log_system_event("x")


@pytest.mark.parametrize("torn", [True, False], ids=["after a part was written", "before any"])
def test_a_full_disk_leaves_whole_lines_and_the_next_record_continues(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, torn: bool
) -> None:
    logger = AuditLogger(tmp_path)
    logger.log_system_event("first")
    really_write = os.write
    calls: list[int] = []

    def full(descriptor: int, data: bytes) -> int:
        calls.append(descriptor)
        if torn and len(calls) == 1:
            return really_write(descriptor, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(StorageError, match="No space left"):
        logger.log_system_event("lost")
    monkeypatch.undo()
    logger.log_system_event("second")
    logger.close()
    assert [(record["seq"], record["event_type"]) for record in records_of(tmp_path)] == [
        (1, "first"),
        (2, "second"),
    ]


def test_when_a_torn_line_cannot_be_removed_another_file_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "Input/output error")

    logger = AuditLogger(tmp_path, now=clock(NOON))
    logger.log_system_event("first")
    monkeypatch.setattr(os, "write", fail)
    monkeypatch.setattr(os, "ftruncate", fail)
    with pytest.raises(StorageError):
        logger.log_system_event("lost")
    monkeypatch.undo()
    logger.log_system_event("second")
    logger.close()
    assert len(list(tmp_path.rglob("*.jsonl"))) == 2
    assert [record["seq"] for record in records_of(tmp_path)] == [1, 1]


def test_a_closed_logger_and_a_naive_clock_are_refused(tmp_path: Path) -> None:
    logger = AuditLogger(tmp_path, now=lambda: datetime(2026, 1, 31))
    with pytest.raises(ConfigurationError, match="time zone"):
        logger.log_system_event("x")
    logger.close()
    logger.close()
    with pytest.raises(ConfigurationError, match="closed"):
        logger.log_system_event("x")


def test_importing_loads_neither_airflow_nor_boto3_nor_pydantic() -> None:
    code = (
        "import sys; from audit_trail import AuditLogger;"
        "print([name for name in ('airflow', 'boto3', 're2', 'pydantic') if name in sys.modules])"
    )
    plugins = Path(__file__).parents[2] / "plugins"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(plugins)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
