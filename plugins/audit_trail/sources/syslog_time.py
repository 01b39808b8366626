"""The time of a syslog record: RFC 5424, RFC 3164, and what daemons write to files.

https://www.rfc-editor.org/rfc/rfc5424#section-6.2.3
https://www.rfc-editor.org/rfc/rfc3164#section-4.1.2
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from audit_trail.errors import CollectionError
from audit_trail.sources.time_layout import MONTHS

if TYPE_CHECKING:
    from collections.abc import Callable

_PRIORITY = rb"(?:<[0-9]{1,3}>)?"
_ISO = re.compile(
    _PRIORITY + rb"(?:[1-9][0-9]{0,2} )?"
    rb"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:?[0-9]{2}))(?:\s|$)"
)
"""RFC 5424, with its version before the time; rsyslog writes files without, in the same form."""
_BSD = re.compile(
    _PRIORITY + rb"([A-Z][a-z]{2}) ([ 0-9]?[0-9])(?: ([0-9]{4}))? "
    rb"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:[:\s]|$)"
)
"""RFC 3164; some devices add the year, a fraction, or a colon behind it."""
_SPACE_OF_A_TIME = 128
"""A time stands at the front; the rest of a record is not looked at."""
_HALF_A_YEAR = timedelta(days=182)
_PARSED_TIMES = 4096  # neighbouring records mostly carry the same second
AWAY = timedelta(days=40)
"""A file that leaves a date so far and comes back to it holds it in two years."""


class SyslogTimeReader:
    """Reads the time of syslog records for the collection of one day.

    RFC 3164 has no year: a time is taken for the one nearest to the day that is
    collected, so that 31 December is in the year before a 1 January and not eleven
    months after it. A file in which the day's date comes in two years cannot be
    told apart by its text and is refused.

    Args:
        day: The UTC day that is collected.
        timezone: IANA name of the zone of RFC 3164 times. Of a time that comes twice
            when clocks are put back, the first is taken.
        where: URI, for errors.
    """

    def __init__(self, *, day: date, timezone: str, where: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._day = day
        self._noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        self._where = where
        self._day_seen = self._has_left = False
        self._parse: Callable[[bytes], tuple[datetime | None, bool]]
        self._parse = lru_cache(maxsize=_PARSED_TIMES)(self._parsed)

    def read(self, record: bytes) -> datetime | None:
        """The record's time in UTC, or None where none can be read.

        Raises:
            CollectionError: The file comes back to the day after it was far away.
        """
        match = _ISO.match(record, 0, _SPACE_OF_A_TIME) or _BSD.match(record, 0, _SPACE_OF_A_TIME)
        if match is None:
            return None
        time, is_guess = self._parse(match[0])
        if time is not None and is_guess:
            self._watch(time)
        return time

    def _parsed(self, text: bytes) -> tuple[datetime | None, bool]:
        """The time, and whether its year is a guess."""
        if match := _ISO.match(text):
            try:
                return datetime.fromisoformat(match[1].decode()).astimezone(UTC), False
            except (ValueError, OverflowError):
                return None, False
        match = _BSD.match(text)
        assert match is not None  # noqa: S101 - it matched before
        return self._bsd(match), match[3] is None

    def _bsd(self, match: re.Match[bytes]) -> datetime | None:
        month_name, day, year = match[1].decode().lower(), int(match[2]), match[3]
        if month_name not in MONTHS:
            return None
        month = MONTHS.index(month_name) + 1
        hour, minute, second = (int(number) for number in match.group(4, 5, 6))
        same = self._day.year
        found: list[datetime] = []
        for candidate in (int(year),) if year else (same, same - 1, same + 1):
            try:
                # A leap second is the last one of its minute here.
                local = datetime(candidate, month, day, hour, minute, min(second, 59), tzinfo=self._zone)
                found.append(local.astimezone(UTC))
            except (ValueError, OverflowError):
                continue  # 29 February is not in every year
            if abs(found[-1] - self._noon) < _HALF_A_YEAR:
                return found[-1]  # no other can be nearer
        return min(found, key=lambda time: abs(time - self._noon)) if found else None

    def _watch(self, time: datetime) -> None:
        if time.date() == self._day:
            if self._day_seen and self._has_left:
                raise CollectionError(
                    "syslog times have no year, and the file comes to the day's date twice",
                    where=self._where,
                    expected=f"{self._day.isoformat()} in one place",
                    found=f"other dates, more than {AWAY.days} days away, between records of that date",
                    remedy="split the file by years, or let the daemon write years "
                    "(rsyslog: RSYSLOG_SyslogProtocol23Format)",
                )
            self._day_seen = True
        elif abs(time - self._noon) > AWAY:
            self._has_left = self._day_seen
