"""Formats that have an ordinary spelling, and those that only `strptime` can read."""

from __future__ import annotations

import calendar

import pytest

from audit_trail.sources.time_layout import ISO, layout_of


def test_no_format_is_iso_8601() -> None:
    assert layout_of(None) == ISO


@pytest.mark.parametrize(
    "time_format",
    [
        "%Y-%m-%dT%H:%M:%S%z",
        "%d/%b/%Y:%H:%M:%S %z",
        "%Y%m%d",
        "%Y-%m-%d %H:%M:%S,%f",
        "%%%Y%m%d",
    ],
)
def test_common_formats_have_a_layout(time_format: str) -> None:
    layout = layout_of(time_format)
    assert layout is not None
    assert len(layout) == len(time_format.replace("%%", "p").replace("%", ""))


@pytest.mark.parametrize(
    "time_format",
    [
        "%y-%m-%d", "%Y-%j", "%c", "%A %d %B %Y", "%Y-%m-%d %I %p", "%Y-%m", "%d %Y", "%b %m %d %Y",
        "%Y%m%d%", "%Y %Y %m %d", "%Y  %m %d", "%Y\u5e74%m%d",
    ],
)  # fmt: skip
def test_others_have_none(time_format: str) -> None:
    assert layout_of(time_format) is None


def test_names_of_months_in_another_language_are_left_to_strptime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar, "month_abbr", ["", *(f"m{month}" for month in range(1, 13))])
    assert layout_of("%d %b %Y") is None
    assert layout_of("%d %m %Y") is not None
