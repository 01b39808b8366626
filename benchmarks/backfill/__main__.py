"""`python -m benchmarks.backfill [--days 90]`: seal missed days, and run as many tasks that do nothing.

Both on one Airflow as `audit-trail up` starts it (LocalExecutor, SQLite), one
after the other, each day with three sources of a few records. What is compared is the time
from asking for the backfill to the end of its last run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from audit_trail.demo.airflow_process import project_root
from audit_trail.demo.demo_home import prepare_archive, running_home
from audit_trail.demo.loopback_ports import LOOPBACK, SERVER_PORTS, random_port
from audit_trail.demo.samples import write_samples
from audit_trail.demo.whole_airflow import running_airflow
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings

RECORDS_A_DAY = 200
TARGET = 1.3
START_TIMEOUT_S = 300
POLL_S = 1.0


def main() -> None:
    """Run both, print a table or JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.backfill")
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--active-runs", type=int, default=4, help="runs at once")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="audit-trail-backfill-"))
    try:
        with running_home(folder) as settings:
            result = measure(settings, folder, days=chosen.days, active_runs=chosen.active_runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(result, indent=2) if chosen.json else table(result))
    sys.exit(0 if result["sealed_days"] == chosen.days else 1)


def measure(settings: Settings, folder: Path, *, days: int, active_runs: int) -> dict[str, float | int]:
    """Both backfills on one Airflow."""
    last = datetime.now(UTC).date() - timedelta(days=2)
    first = last - timedelta(days=days - 1)
    prepare_archive(settings)
    for offset in range(days):
        write_samples(settings.journal, day=first + timedelta(days=offset), count=RECORDS_A_DAY)
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(project_root() / "dags" / "audit_trail_daily.py", dags)
    shutil.copy(Path(__file__).with_name("nothing_dag.py"), dags)
    database = folder / "airflow" / "airflow.db"
    port = random_port(SERVER_PORTS)
    with running_airflow(settings, host=LOOPBACK, port=port, AIRFLOW__CORE__DAGS_FOLDER=str(dags)) as airflow:
        airflow.wait_until_ready(threading.Event())
        # Each DAG's scheduled run of yesterday comes first and is not measured.
        for dag in ("nothing_daily", "audit_trail_daily"):
            wait(partial(is_first_run_over, database, dag), START_TIMEOUT_S)
        taken = {
            dag: backfill(airflow.environment, database, dag, (first, last), active_runs=active_runs)
            for dag in ("nothing_daily", "audit_trail_daily")
        }
    view = StageContext(settings=settings).ledger()
    return {
        "days": days,
        "active_runs": active_runs,
        "tasks": tasks(database, "audit_trail_daily"),
        "nothing_s": round(taken["nothing_daily"], 1),
        "sealing_s": round(taken["audit_trail_daily"], 1),
        "ratio": round(taken["audit_trail_daily"] / taken["nothing_daily"], 2),
        "target": TARGET,
        "sealed_days": sum(
            bool(view.seals_of((first + timedelta(days=offset)).isoformat())) for offset in range(days)
        ),
    }


def backfill(
    environment: dict[str, str], database: Path, dag: str, days: tuple[date, date], *, active_runs: int
) -> float:
    """Seconds from the request to the end of the last run."""
    first, last = days
    count = (last - first).days + 1
    command = [
        *(sys.executable, "-m", "airflow", "backfill", "create", "--dag-id", dag),
        *("--from-date", first.isoformat(), "--to-date", last.isoformat()),
        *("--max-active-runs", str(active_runs)),
    ]
    begun = time.monotonic()
    asked = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if asked.returncode:
        raise RuntimeError(f"airflow backfill create {dag}: {asked.stderr[-2000:]}")
    wait(lambda: finished(database, dag, "backfill") == count, 60 * count)
    return time.monotonic() - begun


def is_first_run_over(database: Path, dag: str) -> bool:
    """Whether the schedule has run a DAG once."""
    return finished(database, dag, "scheduled") == 1


def finished(database: Path, dag: str, kind: str) -> int:
    """How many runs of a kind have succeeded.

    Raises:
        RuntimeError: One has failed.
    """
    rows = _rows(
        database,
        "select state, count(*) from dag_run where dag_id=? and run_type=? group by state",
        (dag, kind),
    )
    states = dict(rows)
    if states.get("failed"):
        raise RuntimeError(f"{states['failed']} runs of {dag} failed")
    return int(states.get("success", 0))


def tasks(database: Path, dag: str) -> int:
    """Task instances of all runs."""
    rows = _rows(database, "select count(*) from task_instance where dag_id=? and state='success'", (dag,))
    return int(rows[0][0])


def wait(is_done: Callable[[], bool], timeout_s: float) -> None:
    """Ask now and then."""
    deadline = time.monotonic() + timeout_s
    while not is_done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not done after {timeout_s:.0f} s")
        threading.Event().wait(POLL_S)


def table(result: dict[str, float | int]) -> str:
    """For people."""
    return (
        f"{result['days']} days, {result['active_runs']} runs at once, {result['tasks']} tasks\n"
        f"  tasks that do nothing   {result['nothing_s']:8.1f} s\n"
        f"  sealing                 {result['sealing_s']:8.1f} s\n"
        f"  ratio                   {result['ratio']:8.2f}   (target {result['target']})\n"
        f"  sealed days             {result['sealed_days']:8d}"
    )


def _rows(database: Path, query: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60) as connection:
        return list(connection.execute(query, values))


if __name__ == "__main__":
    main()
