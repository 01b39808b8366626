"""What the verifications that are sealed in the ledger found, as checks.

The page verifies the ledger itself and nothing else: objects and their content
are as the last verification found them, and that stands in the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from audit_trail.evidence.ledger_entry import Verification
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.checks import Check, CheckList, Outcome

INCOMPLETE = "verification.incomplete"
"""A day's newest verification could not make all of its checks."""
_DAY = re.compile(r"(?:\bdate=|\bday )(\d{4}-\d{2}-\d{2})\b")
_OF_THE_LEDGER = ""


def add_recorded(verifications: Iterable[Verification], checks: CheckList) -> None:
    """Add every finding that still stands.

    A finding about a day stands until a later verification of that very day
    did not find it again; one about the ledger as a whole until a later
    verification, of any day, found nothing about the ledger.

    Args:
        verifications: All of a ledger, in its order.
        checks: Where the findings go.
    """
    standing: dict[str, list[Check]] = {}
    incomplete: dict[str, Check] = {}
    for entry in verifications:
        standing.pop(entry.date, None)
        standing.pop(_OF_THE_LEDGER, None)
        incomplete.pop(entry.date, None)
        for failure in entry.failures:
            day = day_of(failure.where)
            found = Check(
                name=failure.check,
                where=failure.where,
                outcome=Outcome.FAIL,
                found=f"failed in the verification of {entry.date}, ledger entry {entry.sequence}",
                remedy=f"see that run's log of verify_sample, then verify {day or 'the archive'} again",
                day=day,
            )
            standing.setdefault(day, []).append(found)
        if entry.unverifiable:
            incomplete[entry.date] = _incomplete(entry)
    for found in (*(check for day in standing.values() for check in day), *incomplete.values()):
        checks.add(found)


def day_of(where: str) -> str:
    """The day that a place in the archive is about; empty for the ledger itself."""
    match = _DAY.search(where)
    return match[1] if match else _OF_THE_LEDGER


def _incomplete(entry: Verification) -> Check:
    return Check(
        name=INCOMPLETE,
        where=f"{ledger_key(entry.sequence)} day {entry.date}",
        outcome=Outcome.UNVERIFIABLE,
        expected="all checks made",
        found=f"{entry.unverifiable} checks could not be made, {entry.passed} passed",
        remedy="see why in the log of task verify_sample of that run, then verify the day again",
        day=entry.date,
    )
