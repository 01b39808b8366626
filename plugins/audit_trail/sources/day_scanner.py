"""A day's records by compiled code, for files that are worth it."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail import kept_code
from audit_trail.memory import address, numbers
from audit_trail.sources import day_layout as layout
from audit_trail.sources.day_layout import NO_TIME
from audit_trail.sources.time_layout import layout_of
from audit_trail.sources.time_pattern import Steps, steps_of

if TYPE_CHECKING:
    from audit_trail.settings import EventTimeSettings

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MAX_US = (1 << 63) - 1


_PACKAGE = Path(__file__).parents[1]
_KERNEL = ("day_layout", "day_kernel", "json_field_kernel", "time_kernel", "time_layout")
SOURCES = (
    str(_PACKAGE / "kept_code.py"),
    str(_PACKAGE / "native.py"),
    *(str(_PACKAGE / "sources" / f"{name}.py") for name in _KERNEL),
)
_SCAN_ARGUMENTS = 9


@cache
def _code() -> Mapping[str, Callable[..., int]]:
    """`scan`, compiled now or earlier."""
    return kept_code.kept_functions("days", SOURCES, _compile)


def _compile() -> Iterable[kept_code.CompiledFunction]:
    from audit_trail import native
    from audit_trail.sources import day_kernel

    yield native.machine_code(day_kernel.scan, _SCAN_ARGUMENTS)


class DayScanner:
    """Selects what `DaySelection` defines, a block at a time.

    Args:
        settings: How to read a record's time.
        steps: The pattern's steps; None where the settings name a field.
        day: The UTC day.
        start: Offset in the selected bytes from which on times are noted.
        read: Reads the time of a record that is not an ordinary one.
    """

    def __init__(
        self,
        settings: EventTimeSettings,
        steps: Steps | None,
        *,
        day: date,
        start: int,
        read: Callable[[bytes], datetime | None],
    ) -> None:
        self._read = read
        self._scan = _code()["scan"]
        field = (settings.field or "").encode()
        spelling = layout_of(settings.format) or ()
        # The first step is looked at even where there is none.
        self._tables = (
            field + b"\0",
            array("i", _program(steps)),
            array("B", _masks(steps)),
            array("i", (len(spelling), *(spelling or (-1,)))),
        )
        self._state = numbers("q", layout.STATE_LONGS)
        self._state[layout.DAY_US] = _micros(datetime(day.year, day.month, day.day, tzinfo=UTC))
        self._state[layout.START_BYTES] = start
        self._state[layout.FIRST_US], self._state[layout.LAST_US] = _MAX_US, -_MAX_US
        self._runs = numbers("q", 2 * layout.MAX_RUNS)
        field_at, steps_at, masks_at, layout_at = (address(table) for table in self._tables)
        self._addresses = (
            field_at, len(field) if steps is None else -1, steps_at, masks_at, layout_at,
            address(self._state), address(self._runs),
        )  # fmt: skip

    def select(self, block: bytes) -> bytes:
        """The day's records of a block of whole records, byte for byte."""
        if not block:
            return block
        state, block_at = self._state, address(block)
        state[layout.AT] = state[layout.RUNS] = 0
        state[layout.KNOWN_END] = 0  # of the block before
        selected: list[bytes] = []
        while status := self._scan(block_at, len(block), *self._addresses):
            if status == layout.ASKS:
                time = self._read(block[state[layout.AT] : state[layout.RECORD_END]])
                state[layout.ANSWER] = NO_TIME if time is None else _micros(time)
                state[layout.ANSWERED] = 1
            else:
                selected += self._taken(block)
        selected += self._taken(block)
        return selected[0] if len(selected) == 1 else b"".join(selected)

    def _taken(self, block: bytes) -> list[bytes]:
        runs = self._runs[: 2 * self._state[layout.RUNS]]
        self._state[layout.RUNS] = 0
        # A slice of all of it is the block itself, not a copy.
        return [block[start:end] for start, end in zip(runs[::2], runs[1::2], strict=True)]

    @property
    def time_seen(self) -> bool:
        """Whether any record had a readable time."""
        return bool(self._state[layout.TIME_SEEN])

    @property
    def first_event_time(self) -> datetime | None:
        """As `DaySelection.first_event_time`."""
        return self._noted(layout.FIRST_US)

    @property
    def last_event_time(self) -> datetime | None:
        """As `DaySelection.last_event_time`."""
        return self._noted(layout.LAST_US)

    def _noted(self, place: int) -> datetime | None:
        micros: int = self._state[place]
        return None if abs(micros) == _MAX_US else _EPOCH + micros * _MICROSECOND


def scanner_for(
    settings: EventTimeSettings, *, day: date, start: int, read: Callable[[bytes], datetime | None]
) -> DayScanner | None:
    """A scanner, or None where the pattern takes a regular expression engine, or nothing may be compiled.

    Args:
        settings: How to read a record's time, checked already.
        day: The UTC day.
        start: Offset in the selected bytes from which on times are noted.
        read: Reads the time of a record that is not an ordinary one.
    """
    steps = steps_of(settings.pattern) if settings.pattern is not None else None
    if (settings.pattern is not None and steps is None) or kept_code.is_interpreted():
        return None
    return DayScanner(settings, steps, day=day, start=start, read=read)


def _program(steps: Steps | None) -> list[int]:
    if steps is None:
        return [0]
    program = [len(steps.steps), steps.first, steps.end, int(steps.anchored)]
    for number, step in enumerate(steps.steps):
        program += (number, step.at_least, step.at_most)
    return program


def _masks(steps: Steps | None) -> list[int]:
    return [byte in step.members for step in steps.steps for byte in range(256)] if steps else [0]


def _micros(time: datetime) -> int:
    return (time - _EPOCH) // _MICROSECOND
