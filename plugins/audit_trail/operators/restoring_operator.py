"""For tasks that read objects in a cold storage class: ask, defer, come back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from audit_trail.errors import StorageError
from audit_trail.operators.stage_operator import StageOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from audit_trail.pipeline.cold_objects import Wait
    from audit_trail.pipeline.stage_context import StageContext

TRIGGER_GRACE = timedelta(hours=1)
"""How long after the trigger's own deadline Airflow ends it, should no triggerer be running."""


class RestoringOperator(StageOperator):
    """A stage operator that can wait for restores, for days if need be, and no worker with it.

    A task calls `wait_for_restores` before it reads, and does its work in
    `execute_complete` when it was deferred. A retried task asks for nothing
    twice: what is on its way, the store knows.

    `execution_timeout` counts the work before and after the wait, not the wait
    (as of Airflow 3.3).
    """

    def wait_for_restores(
        self, stage: StageContext, versions: Sequence[tuple[str, str]], *, tier: str
    ) -> tuple[StorageError, ...]:
        """Log the estimate, ask for what cannot be read, and defer until it can.

        Does not return where there is something to wait for: the task goes on
        in `execute_complete`.

        Args:
            stage: What the stage works with.
            versions: Keys and versions that the task is going to read.
            tier: `Bulk`, `Standard` or `Expedited`.

        Returns:
            Requests that were refused, where nothing is on its way.

        Raises:
            TaskDeferred: To be left to Airflow.
            ConfigurationError: A class has no such tier, or these are too many for one task.
        """
        from audit_trail.pipeline.cold_objects import request_cold

        requested = request_cold(stage, versions, tier=tier)
        if requested.wait is not None:
            self._defer_for(stage, requested.wait)
        return requested.refused

    def _defer_for(self, stage: StageContext, wait: Wait) -> None:
        from audit_trail.archive.s3_store import archive_uri
        from audit_trail.evidence.fields import format_timestamp
        from audit_trail.triggers.restore_trigger import RestoreTrigger

        self.log.info(
            "waiting for %d objects, until %s at the latest; no worker waits with this task",
            len(wait.versions), format_timestamp(wait.deadline),
        )  # fmt: skip
        self.defer(
            trigger=RestoreTrigger(
                archive=archive_uri(stage.settings.archive),
                versions=wait.versions,
                asked_at=format_timestamp(wait.asked_at),
                deadline=format_timestamp(wait.deadline),
                poll_interval_s=stage.settings.restore.poll_interval_s,
            ),
            method_name="execute_complete",
            timeout=wait.deadline - datetime.now(UTC) + TRIGGER_GRACE,
        )

    def log_wait(self, event: dict[str, Any] | None) -> None:
        """Say in the task's log how the wait ended; what is missing, the verification will find."""
        event = event or {}
        status, missing = event.get("status"), event.get("missing") or []
        if status == "done":
            self.log.info("everything that was waited for has been restored")
            return
        self.log.error(
            "the wait ended as %s %s: %s objects are still being restored",
            status, event.get("error", ""), event.get("missing_total"),
        )  # fmt: skip
        for key, version in missing:
            self.log.error("still being restored: %s version %s", key, version)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> Any:
        """Go on after the wait."""
        raise NotImplementedError


def restore_tier(context: Context, tier: str) -> str:
    """The tier that a run asks for, by the setting: `none` for runs of a backfill."""
    run_type = context["dag_run"].run_type
    return "none" if str(getattr(run_type, "value", run_type)) == "backfill" else tier
