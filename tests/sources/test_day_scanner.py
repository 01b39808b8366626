"""The compiled selection against the one by which it is defined, record by record."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from audit_trail import kept_code
from audit_trail.settings import EventTimeSettings
from audit_trail.sources.day_layout import MAX_RUNS
from audit_trail.sources.day_scanner import DayScanner, scanner_for
from audit_trail.sources.event_time import DaySelection, EventTimeReader

DAY = date(2026, 1, 9)
BY_FIELD = EventTimeSettings(field="ts")
BY_START = EventTimeSettings(pattern=r"^(\S+)")
NGINX = EventTimeSettings(pattern=r"\[([^\]]+)\]", format="%d/%b/%Y:%H:%M:%S %z")
LOG4J = EventTimeSettings(pattern=r"^(.{23})", format="%Y-%m-%d %H:%M:%S,%f")
UNREADABLE_FORMAT = EventTimeSettings(pattern=r"^(\S+ \S+ \S+ \S+)", format="%A %d %B %Y")


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Compiling takes longer than any example may."""
    selected(BY_START, [b"x\n"], is_large=True)


def selected(settings: EventTimeSettings, blocks: list[bytes], *, is_large: bool, start: int = 0) -> Any:
    selection = DaySelection(settings, day=DAY, start=start, where="file:///a.log", is_large=is_large)
    assert isinstance(selection._picker, DayScanner) == is_large
    content = [selection.select(block) for block in blocks]
    times = (selection.first_event_time, selection.last_event_time)
    return content, times, selection._picker.time_seen


def assert_same(settings: EventTimeSettings, *blocks: bytes, start: int = 0) -> None:
    defined = selected(settings, list(blocks), is_large=False, start=start)
    assert selected(settings, list(blocks), is_large=True, start=start) == defined


class Counting:
    """A reader that counts how often it is asked."""

    def __init__(self, settings: EventTimeSettings) -> None:
        self._read = EventTimeReader(settings).read
        self.asked = 0

    def __call__(self, record: bytes) -> Any:
        self.asked += 1
        return self._read(record)


two_digits = st.integers(0, 61).map(lambda number: f"{number:02d}")
years = st.sampled_from(["2026", "2026", "2026", "2025", "2024", "1900", "0001", "9999", "026", "20261"])
dates = st.one_of(
    st.sampled_from(["2026-01-08", "2026-01-09", "2026-01-10", "20260109", "2026-W02-5", "2026-009"]),
    st.tuples(years, two_digits, two_digits).map("-".join),
)
clocks = st.one_of(
    st.tuples(two_digits, two_digits, two_digits).map(":".join),
    st.sampled_from(["00:00:00", "23:59:59", "24:00:00", "12:00", "12", "120000", "1:02:03", ""]),
)
fractions = st.sampled_from(["", "", ".5", ",25", ".123456", ".1234567", ".", ".x", ".999999999999"])
offsets = st.one_of(
    st.sampled_from(
        ["", "Z", "z", "+00:00", "-00:00", "+0530", "-08", "+14:00", "+24:00", "+01:60", "+1:00"]
    ),
    st.sampled_from(
        ["+01:00:30", "-00:00:01", " +01:00", "ZZ", "+", "+01:00:30.5", " UTC", "+\u0660\u0661:00"]
    ),
)
iso_times = st.tuples(
    st.sampled_from(["", "", " ", "\t", "x"]), dates, st.sampled_from(["T", "t", " ", "_", "", "4", "\x14"]),
    clocks, fractions, offsets, st.sampled_from(["", "", " ", "!"]),
).map("".join)  # fmt: skip


@given(iso_times)
@example("2026-01-09T12:00:00.123456Z")
@example("2026-02-29T12:00:00Z")
@example("2024-02-29T23:59:59,9+23:59")
def test_iso_times_in_json_are_read_alike(time: str) -> None:
    assert_same(BY_FIELD, json.dumps({"a": 1, "ts": time}, ensure_ascii=False).encode() + b"\n")


