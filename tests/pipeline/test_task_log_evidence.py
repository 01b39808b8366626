"""What the stages write into the log of a run, and that anybody can repeat it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.pipeline.evidence_log import LOGGER, Evidence, parse
from tests.pipeline.conftest import DAY, Archive
from tests.pipeline.hand_commands_in_bash import run_commands


def evidence(caplog: pytest.LogCaptureFixture) -> list[Evidence]:
    events = [record.getMessage() for record in caplog.records if record.name == LOGGER]
    return [found for found in map(parse, events) if found is not None]


def test_commands(
    archive: Archive, store: EmbeddedStore, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    archive.log(f"{DAY}.log", b"one\ntwo\nthree")
    archive.log(f"{DAY} it's $(odd).log", b"four\n")
    with caplog.at_level(logging.INFO, LOGGER):
        archive.processor().process_daily_logs(DAY)
    for r in caplog.records:
        if r.name == LOGGER:
            print(r.getMessage())
    found = evidence(caplog)
    commands = [item.text for item in found if item.kind == "command"]
    import time

    t = time.time()
    ran = run_commands(commands, tmp_path / "by-hand", store.credentials_file)
    print(len(ran), time.time() - t)
    for r in ran:
        print(r.status, r.command, "->", r.output)
    assert [item for item in ran if item.status] == []
    assert 0
