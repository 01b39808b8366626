"""The tasks of a verification of the whole archive. Each runs one function of `pipeline.verify_history`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from audit_trail.errors import AuditTrailError, ConfigurationError, IntegrityError
from audit_trail.links import LedgerEntryLink
from audit_trail.operators.stage_operator import received

if TYPE_CHECKING:
    from airflow.sdk import Context

    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.pipeline.verify_history import HistoryRequest


class HistoryOperator(BaseOperator):
    """What the tasks of a verification share: the request in the run's Params, and errors by family."""

    ui_color = "#e6f4ea"

    @contextmanager
    def asked(self, context: Context) -> Iterator[tuple[StageContext, HistoryRequest]]:
        """Open what a task needs; turn errors into the ones that Airflow acts on.

        Raises:
            AirflowFailException: For what no retry can mend.
        """
        from audit_trail.operators.run_context import check_names, say_run, stage_context_of
        from audit_trail.pipeline.evidence_writer import say_failure
        from audit_trail.pipeline.verify_history import HistoryUnverifiedError

        try:
            check_names(context)
            stage = stage_context_of(context)
            if stage.settings.pin == "airflow-variable":
                from audit_trail.hooks.variable_pin import VariablePin

                stage.pin = VariablePin(stage.genesis)
            say_run(context, "")
            yield stage, request_of(context)
        except (IntegrityError, ConfigurationError, HistoryUnverifiedError) as error:
            say_failure(self.task_id, error)
            raise AirflowFailException(str(error)) from error
        except AuditTrailError as error:
            say_failure(self.task_id, error)
            raise


class PlanHistoryOperator(HistoryOperator):
    """Cuts the history into slices; returns them for `VerifySliceOperator` to be mapped over."""

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Run `pipeline.verify_history.plan_history`."""
        from audit_trail.pipeline.verify_history import plan_history

        with self.asked(context) as (stage, request):
            return [item.to_json() for item in plan_history(stage, request)]


class VerifySliceOperator(HistoryOperator):
    """Verifies one slice; what is wrong is handed on, so that the other slices are not stopped.

    Args:
        work: One item of what `PlanHistoryOperator` returned.
    """

    template_fields: Sequence[str] = ("work",)

    def __init__(self, *, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.verify_history.verify_slice`."""
        from audit_trail.pipeline.verify_history import HistorySlice, verify_slice

        with self.asked(context) as (stage, _):
            work = HistorySlice.receive(self.work)
            context["segment_label"] = (  # type: ignore[typeddict-unknown-key]
                "archive" if work.part == "archive" else f"{work.first_day} to {work.last_day}"
            )
            return verify_slice(stage, work).to_json()


class SealHistoryOperator(HistoryOperator):
    """Joins what the slices found, appends it to the ledger, and fails if anything did not pass.

    Args:
        results: What the mapped `VerifySliceOperator`s returned.
    """

    template_fields: Sequence[str] = ("results",)
    operator_extra_links = (LedgerEntryLink(),)

    def __init__(self, *, results: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.results = results

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.verify_history.seal_history`."""
        from audit_trail.pipeline.verify_history import SliceResult, seal_history

        with self.asked(context) as (stage, request):
            results = [SliceResult.receive(item) for item in received(self.results)]
            return seal_history(stage, request, results).to_json()


def request_of(context: Context) -> HistoryRequest:
    """What a run is to verify, from its Params.

    Raises:
        ConfigurationError: Naming the Param that is wrong.
    """
    from pydantic import ValidationError

    from audit_trail.operators.run_context import params_of
    from audit_trail.pipeline.verify_history import HistoryRequest

    names = HistoryRequest.model_fields
    values = {name: value for name, value in params_of(context).items() if name in names}
    try:
        return HistoryRequest.model_validate(
            {name: item for name, item in values.items() if item is not None}
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ConfigurationError(
            f"a Param is wrong: {first['msg']}",
            where=".".join(str(part) for part in first["loc"]),
            remedy="trigger the DAG again with another value",
        ) from error