@given(iso_times.filter(lambda text: "\n" not in text))
def test_iso_times_in_text_are_read_alike(time: str) -> None:
    whole = EventTimeSettings(pattern=r"^([^|]*)\|")
    assert_same(whole, time.encode() + b"| rest\n")


formats = st.lists(
    st.sampled_from(["%Y", "%m", "%d", "%b", "%H", "%M", "%S", "%f", "%z", "%%", "-", ":", "/", "T", " "]),
    min_size=3, max_size=12,
).map("".join)  # fmt: skip


@given(
    formats.filter(lambda text: "%Y" in text and all(text.count(f"%{letter}") < 2 for letter in "YmdbHMSfz")),
    st.dates(date(2025, 12, 30), date(2026, 1, 20)),
    st.integers(0, 86399),
    st.sampled_from([None, 0, 1, 5, 12]),
    st.sampled_from("0123456789 :+-ZzaJ\t"),
)
def test_times_of_any_format_are_read_alike(
    time_format: str, day: date, second: int, changed: int | None, by: str
) -> None:
    time = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=second, microseconds=second)
    text = time.strftime(time_format)
    if changed is not None and changed < len(text):
        text = text[:changed] + by + text[changed + 1 :]
    settings = EventTimeSettings(pattern=r"^([^|]*)\|", format=time_format)
    assert_same(settings, text.encode() + b"| rest\n")


json_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["ts", "a", "tsx"]), inner),
    max_leaves=5,
)
records = st.tuples(
    st.dictionaries(st.sampled_from(["a", "ts", "t", "ts\\", "é"]), json_values, max_size=4),
    st.sampled_from(["2026-01-09T12:00:00Z", "2026-01-08T12:00:00Z", "noon", "\\u0032", 7, None]),
    st.booleans(),
    st.sampled_from([None, 1]),
)


def spelt(record: tuple[dict[str, Any], Any, bool, int | None]) -> bytes:
    others, time, ascii_only, indent = record
    text = json.dumps({"x": others, "ts": time, **others}, ensure_ascii=ascii_only, indent=indent)
    return text.replace("\n", " ").encode("utf-8", "surrogatepass") + b"\n"


@hypothesis.settings(suppress_health_check=[HealthCheck.too_slow])
@given(records)
def test_json_records_are_read_alike(record: tuple[dict[str, Any], Any, bool, int | None]) -> None:
    assert_same(BY_FIELD, spelt(record))


@hypothesis.settings(suppress_health_check=[HealthCheck.too_slow])
@given(records, st.integers(0, 200), st.binary(max_size=3), st.integers(0, 3))
def test_damaged_json_records_are_read_alike(record: Any, place: int, by: bytes, cut: int) -> None:
    line = spelt(record)[:-1]
    damaged = line[:place] + by.replace(b"\n", b"") + line[place + cut :]
    assert_same(BY_FIELD, b'{"ts":"2026-01-09T12:00:00Z"}\n', damaged + b"\n", damaged)


