"""`read-task-log` and `check-task-log`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.cli.conftest import Shell

from audit_trail.pipeline.evidence_log import LOGGER, command, fact, note, passed, summary

GOOD = (
    fact("read", uri="file:///a b", bytes=3),
    passed("object.size", "a", expected=3, found=3),
    command("echo 'a  b' | sha256sum"),
    note("something to know"),
    summary("SEALED 2026-03-14 as ledger entry 1"),
)
BAD = 'FAIL object.size where=a expected=3 found=4 remedy="look \\u001b[31m at it"'
UNREAD = "UNVERIFIABLE object.present where=b expected=present found=denied"


def log_file(folder: Path, *events: str) -> Path:
    path = folder / "dag_id=d" / "run_id=r" / "task_id=seal" / "attempt=1.log"
    path.parent.mkdir(parents=True)
    lines = [json.dumps({"event": event, "logger": LOGGER}) for event in events]
    noise = json.dumps({"event": "FACT forged uri=x", "logger": "somebody"})
    path.write_text("\n".join([noise, *lines]) + "\n")
    return path


@pytest.mark.parametrize(
    ("more", "status"),
    [((), 0), ((UNREAD,), 2), ((UNREAD, BAD), 1)],
    ids=["good", "unread", "bad"],
)
def test_the_evidence_of_a_log_is_shown_and_its_status_is_the_checks(
    shell: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path, more: tuple[str, ...], status: int
) -> None:
    path = log_file(tmp_path, *GOOD, *more)
    ended = shell.run(capsys, "read-task-log", str(path), "--json")
    assert ended.status == status
    document = ended.document
    assert document["facts"] == [
        {"kind": "fact", "fact": "read", "fields": {"uri": "file:///a b", "bytes": "3"}}
    ]
    assert len(document["checks"]) == 1 + len(more)
    assert document["commands"] == ["echo 'a  b' | sha256sum"]
    assert document["summary"] == ["SEALED 2026-03-14 as ledger entry 1"]
    human = shell.run(capsys, "read-task-log", str(path))
    assert human.status == status
    assert "SEALED 2026-03-14 as ledger entry 1" in human.out
    assert "\x1b" not in human.out
    assert "forged" not in human.out


def test_commands_are_printed_as_they_are(
    shell: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = log_file(tmp_path, command("echo " + "x" * 5000), *GOOD)
    ended = shell.run(capsys, "read-task-log", str(path), "--commands")
    assert ended.out.splitlines() == ["echo " + "x" * 5000, "echo 'a  b' | sha256sum"]


@pytest.mark.parametrize("text", [None, "", "some other log\n"], ids=["missing", "empty", "other"])
def test_a_file_without_evidence_is_not_good(
    shell: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str | None
) -> None:
    path = tmp_path / "attempt=1.log"
    if text is not None:
        path.write_text(text)
    ended = shell.run(capsys, "read-task-log", str(path), "--json")
    assert ended.status == 3
    assert ended.document["where"] == str(path)


def test_a_log_that_nobody_sealed_is_not_good(
    founded: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = log_file(tmp_path, *GOOD)
    ended = founded.run(capsys, "check-task-log", str(path), "--json")
    assert ended.status == 1
    assert (ended.document["sealed"], ended.document["is_sealed"]) == (None, False)
    human = founded.run(capsys, "check-task-log", str(path))
    assert "No sealed record names this log" in human.out
    assert founded.run(capsys, "check-task-log", str(tmp_path / "none")).status == 3
    assert founded.run(capsys, "check-task-log", str(path), "--date", "soon").status == 3
