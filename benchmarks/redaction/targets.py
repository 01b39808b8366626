"""What is promised, and whether a run kept it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.redaction.comparison import Growth, Series
from benchmarks.redaction.contestants import OURS

LEAST_MB_PER_S: Mapping[str, float] = {"json": 150, "text": 200, "all-hits": 60}
"""Whole process on one core, by kind of input."""
LEAST_TIMES: Mapping[str, float] = {"sed": 5, "datafog": 4}
"""How many times as fast as these."""
MOST_BLOCKS = 3.0
"""Memory beyond the start, in blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One promise and what was measured.

    Attributes:
        promise: In words.
        measured: In words.
        is_kept: Whether it holds.
    """

    promise: str
    measured: str
    is_kept: bool


def times_as_fast(ours: Series, other: Series) -> float:
    """Our speed, start-up included, by theirs without: never in our favour."""
    return ours.megabytes_per_s("wall_s") / other.megabytes_per_s("work_s")


def judge(measured: Sequence[Series], growths: Sequence[Growth]) -> list[Verdict]:
    """Hold every promise that these measurements can decide against them."""
    by_place = {(series.input, series.contestant): series for series in measured}
    verdicts: list[Verdict] = []
    for kind in dict.fromkeys(series.input for series in measured):
        ours = by_place.get((kind, OURS.name))
        if ours:
            others = {name: by_place[kind, name] for name in LEAST_TIMES if (kind, name) in by_place}
            verdicts += _speed_verdicts(kind, ours, others)
    for growth in growths:
        promise = f"{growth.input}: at most {MOST_BLOCKS:g} blocks of {growth.block_bytes >> 20} MiB"
        kept = growth.blocks <= MOST_BLOCKS
        verdicts.append(Verdict(promise=promise, measured=f"{growth.blocks:.2f}", is_kept=kept))
    return verdicts


def _speed_verdicts(kind: str, ours: Series, others: Mapping[str, Series]) -> Iterator[Verdict]:
    least = LEAST_MB_PER_S[kind]
    speed = ours.megabytes_per_s()
    yield Verdict(
        promise=f"{kind}: at least {least:g} MB/s", measured=f"{speed:.0f} MB/s", is_kept=speed >= least
    )
    for name, other in others.items():
        times = times_as_fast(ours, other)
        yield Verdict(
            promise=f"{kind}: at least {LEAST_TIMES[name]:g} times {name}",
            measured=f"{times:.1f} times",
            is_kept=times >= LEAST_TIMES[name],
        )
