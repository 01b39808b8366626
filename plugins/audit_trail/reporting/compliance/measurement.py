"""One pass over an archive, at verification's level `objects`, that all figures are computed from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from threading import Lock

from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence.ledger_entry import Seal, Verification
from audit_trail.evidence.manifest import Manifest
from audit_trail.reporting.compliance.observed_store import Observations, ObservedStore
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.days import DayVerdict, Grace, expected_days, judge_days
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.time_checks import TimeTrust
from audit_trail.verification.verifier import Verifier

SEGMENT_CHECKS = ("object.present", "object.size", "object.checksum")
"""Whatever fails one of these does not hold the records that were signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The days that a report is about; None: from the first, or to the last that is due."""

    first: date | None = None
    last: date | None = None

    def check(self, now: datetime) -> None:
        """Refuse a period that is empty or not over.

        Raises:
            ConfigurationError: It is.
        """
        if self.first and self.last and self.first > self.last:
            raise ConfigurationError(
                "the period is empty",
                where="--from",
                expected=f"a day up to {self.last}",
                found=str(self.first),
            )
        for where, day in (("--from", self.first), ("--to", self.last)):
            if day is not None and day >= now.astimezone(UTC).date():
                raise ConfigurationError(
                    "that day is not over in UTC",
                    where=where,
                    expected=f"a day before {now.astimezone(UTC).date()}",
                    found=str(day),
                )

    def holds(self, day: str) -> bool:
        """Whether a day lies in it."""
        return (self.first is None or self.first.isoformat() <= day) and (
            self.last is None or day <= self.last.isoformat()
        )

    @property
    def is_whole(self) -> bool:
        """Whether it is all there is."""
        return self.first is None and self.last is None


@dataclass(slots=True)
class RecordCounts:
    """Sums over manifests; filled from several threads.

    Attributes:
        collected: Records that the inputs gave.
        unsigned: Of these, records that no signed segment in the store holds.
        open: Of these, records of segments or manifests that could not be looked at.
        inputs: How many inputs there were.
        replacements: Redactions by rule.
        by_source: Collected records by source.
        without_manifest: By the key of a manifest that cannot be used, the records that its seal states.
    """

    collected: int = 0
    unsigned: int = 0
    open: int = 0
    inputs: int = 0
    replacements: Counter[str] = field(default_factory=Counter)
    by_source: Counter[str] = field(default_factory=Counter)
    without_manifest: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, seal: Seal, manifest: Manifest | None) -> None:
        """Count one manifest."""
        with self._lock:
            if manifest is None:
                self.collected += seal.totals.records
                self.without_manifest[seal.manifest.key] = seal.totals.records
                self.inputs += seal.totals.inputs
                return
            self.inputs += len(manifest.inputs)
            self.replacements.update(manifest.redaction.replacements)
            for item in manifest.inputs:
                records = sum(part.records for part in item.parts)
                self.collected += records
                self.by_source[item.source] += records


@dataclass(slots=True, kw_only=True)
class Measurement:
    """What the pass found."""

    view: LedgerView
    checks: CheckList
    days: list[DayVerdict]
    records: RecordCounts
    seen: Observations
    period: Period
    now: datetime
    due_hours: int

    @property
    def seals(self) -> list[Seal]:
        """The period's seals."""
        return [seal for seal in self.view.seals if self.period.holds(seal.date)]

    @property
    def verifications(self) -> list[Verification]:
        """The verifications of the period's days, oldest first."""
        return [item for item in self.view.verifications if self.period.holds(item.date)]

    @property
    def ledger_source(self) -> str:
        """Where what the ledger says comes from."""
        head = self.view.head
        return f"ledger entries 0 to {head.sequence}, head {head.sha256}"


def measure(
    store: ObjectReader,
    period: Period,
    *,
    genesis: str,
    remembered: Head | None,
    now: datetime,
    due_hours: int,
    times: TimeTrust | None = None,
    on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> Measurement:
    """Verify the archive's objects once, and count on the way.

    Memory is bounded by the walked ledger; manifests are counted and forgotten.

    Args:
        store: Only read.
        period: Whose days' objects; the ledger is always walked whole.
        genesis: The archive's identity, from outside the bucket.
        remembered: The newest head seen before, from outside the bucket.
        now: The moment that the report says it was made at.
        due_hours: For how many hours after its end a day may be unsealed.
        times: What is believed of time-stamp tokens.
        on_progress: Called with (stage, done, total).

    Raises:
        ConfigurationError: The period cannot be.
        IntegrityError: The ledger cannot be believed: then no figure can.
        StorageError: It cannot be read.
    """
    period.check(now)
    observed, records = ObservedStore(store), RecordCounts()
    verifier = Verifier(
        observed,
        genesis=genesis,
        remembered=remembered,
        times=times,
        on_progress=lambda done, total: on_progress("objects", done, total),
        on_manifest=records.add,
    )
    view = verifier.check_ledger()
    if view is None:
        raise _unbelievable(verifier.checks)
    verifier.check_times(view, now=now)
    seals = [seal for seal in view.seals if period.holds(seal.date)]
    grace = Grace(view=view, now=now.astimezone(UTC), hours=due_hours)
    verifier.check_objects(view, seals, content=False, whole=period.is_whole, grace=grace)
    expected = [day for day in expected_days(view, now=now, due_hours=due_hours) if period.holds(day)]
    days = judge_days(view, expected, verifier.checks)
    _subtract_lost_segments(store, view, seals, verifier.checks, records)
    return Measurement(
        view=view,
        checks=verifier.checks,
        days=days,
        records=records,
        seen=observed.seen,
        period=period,
        now=now,
        due_hours=due_hours,
    )


def _unbelievable(checks: CheckList) -> IntegrityError | StorageError:
    first = checks.not_passed[0]
    kind = IntegrityError if first.outcome is Outcome.FAIL else StorageError
    return kind(
        "the ledger cannot be believed, so nothing can be measured",
        where=first.where,
        expected=first.expected,
        found=first.found,
        remedy=first.remedy,
    )


def _subtract_lost_segments(
    store: ObjectReader, view: LedgerView, seals: list[Seal], checks: CheckList, records: RecordCounts
) -> None:
    """Records of segments that are not there as sealed; their manifests are read once more."""
    lost: dict[str, Outcome] = {}
    for check in reversed(checks.not_passed):  # failed ones last: they weigh more
        if check.name in SEGMENT_CHECKS or check.name == "manifest.signed":
            lost[_key_in(check.where)] = check.outcome
    for key, count in records.without_manifest.items():
        if lost.get(key) is Outcome.FAIL:
            records.unsigned += count
        else:
            records.open += count
    for seal in seals if lost else ():
        touched = any(item.key in lost for item in seal.objects)
        if not touched or seal.manifest.key in records.without_manifest:
            continue
        manifest = read_manifest(store, view, seal)
        for segment in manifest.segments:
            if lost.get(segment.key) is Outcome.FAIL:
                records.unsigned += segment.records
            elif segment.key in lost:
                records.open += segment.records


def _key_in(where: str) -> str:
    """The key of a check's object, which is named by key and version, or by its whole address."""
    found = re.search(r"(?:logs/source=|manifests/date=)\S+", where)
    return found[0] if found else where
