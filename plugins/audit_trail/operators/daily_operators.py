"""The seven tasks of a day. Each runs one function of `audit_trail.pipeline`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException, TaskDeferred

from audit_trail.links import DayLink, LedgerEntryLink, ManifestLink, StoredObjectLink
from audit_trail.operators.restoring_operator import RestoringOperator, restore_tier
from audit_trail.operators.run_context import cutoff
from audit_trail.operators.stage_operator import StageOperator, received

if TYPE_CHECKING:
    from datetime import datetime

    from airflow.sdk import Context

    from audit_trail.pipeline.stage_context import StageContext


class CollectOperator(StageOperator):
    """Pins the day's logs and copies them into staging.

    Returns the raw segments, for `SanitizeOperator` to be mapped over (Airflow
    maps over return values only); the handoff for `SignOperator` goes under
    the XCom key `collected`.

    Args:
        late_data_hours: After the day's end, for which its late data is waited
            for, deferred. The Param `late_data_hours` wins.
    """

    def __init__(self, *, late_data_hours: float = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.late_data_hours = late_data_hours

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Wait for the cutoff, without a worker; then run `pipeline.collect`."""
        from audit_trail.pipeline.stage_context import check_day

        with self.stage(context) as (stage, day):
            # A mistyped year is not waited for: what is waited for is late data, a week at most.
            check_day(day, stage.now())
            moment = cutoff(context, day, self.late_data_hours)
            if stage.now() >= moment:
                return self._collect(context, stage, day)
        raise self.wait_until(moment, day)

    def wait_until(self, moment: datetime, day: str) -> TaskDeferred:
        """What hands over to the triggerer. A backfill never gets here: its cutoff is past."""
        from airflow.providers.standard.triggers.temporal import DateTimeTrigger

        from audit_trail.pipeline.evidence_writer import conclude

        conclude(f"WAITING for late data of {day} until {moment.isoformat()}")
        return TaskDeferred(trigger=DateTimeTrigger(moment=moment), method_name="collect_late")

    def collect_late(self, context: Context, event: Any = None) -> list[dict[str, Any]]:
        """Run `pipeline.collect` after the wait."""
        with self.stage(context) as (stage, day):
            return self._collect(context, stage, day)

    def _collect(self, context: Context, stage: StageContext, day: str) -> list[dict[str, Any]]:
        from audit_trail.pipeline.collect import collect

        if stage.is_dry_run:
            # What a killed rehearsal left is not taken up: this one begins from the sources.
            stage.staging(day).wipe()
        collected = collect(stage, day).to_json()
        context["ti"].xcom_push(key="collected", value=collected)
        return list(collected["segments"])


