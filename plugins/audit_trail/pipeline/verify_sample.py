"""Stage 7: look at the day just sealed, and at a sample of all that was ever sealed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.ledger_entry import Sample, Seal, SealedObject
from audit_trail.pipeline.check_evidence import say_checks, say_how_to_check
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, say
from audit_trail.pipeline.handoffs import Sealed, Verified
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.verification_entry import Tally, append_verification
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.sampling import DrawnObject, confidence_statement, draw_sample
from audit_trail.verification.verifier import Verifier


def verify_sample(context: StageContext, day: str, sealed: Sealed) -> Verified:
    """Check ledger and objects of the day, and the content of a random sample of the history.

    The result is appended to the ledger, whatever it is; then a failed check
    raises.

    Raises:
        IntegrityError: Something is not what was sealed.
        StorageError: Something could not be checked.
    """
    remembered = context.pin.read()
    verifier = Verifier(
        context.store,
        genesis=context.genesis,
        remembered=remembered,
        times=context.time_trust,
        keep_passed=True,
    )
    view = verifier.check_ledger()
    if view is None:
        say_checks(verifier.checks)
        raise _failure(verifier.checks, day)
    verifier.checks.compare(
        "ledger.entry", f"ledger entry {sealed.sequence}", expected=sealed.entry_sha256,
        found=view.heads[sealed.sequence] if sealed.sequence < len(view.heads) else "absent", day=day,
    )  # fmt: skip
    verifier.check_times(view, now=context.now())
    verifier.check_objects(view, view.seals_of(day), content=False, whole=False)
    sample, drawn = draw_sample(view.seals, seed=view.head, size=context.settings.verification.sample_size)
    _check_contents(context, verifier, view, drawn, day)
    context.on_progress("verify_sample", 1, 1)
    say_checks(verifier.checks)
    sequence, digest = _append_result(context, day, verifier.checks, sample)
    statement = confidence_statement(sample)
    say(fact("sampled", **sample.to_json()), fact("verified", day=day, sequence=sequence, sha256=digest))
    sampled = [item.sealed for item in drawn]
    say_how_to_check(context.settings.archive, view, view.seals_of(day), sampled, verifier.checks)
    if verifier.checks.exit_code:
        raise _failure(verifier.checks, day)
    conclude(
        f"VERIFIED {day}: {verifier.checks.total(Outcome.PASS)} checks passed, sealed as ledger entry "
        f"{sequence}, {digest}. {statement}"
    )
    return Verified(
        day=day,
        sequence=sequence,
        entry_sha256=digest,
        passed=verifier.checks.total(Outcome.PASS),
        sampled=sample.size,
        population=sample.population,
        statement=statement,
    )


def _check_contents(
    context: StageContext, verifier: Verifier, view: LedgerView, drawn: Sequence[DrawnObject], day: str
) -> None:
    """Read the drawn segments, on all cores."""
    groups: dict[object, list[tuple[Seal, SealedObject]]] = {}
    for item in drawn:
        # The day's own manifests have been read; of another day's, one thread shall read it.
        key = item.sealed.key if item.seal.date == day else item.seal.sequence
        groups.setdefault(key, []).append((item.seal, item.sealed))
    pool = ThreadPoolExecutor(context.workers, thread_name_prefix="verify")
    try:
        list(pool.map(lambda group: verifier.check_drawn(view, group), groups.values()))
    finally:
        pool.shutdown(cancel_futures=True)


def _append_result(context: StageContext, day: str, checks: CheckList, sample: Sample) -> tuple[int, str]:
    return append_verification(context, day, Tally.of(checks), sample)


def _failure(checks: CheckList, day: str) -> IntegrityError | StorageError:
    first = checks.not_passed[0]
    kind = IntegrityError if checks.total(Outcome.FAIL) else StorageError
    return kind(
        f"verification of {day}: {checks.total(Outcome.FAIL)} checks failed, "
        f"{checks.total(Outcome.UNVERIFIABLE)} could not be made; first {first.name}",
        where=first.where,
        expected=first.expected,
        found=first.found,
        remedy=first.remedy,
    )