@pytest.mark.parametrize(
    "record",
    [
        b'{"ts":"2026-01-09T12:00:00Z","ts":1}',
        b'{"ts":1,"ts":"2026-01-09T12:00:00Z"}',
        b'{"ts":"2026-01-09T12:00:00Z","ts":{"ts":"x"}}',
        b'{"a":{"ts":"2026-01-09T12:00:00Z"}}',
        b'{"t\\u0073":"2026-01-08T12:00:00Z","ts":"2026-01-09T12:00:00Z"}',
        b'{"ts":"2026-01-09T12:00:00\\u005a"}',
        b'{"ts":"2026-01-09T12:00:00Z"} x',
        b'{"ts":"2026-01-09T12:00:00Z",}',
        b'{"ts":"2026-01-09T12:00:00Z"]',
        b'{"ts":"2026-01-09T12:00:00Z","n":[01]}',
        b'{"ts":"2026-01-09T12:00:00Z","n":[-]}',
        b'{"ts":"2026-01-09T12:00:00Z","n":[1.e5]}',
        b'{"ts":"2026-01-09T12:00:00Z","n":[1e+05,-0,-0.0E-1,NaN,Infinity,-Infinity]}',
        b'{"ts":"2026-01-09T12:00:00Z","n":' + b"9" * 5000 + b"}",
        b'{"ts":"2026-01-09T12:00:00Z","n":' + b"[" * 59 + b"]" * 59 + b"}",
        b'{"ts":"2026-01-09T12:00:00Z","n":' + b"[" * 500 + b"]" * 500 + b"}",
        b'{"ts":"2026-01-09T12:00:00Z","n":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"ts":"2026-01-09T12:00:00Z","s":"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"\xed\xa0\x80"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"\xc0\x80"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"\xf4\x90\x80\x80"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"\xff"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"a\tb"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"\\x41"}',
        b'{"ts":"2026-01-09T12:00:00Z","s":"\\ud800\\"","b":true,"n":null,"f":false}',
        b'{"ts":"2026-01-09T12:00:00Z","b":tru}',
        b'\xef\xbb\xbf{"ts":"2026-01-09T12:00:00Z"}',
        '{"ts":"2026-01-09T12:00:00Z"}'.encode("utf-16-le"),
        '{"ts":"2026-01-09T12:00:00Z"}'.encode("utf-16-be"),
        ' {"ts":"2026-01-09T12:00:00Z"}'.encode("utf-32-le"),
        b' \t{"ts" : "2026-01-09T12:00:00Z" } \r',
        b'["ts","2026-01-09T12:00:00Z"]',
        b'"ts"',
        b"",
        b" ",
    ],
)
def test_unusual_json_is_left_to_json(record: bytes) -> None:
    assert_same(BY_FIELD, b'{"ts":"2026-01-08T12:00:00Z"}\n', record + b"\n", b"rest\n")
    assert_same(BY_FIELD, record + b"\n" + record)


