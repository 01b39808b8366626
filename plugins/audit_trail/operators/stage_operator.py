"""What all stage operators share: the day of a run, and errors by family."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from audit_trail.errors import AuditTrailError, ConfigurationError, IntegrityError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from audit_trail.pipeline.stage_context import StageContext


class StageOperator(BaseOperator):
    """Runs one stage of the pipeline on the day of its run.

    Settings come from the environment and the YAML file of the worker, as
    everywhere in this package; what a stage is handed comes by XCom.
    """

    ui_color = "#e8f0fe"

    @contextmanager
    def stage(self, context: Context) -> Iterator[tuple[StageContext, str]]:
        """Open what a stage needs; turn errors into the ones that Airflow acts on.

        Raises:
            AirflowFailException: For what no retry can mend: a broken promise
                or a wrong setting. Everything else is left to `retries`.
        """
        from audit_trail.operators.run_context import check_names, say_run, stage_context_of
        from audit_trail.pipeline.evidence_writer import say_failure

        day = ""
        try:
            check_names(context)
            stage_context = stage_context_of(context)
            if stage_context.settings.pin == "airflow-variable":
                from audit_trail.hooks.variable_pin import VariablePin

                stage_context.pin = VariablePin(stage_context.genesis)
            day = day_of_run(context)
            say_run(context, day)
            yield stage_context, day
        except (IntegrityError, ConfigurationError) as error:
            say_failure(self.task_id, error, day=day)
            raise AirflowFailException(str(error)) from error
        except AuditTrailError as error:
            say_failure(self.task_id, error, day=day)
            raise


def day_of_run(context: Context) -> str:
    """The UTC day that a run is about, `YYYY-MM-DD`.

    A run that was scheduled, backfilled or triggered with a logical date has a
    data interval; one triggered without may name the day in Param `day`.

    Raises:
        ConfigurationError: Neither says which day, both do and differ, or the
            interval is not one UTC day.
    """
    named = (context.get("params") or {}).get("day")
    run = context["dag_run"]
    start, end = run.data_interval_start, run.data_interval_end
    is_manual = str(getattr(run.run_type, "value", run.run_type)) == "manual"
    if named:
        if not is_manual and start is not None and start.astimezone(UTC).date().isoformat() != named:
            raise ConfigurationError(
                "Param `day` contradicts the run's data interval",
                where=run.run_id,
                expected=start.astimezone(UTC).date().isoformat(),
                found=str(named),
                remedy="leave `day` empty on backfills; it is for manual runs",
            )
        return str(named)
    if start is None or end is None:
        raise ConfigurationError(
            "the run does not say which day it is about",
            where=run.run_id,
            remedy="trigger it with a logical date, or with Param `day`",
        )
    if is_manual and run.logical_date is not None and start <= run.run_after < end:
        # `airflow dags trigger --logical-date D` gives the run the interval of the moment of asking.
        return str(run.logical_date.astimezone(UTC).date().isoformat())
    first = start.astimezone(UTC)
    if end - start != timedelta(days=1) or (first.hour, first.minute, first.second) != (0, 0, 0):
        raise ConfigurationError(
            "the run's data interval is not one UTC day",
            where=run.run_id,
            expected="00:00 to 00:00 UTC",
            found=f"{start.isoformat()} to {end.isoformat()}",
            remedy="schedule the DAG with UtcDayTimetable",
        )
    return first.date().isoformat()


def received(values: Any) -> Sequence[Any]:
    """What mapped tasks returned, as a list; they give None when all of them were skipped.

    The slice fetches all of a lazy sequence in one request; iterating over it
    would fetch them one by one and end with an error in the task's log.
    """
    return [] if values is None else list(values[:])
