"""What all slices found, joined: a tally, the sample in the terms of the format, and what is raised."""

from __future__ import annotations

from collections.abc import Sequence

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.ledger_entry import FailedCheck, Sample
from audit_trail.pipeline.history_handoffs import FoundCheck, HistoryRequest, HistorySlice, SliceResult
from audit_trail.pipeline.verification_entry import MAX_FAILURES_SEALED, Tally
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import Check, Outcome
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.sampling import confidence_statement, draw_sample


class HistoryUnverifiedError(StorageError):
    """Something could not be checked, and that is in the ledger: trying again would only say it again."""


def planned_head(results: Sequence[SliceResult]) -> Head:
    """The head of the ledger that all slices were planned for.

    Raises:
        IntegrityError: There is no such head, or more than one.
    """
    heads = {(result.slice.head_sequence, result.slice.head_sha256) for result in results}
    if len(heads) != 1:
        raise _incomplete(1, len(heads))
    sequence, digest = heads.pop()
    return Head(sequence=sequence, sha256=digest)


def check_complete(planned: Sequence[HistorySlice], results: Sequence[SliceResult]) -> None:
    """Refuse results that are not exactly those of the planned slices.

    Raises:
        IntegrityError: One is missing, or is of another slice.
    """
    if sorted(map(_key, planned)) != sorted(_key(result.slice) for result in results):
        raise _incomplete(len(planned), len(results))


def _incomplete(expected: int, found: int) -> IntegrityError:
    return IntegrityError(
        "not every slice of the history was verified",
        where="ledger/",
        expected=f"{expected} slices of one ledger",
        found=f"{found}",
        remedy="clear the run from its first task",
    )


def _key(work: HistorySlice) -> str:
    return work.model_dump_json()


def found_check(check: Check) -> FoundCheck:
    """A check as it is handed on: of long texts the beginning."""
    values = {name: str(text)[:4096] for name, text in check.to_json().items()}
    values["check"] = values.pop("name")
    return FoundCheck.receive({"where": ""} | values)


def check_of(item: FoundCheck) -> Check:
    """The inverse of `found_check`."""
    values = item.model_dump()
    return Check(name=values.pop("check"), outcome=Outcome(values.pop("outcome")), **values)


def joined_tally(results: Sequence[SliceResult], findings: Sequence[FoundCheck]) -> Tally:
    """What the slices add up to; the first findings are named."""
    failed = [item for item in findings if item.outcome == "FAIL"]
    return Tally(
        passed=sum(result.passed for result in results),
        failed=sum(result.failed for result in results),
        unverifiable=sum(result.unverifiable for result in results),
        failures=tuple(
            FailedCheck(check=item.check, where=item.where[:4096] or "ledger/")
            for item in failed[:MAX_FAILURES_SEALED]
        ),
    )


def sample_read(view: LedgerView, request: HistoryRequest, head: Head) -> Sample:
    """What of the bytes was read, in the terms of the format: only of the whole history."""
    seals = [seal for seal in view.seals if seal.sequence <= head.sequence]
    size = request.sample or 0
    if request.level == "content" and request.sample is None and not (request.first or request.last):
        size = sum(len(seal.objects) for seal in seals)
    return draw_sample(seals, seed=head, size=size)[0]


def statement_of(request: HistoryRequest, sample: Sample) -> str:
    """What a verification at this level, of this sample, says of the rest, in a sentence."""
    if request.level == "content" and (request.first or request.last):
        return (
            f"All segments of {request.first or 'the first day'} to {request.last or 'the last'} were read; "
            "of the rest that says nothing."
        )
    return confidence_statement(sample)


def failure_of(tally: Tally, findings: Sequence[FoundCheck]) -> IntegrityError | StorageError:
    """What a verification that did not pass raises, with the first of its findings."""
    kind = IntegrityError if tally.failed else HistoryUnverifiedError
    first = findings[0] if findings else FoundCheck(check="none", where="ledger/", outcome="UNVERIFIABLE")
    return kind(
        f"verification of the history: {tally.failed} checks failed, {tally.unverifiable} could not be made, "
        f"{tally.passed} passed; first {first.check}",
        where=first.where,
        expected=first.expected,
        found=first.found,
        remedy=first.remedy,
    )
