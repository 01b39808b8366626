"""Logs made up for measuring: the same bytes for the same arguments, on any machine.

Records are in order of their times, which spread evenly over the hours asked
for, so that a file looks like one written during a day.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from benchmarks.dataset_shapes import ALL_HITS, JSON_CLEAN, JSON_HIT, SYSTEM_CLEAN, SYSTEM_HIT
from benchmarks.dataset_values import MAKERS, draws

DAY = "2026-01-15"
_BATCH_RECORDS = 8192
_HOUR_US = 3600 * 10**6
_SLOT = re.compile(rf"~({'|'.join(('time', *MAKERS))})~")

Target = Path | str | BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a file holds now."""

    bytes: int
    records: int
    hits: int


def write_json_events(
    target: Target,
    megabytes: float,
    seed: int = 1,
    *,
    hit_ratio: float = 0.4,
    day: str = DAY,
    hours: tuple[float, float] = (0, 24),
) -> Written:
    """Write events of a JSON API, one a line, about 400 bytes each.

    Args:
        target: A path, or a file opened for writing bytes.
        megabytes: Size in units of 10^6 bytes; up to one record more is written.
        seed: Another one gives other records of the same kind.
        hit_ratio: Share of records that hold something to redact, 0 to 1.
        day: `YYYY-MM-DD`, the UTC day of all records.
        hours: Between which hours of the day the times lie.
    """
    shapes = _Shapes(JSON_CLEAN, JSON_HIT, hit_ratio=hit_ratio, seed=f"json/{seed}")
    return _write(target, megabytes, shapes, _Clock(day, hours, "{second}.{millis:03d}Z"))


def write_system_text(
    target: Target,
    megabytes: float,
    seed: int = 1,
    *,
    hit_ratio: float = 0.03,
    day: str = DAY,
    hours: tuple[float, float] = (0, 24),
) -> Written:
    """Write mixed syslog lines with RFC 3339 times, about 180 bytes each.

    See `write_json_events` for the arguments.
    """
    shapes = _Shapes(SYSTEM_CLEAN, SYSTEM_HIT, hit_ratio=hit_ratio, seed=f"text/{seed}")
    return _write(target, megabytes, shapes, _Clock(day, hours, "{second}.{micros:06d}+00:00"))


def write_all_hits(
    target: Target,
    megabytes: float,
    seed: int = 1,
    *,
    day: str = DAY,
    hours: tuple[float, float] = (0, 24),
) -> Written:
    """Write JSON events and text lines of which every one holds something to redact.

    See `write_json_events` for the arguments.
    """
    shapes = _Shapes(ALL_HITS, ALL_HITS, hit_ratio=1.0, seed=f"hits/{seed}")
    return _write(target, megabytes, shapes, _Clock(day, hours, "{second}.{millis:03d}Z"))


class _Clock:
    """Times between two hours of a day, at a fraction of the way."""

    def __init__(self, day: str, hours: tuple[float, float], form: str) -> None:
        self._day = day
        self._form = form
        self._begin_us = int(hours[0] * _HOUR_US)
        # The last instant belongs to the next day.
        self._span_us = int(hours[1] * _HOUR_US) - self._begin_us - 1
        self._second = -1
        self._text = ""

    def at(self, fraction: float) -> str:
        second, micros = divmod(self._begin_us + int(fraction * self._span_us), 10**6)
        if second != self._second:
            self._second = second
            self._text = f"{self._day}T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        return self._form.format(second=self._text, millis=micros // 1000, micros=micros)


class _Shape:
    """A template and an endless supply of values for it."""

    def __init__(self, template: str, seed: str, *, is_hit: bool) -> None:
        self.is_hit = is_hit
        self.head, rest = template.split("~time~")
        slots = _SLOT.findall(rest)
        assert not _SLOT.search(self.head) and "time" not in slots, template
        self.tail = _SLOT.sub("%s", rest.replace("%", "%%")) + "\n"
        self.rows: Iterator[tuple[str, ...]] = zip(
            *(draws(slot, f"{seed}/{number}") for number, slot in enumerate(slots)), strict=True
        )


class _Shapes:
    """Shapes in the order in which a seed draws them."""

    def __init__(self, clean: Sequence[str], hits: Sequence[str], *, hit_ratio: float, seed: str) -> None:
        self._dice = random.Random(seed)
        self._shapes = [_Shape(text, f"{seed}/c{n}", is_hit=False) for n, text in enumerate(clean)]
        self._shapes += [_Shape(text, f"{seed}/h{n}", is_hit=True) for n, text in enumerate(hits)]
        self._weights = [(1 - hit_ratio) / len(clean)] * len(clean) + [hit_ratio / len(hits)] * len(hits)

    def batch(self) -> list[_Shape]:
        return self._dice.choices(self._shapes, self._weights, k=_BATCH_RECORDS)


def _write(target: Target, megabytes: float, shapes: _Shapes, clock: _Clock) -> Written:
    wanted = int(megabytes * 10**6)
    size = records = hits = 0
    with _opened(target) as file:
        while size < wanted:
            lines: list[str] = []
            for shape in shapes.batch():
                if size >= wanted:
                    break
                line = shape.head + clock.at(size / wanted) + shape.tail % next(shape.rows)
                lines.append(line)
                size += len(line)
                hits += shape.is_hit
            records += len(lines)
            file.write("".join(lines).encode("ascii"))
    return Written(bytes=size, records=records, hits=hits)


def _opened(target: Target) -> AbstractContextManager[BinaryIO]:
    return Path(target).open("wb") if isinstance(target, str | Path) else nullcontext(target)
