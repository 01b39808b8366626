"""Which days must be sealed, and what each of them amounts to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from audit_trail.archive.object_store import ObjectVersion
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView

COMPLETE = "day.complete"
"""The check that fails for a day whose source holds more than is sealed."""
DAG_ID = "audit_trail_daily"
Verdict = Literal["sealed", "sealed-empty", "declared-gap", "late", "missing", "tampered", "unverifiable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayVerdict:
    """What a day amounts to."""

    day: str
    verdict: Verdict
    revisions: int = 0
    segments: int = 0
    records: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Grace:
    """What may still be on its way to its seal."""

    view: LedgerView
    now: datetime
    hours: int

    def is_open(self, day: str) -> bool:
        """Whether a day has ended, has no seal yet, and is not due."""
        last_due, today = last_due_day(self.now, self.hours).isoformat(), self.now.date().isoformat()
        return last_due < day < today and not self.view.seals_of(day)

    def is_young(self, version: ObjectVersion) -> bool:
        """Whether a seal may still follow an object: it was put within the last hours."""
        return timedelta(0) <= self.now - version.modified < timedelta(hours=self.hours)


def last_due_day(now: datetime, due_hours: int) -> date:
    """The last day that ended more than `due_hours` before `now`."""
    return (now.astimezone(UTC) - timedelta(hours=due_hours)).date() - timedelta(days=1)


def expected_days(view: LedgerView, *, now: datetime, due_hours: int) -> list[str]:
    """Every day from the first that the ledger speaks of to the last that it speaks of or that is due."""
    spoken_of = [date.fromisoformat(day) for day in (*view.seals_by_day, *view.gaps)]
    if not spoken_of:
        return []
    first, last = min(spoken_of), max([last_due_day(now, due_hours), *spoken_of])
    return [(first + timedelta(days=offset)).isoformat() for offset in range((last - first).days + 1)]


def backfill_command(day: str) -> str:
    """What seals a day through Airflow, whatever became of an earlier run of it.

    Without these options Airflow leaves a day alone that has a run which ended, be it
    marked as a success or a rehearsal; asks again for what that run was asked for; and
    reads the dates in its own default time zone.
    """
    return (
        f"airflow backfill create --dag-id {DAG_ID} --from-date {day}T00:00Z --to-date {day}T00:00Z "
        "--reprocess-behavior completed --dag-run-conf '{}'"
    )


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
    # The last one of a day counts: failures weigh more than what could not be checked, tampering
    # more than late data.
    found = sorted(
        checks.not_passed, key=lambda check: (check.outcome is Outcome.FAIL, check.name != COMPLETE)
    )
    bad = {check.day: check for check in found}
    return [_judge(view, day, bad.get(day), checks) for day in expected]


def _judge(view: LedgerView, day: str, bad: Check | None, checks: CheckList) -> DayVerdict:
    seals, gap = view.seals_of(day), view.gaps.get(day)
    found = "sealed" if seals else "declared a gap" if gap else "no seal"
    expected = found if seals or gap else "sealed"
    remedy = f"seal it: audit-trail process --date {day}, or {backfill_command(day)}; "
    remedy += f"if it has no logs: audit-trail declare-gap --date {day}"
    checks.compare("day.sealed", f"day {day}", expected=expected, found=found, day=day, remedy=remedy)
    if not seals and not gap:
        return DayVerdict(day=day, verdict="missing")
    return DayVerdict(
        day=day,
        verdict=_verdict(seals, bad),
        revisions=len(seals),
        segments=sum(seal.totals.segments for seal in seals),
        records=sum(seal.totals.records for seal in seals),
    )


def _verdict(seals: list[Seal], bad: Check | None) -> Verdict:
    if bad is not None and bad.outcome is Outcome.FAIL:
        return "late" if bad.name == COMPLETE else "tampered"
    if bad is not None:
        return "unverifiable"
    if not seals:
        return "declared-gap"
    return "sealed" if any(seal.objects for seal in seals) else "sealed-empty"
