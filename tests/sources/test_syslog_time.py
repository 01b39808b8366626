"""Times of syslog: with and without a year, over the turn of the year, in the time zone of the host."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from audit_trail.errors import CollectionError
from audit_trail.settings import EventTimeSettings
from audit_trail.sources.event_time import DaySelection
from audit_trail.sources.syslog_time import SyslogTimeReader

SYSLOG = EventTimeSettings(preset="syslog")
BERLIN = EventTimeSettings(preset="syslog", timezone="Europe/Berlin")


def time_of(record: bytes, *, day: date = date(2026, 11, 25), timezone: str = "UTC") -> datetime | None:
    return SyslogTimeReader(day=day, timezone=timezone, where="file:///a.log").read(record)


def selected(content: bytes, day: date, settings: EventTimeSettings = SYSLOG) -> bytes:
    selection = DaySelection(settings, day=day, start=0, where="file:///a.log", is_large=True)
    chosen = selection.select(content)
    selection.finish()
    return chosen


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("record", "time"),
    [
        (b"<34>1 2003-10-11T22:14:15.003Z mymachine su - ID47 - x\n", utc(2003, 10, 11, 22, 14, 15, 3000)),
        (b"<165>1 2003-08-24T05:14:15.000003-07:00 h p 8710 - - x\n", utc(2003, 8, 24, 12, 14, 15, 3)),
        (b"<34>1 2003-10-11T22:14:15.123456789Z h a - - - x\n", utc(2003, 10, 11, 22, 14, 15, 123456)),
        (b"1 2026-11-25T17:00:01+01:00 host app - - - x\n", utc(2026, 11, 25, 16, 0, 1)),
        (b"2026-11-25T17:00:01.5+01:00 host app: rsyslog's\n", utc(2026, 11, 25, 16, 0, 1, 500_000)),
        (b"Nov 25 17:00:01 host app[1]: x\n", utc(2026, 11, 25, 17, 0, 1)),
        (b"<34>Oct 11 22:14:15 mymachine su: 'su root' failed\n", utc(2026, 10, 11, 22, 14, 15)),
        (b"Nov  5 07:00:01 host app: x\n", utc(2026, 11, 5, 7, 0, 1)),
        (b"Nov 05 07:00:01.250 host app: x\n", utc(2026, 11, 5, 7, 0, 1)),
        (b"<189>Nov 25 2024 17:00:01: %ASA-5-111008: x\n", utc(2024, 11, 25, 17, 0, 1)),
        (b"Jun 30 23:59:60 host app: a leap second\n", utc(2026, 6, 30, 23, 59, 59)),
        (b"Nov 25 17:00:01\n", utc(2026, 11, 25, 17, 0, 1)),
        (b"Nov 25 17:00:01 \xff\xfe not UTF-8\n", utc(2026, 11, 25, 17, 0, 1)),
    ],
)  # fmt: skip
def test_times_are_read_as_they_are_written(record: bytes, time: datetime) -> None:
    assert time_of(record) == time


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"\n",
        b"   at com.example.Main(Nov 25 17:00:01)\n",
        b"<34>1 - mymachine su - - - without a time\n",
        b"Nov 31 17:00:01 host app: no such day\n",
        b"Nov 25 24:00:01 host app: no such hour\n",
        b"Foo 25 17:00:01 host app: no such month\n",
        b"Nov 25 17:00:011 host\n",
        b"2026-13-25T17:00:01Z host\n",
        b"2026-11-25T17:00:01 host no offset\n",
        b"<34>1 0001-01-01T00:00:00+14:00 host - - - -\n",
        b" " * 200 + b"Nov 25 17:00:01 host\n",
    ],
)
def test_what_is_no_time_has_none(record: bytes) -> None:
    assert time_of(record) is None


def test_the_year_is_that_of_the_day_over_the_turn_of_the_year() -> None:
    for day, year, month, number, expected in (
        (date(2027, 1, 1), "Dec", 12, 31, 2026),
        (date(2026, 12, 31), "Jan", 1, 1, 2027),
        (date(2026, 12, 31), "Dec", 12, 31, 2026),
        (date(2027, 1, 1), "Jan", 1, 1, 2027),
    ):
        time = time_of(f"{year} {number:2d} 12:00:00 host app: x\n".encode(), day=day)
        assert time == utc(expected, month, number, 12)


def test_a_leap_day_is_in_the_nearest_year_that_has_one() -> None:
    record = b"Feb 29 12:00:00 host app: x\n"
    assert time_of(record, day=date(2028, 2, 29)) == utc(2028, 2, 29, 12)
    assert time_of(record, day=date(2027, 3, 1)) == utc(2028, 2, 29, 12)
    assert time_of(record, day=date(2026, 3, 1)) is None


def test_a_day_in_utc_takes_the_hours_of_two_local_days() -> None:
    content = b"".join(
        b"Nov %d %02d:30:00 host app: x\n" % (number, hour) for number in (24, 25, 26) for hour in (0, 12, 23)
    )
    lines = content.splitlines(keepends=True)
    assert selected(content, date(2026, 11, 25)) == b"".join(lines[3:6])
    assert selected(content, date(2026, 11, 25), BERLIN) == b"".join(lines[4:7])


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]
)
def test_every_record_of_months_is_in_exactly_the_day_of_its_time(zone: str) -> None:
    """Over the turn of the year and both changes of clocks, in files as a daemon writes them."""
    rng = random.Random(zone)
    start = utc(2026, 9, 1)
    times = sorted(start + timedelta(seconds=rng.randrange(240 * 86400)) for _ in range(400))
    local = [time.astimezone(ZoneInfo(zone)) for time in times]
    lines = [time.strftime("%b %e %H:%M:%S host app: x\n").encode() for time in local]
    settings = EventTimeSettings(preset="syslog", timezone=zone)
    for day in {time.date() for time in times[::40]} | {date(2026, 12, 31), date(2027, 1, 1)}:
        expected = b"".join(
            line for line, time in zip(lines, local, strict=True)
            # A local time that comes twice is taken for its first; zones keep that within a day.
            if time.replace(fold=0).astimezone(UTC).date() == day
        )  # fmt: skip
        assert selected(b"".join(lines), day, settings) == expected


def test_a_stack_trace_belongs_to_the_record_before_it() -> None:
    content = b"Nov 24 10:00:00 h a: x\n  at b\nNov 25 10:00:00 h a: x\n  at c\nNov 26 10:00:00 h a: x\n"
    assert selected(content, date(2026, 11, 25)) == b"Nov 25 10:00:00 h a: x\n  at c\n"


def test_a_file_that_holds_the_date_in_two_years_is_refused() -> None:
    months = [b"%s 25 10:00:00 h a: x\n" % name for name in (b"Nov", b"Feb", b"May", b"Aug", b"Nov")]
    with pytest.raises(CollectionError, match="comes to the day's date twice") as raised:
        selected(b"".join(months), date(2026, 11, 25))
    assert raised.value.where == "file:///a.log"
    assert selected(b"".join(months[:4]), date(2026, 11, 25)) == months[0]
    assert selected(b"".join(months), date(2026, 8, 25)) == months[3]


def test_records_a_little_out_of_order_are_no_second_year() -> None:
    lines = [b"Nov %d 10:00:00 h a: x\n" % number for number in (24, 25, 26, 25, 27)]
    assert selected(b"".join(lines), date(2026, 11, 25)) == lines[1] + lines[3]


def test_with_years_the_same_date_may_come_twice() -> None:
    lines = [
        b"<1>1 %d-%02d-25T10:00:00Z h a - - - x\n" % (year, 11 - 6 * (year % 2))
        for year in (2024, 2025, 2026)
    ]
    assert selected(b"".join(lines), date(2026, 11, 25)) == lines[2]


def test_a_file_without_any_time_is_refused() -> None:
    with pytest.raises(CollectionError, match="no record of the file has a readable time") as raised:
        selected(b"no\ntimes\n", date(2026, 11, 25))
    assert (
        raised.value.expected == "event_time.preset 'syslog' as RFC 3164 or RFC 5424 in at least one record"
    )
