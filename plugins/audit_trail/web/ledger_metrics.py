"""Measures of compliance that the ledger alone gives, at once.

`audit-trail report` measures more, and reads all objects for it; where both
measure the same, they count the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from audit_trail.evidence.fields import parse_timestamp
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.reporting.metrics.data_points import is_success
from audit_trail.verification.days import DayVerdict
from audit_trail.verification.ledger_walk import LedgerView

GOOD = ("sealed", "sealed-empty", "declared-gap")
"""Verdicts of days about which nothing is left to do."""
RECENT_DAYS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerMetrics:
    """What an auditor asks first. None where there is nothing to measure yet.

    Attributes:
        due_days: Days that must be sealed, or declared to have no logs, by now.
        good_days: Those of them that are, and of which no finding is known.
        missing_days: Those that are neither.
        lag_hours_median: From a day's end, or the founding if that was later, to its first
            seal; over the last 90 sealed days.
        lag_hours_worst: The longest of these.
        verifications: How many stand in the ledger.
        verifications_passed: Those that found nothing and could check everything.
        verified_days: Due days with a verification of their own.
        last_verified_at: When the newest one was written.
    """

    due_days: int
    good_days: int
    missing_days: int
    lag_hours_median: float | None
    lag_hours_worst: float | None
    verifications: int
    verifications_passed: int
    verified_days: int
    last_verified_at: str | None

    def to_json(self) -> dict[str, Any]:
        """All of them."""
        return asdict(self)


def ledger_metrics(view: LedgerView, days: Sequence[DayVerdict]) -> LedgerMetrics:
    """Measure a ledger.

    Args:
        view: Walked.
        days: The verdicts of all days that are due.
    """
    recent = [view.seals_of(day.day)[0] for day in days if view.seals_of(day.day)][-RECENT_DAYS:]
    lags = sorted(waited_hours(seal, view) for seal in recent)
    verified = {entry.date for entry in view.verifications}
    return LedgerMetrics(
        due_days=len(days),
        good_days=sum(day.verdict in GOOD for day in days),
        missing_days=sum(day.verdict == "missing" for day in days),
        lag_hours_median=lags[len(lags) // 2] if lags else None,
        lag_hours_worst=lags[-1] if lags else None,
        verifications=len(view.verifications),
        verifications_passed=sum(is_success(entry) for entry in view.verifications),
        verified_days=sum(day.day in verified for day in days),
        last_verified_at=view.verifications[-1].at if view.verifications else None,
    )


def waited_hours(seal: Seal, view: LedgerView) -> float:
    """Hours that a day waited for its seal since its end, or since the founding if that was later."""
    ready = max(parse_timestamp(seal.interval_end), parse_timestamp(view.genesis.at))
    return round((parse_timestamp(seal.at) - ready) / timedelta(hours=1), 2)
