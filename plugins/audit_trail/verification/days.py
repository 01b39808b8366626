"""Which days must be sealed, and what each of them amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView

Verdict = Literal["sealed", "sealed-empty", "missing", "tampered", "unverifiable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVerdict:
    """What a day amounts to."""

    day: str
    verdict: Verdict
    revisions: int = 0
    segments: int = 0
    records: int = 0


def last_due_day(now: datetime, due_hours: int) -> date:
    """The last day that ended more than `due_hours` before `now`."""
    return (now.astimezone(UTC) - timedelta(hours=due_hours)).date() - timedelta(days=1)


def expected_days(view: LedgerView, *, now: datetime, due_hours: int) -> list[str]:
    """Every day from the first sealed one to the last that is sealed or due."""
    if not view.seals:
        return []
    sealed = [date.fromisoformat(day) for day in view.seals_by_day]
    first, last = min(sealed), max([last_due_day(now, due_hours), *sealed])
    return [(first + timedelta(days=offset)).isoformat() for offset in range((last - first).days + 1)]


def judge_days(view: LedgerView, expected: list[str], checks: CheckList) -> list[DayVerdict]:
    """The verdict of each expected day, from the checks made so far; a missing day is a failed check.

    An archive that should hold days and holds none is unverifiable, never good.
    """
    if not expected:
        checks.add(
            Check(
                name="day.sealed",
                where="ledger/",
                outcome=Outcome.UNVERIFIABLE,
                expected="at least one sealed day",
                found="none",
                remedy="seal a day first: audit-trail process",
            )
        )
    # Failures come first in `not_passed`, so they win when read backwards.
    bad = {check.day: check.outcome for check in reversed(checks.not_passed)}
    return [_judge(view, day, bad.get(day), checks) for day in expected]


def _judge(view: LedgerView, day: str, bad: Outcome | None, checks: CheckList) -> DayVerdict:
    seals = view.seals_of(day)
    found = "sealed" if seals else "no seal"
    remedy = f"seal it: audit-trail process --date {day}"
    checks.compare("day.sealed", f"day {day}", expected="sealed", found=found, day=day, remedy=remedy)
    if not seals:
        return DayVerdict(day=day, verdict="missing")
    verdict: Verdict = "sealed" if any(seal.objects for seal in seals) else "sealed-empty"
    if bad is not None:
        verdict = "tampered" if bad is Outcome.FAIL else "unverifiable"
    return DayVerdict(
        day=day,
        verdict=verdict,
        revisions=len(seals),
        segments=sum(seal.totals.segments for seal in seals),
        records=sum(seal.totals.records for seal in seals),
    )
