"""`AuditTrailProcessor`: the whole workflow in one process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audit_trail.journal.audit_logger import AuditLogger
    from audit_trail.pipeline.handoffs import Collected, Sealed, Signed, Verified
    from audit_trail.pipeline.stage_context import Progress, StageContext
    from audit_trail.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """What each stage made of a day."""

    collected: Collected
    signed: Signed
    sealed: Sealed
    verified: Verified

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        stages = ("collected", "signed", "sealed", "verified")
        return {stage: getattr(self, stage).to_json() for stage in stages}


class AuditTrailProcessor:
    """Logs events, and seals and verifies days, without Airflow.

    The stages are the very functions that the DAG's operators run, in the same
    order.

    Args:
        settings: None reads them from the environment and the YAML file.
        now: The clock; None is the real one.
        on_progress: Called with a stage's name, bytes or objects done, and their total.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        now: Callable[[], datetime] | None = None,
        on_progress: Progress | None = None,
    ) -> None:
        from audit_trail.settings import load_settings

        self.settings = settings or load_settings()
        self._now = now
        self._on_progress = on_progress

    def __enter__(self) -> AuditTrailProcessor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def logger(self) -> AuditLogger:
        """Writes to the journal that `process_daily_logs` collects."""
        from audit_trail.journal.audit_logger import AuditLogger

        return AuditLogger(self.settings.journal, redactor=self.context.redactor, now=self._now)

    @cached_property
    def context(self) -> StageContext:
        """What the stages work with."""
        from audit_trail.pipeline.stage_context import StageContext

        chosen: dict[str, Any] = {"now": self._now, "on_progress": self._on_progress}
        return StageContext(
            settings=self.settings, **{name: value for name, value in chosen.items() if value is not None}
        )

    def log_api_event(
        self,
        *,
        api_endpoint: str,
        user_id: str | None = None,
        request_data: Any = None,
        response_data: Any = None,
        status_code: int | None = None,
        **fields: Any,
    ) -> str:
        """Record a call of an API; returns the event's id. See `AuditLogger.log_api_event`."""
        return self.logger.log_api_event(
            api_endpoint=api_endpoint,
            user_id=user_id,
            request_data=request_data,
            response_data=response_data,
            status_code=status_code,
            **fields,
        )

    def log_application_event(
        self,
        event_type: str,
        *,
        user_id: str | None = None,
        details: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> str:
        """Record what the application did; returns the event's id."""
        return self.logger.log_application_event(event_type, user_id=user_id, details=details, **fields)

    def log_system_event(
        self,
        event_type: str,
        *,
        component: str | None = None,
        details: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> str:
        """Record what the system did; returns the event's id."""
        return self.logger.log_system_event(event_type, component=component, details=details, **fields)

    def process_daily_logs(self, day: str | None = None) -> DayResult:
        """Collect, sanitize, hash, sign, upload, seal and verify one day.

        Args:
            day: `YYYY-MM-DD`, in UTC; None is yesterday.

        Raises:
            AuditTrailError: Of the family that says whose move is next. Running
                it again goes on where it stopped.
        """
        from audit_trail.pipeline.collect import collect
        from audit_trail.pipeline.seal import seal
        from audit_trail.pipeline.segment_work import SegmentWork
        from audit_trail.pipeline.sign import sign
        from audit_trail.pipeline.upload import upload_all
        from audit_trail.pipeline.verify_sample import verify_sample

        context = self.context
        chosen = day or (context.now().astimezone(UTC) - timedelta(days=1)).date().isoformat()
        with SegmentWork(context, chosen, workers=context.workers) as work:
            collected = collect(context, chosen, work)
            hashed = work.results()
        signed = sign(context, chosen, collected, hashed)
        uploaded = upload_all(context, chosen, signed.objects)
        sealed = seal(context, chosen, signed, uploaded)
        verified = verify_sample(context, chosen, sealed)
        return DayResult(collected=collected, signed=signed, sealed=sealed, verified=verified)

    def close(self) -> None:
        """End the journal's open files."""
        if "logger" in self.__dict__:
            self.logger.close()
