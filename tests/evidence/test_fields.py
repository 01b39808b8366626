"""Timestamps: one moment has one spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from audit_trail.errors import IntegrityError
from audit_trail.evidence.fields import Count, Day, Document, Text, format_timestamp, parse_timestamp

moments = st.datetimes(
    min_value=datetime(1970, 1, 1), max_value=datetime(9998, 1, 1), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))


@given(moments)
def test_what_was_formatted_is_parsed_back(moment: datetime) -> None:
    assert parse_timestamp(format_timestamp(moment)) == moment


def test_another_zone_is_written_in_utc_and_fractions_are_cut() -> None:
    moment = datetime(2026, 1, 9, 1, 30, 59, 999999, tzinfo=timezone(timedelta(hours=2)))
    assert format_timestamp(moment) == "2026-01-08T23:30:59Z"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-09",
        "2026-01-09 00:00:00Z",
        "2026-13-09T00:00:00Z",
        "2026-01-09T00:00:00",
        "0001-01-01T00:00:00",
        "2026-01-09T00:00:00+00:00",
        "2026-01-09T00:00:00+01:00",
        "2026-01-09T00:00:00.5Z",
        "2026-W02-5T00:00:00Z",
    ],
)
def test_another_form_is_not_parsed(text: str) -> None:
    with pytest.raises(ValueError):
        parse_timestamp(text)


class _Values(Document):
    day: Day = "2026-01-09"
    text: Text = "x"
    count: Count = 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", "1970-01-01"),
        ("day", "2999-12-31"),
        ("text", "x"),
        ("text", "é" * 4096),
        ("count", 0),
        ("count", 9007199254740991),
    ],
)
def test_the_ends_of_every_range_are_allowed(field: str, value: object) -> None:
    fields = {"day": "2026-01-09", "text": "x", "count": 0, field: value}
    assert _Values.parse(fields, where="x").to_json() == fields


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", "1969-12-31"),
        ("day", "3000-01-01"),
        ("text", ""),
        ("text", "x" * 4097),
        ("count", -1),
        ("count", 9007199254740992),
        ("count", None),
    ],
)
def test_a_step_beyond_is_refused(field: str, value: object) -> None:
    fields = {"day": "2026-01-09", "text": "x", "count": 0, field: value}
    with pytest.raises(IntegrityError, match="wrong fields: ") as caught:
        _Values.parse(fields, where="some/key")
    assert (caught.value.where, caught.value.expected) == ("some/key", "_Values")


def test_what_was_read_stays_as_it_is() -> None:
    """A document that was checked cannot become another one behind the check."""
    with pytest.raises(ValidationError, match="frozen"):
        _Values().count = 1


@pytest.mark.parametrize("field", ["day", "text", "count"])
def test_an_error_names_the_field_and_never_its_value(field: str) -> None:
    """What stands where a date should be may be anybody's secret, and errors are logged."""
    fields = {"day": "2026-01-09", "text": "x", "count": 0, field: ["hunter2"]}
    with pytest.raises(IntegrityError) as caught:
        _Values.parse(fields, where="x")
    assert f"wrong fields: {field}: " in caught.value.what
    assert "hunter2" not in str(caught.value)


def test_a_value_that_no_document_may_hold_is_said_to_be_one() -> None:
    with pytest.raises(IntegrityError, match="wrong fields: floats and null have no place"):
        _Values.parse({"day": "2026-01-09", "text": "x", "count": None}, where="x")
