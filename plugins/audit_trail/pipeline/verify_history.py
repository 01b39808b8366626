"""Verification of the whole archive, or of a range of its days, in slices that run side by side.

`plan_history` walks the ledger and cuts its days into slices; `verify_slice`
checks one of them, anywhere; `seal_history` joins what all of them found into
one verification entry of the ledger. All of it is about the ledger up to the
head of the plan: what is sealed meanwhile waits for the next verification.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence.fields import Count, Day, Sha256, Text
from audit_trail.evidence.ledger_entry import FailedCheck, Sample, Seal
from audit_trail.pipeline.check_evidence import say_checks
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_check
from audit_trail.pipeline.handoffs import Handoff, Verified
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.verification_entry import MAX_FAILURES_SEALED, Tally, append_verification
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import Check, Outcome
from audit_trail.verification.days import Grace, expected_days, judge_days
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.object_checks import check_entry
from audit_trail.verification.sampling import confidence_statement, draw_sample
from audit_trail.verification.verifier import Verifier

MAX_SLICES = 64
"""Each walks the ledger for itself, and costs a task; more gain little."""
Level = Literal["ledger", "objects", "content"]


class HistoryRequest(Handoff):
    """What is to be verified.

    `sample` segments of the whole history are read, drawn as the daily sample
    is; None: all of the range. It goes with level `content` and no range.
    """

    level: Level = "objects"
    first: Day | None = None
    last: Day | None = None
    sample: Annotated[int, Field(ge=1, le=100_000)] | None = None
    slices: Annotated[int, Field(ge=1, le=MAX_SLICES)] = 8


class HistorySlice(Handoff):
    """A part of a verification: everything that is needed to make it, anywhere.

    `archive` is the ledger with its times, the days and what nobody sealed;
    `days` are the objects of all revisions of the sealed days from `first_day` to `last_day`.
    """

    part: Literal["archive", "days"]
    request: HistoryRequest
    head_sequence: Count
    head_sha256: Sha256
    first_day: Day
    last_day: Day


class FoundCheck(Handoff):
    """A check that did not pass."""

    check: Text
    where: str
    outcome: Literal["FAIL", "UNVERIFIABLE"]
    expected: str = ""
    found: str = ""
    remedy: str = ""
    day: str = ""


class SliceResult(Handoff):
    """What a slice amounts to; of findings the first `MAX_FAILURES_SEALED`."""

    slice: HistorySlice
    passed: Count
    failed: Count
    unverifiable: Count
    findings: Annotated[tuple[FoundCheck, ...], Field(max_length=MAX_FAILURES_SEALED)] = ()


def plan_history(context: StageContext, request: HistoryRequest) -> list[HistorySlice]:
    """Cut the history into slices of about the same work.

    Raises:
        ConfigurationError: A range, level and sample that do not go together.
            Or there is nothing to verify.
        IntegrityError: The ledger cannot be believed.
        StorageError: It cannot be read.
    """
    _check_request(request)
    view = context.ledger()
    head = view.head
    seals = _chosen(view, request, head.sequence)
    slices = _slices(request, head, seals)
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
        findings=tuple(_found(check) for check in checks.not_passed[:MAX_FAILURES_SEALED]),
    )


class HistoryUnverifiedError(StorageError):
    """Something could not be checked, and that is in the ledger: trying again would only say it again."""


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
    view, head = context.ledger(), _head_of(results)
    _check_head(view, head)
    seals = _chosen(view, request, head.sequence)
    planned = _slices(request, head, seals)
    if sorted(map(_key, planned)) != sorted(_key(result.slice) for result in results):
        raise _incomplete(len(planned), len(results))
    findings = [item for result in results for item in result.findings]
    findings.sort(key=lambda item: (item.outcome != "FAIL", item.day, item.where))
    # Findings first: they are what the reader of this log has come for.
    for item in findings:
        say_check(_check_of(item))
    tally = _joined(results, findings)
    sample = _sample(view, request, head)
    day = max(seal.date for seal in seals)
    sequence, after = append_verification(context, day, tally, sample)
    digest = after.heads[sequence]
    statement = _statement(request, sample)
    with group("Result"):
        for result in results:
            counts = {"passed": result.passed, "failed": result.failed, "unverifiable": result.unverifiable}
            part, work = result.slice.part, result.slice
            say(fact("slice", part=part, first_day=work.first_day, last_day=work.last_day, **counts))
        say(fact("sampled", **sample.to_json()), fact("verified", day=day, sequence=sequence, sha256=digest))
    if tally.failed or tally.unverifiable or not tally.passed:
        raise _failure(tally, findings)
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


def _slices(request: HistoryRequest, head: Head, seals: Sequence[Seal]) -> list[HistorySlice]:
    """The same for the same ledger and request."""
    if not seals:
        raise ConfigurationError(
            "there is nothing to verify",
            where=f"days {request.first or 'from the first'} to {request.last or 'the last'}",
            expected="at least one sealed day",
            found="none",
            remedy="seal a day first; an empty archive never counts as verified",
        )
    by_bytes = request.level == "content" and request.sample is None
    costs: Counter[str] = Counter()
    for seal in seals:
        # A day's revisions are verified together: their ranges have to join up.
        costs[seal.date] += _cost(seal, by_bytes=by_bytes)
    days = sorted(costs)
    parts: list[tuple[Literal["archive", "days"], str, str]] = [("archive", days[0], days[-1])]
    if request.level != "ledger":
        ranges = _cut([costs[day] for day in days], request.slices)
        parts += [("days", days[first], days[last]) for first, last in ranges]
    return [
        HistorySlice(
            part=part,
            request=request,
            head_sequence=head.sequence,
            head_sha256=head.sha256,
            first_day=first,
            last_day=last,
        )
        for part, first, last in parts
    ]


def _head_of(results: Sequence[SliceResult]) -> Head:
    heads = {(result.slice.head_sequence, result.slice.head_sha256) for result in results}
    if len(heads) != 1:
        raise _incomplete(1, len(heads))
    sequence, digest = heads.pop()
    return Head(sequence=sequence, sha256=digest)


def _incomplete(expected: int, found: int) -> IntegrityError:
    return IntegrityError(
        "not every slice of the history was verified",
        where="ledger/",
        expected=f"{expected} slices of one ledger",
        found=f"{found}",
        remedy="clear the run from its first task",
    )


def _check_request(request: HistoryRequest) -> None:
    has_range = request.first is not None or request.last is not None
    if request.sample is not None and (request.level != "content" or has_range):
        raise ConfigurationError(
            "a sample is of the bytes of the whole history",
            where="sample",
            expected="level content, without first and last",
            found=f"level {request.level}, {request.first or 'first'} to {request.last or 'last'}",
            remedy="leave `sample` empty to verify all of a range",
        )
    if request.first and request.last and request.first > request.last:
        raise ConfigurationError(
            "the range of days ends before it begins",
            where="first, last",
            expected="first not after last",
            found=f"{request.first} to {request.last}",
        )


def _range(request: HistoryRequest) -> tuple[str, str]:
    return request.first or date.min.isoformat(), request.last or date.max.isoformat()


def _chosen(view: LedgerView, request: HistoryRequest, head: int) -> list[Seal]:
    first, last = _range(request)
    return [seal for seal in view.seals if seal.sequence <= head and first <= seal.date <= last]


def _cost(seal: Seal, *, by_bytes: bool) -> int:
    """About how much work a seal is: bytes to read, or objects to ask for."""
    return 1 + (sum(item.bytes for item in seal.objects) if by_bytes else len(seal.objects))


def _cut(costs: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Ranges of neighbours, first and last included, of about the same cost; at most `count`."""
    total, done, first = sum(costs), 0, 0
    ranges: list[tuple[int, int]] = []
    for number, cost in enumerate(costs):
        done += cost
        if done * count >= total * (len(ranges) + 1) or number == len(costs) - 1:
            ranges.append((first, number))
            first = number + 1
    return ranges


