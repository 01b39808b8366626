"""Stage 7: look at the day just sealed, and at a sample of all that was ever sealed."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from audit_trail.archive.restore import Version, look_at
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.ledger_entry import Sample, Seal, SealedObject
from audit_trail.pipeline.announce_metrics import announce_metrics
from audit_trail.pipeline.check_evidence import say_checks, say_how_to_check
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, say
from audit_trail.pipeline.handoffs import Sealed, Verified
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.verification_entry import Tally, append_verification
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.object_checks import check_described
from audit_trail.verification.sampling import DrawnObject, confidence_statement, draw_sample, versions_to_read
from audit_trail.verification.verifier import Verifier


@dataclass(frozen=True, kw_only=True)
class BegunVerification:
    """The ledger and the day's objects are checked; a sample is drawn and not read yet."""

    context: StageContext
    day: str
    verifier: Verifier
    view: LedgerView
    seed: Head
    sample: Sample
    drawn: list[DrawnObject]

    @property
    def has_failed(self) -> bool:
        """Whether something is wrong already: then nothing should wait."""
        return bool(self.verifier.checks.total(Outcome.FAIL))

    def note_refused(self, refused: Sequence[StorageError]) -> None:
        """Requests for restores that the store refused: what they were about is not verified."""
        for error in refused:
            self.verifier.checks.add_error("content.restored", error, day=self.day)

    def versions(self) -> list[Version]:
        """What the sample has to read."""
        return versions_to_read(self.drawn)


def verify_sample(context: StageContext, day: str, sealed: Sealed) -> Verified:
    """Check ledger and objects of the day, and the content of a random sample of the history.

    The result is appended to the ledger, whatever it is; then a failed check
    raises. What lies in a cold class and is not restored is held against the
    checksum that the store keeps.

    Raises:
        IntegrityError: Something is not what was sealed.
        StorageError: Something could not be checked.
    """
    return finish_verification(begin_verification(context, day, sealed))


def begin_verification(
    context: StageContext, day: str, sealed: Sealed, *, seed: Head | None = None
) -> BegunVerification:
    """Check ledger and objects of the day, and draw the sample.

    Args:
        context: What the stage works with.
        day: `YYYY-MM-DD`.
        sealed: What sealed the day.
        seed: The entry that a sample was drawn with which is waited for; None: the newest.

    Raises:
        IntegrityError: The ledger cannot be believed, or does not hold the seed.
        StorageError: It cannot be read.
    """
    verifier = Verifier(
        context.store,
        genesis=context.genesis,
        remembered=context.pin.read(),
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
    chosen = _checked_seed(view, sealed, seed) if seed else view.head
    sample, drawn = draw_sample(
        [seal for seal in view.seals if seal.sequence <= chosen.sequence],
        seed=chosen,
        size=context.settings.verification.sample_size,
    )
    return BegunVerification(
        context=context, day=day, verifier=verifier, view=view, seed=chosen, sample=sample, drawn=drawn
    )


def _checked_seed(view: LedgerView, sealed: Sealed, seed: Head) -> Head:
    """A seed that somebody else kept: nobody may choose one that was known before the seal."""
    found = view.heads[seed.sequence] if sealed.sequence <= seed.sequence < len(view.heads) else "none"
    if found != seed.sha256:
        raise IntegrityError(
            "the sample that was waited for was not drawn by the ledger",
            where=f"seed of entry {seed.sequence}",
            expected=f"the digest of an entry from {sealed.sequence} on",
            found=seed.sha256,
            remedy="the task's stored state was edited; delete it and clear the task",
        )
    return seed


def finish_verification(begun: BegunVerification, *, read_cold: bool = False) -> Verified:
    """Check the content of the sample, and append the result to the ledger.

    Args:
        begun: What was checked and drawn.
        read_cold: Everything was to be restored: what cannot be read is
            unverifiable. False: what lies in a cold class and is not restored
            is held against the store's checksum, and the result says so.

    Raises:
        IntegrityError: Something is not what was sealed.
        StorageError: Something could not be checked.
    """
    context, day, checks = begun.context, begun.day, begun.verifier.checks
    cold = set() if read_cold else _check_cold(begun)
    to_read = [item for item in begun.drawn if item.sealed.key not in cold]
    _check_contents(context, begun.verifier, begun.view, to_read, day)
    context.on_progress("verify_sample", 1, 1)
    sample = begun.sample.model_copy(update={"by_checksum": len(cold) or None})
    say_checks(checks)
    sequence, after = append_verification(context, day, Tally.of(checks), sample)
    digest = after.heads[sequence]
    announce_metrics(context, after, day, last=sequence)
    statement = confidence_statement(sample)
    say(fact("sampled", **sample.to_json()), fact("verified", day=day, sequence=sequence, sha256=digest))
    view, sampled = begun.view, [item.sealed for item in begun.drawn]
    say_how_to_check(context.settings.archive, view, view.seals_of(day), sampled, checks)
    if checks.exit_code:
        raise _failure(checks, day)
    conclude(
        f"VERIFIED {day}: {checks.total(Outcome.PASS)} checks passed, sealed as ledger entry "
        f"{sequence}, {digest}. {statement}"
    )
    return Verified(
        day=day,
        sequence=sequence,
        entry_sha256=digest,
        passed=checks.total(Outcome.PASS),
        sampled=sample.size,
        population=sample.population,
        statement=statement,
    )


def _check_cold(begun: BegunVerification) -> set[str]:
    """Hold drawn segments that cannot be read now against what the store says of them; their keys."""
    context = begun.context
    versions = [(item.sealed.key, item.sealed.version_id) for item in begun.drawn]
    found = look_at(context.store, versions, now=context.now())
    described = {there.key: there for there in (*found.archived, *found.restoring)}
    for item in begun.drawn:
        if item.sealed.key in described:
            check_described(
                described[item.sealed.key], item.sealed, begun.verifier.checks, day=item.seal.date
            )
    return set(described)


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
