"""Ledger entries as data points: what each says, at the time that it says it was written.

Nothing is counted here: an entry is a fact with a time of its own, so the same entry
gives the same points however often it is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from audit_trail.evidence.fields import parse_timestamp
from audit_trail.evidence.ledger_entry import Seal, Verification
from audit_trail.evidence.manifest import Manifest
from audit_trail.verification.ledger_walk import LedgerView

NAMESPACE = "AuditTrail"
DIMENSION = "Archive"
LOCK_CHECKS = ("object.lock", "ledger.lock", "seal.policy")
MAX_AGE = timedelta(days=14) - timedelta(hours=1)
"""CloudWatch takes points of the last two weeks (`MetricDatum`); an hour is left for clocks and retries."""

Unit = Literal["Count", "Bytes", "None"]
UNITS: dict[str, Unit] = {
    "DaysSealed": "Count",
    "SealLagHours": "None",
    "BytesSealed": "Bytes",
    "RecordsSealed": "Count",
    "Redactions": "Count",
    "VerificationSuccesses": "Count",
    "VerificationFailures": "Count",
    "UnlockedObjects": "Count",
}
"""Every metric there is. CloudWatch has no unit for hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPoint:
    """One value of one metric; `sequence` is the ledger entry that says it."""

    name: str
    value: float
    at: datetime
    sequence: int

    def to_datum(self, archive: str) -> dict[str, Any]:
        """As `PutMetricData` takes it."""
        return {
            "MetricName": self.name,
            "Dimensions": [{"Name": DIMENSION, "Value": archive}],
            "Timestamp": self.at,
            "Value": self.value,
            "Unit": UNITS[self.name],
        }


def entry_points(entry: Seal | Verification, manifest: Callable[[Seal], Manifest]) -> Iterator[DataPoint]:
    """The data points of one entry.

    Args:
        entry: A seal or a verification of a ledger that has been checked.
        manifest: Gives the manifest that a seal names, checked.

    Raises:
        IntegrityError: A manifest is not what was sealed.
        StorageError: A manifest cannot be read.
    """
    values = _of_seal(entry, manifest) if isinstance(entry, Seal) else _of_verification(entry)
    at = parse_timestamp(entry.at)
    for name, value in values.items():
        yield DataPoint(name=name, value=value, at=at, sequence=entry.sequence)


def _of_seal(seal: Seal, manifest: Callable[[Seal], Manifest]) -> dict[str, float]:
    values: dict[str, float] = {
        "BytesSealed": seal.totals.stored_bytes,
        "RecordsSealed": seal.totals.records,
        "Redactions": sum(manifest(seal).redaction.replacements.values()),
    }
    if seal.revision == 1:
        # Late data makes neither another day nor the day itself late.
        values |= {"DaysSealed": 1, "SealLagHours": lag_hours(seal)}
    return values


def lag_hours(seal: Seal) -> float:
    """Hours between a day's end and its seal."""
    lag = parse_timestamp(seal.at) - parse_timestamp(seal.interval_end)
    return round(lag / timedelta(hours=1), 3)


def is_success(entry: Verification) -> bool:
    """Whether every check passed: what could not be made is no pass."""
    return not entry.failed and not entry.unverifiable


def _of_verification(entry: Verification) -> dict[str, float]:
    return {
        "VerificationSuccesses": float(is_success(entry)),
        "VerificationFailures": float(entry.failed > 0),
        # An entry names its first hundred failures.
        "UnlockedObjects": sum(item.check in LOCK_CHECKS for item in entry.failures),
    }


def entries_of_run(view: LedgerView, day: str, *, last: int) -> list[Seal | Verification]:
    """What a run of a day has written: the day's entries after its verification before `last`.

    So a run that finds its day sealed adds a verification and nothing else, and a run
    that was killed between seal and verification leaves the seal to the next one.

    Args:
        view: The ledger with the run's entries.
        day: Whose run.
        last: The number of the verification that the run has written.
    """
    verifications = [item for item in view.verifications if item.date == day]
    before = max((item.sequence for item in verifications if item.sequence < last), default=0)
    found: list[Seal | Verification] = [*view.seals_of(day), *verifications]
    written = [item for item in found if before < item.sequence <= last]
    return sorted(written, key=lambda item: item.sequence)


def recent_entries(view: LedgerView, now: datetime) -> list[Seal | Verification]:
    """All seals and verifications that CloudWatch would still take."""
    found: list[Seal | Verification] = [*view.seals, *view.verifications]
    recent = [item for item in found if timedelta(0) <= now - parse_timestamp(item.at) <= MAX_AGE]
    return sorted(recent, key=lambda item: item.sequence)
