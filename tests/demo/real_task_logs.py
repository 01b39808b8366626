"""The task logs that Airflow's own worker wrote, read and repeated as the document says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.pipeline.hand_commands_in_bash import run_commands

from audit_trail.pipeline.task_log_digests import find_task_logs

# What is fetched is one byte longer than what was stored.
TAMPERED = """
aws() {
  command aws "$@" || return
  [[ $2 != get-object ]] || printf x >>"${!#}"
}
"""


def newest_log(run: Path, task: str) -> Path:
    """The log of a task's last try."""
    return sorted((run / f"task_id={task}").glob("attempt=*.log"))[-1]


def check_evidence(home: Path, environment: dict[str, str], work: Path) -> None:
    """Repeat what the log of a real run says, with the objects and with changed ones."""
    folder = home / "airflow" / "logs"
    (run,) = (folder / "dag_id=audit_trail_daily").glob("run_id=scheduled__*")
    logs = [newest_log(run, "seal"), newest_log(run, "upload/map_index=0")]
    commands: list[str] = []
    for path in logs:
        said = _read(path, environment)
        assert {check["outcome"] for check in said["checks"]} <= {"PASS"}
        assert said["facts"][0]["fact"] == "run"
        commands += said["commands"]
    credentials = home / "store" / "credentials"
    ran = run_commands(commands, work / "by-hand", credentials_file=credentials)
    assert [item for item in ran if item.status] == []
    assert len([item for item in ran if "sha256sum -c" in item.command]) == 3
    tampered = run_commands(commands, work / "tampered", credentials_file=credentials, prelude=TAMPERED)
    failed = [item.command for item in tampered if item.status]
    assert len([command for command in failed if "sha256sum -c" in command]) == 3

    # What was killed or is running has not ended; the last try of each task of a finished run has.
    states = {log.path: log.state for log in find_task_logs(folder, ["audit_trail_daily"])}
    for place in {path.parent for path in run.rglob("attempt=*.log")}:
        newest = sorted(place.glob("attempt=*.log"))[-1]
        assert states[newest.relative_to(folder).as_posix()] == "ended"


def _read(path: Path, environment: dict[str, str]) -> dict[str, list[dict[str, str]]]:
    done = subprocess.run(
        [sys.executable, "-m", "audit_trail", "read-task-log", str(path), "--json"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout))
