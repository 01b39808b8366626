"""Verification of the whole archive, or of a range of its days, in slices that run side by side.

`plan_history` walks the ledger and cuts its days into slices; `verify_slice`
checks one of them, anywhere; `seal_history` joins what all of them found into
one verification entry of the ledger. All of it is about the ledger up to the
head of the plan: what is sealed meanwhile waits for the next verification.
"""

from __future__ import annotations

from collections.abc import Sequence

from audit_trail.evidence.ledger_entry import Seal
from audit_trail.pipeline.check_evidence import say_checks
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_check
from audit_trail.pipeline.handoffs import Verified
from audit_trail.pipeline.history_findings import (
    HistoryUnverifiedError,
    check_complete,
    check_of,
    failure_of,
    found_check,
    joined_tally,
    planned_head,
    sample_read,
    statement_of,
)
from audit_trail.pipeline.history_handoffs import HistoryRequest, HistorySlice, SliceResult
from audit_trail.pipeline.history_slices import (
    check_head,
    check_request,
    chosen_seals,
    day_range,
    head_of,
    planned_slices,
)
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.verification_entry import MAX_FAILURES_SEALED, Tally, append_verification
from audit_trail.verification.days import Grace, expected_days, judge_days
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.object_checks import check_entry
from audit_trail.verification.sampling import draw_sample
from audit_trail.verification.verifier import Verifier

__all__ = [
    "HistoryRequest",
    "HistorySlice",
    "HistoryUnverifiedError",
    "SliceResult",
    "plan_history",
    "seal_history",
    "verify_slice",
]


def plan_history(context: StageContext, request: HistoryRequest) -> list[HistorySlice]:
    """Cut the history into slices of about the same work.

    Raises:
        ConfigurationError: A range, level and sample that do not go together.
            Or there is nothing to verify.
        IntegrityError: The ledger cannot be believed.
        StorageError: It cannot be read.
    """
    check_request(request)
    view = context.ledger()
    head = view.head
    seals = chosen_seals(view, request, head.sequence)
    slices = planned_slices(request, head, seals)
    say(fact("ledger", sequence=head.sequence, sha256=head.sha256, genesis=view.genesis_sha256))
    with group(f"{len(slices)} slices"):
        for item in slices:
            say(fact("slice", part=item.part, first_day=item.first_day, last_day=item.last_day))
    conclude(
        f"PLANNED verification at level {request.level}: {len(seals)} seals of "
        f"{min(seal.date for seal in seals)} to {max(seal.date for seal in seals)} in {len(slices)} slices"
    )
    return slices


def verify_slice(context: StageContext, work: HistorySlice) -> SliceResult:
    """Make one part of a verification. What is wrong is returned, not raised: the others go on.

    Raises:
        IntegrityError: The ledger cannot be believed, or is another than it was when this was planned.
        StorageError: The ledger cannot be read.
    """
    verifier = Verifier(
        context.store, genesis=context.genesis, remembered=context.pin.read(), times=context.time_trust
    )
    if work.part == "archive":
        _verify_archive(context, verifier, work)
    else:
        _verify_days(context, verifier, work)
    checks = verifier.checks
    say_checks(checks)
    tally = Tally.of(checks)
    conclude(
        f"CHECKED {work.part} of {work.first_day} to {work.last_day}: {tally.passed} passed, "
        f"{tally.failed} failed, {tally.unverifiable} could not be made"
    )
    return SliceResult(
        slice=work,
        passed=tally.passed,
        failed=tally.failed,
        unverifiable=tally.unverifiable,
        findings=tuple(found_check(check) for check in checks.not_passed[:MAX_FAILURES_SEALED]),
    )