class SanitizeOperator(StageOperator):
    """Redacts and compresses one raw segment.

    Args:
        segment: One item of what `CollectOperator` returned.
    """

    template_fields: Sequence[str] = ("segment",)

    def __init__(self, *, segment: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.segment = segment

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.sanitize`."""
        from audit_trail.pipeline.handoffs import RawSegment
        from audit_trail.pipeline.sanitize import sanitize

        with self.stage(context) as (stage, day):
            raw = RawSegment.receive(self.segment)
            context["segment_label"] = segment_label(raw.source, raw.number)  # type: ignore[typeddict-unknown-key]
            return sanitize(stage, day, raw).to_json()


class HashOperator(StageOperator):
    """Reads one redacted segment back and takes every digest over it.

    Args:
        sanitized: One return value of `SanitizeOperator`.
    """

    template_fields: Sequence[str] = ("sanitized",)

    def __init__(self, *, sanitized: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sanitized = sanitized

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.hash`."""
        from audit_trail.pipeline.handoffs import SanitizedSegment
        from audit_trail.pipeline.hash import hash_segment

        with self.stage(context) as (stage, day):
            sanitized = SanitizedSegment.receive(self.sanitized)
            context["segment_label"] = segment_label(sanitized.source, sanitized.number)  # type: ignore[typeddict-unknown-key]
            return hash_segment(stage, day, sanitized).to_json()


class SignOperator(StageOperator):
    """Writes the day's manifest and signs it.

    Returns what is to be uploaded; the handoff for `SealOperator` goes under
    the XCom key `signed`.

    Args:
        collected: `CollectOperator`'s XCom `collected`.
        hashed: What the mapped `HashOperator`s returned.
    """

    template_fields: Sequence[str] = ("collected", "hashed")

    def __init__(self, *, collected: Any, hashed: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.collected = collected
        self.hashed = hashed

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Run `pipeline.sign`; a dry run ends here."""
        from audit_trail.pipeline.dry_run import report_dry_run
        from audit_trail.pipeline.handoffs import Collected, HashedSegment
        from audit_trail.pipeline.sign import sign

        with self.stage(context) as (stage, day):
            collected = Collected.receive(self.collected)
            hashed = [HashedSegment.receive(item) for item in received(self.hashed)]
            if stage.is_dry_run:
                report_dry_run(stage, day, collected, hashed)
                # Not skipped: `seal`, which runs after skipped tasks too, could not read its arguments.
                context["ti"].xcom_push(key="signed", value={})
                return []
            signed = sign(stage, day, collected, hashed).to_json()
        context["ti"].xcom_push(key="signed", value=signed)
        return list(signed["objects"])


class UploadOperator(StageOperator):
    """Puts one object into the archive, under lock.

    Args:
        staged: One item of what `SignOperator` returned.
    """

    template_fields: Sequence[str] = ("staged",)
    operator_extra_links = (StoredObjectLink(),)

    def __init__(self, *, staged: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.staged = staged

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.upload`."""
        from audit_trail.pipeline.handoffs import StagedObject
        from audit_trail.pipeline.upload import upload

        with self.stage(context) as (stage, day):
            staged = StagedObject.receive(self.staged)
            context["segment_label"] = staged.key.rpartition("/")[2]  # type: ignore[typeddict-unknown-key]
            return upload(stage, day, staged).to_json()


class SealOperator(StageOperator):
    """Appends the seal to the ledger and clears staging.

    Each of its outlets, an asset, gets an event that says what was sealed.

    Args:
        signed: `SignOperator`'s XCom `signed`.
        uploaded: What the mapped `UploadOperator`s returned.
    """

    template_fields: Sequence[str] = ("signed", "uploaded")
    operator_extra_links = (LedgerEntryLink(), ManifestLink(), DayLink())

    def __init__(self, *, signed: Any, uploaded: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.signed = signed
        self.uploaded = uploaded

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.seal`."""
        from audit_trail.pipeline.handoffs import Signed, Uploaded
        from audit_trail.pipeline.seal import seal

        with self.stage(context) as (stage, day):
            if stage.is_dry_run:
                raise AirflowSkipException("dry run: nothing is sealed")
            uploaded = [Uploaded.receive(item) for item in received(self.uploaded)]
            sealed = seal(stage, day, Signed.receive(self.signed), uploaded).to_json()
        for asset in self.outlets:
            context["outlet_events"][asset].extra = sealed
        return sealed


class VerifySampleOperator(RestoringOperator):
    """Verifies the day just sealed and a random sample of the whole history.

    With `verification.restore` set, what the sample holds in a cold storage
    class is asked for, and the task is deferred until it can be read. Backfills
    never ask: each of their runs would pay for a sample of the same history.

    Args:
        sealed: What `SealOperator` returned.
    """

    template_fields: Sequence[str] = ("sealed",)
    operator_extra_links = (LedgerEntryLink(), DayLink())

    def __init__(self, *, sealed: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sealed = sealed

    def execute(self, context: Context) -> dict[str, Any]:
        """Run `pipeline.verify_sample`, after a wait if need be."""
        return self._verify(context, ask=True)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> dict[str, Any]:
        """Verify what was waited for; what is still missing then is unverifiable."""
        self.log_wait(event)
        return self._verify(context, ask=False)

    def _verify(self, context: Context, *, ask: bool) -> dict[str, Any]:
        from audit_trail.operators.kept_seed import KeptSeed
        from audit_trail.pipeline.handoffs import Sealed
        from audit_trail.pipeline.verify_sample import begin_verification, finish_verification

        with self.stage(context) as (stage, day):
            sealed = Sealed.receive(self.sealed)
            tier = restore_tier(context, stage.settings.verification.restore)
            if tier == "none":
                return finish_verification(begin_verification(stage, day, sealed)).to_json()
            kept = KeptSeed(context)
            begun = begin_verification(stage, day, sealed, seed=kept.read(stage.now()))
            if ask and not begun.has_failed:
                kept.keep(begun.seed, now=stage.now(), days=stage.settings.restore.days)
                begun.note_refused(self.wait_for_restores(stage, begun.versions(), tier=tier))
            verified = finish_verification(begun, read_cold=True)
            kept.forget()
            return verified.to_json()


def segment_label(source: str, number: int) -> str:
    """How a mapped task is called in the UI, e.g. `application 00003`."""
    return f"{source} {number:05d}"
