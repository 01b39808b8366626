"""A record's own time, and the records of a file that belong to one UTC day."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.syslog_time import SyslogTimeReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from audit_trail.settings import EventTimeSettings
    from audit_trail.sources.day_scanner import DayScanner

# Neighbouring records mostly carry the same second.
_PARSED_TIMES = 4096
_YEAR_DIRECTIVES = re.compile(r"(?:^|[^%])(?:%%)*%[YyGcx]")


class EventTimeReader:
    """Reads the time of a record.

    Args:
        settings: Where the time is and how it is written.

    Raises:
        ConfigurationError: The pattern is not a regular expression with one
            group, or the format has no year.
    """

    def __init__(self, settings: EventTimeSettings) -> None:
        if settings.pattern is not None:
            self._text = _by_pattern(settings.pattern)
        else:
            self._text = _by_field(settings.field or "")
        self._parse = lru_cache(maxsize=_PARSED_TIMES)(_parser(settings.format))

    def read(self, record: bytes) -> datetime | None:
        """The record's time in UTC, or None where none can be read."""
        text = self._text(record)
        return None if text is None else self._parse(text)


class DaySelection:
    """Picks the records of one UTC day out of a file, in order.

    A record without a readable time belongs with the record before it (a
    stack trace with its error); those before the first time belong to no day.

    Args:
        settings: How to read a record's time.
        day: The UTC day.
        start: Offset in the selected bytes from which on times are noted.
        where: URI, for errors.
        is_large: Use compiled code where it can be: it selects the same ten
            times as fast, once it is loaded.
    """

    def __init__(
        self, settings: EventTimeSettings, *, day: date, start: int, where: str, is_large: bool = False
    ) -> None:
        self._settings = settings
        self._where = where
        self._record_seen = False
        if settings.preset == "syslog":
            read = SyslogTimeReader(day=day, timezone=settings.timezone, where=where).read
        else:
            read = EventTimeReader(settings).read
        scanner: DayScanner | None = None
        if is_large and settings.preset is None:
            from audit_trail.sources.day_scanner import scanner_for

            scanner = scanner_for(settings, day=day, start=start, read=read)
        self._picker = scanner or _RecordByRecord(day=day, start=start, read=read)

    @property
    def first_event_time(self) -> datetime | None:
        """Earliest own time of the records from `start` on."""
        return self._picker.first_event_time

    @property
    def last_event_time(self) -> datetime | None:
        """Latest own time of those."""
        return self._picker.last_event_time

    def select(self, block: bytes) -> bytes:
        """The day's records of a block of whole records, byte for byte."""
        self._record_seen = self._record_seen or bool(block)
        return self._picker.select(block)

    def finish(self) -> None:
        """Call after the last block.

        Raises:
            CollectionError: There were records, and none had a readable time.
        """
        if self._picker.time_seen or not self._record_seen:
            return
        names = ("field", "pattern", "preset")
        name = next(name for name in names if getattr(self._settings, name) is not None)
        raise CollectionError(
            "no record of the file has a readable time, so none can be assigned to a day",
            where=self._where,
            expected=f"event_time.{name} {getattr(self._settings, name)!r} as "
            f"{self._form()} in at least one record",
            remedy="correct the source's event_time settings",
        )

    def _form(self) -> str:
        return "RFC 3164 or RFC 5424" if self._settings.preset else self._settings.format or "RFC 3339"


class _RecordByRecord:
    """The selection as it is defined; `DayScanner` has to select the same."""

    def __init__(self, *, day: date, start: int, read: Callable[[bytes], datetime | None]) -> None:
        self.first_event_time: datetime | None = None
        self.last_event_time: datetime | None = None
        self.time_seen = False
        self._read = read
        self._day = day
        self._start = start
        self._selected_bytes = 0
        self._selecting = False

    def select(self, block: bytes) -> bytes:
        selected: list[bytes] = []
        for record in BytesIO(block):  # unlike splitlines, cuts at b"\n" only
            time = self._read(record)
            if time is not None:
                self.time_seen = True
                self._selecting = time.date() == self._day
            if self._selecting:
                self._note(time)
                self._selected_bytes += len(record)
                selected.append(record)
        return b"".join(selected)

    def _note(self, time: datetime | None) -> None:
        if time is None or self._selected_bytes < self._start:
            return
        if self.first_event_time is None or time < self.first_event_time:
            self.first_event_time = time
        if self.last_event_time is None or time > self.last_event_time:
            self.last_event_time = time


def _by_field(field: str) -> Callable[[bytes], str | None]:
    def text(record: bytes) -> str | None:
        try:
            document: Any = json.loads(record)
        except (ValueError, RecursionError):
            return None
        value = document.get(field) if isinstance(document, dict) else None
        return value if isinstance(value, str) else None

    return text


def _by_pattern(pattern: str) -> Callable[[bytes], str | None]:
    import re2  # linear in the record, whatever the pattern: records are not ours

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # records are bytes, UTF-8 or not
    options.log_errors = False
    try:
        compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        raise _wrong_pattern(pattern, "no RE2 regular expression") from error
    if compiled.groups != 1:
        raise _wrong_pattern(pattern, f"{compiled.groups} groups")

    def text(record: bytes) -> str | None:
        match = compiled.search(record)
        group = match.group(1) if match else None
        return None if group is None else str(group, "utf-8", "replace")

    return text


def _wrong_pattern(pattern: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        "the event_time pattern of a source is wrong",
        where=f"event_time.pattern {pattern!r}",
        expected="an RE2 regular expression with one group",
        found=found,
        remedy="put the group around the time; (?:…) groups without catching",
    )


def _parser(time_format: str | None) -> Callable[[str], datetime | None]:
    if time_format is not None and not _YEAR_DIRECTIVES.search(time_format):
        raise ConfigurationError(
            "the event_time format of a source has no year, so its records belong to no one day",
            where=f"event_time.format {time_format!r}",
            remedy="let the writer write the year (rsyslog: RSYSLOG_FileFormat), "
            "or rotate daily and put {date} into the URL",
        )

    def parsed(text: str) -> datetime | None:
        try:
            if time_format is None:
                time = datetime.fromisoformat(text.strip().upper())
            else:
                time = datetime.strptime(text, time_format)  # noqa: DTZ007 -- without an offset it is UTC
            return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    return parsed
