"""Which days a verification is of, and how they are cut into slices of about the same work."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Literal

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.pipeline.history_handoffs import HistoryRequest, HistorySlice
from audit_trail.signing.pins import Head
from audit_trail.verification.ledger_walk import LedgerView


def check_request(request: HistoryRequest) -> None:
    """Refuse a range, level and sample that do not go together.

    Raises:
        ConfigurationError: They do not.
    """
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


def day_range(request: HistoryRequest) -> tuple[str, str]:
    """The first and the last day that were asked for, as text that compares."""
    return request.first or date.min.isoformat(), request.last or date.max.isoformat()


def chosen_seals(view: LedgerView, request: HistoryRequest, head: int) -> list[Seal]:
    """The seals of the days that were asked for, up to the entry `head`."""
    first, last = day_range(request)
    return [seal for seal in view.seals if seal.sequence <= head and first <= seal.date <= last]


def planned_slices(request: HistoryRequest, head: Head, seals: Sequence[Seal]) -> list[HistorySlice]:
    """The slices of these seals; the same for the same ledger and request.

    Raises:
        ConfigurationError: There is nothing to verify.
    """
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
        ranges = cut([costs[day] for day in days], request.slices)
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


def _cost(seal: Seal, *, by_bytes: bool) -> int:
    """About how much work a seal is: bytes to read, or objects to ask for."""
    return 1 + (sum(item.bytes for item in seal.objects) if by_bytes else len(seal.objects))


def cut(costs: Sequence[int], count: int) -> list[tuple[int, int]]:
    """Ranges of neighbours, first and last included, of about the same cost; at most `count`."""
    total, done, first = sum(costs), 0, 0
    ranges: list[tuple[int, int]] = []
    for number, cost in enumerate(costs):
        done += cost
        if done * count >= total * (len(ranges) + 1) or number == len(costs) - 1:
            ranges.append((first, number))
            first = number + 1
    return ranges


def head_of(work: HistorySlice) -> Head:
    """The newest entry when the slice was planned."""
    return Head(sequence=work.head_sequence, sha256=work.head_sha256)


def check_head(view: LedgerView, head: Head) -> None:
    """Refuse a ledger that does not have this head in its place.

    Raises:
        IntegrityError: It was another ledger that the slices were planned for.
    """
    found = view.heads[head.sequence] if head.sequence < len(view.heads) else "absent"
    if found != head.sha256:
        raise IntegrityError(
            "the ledger is another than when the verification was planned",
            where=f"ledger entry {head.sequence}",
            expected=head.sha256,
            found=found,
            remedy="find out who changed it, or edited what the tasks hand over",
        )
