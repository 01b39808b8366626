"""Timestamps: one moment has one spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.evidence.fields import format_timestamp, parse_timestamp

moments = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))


@given(moments)
def test_what_was_formatted_is_parsed_back(moment: datetime) -> None:
    assert parse_timestamp(format_timestamp(moment)) == moment


def test_another_zone_is_written_in_utc_and_fractions_are_cut() -> None:
    moment = datetime(2026, 1, 9, 1, 30, 59, 999999, tzinfo=timezone(timedelta(hours=2)))
    assert format_timestamp(moment) == "2026-01-08T23:30:59Z"


@pytest.mark.parametrize("text", ["", "2026-01-09", "2026-01-09 00:00:00Z", "2026-13-09T00:00:00Z"])
def test_another_form_is_not_parsed(text: str) -> None:
    with pytest.raises(ValueError):
        parse_timestamp(text)