def _verify_archive(context: StageContext, verifier: Verifier, work: HistorySlice) -> None:
    """The ledger, its times, the days; and, of a whole archive, locks of entries and what nobody sealed."""
    now, due_hours = context.now(), context.settings.verification.due_hours
    view = verifier.check_ledger()
    if view is None:
        return
    check_head(view, head_of(work))
    verifier.check_times(view, now=now)
    first, last = day_range(work.request)
    expected = [day for day in expected_days(view, now=now, due_hours=due_hours) if first <= day <= last]
    judge_days(view, expected, verifier.checks)
    if work.request.level != "ledger" and not (work.request.first or work.request.last):
        for sequence in range(len(view.heads)):
            check_entry(view, sequence, verifier.checks)
        grace = Grace(view=view, now=now, hours=due_hours)
        verifier.check_listed(view.seals, whole=True, grace=grace)


def _verify_days(context: StageContext, verifier: Verifier, work: HistorySlice) -> None:
    view, request, head = context.ledger(), work.request, head_of(work)
    check_head(view, head)
    chosen = chosen_seals(view, request, head.sequence)
    seals = [seal for seal in chosen if work.first_day <= seal.date <= work.last_day]
    reads_all = request.level == "content" and request.sample is None
    verifier.check_seals(view, seals, content=reads_all)
    if request.sample is not None:
        _, drawn = draw_sample(chosen, seed=head, size=request.sample)
        mine = {seal.sequence for seal in seals}
        verifier.check_drawn(view, [(item.seal, item.sealed) for item in drawn if item.seal.sequence in mine])
    if request.first or request.last:
        # Of a whole archive one slice lists everything at once.
        grace = Grace(view=view, now=context.now(), hours=context.settings.verification.due_hours)
        verifier.check_listed(_with_revisions(view, seals), whole=False, grace=grace)


def _with_revisions(view: LedgerView, seals: Sequence[Seal]) -> list[Seal]:
    """All seals of the days of some: a day's folders hold the objects of all its revisions."""
    return [seal for day in dict.fromkeys(seal.date for seal in seals) for seal in view.seals_of(day)]


def seal_history(context: StageContext, request: HistoryRequest, results: Sequence[SliceResult]) -> Verified:
    """Join what the slices found, append it to the ledger, and fail if anything did not pass.

    The slices are planned again: what the tasks hand over cannot leave one out.

    Args:
        context: What the stages work with.
        request: What was asked for; from the run, not from another task.
        results: Of all slices, in any order.

    Raises:
        IntegrityError: Something is wrong, or not every slice was verified.
        HistoryUnverifiedError: Something could not be checked.
        StorageError: The ledger could not be read or written.
    """
    view, head = context.ledger(), planned_head(results)
    check_head(view, head)
    seals = chosen_seals(view, request, head.sequence)
    check_complete(planned_slices(request, head, seals), results)
    findings = [item for result in results for item in result.findings]
    findings.sort(key=lambda item: (item.outcome != "FAIL", item.day, item.where))
    # Findings first: they are what the reader of this log has come for.
    for item in findings:
        say_check(check_of(item))
    tally = joined_tally(results, findings)
    sample = sample_read(view, request, head)
    day = max(seal.date for seal in seals)
    sequence, after = append_verification(context, day, tally, sample)
    digest = after.heads[sequence]
    statement = statement_of(request, sample)
    with group("Result"):
        for result in results:
            counts = {"passed": result.passed, "failed": result.failed, "unverifiable": result.unverifiable}
            part, work = result.slice.part, result.slice
            say(fact("slice", part=part, first_day=work.first_day, last_day=work.last_day, **counts))
        say(fact("sampled", **sample.to_json()), fact("verified", day=day, sequence=sequence, sha256=digest))
    if tally.failed or tally.unverifiable or not tally.passed:
        raise failure_of(tally, findings)
    conclude(
        f"VERIFIED at level {request.level}: {tally.passed} checks passed, sealed as ledger entry "
        f"{sequence}, {digest}. {statement}"
    )
    return Verified(
        day=day,
        sequence=sequence,
        entry_sha256=digest,
        passed=tally.passed,
        sampled=sample.size,
        population=sample.population,
        statement=statement,
    )