PATTERNS = [
    r"^(\S+)", r"^(\d\S+)", r"\[([^\]]+)\]", r"^(.{19})", r"^(.{19}) ", r"time=(\S+)", r'"t":"([^"]*)"',
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", r"^(?:\d{1,3}\.){3}\d{1,3} (\S+)", r"^<\d+>(\S+ \S+)",
    r"^(?P<time>\S+)", r"\[(.*?)\]", r"\[(.+?)\]", r"^(\S+?) ", r"(\d+-\d+-\d+T[0-9:.]+Z?)", r"^\s*(\S+)",
    r"^([^ ]* [^ ]*) ", r"(\w+) ?", r"a*(b+)", r"(\s+)\S", r"^(\S+)?", r"([0-9-]+)T", r"[[](\S{1,5})",
    r"(\d{2,3}\b)?x",
    r"()", r"(x*)", r"^\t?(\S+)",
]  # fmt: skip
lines = st.lists(
    st.sampled_from(
        ["2026-01-09T12:00:00Z", "2026-01-09 12:00:00", "[2026-01-09]", "time=", "10.0.0.1", "<13>", " ",
         "\t", "\r", "\x0b", "\n", "[", "]", "b", "a", "x", '"t":"', '"', "T", "Z", "\xff", "9", "-"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@given(st.sampled_from(PATTERNS), st.lists(lines, max_size=4))
def test_patterns_that_are_steps_find_what_re2_finds(pattern: str, texts: list[str]) -> None:
    settings = EventTimeSettings(pattern=pattern)
    scanner = scanner_for(settings, day=DAY, start=0, read=EventTimeReader(settings).read)
    if scanner is not None:
        assert_same(settings, "\n".join(texts).encode("latin-1"))


@given(
    st.lists(
        st.sampled_from(
            [b"2026-01-08T23:59:59.999999Z y\n", b"2026-01-09T00:00:00Z a\n", b"2026-01-09T12:00:00Z a\n",
             b"2026-01-10T00:30:00+01:00 a\n", b"2026-01-10T00:00:00Z t\n", b"  trace\n",
             b"Caused by: x\n", b"\n", b"1/1/26 odd\n", b"2026-01-09T12:00Z odd\n"]
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 12), max_size=3),
    st.integers(0, 100),
)  # fmt: skip
def test_days_traces_and_block_borders_are_told_alike(
    pieces: list[bytes], cuts: list[int], start: int
) -> None:
    edges = [0, *sorted(min(cut, len(pieces)) for cut in cuts), len(pieces)]
    blocks = [b"".join(pieces[one:two]) for one, two in pairwise(edges)]
    assert_same(BY_START, *blocks, start=start)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (BY_FIELD, b'{"n":%d,"ts":"2026-01-09T12:00:%02d.5Z","s":"\\u00e9\\n \xc3\xa9"}\n'),
        (BY_START, b"2026-01-09T12:00:%02d+00:00 %d\n\tat a trace\nCaused by: x\n"),
        (NGINX, b'10.0.0.1 - - [09/Jan/2026:12:00:%02d +0000] "GET /%d"\n'),
        (LOG4J, b"2026-01-09 12:00:%02d,123 %d INFO\n\tat a trace that is longer than a time\n"),
    ],
)
def test_ordinary_records_are_never_asked_about(settings: EventTimeSettings, line: bytes) -> None:
    read = Counting(settings)
    scanner = scanner_for(settings, day=DAY, start=0, read=read)
    assert scanner is not None
    block = b"".join(line % (number % 60, number % 60) for number in range(500))
    assert scanner.select(block) == block
    assert read.asked == 0


def test_a_time_only_strptime_can_read_is_asked_about_once_for_neighbours() -> None:
    read = Counting(UNREADABLE_FORMAT)
    scanner = scanner_for(UNREADABLE_FORMAT, day=DAY, start=0, read=read)
    assert scanner is not None
    friday = b"Friday 09 January 2026 a\n" * 100
    assert scanner.select(friday + b"Saturday 10 January 2026 b\n" * 100) == friday
    assert read.asked == 2


def test_more_runs_than_fit_are_all_there() -> None:
    block = b"2026-01-09T12:00:00Z\n2026-01-08T12:00:00Z\n" * (3 * MAX_RUNS + 1)
    assert_same(BY_START, block)


def test_a_row_of_steps_that_is_tried_in_vain_everywhere_takes_linear_time() -> None:
    settings = EventTimeSettings(pattern=r"(\d+)x")
    assert_same(settings, b"1" * 300_000 + b"\n")


def test_a_whole_block_is_handed_on_without_a_copy() -> None:
    scanner = scanner_for(BY_START, day=DAY, start=0, read=EventTimeReader(BY_START).read)
    assert scanner is not None
    block = b"2026-01-09T12:00:00Z a\n" * 10
    assert scanner.select(block) is block


def test_where_the_code_is_kept_neither_numba_nor_numpy_is_needed() -> None:
    """The fixture of this module has compiled it, or an earlier run has."""
    code = (
        "import sys\n"
        "from datetime import date\n"
        "from audit_trail.settings import EventTimeSettings\n"
        "from audit_trail.sources.event_time import DaySelection\n"
        "settings = EventTimeSettings(pattern=r'^(\\S+)')\n"
        "selection = DaySelection(settings, day=date(2026, 1, 9), start=0, where='x', is_large=True)\n"
        "block = b'2026-01-08T23:59:59Z a\\n2026-01-09T00:00:00Z b\\n'\n"
        "assert type(selection._picker).__name__ == 'DayScanner'\n"
        "assert selection.select(block) == b'2026-01-09T00:00:00Z b\\n'\n"
        "assert not {'numba', 'numpy'} & set(sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(kept_code.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
