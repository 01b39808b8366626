"""Which task logs are written down for a day, once each, and how one is checked against what was sealed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import DAY, Archive

from audit_trail.errors import CollectionError
from audit_trail.pipeline.task_log_digests import note_task_logs, read_task_log
from audit_trail.settings import TASK_LOGS, Settings, load_settings
from audit_trail.verification.task_log_check import check_task_log

NEXT = (date.fromisoformat(DAY) + timedelta(days=1)).isoformat()
RUN = "dag_id=audit_trail_daily/run_id=scheduled__2026-03-14T00:00:00+00:00"
COLLECT = f"{RUN}/task_id=collect/attempt=1.log"
# As a worker of Airflow 3.3 writes them, shortened.
PRE, POST, END, WORK = "::group::Pre Execute", "::group::Post Execute", "::endgroup::", "some work"
DEFERRED = "Pausing task as DEFERRED. "


def line(event: str, *, at: str, logger: str) -> str:
    value = {"timestamp": at, "level": "info", "event": event, "logger": logger, "lineno": 1}
    return json.dumps(value, separators=(",", ":")) + "\n"


def write_log(folder: Path, path: str, *events: str, at: str = f"{DAY}T00:05:00.123456Z") -> Path:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    lines = [line(event, at=at, logger="audit_trail" if event == WORK else "task") for event in events]
    target.write_text("".join(lines))
    return target


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "airflow-logs"
    folder.mkdir()
    return folder


@pytest.fixture
def settings(tmp_path: Path, logs: Path) -> Settings:
    return load_settings(home=tmp_path / "home", task_logs={"folder": logs})


def noted(settings: Settings, day: str) -> list[dict[str, Any]]:
    note_task_logs(settings, date.fromisoformat(day))
    files = sorted((settings.task_log_digests / day).glob("*.jsonl"))
    return [json.loads(text) for path in files for text in path.read_text().splitlines()]


def test_a_log_that_ended_is_written_down_for_the_day_of_its_last_line(
    settings: Settings, logs: Path
) -> None:
    path = write_log(logs, f"{RUN}/task_id=hash/map_index=12/attempt=2.log", PRE, END, WORK, POST, END)
    (record,) = noted(settings, DAY)
    said = subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout
    assert record["sha256"] == said.split()[0]
    assert (record["dag_id"], record["task_id"]) == ("audit_trail_daily", "hash")
    assert (record["map_index"], record["try_number"], record["end"]) == (12, 2, "marked")
    assert record["run_id"] == "scheduled__2026-03-14T00:00:00+00:00"
    assert record["bytes"] == path.stat().st_size
    assert record["last_line"] == f"{DAY}T00:05:00Z"
    assert noted(settings, NEXT) == []


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ((PRE, END, WORK, POST, END), "ended"),
        ((PRE, END, WORK), "open"),
        ((PRE, END), "open"),
        ((PRE, END, WORK, POST), "open"),
        ((PRE, END, WORK, POST, DEFERRED, END), "paused"),
        ((PRE, END, WORK, POST, DEFERRED, END, PRE, END), "open"),
        ((PRE, END, WORK, POST, DEFERRED, END, PRE, END, WORK, POST, END), "ended"),
        ((PRE, END, WORK, POST, END, WORK), "open"),
        ((), "open"),
    ],
    ids=range(9),
)
def test_how_far_a_try_has_come(logs: Path, events: tuple[str, ...], state: str) -> None:
    assert read_task_log(write_log(logs, COLLECT, *events), COLLECT).state == state


def test_a_killed_tasks_log_is_written_down_after_a_silent_day(settings: Settings, logs: Path) -> None:
    write_log(logs, COLLECT, PRE, END, WORK)
    write_log(logs, COLLECT.replace("collect", "verify_sample"), PRE, END, WORK, POST, DEFERRED, END)
    assert noted(settings, DAY) == []
    (record,) = noted(settings, NEXT)
    assert (record["path"], record["end"]) == (COLLECT, "silent")


def test_other_dags_links_and_other_files_are_left_alone(settings: Settings, logs: Path) -> None:
    done = (PRE, END, POST, END)
    other = write_log(logs, COLLECT.replace("audit_trail_daily", "payroll"), *done)
    write_log(logs, f"{RUN}/task_id=collect/notes.log", *done)
    (logs / "dag_id=audit_trail_link").symlink_to(other.parent)
    (logs / "dag_id=audit_trail_daily").mkdir(exist_ok=True)
    (logs / "dag_id=audit_trail_daily" / "attempt=1.log").symlink_to(other)
    assert noted(settings, DAY) == []


def test_again_only_what_was_not_seen_before_is_added_and_a_change_is_said(
    settings: Settings, logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_log(logs, COLLECT, PRE, END, POST, END)
    first = noted(settings, DAY)
    path.write_text(path.read_text().replace("Pre", "Pro"))
    write_log(logs, COLLECT.replace("collect", "sign"), PRE, END, POST, END)
    second = noted(settings, DAY)
    assert first[0] in second
    assert sorted(record["task_id"] for record in second) == ["collect", "sign"]
    assert "a task log has changed since its digest was written down" in caplog.text


def test_a_missing_folder_is_said_and_an_unreadable_one_is_an_error(
    settings: Settings, logs: Path, caplog: pytest.LogCaptureFixture
) -> None:
    logs.rmdir()
    assert noted(settings, DAY) == []
    assert "there is no folder of task logs here" in caplog.text
    logs.write_text("a file")
    with pytest.raises(CollectionError, match="cannot be read or written"):
        noted(settings, DAY)


def test_a_sealed_digest_tells_a_log_from_a_changed_one(
    make_archive: Callable[..., Archive], logs: Path, tmp_path: Path
) -> None:
    archive = make_archive(task_logs={"folder": logs})
    path = write_log(logs, COLLECT, PRE, END, WORK, POST, END)
    archive.processor().process_daily_logs(DAY)
    context = archive.context()
    view = context.ledger()
    (sealed,) = view.seals_of(DAY)[0].objects
    assert f"source={TASK_LOGS}" in sealed.key

    found = check_task_log(context.store, view, path)
    assert found.is_sealed
    assert found.sealed is not None
    assert (found.sealed.sequence, found.sealed.day) == (1, DAY)
    # By hand, as the document says: nothing of ours but the exported segment.
    (tmp_path / "part.zst").write_bytes(b"".join(context.store.stream(sealed.key, sealed.version_id)))
    by_hand = 'sum=$(sha256sum <"$1"); zstd -dcq part.zst | grep -F "${sum%% *}"'
    command = ["bash", "-c", by_hand, "bash", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)["path"] == COLLECT

    elsewhere = tmp_path / "shown.log"
    elsewhere.write_bytes(path.read_bytes())
    assert check_task_log(context.store, view, elsewhere).is_sealed
    with path.open("a") as file:
        file.write(line(WORK, at=f"{NEXT}T00:00:00Z", logger="audit_trail.evidence"))
    changed = check_task_log(context.store, view, path)
    assert not changed.is_sealed
    assert changed.sealed == found.sealed
    assert changed.sentence == "NOT the log that was sealed."
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    unknown = write_log(logs, COLLECT.replace("attempt=1", "attempt=3"), PRE, END, POST, END)
    assert check_task_log(context.store, view, unknown).sealed is None
    # The day again: nothing has come to its sources but that log, which is late data.
    archive.processor().process_daily_logs(DAY)
    assert len(archive.context().ledger().seals_of(DAY)) == 2
    assert check_task_log(context.store, archive.context().ledger(), unknown).is_sealed