def _verify_archive(context: StageContext, verifier: Verifier, work: HistorySlice) -> None:
    """The ledger, its times, the days; and, of a whole archive, locks of entries and what nobody sealed."""
    now, due_hours = context.now(), context.settings.verification.due_hours
    view = verifier.check_ledger()
    if view is None:
        return
    _check_head(view, _head(work))
    verifier.check_times(view, now=now)
    first, last = _range(work.request)
    expected = [day for day in expected_days(view, now=now, due_hours=due_hours) if first <= day <= last]
    judge_days(view, expected, verifier.checks)
    if work.request.level != "ledger" and not (work.request.first or work.request.last):
        for sequence in range(len(view.heads)):
            check_entry(view, sequence, verifier.checks)
        grace = Grace(view=view, now=now, hours=due_hours)
        verifier.check_listed(view.seals, whole=True, grace=grace)


def _verify_days(context: StageContext, verifier: Verifier, work: HistorySlice) -> None:
    view, request, head = context.ledger(), work.request, _head(work)
    _check_head(view, head)
    chosen = _chosen(view, request, head.sequence)
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


def _head(work: HistorySlice) -> Head:
    return Head(sequence=work.head_sequence, sha256=work.head_sha256)


def _check_head(view: LedgerView, head: Head) -> None:
    found = view.heads[head.sequence] if head.sequence < len(view.heads) else "absent"
    if found != head.sha256:
        raise IntegrityError(
            "the ledger is another than when the verification was planned",
            where=f"ledger entry {head.sequence}",
            expected=head.sha256,
            found=found,
            remedy="find out who changed it, or edited what the tasks hand over",
        )


def _sample(view: LedgerView, request: HistoryRequest, head: Head) -> Sample:
    """What of the bytes was read, in the terms of the format: only of the whole history."""
    seals = [seal for seal in view.seals if seal.sequence <= head.sequence]
    size = request.sample or 0
    if request.level == "content" and request.sample is None and not (request.first or request.last):
        size = sum(len(seal.objects) for seal in seals)
    return draw_sample(seals, seed=head, size=size)[0]


def _statement(request: HistoryRequest, sample: Sample) -> str:
    if request.level == "content" and (request.first or request.last):
        return (
            f"All segments of {request.first or 'the first day'} to {request.last or 'the last'} were read; "
            "of the rest that says nothing."
        )
    return confidence_statement(sample)


def _joined(results: Sequence[SliceResult], findings: Sequence[FoundCheck]) -> Tally:
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


def _failure(tally: Tally, findings: Sequence[FoundCheck]) -> IntegrityError | StorageError:
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


def _found(check: Check) -> FoundCheck:
    values = {name: str(text)[:4096] for name, text in check.to_json().items()}
    values["check"] = values.pop("name")
    return FoundCheck.receive({"where": ""} | values)


def _check_of(item: FoundCheck) -> Check:
    values = item.model_dump()
    return Check(name=values.pop("check"), outcome=Outcome(values.pop("outcome")), **values)


def _key(work: HistorySlice) -> str:
    return work.model_dump_json()
