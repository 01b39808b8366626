"""What an operator does to `audit_trail_daily`, by Airflow's REST API and command line."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml
from tests.airflow_api import AirflowApi
from tests.cold_archive import ColdArchive
from tests.running_airflow import RunningAirflow, wait_for

from audit_trail.archive.s3_store import make_client
from audit_trail.demo.airflow_process import airflow_environment
from audit_trail.demo.demo_home import prepare_archive, running_home
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import CONFIG_NAME, Settings, load_settings
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.verifier import Report, Verifier

DAG = "/api/v2/dags/audit_trail_daily"
VERIFY_DAG = "/api/v2/dags/audit_trail_verify"
TODAY = datetime.now(UTC).date()
PREPARED_DAYS = 15
GONE_AFTER_SEAL, GONE_AFTER_COLLECT, GONE_BEFORE = 14, 13, 12
"""How many days ago the logs were of which the source has nothing any more."""
ENDED = ("success", "failed")
ASKED_AT_A_TIME = 5


def ago(number: int) -> str:
    """A day, counted back from the day on which the tests began."""
    return (TODAY - timedelta(days=number)).isoformat()


def prepare(home: Path) -> None:
    """A demo's home whose days have two records each, so that a run takes seconds.

    The oldest of them is sealed, so that all others are due; the next one is collected.
    """
    with running_home(home) as settings:
        prepare_archive(settings)
        for number in range(PREPARED_DAYS):
            source_file(settings.home, ago(number)).parent.mkdir(parents=True)
            source_file(settings.home, ago(number)).write_text(f"one {number}\ntwo {number}\n")
            # With it, `up` writes no samples of its own for that day.
            journal = settings.journal / "application" / ago(number)
            journal.mkdir(parents=True)
            (journal / "none-today").touch()
        AuditTrailProcessor(settings).process_daily_logs(ago(GONE_AFTER_SEAL))
        collect(StageContext(settings=settings), ago(GONE_AFTER_COLLECT))
        for number in (GONE_AFTER_SEAL, GONE_AFTER_COLLECT, GONE_BEFORE):
            source_file(settings.home, ago(number)).unlink()


def source_file(home: Path, day: str) -> Path:
    """The only file of a day."""
    return home / "machine" / day / "app.log"


class OperatedAirflow:
    """All of Airflow, and who operates it.

    Args:
        running: Started, in a home that was prepared.
    """

    def __init__(self, running: RunningAirflow) -> None:
        self.running = running
        self.api: AirflowApi = running.api()
        self.settings: Settings = load_settings(home=running.home)
        self.context = StageContext(settings=self.settings)

    # What is done.

    def trigger(self, *, logical_date: str | None = None, **conf: Any) -> str:
        """A manual run; its id."""
        moment = f"{logical_date}T00:00:00Z" if logical_date else None
        return str(self.api.post(f"{DAG}/dagRuns", {"logical_date": moment, "conf": conf})["dag_run_id"])

    def clear(self, run: str, *tasks: Any, **options: Any) -> str:
        """Clear some tasks, or `["task", map index]`, and nothing else; what the run ends as."""
        body = {"dry_run": False, "only_failed": False, "dag_run_id": run, "task_ids": list(tasks)}
        cleared = self.api.post(f"{DAG}/clearTaskInstances", body | options)
        assert cleared["total_entries"] > 0, tasks
        return self.end_of(run)

    def clear_run(self, run: str) -> str:
        """Clear a whole run; what it ends as."""
        self.api.post(f"{_path(run)}/clear", {"dry_run": False, "only_failed": False})
        return self.end_of(run)

    def mark_run(self, run: str, state: str) -> None:
        """As an operator does who wants it out of the way."""
        assert self.api.patch(_path(run), {"state": state})["state"] == state

    def mark_task(self, run: str, task: str, state: str) -> None:
        """The same for one task."""
        self.api.patch(f"{_path(run)}/taskInstances/{task}", {"new_state": state})

    def pause(self, *, paused: bool) -> None:
        """The switch beside the DAG's name."""
        assert self.api.patch(DAG, {"is_paused": paused})["is_paused"] is paused

    def backfill(self, first: str, last: str, **options: Any) -> list[str]:
        """By REST, to the end of it; see `end_of_backfill`."""
        days = {"from_date": f"{first}T00:00:00Z", "to_date": f"{last}T00:00:00Z"}
        self.api.post("/api/v2/backfills", {"dag_id": "audit_trail_daily", **days, **options})
        return self.end_of_backfill(first, last)

    def end_of_backfill(self, first: str, last: str) -> list[str]:
        """How the run of each day has ended.

        Airflow notes the end of a backfill up to 30 s after its last run, and until then
        refuses the next one. Cancelling it frees the place at once, and changes no run that
        has ended.
        """
        span = (date.fromisoformat(last) - date.fromisoformat(first)).days
        days = [
            (date.fromisoformat(first) + timedelta(days=number)).isoformat() for number in range(span + 1)
        ]

        def is_over() -> bool:
            self._is_not_refused()
            return all(self._has_ended(day) for day in days)

        wait_for("the backfill", is_over)
        (newest, *_) = self.api.get("/api/v2/backfills?dag_id=audit_trail_daily&order_by=-id")["backfills"]
        if newest["completed_at"] is None:
            self.api.put(f"/api/v2/backfills/{newest['id']}/cancel")
        return [run["state"] for day in days for run in self.runs_of(day)]

    def _is_not_refused(self) -> None:
        """Who asks for something while tasks report: here, to pause what is paused."""
        for _ in range(ASKED_AT_A_TIME):
            self.api.patch(VERIFY_DAG, {"is_paused": True})

    def _has_ended(self, day: str) -> bool:
        runs = self.runs_of(day)
        return bool(runs) and all(run["state"] in ENDED for run in runs)

    def serve(self, cold: ColdArchive) -> None:
        """From the next task on, seal into another archive: settings are read by each task."""
        values = yaml.safe_load(cold.config.read_text("utf-8"))
        del values["home"]
        values["archive"]["genesis_sha256"] = cold.context.genesis
        values["keys_dir"] = str(cold.settings.keys)
        (self.running.home / CONFIG_NAME).write_text(yaml.safe_dump(values), "utf-8")

    def shell(self, command: str, **variables: str) -> None:
        """A command as somebody types it on Airflow's machine.

        Raises:
            AssertionError: It failed.
        """
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            env=airflow_environment(self.settings) | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]

    # What came of it.

    def state_of(self, run: str) -> str:
        """Of a run."""
        return str(self.api.get(_path(run))["state"])

    def end_of(self, run: str) -> str:
        """Its state, once it has ended."""
        wait_for(f"the end of {run}", lambda: self.state_of(run) in ENDED)
        return self.state_of(run)

    def tasks(self, run: str) -> dict[str, str]:
        """State of each task; mapped ones as `task[index]`."""
        found = self.api.get(f"{_path(run)}/taskInstances?limit=100")["task_instances"]
        return {
            item["task_id"] + (f"[{item['map_index']}]" if item["map_index"] >= 0 else ""): item["state"]
            for item in found
        }

    def task(self, run: str, task: str) -> dict[str, Any]:
        """Everything that Airflow says of one task."""
        return dict(self.api.get(f"{_path(run)}/taskInstances/{task}"))

    def waits(self, run: str, task: str) -> bool:
        """Whether a task is deferred, and in a triggerer's hands."""
        found = self.task(run, task)
        return found["state"] == "deferred" and found["triggerer_job"] is not None

    def log(self, run: str, task: str, *, attempt: int = 1, map_index: int = -1) -> str:
        """What a task wrote."""
        path = f"{_path(run)}/taskInstances/{task}/logs/{attempt}?map_index={map_index}"
        return "\n".join(str(line.get("event", line)) for line in self.api.get(path)["content"])

    def runs_of(self, day: str) -> list[dict[str, Any]]:
        """Runs whose data interval is a day."""
        found = self.api.get(f"{DAG}/dagRuns?limit=100")["dag_runs"]
        return [run for run in found if str(run["data_interval_start"]).startswith(day)]

    def ledger(self) -> LedgerView:
        """Walked from the genesis to the head, which extends every head seen before."""
        return self.context.ledger()

    def seals(self, day: str) -> list[int]:
        """How many segments each seal of a day has."""
        return [len(seal.objects) for seal in self.ledger().seals_of(day)]

    def objects(self) -> set[tuple[str, str]]:
        """Every version of every object in the bucket."""
        pages = (
            make_client(self.settings.archive)
            .get_paginator("list_object_versions")
            .paginate(Bucket=self.settings.archive.bucket)
        )
        return {(item["Key"], item["VersionId"]) for page in pages for item in page.get("Versions", [])}

    def staged(self) -> list[Path]:
        """Files on their way to a seal."""
        return [path for path in self.settings.staging.rglob("*") if path.is_file()]

    def verify(self) -> Report:
        """All of the archive, every byte."""
        context = self.context
        verifier = Verifier(context.store, genesis=context.genesis, remembered=context.pin.read())
        return verifier.verify("content", now=context.now(), due_hours=24)

    def verdict(self, day: str) -> str:
        """What a verification says of a day."""
        return next((item.verdict for item in self.verify().days if item.day == day), "not expected")

    def commands_for_missing_days(self) -> dict[str, str]:
        """Airflow's command in each finding of `audit-trail verify` about a missing day."""
        done = subprocess.run(
            [sys.executable, "-m", "audit_trail", "verify", "--level", "ledger", "--json"],
            env=self.running.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        findings = [item for item in json.loads(done.stdout)["findings"] if item["name"] == "day.sealed"]
        return {item["day"]: str(item["remedy"]).partition(", or ")[2].partition(";")[0] for item in findings}


def _path(run: str) -> str:
    return f"{DAG}/dagRuns/{quote(run, safe='')}"
