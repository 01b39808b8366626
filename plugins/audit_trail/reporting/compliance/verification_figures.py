"""Figures of how often and how well the archive was verified, from its verification entries."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import pairwise

from audit_trail.evidence.fields import format_timestamp, parse_timestamp
from audit_trail.evidence.ledger_entry import Verification
from audit_trail.reporting.compliance.figures import Figure, Standing, not_measured, percent, standing_of
from audit_trail.reporting.compliance.measurement import Measurement
from audit_trail.reporting.metrics.data_points import is_success
from audit_trail.signing.pins import Head
from audit_trail.verification.sampling import draw_sample

MAX_RANKED = 20_000_000
"""Segments to be ranked to draw all samples again: half a minute. Beyond it the share is not measured."""
SHOWN = 20
_NONE = "The ledger has no verification of the period's days."


def frequency(found: Measurement, *, every_days: int) -> Figure:
    """The longest pause between verifications, and the one that goes on."""
    name, entries = "verification-frequency", found.verifications
    if not entries:
        return _none(name, found)
    times = sorted({parse_timestamp(item.at) for item in entries})
    # A period that is over has no pause that goes on.
    ends = [*times, found.now] if found.period.last is None else times
    pauses = [(later - earlier, earlier) for earlier, later in pairwise(ends)]
    longest, began = max(pauses, default=(timedelta(0), times[-1]))
    limit = timedelta(days=every_days)
    findings: tuple[str, ...] = ()
    if longest > limit:
        findings = (
            f"no verification for {_days(longest)} days from {format_timestamp(began)} on, "
            f"more than {every_days}",
        )
    since = found.now - times[-1]
    return Figure(
        name=name,
        value=f"{_days(longest)} days at most, {_days(since)} since the last",
        standing=standing_of(findings),
        explanation=f"{len(entries)} verifications from {format_timestamp(times[0])} "
        f"to {format_timestamp(times[-1])}; at most {every_days} days may lie between two.",
        findings=findings,
        sources=_sources(entries, found),
        data={
            "verifications": len(entries),
            "longest_pause_days": float(_days(longest)),
            "days_since_last": float(_days(since)),
            "first": format_timestamp(times[0]),
            "last": format_timestamp(times[-1]),
        },
    )


def success(found: Measurement) -> Figure:
    """The share of verifications that passed whole."""
    name, entries = "verification-success", found.verifications
    if not entries:
        return _none(name, found)
    passed = [item for item in entries if is_success(item)]
    bad = [item for item in entries if not is_success(item)]
    findings = tuple(_finding(item) for item in bad[-SHOWN:])
    if len(bad) > SHOWN:
        findings = (f"{len(bad) - SHOWN} older ones did not pass either", *findings)
    return Figure(
        name=name,
        value=f"{percent(len(passed), len(entries))} of {len(entries)}",
        standing=standing_of(findings),
        explanation=f"{len(passed)} passed whole, {sum(item.failed > 0 for item in bad)} had failures, "
        f"{sum(item.failed == 0 for item in bad)} had checks that could not be made.",
        findings=findings,
        sources=_sources(entries, found),
        data={"passed": len(passed), "verifications": len(entries), "not_passed": [i.sequence for i in bad]},
    )


def content_verified(found: Measurement, *, days: int) -> Figure:
    """The share of all segments whose bytes a passed verification read in the last days."""
    name = "content-verified"
    population = {item.key for seal in found.view.seals for item in seal.objects}
    if not population:
        return not_measured(name, "No segment is sealed.", sources=(found.ledger_source,))
    since = found.now - timedelta(days=days)
    recent = [
        item for item in found.view.verifications if parse_timestamp(item.at) >= since and is_success(item)
    ]
    if sum(item.sample.population for item in recent) > MAX_RANKED:
        return not_measured(
            name,
            f"Drawing {len(recent)} samples of so many segments again takes too long: "
            "lower compliance.content_days.",
            sources=(found.ledger_source,),
        )
    read: set[str] = set()
    findings: tuple[str, ...] = ()
    for item in recent:
        drawn = _drawn(item, found)
        if drawn is None:
            findings += (f"entry {item.sequence} does not state the sample that its seed gives",)
        else:
            read |= drawn
    return Figure(
        name=name,
        value=f"{percent(len(read), len(population))} of {len(population)} segments",
        standing=Standing.FINDING if findings else Standing.STATED,
        explanation=f"{len(read)} segments in {len(recent)} samples since {format_timestamp(since)}. A full "
        "check of all bytes (audit-trail verify --level content) leaves no entry and is not counted.",
        findings=findings[:SHOWN],
        sources=_sources(recent, found),
        data={"segments": len(population), "read": len(read), "samples": len(recent), "days": days},
    )


def _drawn(item: Verification, found: Measurement) -> set[str] | None:
    """The keys of a sample, drawn again as it was drawn; None when it is not that sample."""
    sample, view = item.sample, found.view
    if sample.by_checksum:
        return set()  # a part was only held against the store's checksum, and it is not said which
    if sample.seed_sequence >= item.sequence or view.heads[sample.seed_sequence] != sample.seed:
        return None
    seals = view.seals[: bisect_right(view.seals, sample.seed_sequence, key=lambda seal: seal.sequence)]
    seed = Head(sequence=sample.seed_sequence, sha256=sample.seed)
    again, drawn = draw_sample(seals, seed=seed, size=sample.size)
    if (again.population, again.size) != (sample.population, sample.size):
        return None
    return {one.sealed.key for one in drawn}


def _finding(item: Verification) -> str:
    first = f"; first {item.failures[0].check} at {item.failures[0].where}" if item.failures else ""
    return (
        f"entry {item.sequence} of {item.at}, day {item.date}: {item.failed} failed, "
        f"{item.unverifiable} could not be made{first}"
    )


def _days(span: timedelta) -> str:
    return f"{span / timedelta(days=1):.1f}"


def _none(name: str, found: Measurement) -> Figure:
    return not_measured(name, _NONE, sources=(found.ledger_source,))


def _sources(entries: list[Verification], found: Measurement) -> tuple[str, ...]:
    if not entries:
        return (found.ledger_source,)
    first, last = entries[0].sequence, entries[-1].sequence
    return (
        f"{len(entries)} verification entries, {first} to {last}",
        f"ledger entry {last}, {found.view.heads[last]}",
    )


def history(found: Measurement) -> list[tuple[datetime, bool, bool]]:
    """Each verification's time, whether it passed whole, and whether a check failed."""
    return [(parse_timestamp(item.at), is_success(item), item.failed > 0) for item in found.verifications]
