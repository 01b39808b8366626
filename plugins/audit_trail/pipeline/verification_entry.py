"""Appending what a verification found to the ledger, whatever it is."""

from __future__ import annotations

from dataclasses import dataclass

from audit_trail.evidence.ledger_entry import FailedCheck, Sample, Verification
from audit_trail.pipeline.evidence_log import made_by
from audit_trail.pipeline.evidence_writer import say
from audit_trail.pipeline.ledger_writer import append_entry, linked
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.timestamp_entries import stamp_entries
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView

MAX_FAILURES_SEALED = 100
"""The first ones go into the ledger entry; all of them are in the task log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What the checks of a verification add up to."""

    passed: int
    failed: int
    unverifiable: int
    failures: tuple[FailedCheck, ...]

    @classmethod
    def of(cls, checks: CheckList) -> Tally:
        """Count the checks; failures beyond `MAX_FAILURES_SEALED` are counted and not named."""
        failed = [check for check in checks.not_passed if check.outcome is Outcome.FAIL]
        return cls(
            passed=checks.total(Outcome.PASS),
            failed=checks.total(Outcome.FAIL),
            unverifiable=checks.total(Outcome.UNVERIFIABLE),
            failures=tuple(
                FailedCheck(check=check.name, where=check.where[:4096])
                for check in failed[:MAX_FAILURES_SEALED]
            ),
        )


def append_verification(
    context: StageContext, day: str, tally: Tally, sample: Sample
) -> tuple[int, LedgerView]:
    """Append the result; its entry's number, and the ledger with it.

    Raises:
        IntegrityError: The ledger cannot be believed, so nothing is appended to it.
        StorageError: The ledger could not be read or written.
    """

    def entry(view: LedgerView) -> Verification:
        return Verification(
            **linked(context, view),
            date=day,
            passed=tally.passed,
            failed=tally.failed,
            unverifiable=tally.unverifiable,
            sample=sample,
            failures=tally.failures,
            run=context.run,
        )

    made, view = append_entry(context, entry)
    stamp_entries(context, view)
    say(*made_by(made))
    return made.sequence, view
