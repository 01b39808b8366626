from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.settings import EventTimeSettings
from audit_trail.sources.event_time import DaySelection, EventTimeReader

DAY = date(2026, 1, 9)
NOON = datetime(2026, 1, 9, 12, tzinfo=UTC)
BY_START = EventTimeSettings(pattern=r"^(\S+)")


def selected(
    *blocks: bytes, settings: EventTimeSettings = BY_START, start: int = 0
) -> tuple[bytes, DaySelection]:
    selection = DaySelection(settings, day=DAY, start=start, where="file:///a.log")
    content = b"".join(selection.select(block) for block in blocks)
    selection.finish()
    return content, selection


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-09T12:00:00Z",
        "2026-01-09t12:00:00z",
        "2026-01-09 12:00:00",
        "2026-01-09T14:00:00.000000000+02:00",
        "20260109T120000Z",
    ],
)
def test_iso_times_are_read_and_without_an_offset_are_utc(text: str) -> None:
    assert EventTimeReader(EventTimeSettings(field="ts")).read(b'{"ts": "%s"}\n' % text.encode()) == NOON


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"plain\n",
        b'{"ts": "2026-01-09T12:00:00Z"',
        b'{"time": "2026-01-09T12:00:00Z"}',
        b'{"ts": 1767960000}',
        b'{"ts": null}',
        b'{"ts": "noon"}',
        b'{"ts": "0001-01-01T00:00:00+14:00"}',
        b'["ts"]',
        b'{"ts": "\xff"}',
        b"[" * 100_000,
    ],
)
def test_a_record_without_the_field_has_no_time(record: bytes) -> None:
    assert EventTimeReader(EventTimeSettings(field="ts")).read(record) is None


def test_a_pattern_finds_the_time_in_bytes_of_any_encoding() -> None:
    settings = EventTimeSettings(pattern=r"\[([^\]]+)\]", format="%d/%b/%Y:%H:%M:%S %z")
    assert EventTimeReader(settings).read(b"\xff\x00 [09/Jan/2026:14:00:00 +0200] GET /\n") == NOON
    assert EventTimeReader(settings).read(b"[\xff] GET /\n") is None
    assert EventTimeReader(EventTimeSettings(pattern="(x)?")).read(b"y") is None


@pytest.mark.parametrize("pattern", ["no group", "(two)(groups)", "(unclosed", r"(look)(?=ahead)"])
def test_a_pattern_without_exactly_one_group_is_refused(pattern: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        EventTimeReader(EventTimeSettings(pattern=pattern))
    assert pattern in raised.value.where


@pytest.mark.parametrize("time_format", ["%b %d %H:%M:%S", "%H:%M", "%%Y-%m-%d"])
def test_a_format_without_a_year_is_refused(time_format: str) -> None:
    with pytest.raises(ConfigurationError, match="has no year"):
        EventTimeReader(EventTimeSettings(field="ts", format=time_format))


def test_only_the_records_of_the_utc_day_are_selected_with_their_continuation_lines() -> None:
    content, _ = selected(
        b"a line before any time\n",
        b"2026-01-08T23:59:59.999Z yesterday\n  its trace\n",
        b"2026-01-09T00:00:00Z first\n  its trace\r still\n\n",
        b"2026-01-10T00:30:00+01:00 still the day in UTC\n",
        b"2026-01-10T00:00:00Z tomorrow\n  its trace\n2026-01-09T12:00:00Z late\n  open end",
    )
    assert content == (
        b"2026-01-09T00:00:00Z first\n  its trace\r still\n\n"
        b"2026-01-10T00:30:00+01:00 still the day in UTC\n"
        b"2026-01-09T12:00:00Z late\n  open end"
    )


def test_first_and_last_are_the_earliest_and_latest_time_from_start_on() -> None:
    lines = [b"2026-01-09T01:00:00Z\n", b"2026-01-09T12:00:00Z\n", b"2026-01-09T03:00:00Z\n", b"trace\n"]
    _, selection = selected(*lines)
    assert (selection.first_event_time, selection.last_event_time) == (NOON.replace(hour=1), NOON)
    _, selection = selected(*lines, start=2 * len(lines[0]))
    assert selection.first_event_time == selection.last_event_time == NOON.replace(hour=3)
    _, selection = selected(*lines, start=3 * len(lines[0]))
    assert (selection.first_event_time, selection.last_event_time) == (None, None)


@pytest.mark.parametrize(
    ("settings", "name"),
    [(BY_START, "event_time.pattern"), (EventTimeSettings(field="ts"), "event_time.field 'ts'")],
)
def test_a_file_without_one_readable_time_names_itself_and_the_setting(
    settings: EventTimeSettings, name: str
) -> None:
    with pytest.raises(CollectionError) as raised:
        selected(b"one\ntwo\n", b"three\n", settings=settings)
    assert raised.value.where == "file:///a.log"
    assert name in raised.value.expected


def test_an_empty_file_and_a_file_of_another_day_are_no_error() -> None:
    assert selected()[0] == b""
    assert selected(b"2025-01-01T00:00:00Z old\n")[0] == b""
