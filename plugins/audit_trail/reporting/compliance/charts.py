"""Pictures for the report as plain numbers: bars over time, few enough to read and to list in a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

MAX_BARS = 60
WIDTH, HEIGHT = 720.0, 150.0
LEFT, BOTTOM, TOP = 44.0, 22.0, 10.0
"""Room for the axes' texts, in the picture's own units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a bar; `kind` is a style of the page: good, open, bad or calm."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One span of days: its pieces, and its values for the table."""

    label: str
    values: tuple[float, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars, the scale's lines with their values, where the bars end, and where a line is drawn across."""

    bars: tuple[Bar, ...]
    scale: tuple[tuple[float, str], ...]
    end: float
    days_per_bar: int
    line_y: float | None = None
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT


def verification_chart(history: Iterable[tuple[datetime, bool, bool]]) -> Chart | None:
    """How many verifications passed whole, were incomplete, or failed; None without any."""
    days = [(moment.date(), passed, failed) for moment, passed, failed in history]
    if not days:
        return None
    spans = _Spans.over(day for day, _, _ in days)
    counts = [[0.0, 0.0, 0.0] for _ in range(spans.count)]
    for day, passed, failed in days:
        counts[spans.of(day)][0 if passed else 2 if failed else 1] += 1
    return _stacked(spans, counts, kinds=("good", "open", "bad"))


def lag_chart(lags: Iterable[tuple[date, float]], *, due_hours: float) -> Chart | None:
    """The longest lag of each span of days in hours, and where a day is late; None without any."""
    known = sorted(lags)
    if not known:
        return None
    spans = _Spans.over(day for day, _ in known)
    hours = [0.0] * spans.count
    for day, lag in known:
        hours[spans.of(day)] = max(hours[spans.of(day)], lag)
    counts = [[lag if lag <= due_hours else 0.0, lag if lag > due_hours else 0.0] for lag in hours]
    return _stacked(spans, counts, kinds=("calm", "bad"), line=due_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spans:
    """Days in groups of the same length."""

    first: date
    last: date
    length: int

    @classmethod
    def over(cls, days: Iterable[date]) -> _Spans:
        known = list(days)
        first, last = min(known), max(known)
        return cls(first=first, last=last, length=ceil(((last - first).days + 1) / MAX_BARS))

    @property
    def count(self) -> int:
        return self.of(self.last) + 1

    def of(self, day: date) -> int:
        return (day - self.first).days // self.length

    def label(self, number: int) -> str:
        first = self.first + timedelta(days=number * self.length)
        last = min(first + timedelta(days=self.length - 1), self.last)
        return first.isoformat() if first == last else f"{first.isoformat()} to {last.isoformat()}"


def _stacked(
    spans: _Spans, counts: Sequence[Sequence[float]], *, kinds: tuple[str, ...], line: float | None = None
) -> Chart:
    floor, room = HEIGHT - BOTTOM, HEIGHT - BOTTOM - TOP
    top = _round_up(max(sum(values) for values in counts))
    step = (WIDTH - LEFT) / max(spans.count, 12)
    bars = []
    for number, values in enumerate(counts):
        parts, below = [], 0.0
        for kind, value in zip(kinds, values, strict=True):
            if not value:
                continue
            height = max(room * value / top, 1.5)
            parts.append(
                Part(
                    kind=kind,
                    x=round(LEFT + number * step + step * 0.12, 2),
                    y=round(floor - below - height, 2),
                    width=round(step * 0.76, 2),
                    height=round(height, 2),
                )
            )
            below += height
        bars.append(Bar(label=spans.label(number), values=tuple(values), parts=tuple(parts)))
    return Chart(
        bars=tuple(bars),
        scale=tuple(
            (round(floor - room * share, 2), f"{top * share:g}")
            for share in ((0, 0.5, 1) if top > 1 else (0, 1))
        ),
        end=round(LEFT + len(bars) * step, 2),
        days_per_bar=spans.length,
        line_y=round(floor - room * line / top, 2) if line is not None and line <= top else None,
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, …"""
    size = 1.0
    while True:
        for factor in (1, 2, 5):
            if value <= size * factor:
                return size * factor
        size *= 10
