"""The days of a range as months of weeks, for the report's calendar."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from audit_trail.verification.days import DayVerdict

LETTERS = {
    "sealed": "S",
    "sealed-empty": "E",
    "declared-gap": "G",
    "late": "L",
    "missing": "M",
    "tampered": "T",
    "unverifiable": "U",
}
"""Colour alone does not print, and not everybody sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """One square. `column` counts from 1, Monday."""

    day: str
    number: int
    column: int
    verdict: str
    letter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarMonth:
    """A month's days, or those of the range."""

    name: str
    days: tuple[CalendarDay, ...]


def calendar_months(verdicts: Iterable[DayVerdict]) -> list[CalendarMonth]:
    """Group days, which are in order, by month."""
    months: dict[str, list[CalendarDay]] = {}
    for item in verdicts:
        day = date.fromisoformat(item.day)
        months.setdefault(item.day[:7], []).append(
            CalendarDay(
                day=item.day,
                number=day.day,
                column=day.isoweekday(),
                verdict=item.verdict,
                letter=LETTERS[item.verdict],
            )
        )
    return [CalendarMonth(name=name, days=tuple(days)) for name, days in months.items()]
