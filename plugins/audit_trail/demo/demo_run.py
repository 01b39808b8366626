"""`audit-trail demo`: one day of real logs, through Airflow, into a locked archive, verified."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from audit_trail.demo.airflow_process import DAG_ID, TASK_ENDED, airflow_environment, failed, run_airflow
from audit_trail.demo.demo_home import clean_home, prepare_archive, prepare_logs, running_home
from audit_trail.demo.hand_check import write_hand_check
from audit_trail.errors import IntegrityError
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings, load_settings
from audit_trail.verification.verifier import Report, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from audit_trail.cli.output import Output

LOG_NAME = "demo-airflow.log"
INTEGRITY_ERROR = "audit_trail.errors.IntegrityError: "
"""As Python ends a traceback."""


def run_demo(output: Output, *, clean: bool, count: int) -> int:
    """Run the demo; its exit status is the verification's.

    Args:
        output: Where the summary goes.
        clean: Start from nothing.
        count: Sample records to write.

    Raises:
        AuditTrailError: The home folder is not the demo's, or a step failed.
    """
    from audit_trail.demo.demo_summary import DemoResult, show_demo

    started = time.monotonic()
    home = load_settings().home
    if clean:
        clean_home(home)
    day = datetime.now(UTC).date() - timedelta(days=1)
    with running_home(home) as settings:
        steps = Steps(output)
        sealed_before = _seal_through_airflow(settings, day, count, steps)
        with steps.step("verifying the day, every byte"):
            context = StageContext(settings=settings)
            report = _verify(context, day)
        hand_check = None
        if report.view is not None and report.view.seals_of(day.isoformat()):
            hand_check = write_hand_check(
                context.store, report.view, day.isoformat(), home / "evidence" / day.isoformat()
            )
        result = DemoResult(
            settings=settings,
            day=day.isoformat(),
            sealed_before=sealed_before,
            report=report,
            hand_check=hand_check,
            seconds=time.monotonic() - started,
            log_path=home / "logs" / LOG_NAME,
        )
        result.load_manifests(context.store)
        output.result(result.to_json(), lambda console: show_demo(console, result))
    return report.exit_code


def _seal_through_airflow(settings: Settings, day: date, count: int, steps: Steps) -> bool:
    """Prepare everything and run the DAG; whether the day was sealed before."""
    environment = airflow_environment(settings)
    log_path = settings.home / "logs" / LOG_NAME
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ThreadPoolExecutor(1) as pool:
        # Airflow's database takes longest; the rest is made meanwhile.
        migrated: Future[int] = pool.submit(
            run_airflow, ["db", "migrate"], environment=environment, log_path=log_path
        )
        with steps.step("keys, bucket with Object Lock, genesis"):
            prepare_archive(settings)
        with steps.step("sample logs with AuditLogger, and this machine's own logs"):
            prepare_logs(settings, day, count)
        with steps.step("Airflow's database"):
            if migrated.result():
                raise failed("Airflow's database could not be made", log_path)
    sealed_before = bool(StageContext(settings=settings).ledger().seals_of(day.isoformat()))
    with steps.step(f"DAG {DAG_ID} for {day.isoformat()}") as say:
        _run_dag(day, environment, log_path, say)
    return sealed_before


def _run_dag(day: date, environment: dict[str, str], log_path: Path, say: Callable[[str], None]) -> None:
    """Run the DAG; a failed integrity check in it keeps its family, and so its exit status."""
    broken: list[str] = []

    def follow(line: str) -> None:
        if TASK_ENDED in line:
            say(line.partition(TASK_ENDED)[2].split()[0])
        if INTEGRITY_ERROR in line:
            broken.append(line.partition(INTEGRITY_ERROR)[2].strip())

    status = run_airflow(
        ["dags", "test", DAG_ID, day.isoformat()],
        environment=environment,
        log_path=log_path,
        on_line=follow,
    )
    if status and broken:
        raise IntegrityError(f"the DAG run failed: {broken[0]}", where=str(log_path))
    if status:
        raise failed("the DAG run failed", log_path)


def _verify(context: StageContext, day: date) -> Report:
    verifier = Verifier(
        context.store,
        genesis=context.genesis,
        remembered=context.pin.read(),
        times=context.time_trust,
        keep_passed=True,
    )
    return verifier.verify(
        "content",
        day=day.isoformat(),
        now=context.now(),
        due_hours=context.settings.verification.due_hours,
    )


class Steps:
    """Says on standard error what is being done, one line a step."""

    def __init__(self, output: Output) -> None:
        from rich.console import Console

        self._console = Console(stderr=True, quiet=output.as_json, highlight=False)

    @contextmanager
    def step(self, what: str) -> Iterator[Callable[[str], None]]:
        """Show a step while it lasts, and how long it took."""
        started = time.monotonic()
        with self._console.status(what) as status:
            yield lambda detail: status.update(f"{what}: {detail}")
        self._console.print(f"  {what} ({time.monotonic() - started:.1f} s)", markup=False)
