"""Finding a time in a record by steps, and reading it by its layout, in machine code.

Sure of ordinary spellings only (see `time_pattern.py` and `time_layout.py`);
everything else is left to RE2, `strptime` and `fromisoformat`.
"""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.sources.day_layout import NO_TIME
from audit_trail.sources.json_field_kernel import FOUND, NOTHING, TEXT_END, TEXT_START, UNSURE
from audit_trail.sources.time_layout import (
    DAY,
    FRACTION,
    HOUR,
    MINUTE,
    MONTH,
    MONTH_NAME,
    MONTHS,
    OFFSET_IF_ANY,
    POINT_AND_FRACTION,
    SECOND,
    SEPARATOR,
    YEAR,
)

STEP_INTS = 3  # number of its members, at least, at most
MAX_TRIES_PER_BYTE = 16  # trying a row of steps everywhere can be quadratic; RE2 is not
FIRST_YEAR, LAST_YEAR = 1800, 2999  # far from where time zones overflow

_YEAR, _MONTH, _DAY, _MICROS = 0, 1, 2, 3
_NO_NUMBER = 1 << 20
_DAYS_TO_1970 = 719468
_MINUTE_US, _HOUR_US, _DAY_US = 60 * 10**6, 3600 * 10**6, 86400 * 10**6
_ZERO, _NINE, _TAB, _RETURN, _SPACE, _DELETE = 48, 57, 9, 13, 32, 127
_PLUS, _COMMA, _MINUS, _POINT, _COLON, _T, _Z, _CASE = 43, 44, 45, 46, 58, 84, 90, 32
_MONTH_LETTERS = tuple("".join(MONTHS).encode())


@compiled
def match_steps(data: Any, start: int, end: int, steps: Any, masks: Any, found: Any) -> int:
    """Walk the steps in the record at [start, end).

    Args:
        steps: How many, first and end of the time, anchored, then the steps.
        masks: 256 bytes for each step's members.

    Returns:
        FOUND with the place of the time, NOTHING, or UNSURE.
    """
    last_start = start if steps[3] else end
    tries = (end - start) * MAX_TRIES_PER_BYTE + STEP_INTS * steps[0] + MAX_TRIES_PER_BYTE
    for begin in range(start, last_start + 1):
        at = begin
        for number in range(steps[0]):
            if number == steps[1]:
                found[TEXT_START] = at
            step = 4 + number * STEP_INTS
            mask = steps[step] * 256
            limit = min(at + steps[step + 2], end)
            run = at
            while run < limit and masks[mask + data[run]]:
                run += 1
            tries -= 1 + run - at
            if run - at < steps[step + 1]:
                at = -1
                break
            at = run
            if number + 1 == steps[2]:
                found[TEXT_END] = at
        if at >= 0:
            return FOUND
        if tries < 0:
            return UNSURE
    return NOTHING


@compiled
def cannot_be_time(data: Any, at: int, end: int, first_step: int) -> bool:
    """Whether a text surely is no time: behind white space there is no digit where one has to be."""
    if first_step not in (YEAR, MONTH, DAY, HOUR):
        return False
    while at < end and (data[at] == _SPACE or _TAB <= data[at] <= _RETURN):
        at += 1
    return at == end or (_SPACE < data[at] < _DELETE and not _ZERO <= data[at] <= _NINE)


@compiled
def read_time(data: Any, at: int, end: int, layout: Any, parts: Any) -> Any:
    """Microseconds since 1970 in UTC of the text at [at, end), or NO_TIME where unsure.

    Args:
        layout: How many steps, then the steps.
        parts: Memory for PARTS numbers.
    """
    parts[_YEAR] = parts[_MONTH] = parts[_DAY] = parts[_MICROS] = 0
    for number in range(1, layout[0] + 1):
        step = layout[number]
        if step < YEAR:
            at = at + 1 if at < end and data[at] == step else -1
        elif step <= SECOND:
            at = _number_end(data, at, end, step, parts)
        elif step == SEPARATOR:
            # Only `t` and `T` are the same as `T` without the bit of the case.
            at = at + 1 if at < end and (data[at] & ~_CASE == _T or data[at] == _SPACE) else -1
        elif step in (FRACTION, POINT_AND_FRACTION):
            at = _fraction_end(data, at, end, step, parts)
        else:
            at = _offset_end(data, at, end, step, parts)
        if at < 0:
            return NO_TIME
    if at != end or not _is_date(parts[_YEAR], parts[_MONTH], parts[_DAY]):
        return NO_TIME
    return _days(parts[_YEAR], parts[_MONTH], parts[_DAY]) * _DAY_US + parts[_MICROS]


@compiled
def _number(data: Any, at: int, end: int, digits: int) -> int:
    """A number of so many digits; one too large for anything where there is none."""
    if at + digits > end:
        return _NO_NUMBER
    value = 0
    for place in range(at, at + digits):
        if not _ZERO <= data[place] <= _NINE:
            return _NO_NUMBER
        value = 10 * value + data[place] - _ZERO
    return value


@compiled
def _number_end(data: Any, at: int, end: int, step: int, parts: Any) -> int:
    if step == MONTH_NAME:
        parts[_MONTH] = _month_of_name(data, at, end)
        return at + 3 if parts[_MONTH] != _NO_NUMBER else -1
    digits = 4 if step == YEAR else 2
    value = _number(data, at, end, digits)
    if step == YEAR:
        parts[_YEAR] = value
    elif step == MONTH:
        parts[_MONTH] = value
    elif step == DAY:
        parts[_DAY] = value
    elif value > (23 if step == HOUR else 59):
        return -1
    else:
        unit_us = _HOUR_US if step == HOUR else (_MINUTE_US if step == MINUTE else 10**6)
        parts[_MICROS] += value * unit_us
    return at + digits


@compiled
def _month_of_name(data: Any, at: int, end: int) -> int:
    for month in range(12 if at + 3 <= end else 0):
        is_same = True
        for place in range(3):
            is_same = is_same and data[at + place] | _CASE == _MONTH_LETTERS[3 * month + place]
        if is_same:
            return month + 1
    return _NO_NUMBER


@compiled
def _fraction_end(data: Any, at: int, end: int, step: int, parts: Any) -> int:
    """Behind the digits of a fraction; ISO 8601 may have more than six, or none and no point."""
    if step == POINT_AND_FRACTION:
        if at == end or (data[at] != _POINT and data[at] != _COMMA):
            return at
        at += 1
    start, micros, unit = at, 0, 100_000
    while at < end and _ZERO <= data[at] <= _NINE:
        micros += (data[at] - _ZERO) * unit
        unit //= 10
        at += 1
    parts[_MICROS] += micros
    return at if at > start and (at - start <= 6 or step == POINT_AND_FRACTION) else -1


@compiled
def _offset_end(data: Any, at: int, end: int, step: int, parts: Any) -> int:
    """Behind `Z`, `+01:00` or `+0100`; ISO 8601 may have `+01`, or nothing at its end."""
    is_iso = step == OFFSET_IF_ANY
    if at == end:
        return at if is_iso else -1
    if data[at] == _Z or (is_iso and data[at] == _Z | _CASE):
        return at + 1
    if data[at] != _PLUS and data[at] != _MINUS:
        return -1
    hours = _number(data, at + 1, end, 2)
    has_colon = at + 3 < end and data[at + 3] == _COLON
    minutes_at = at + 4 if has_colon else at + 3
    minutes = 0 if is_iso and at + 3 == end else _number(data, minutes_at, end, 2)
    if hours > 23 or minutes > 59:
        return -1
    sign = 1 if data[at] == _PLUS else -1
    parts[_MICROS] -= sign * (hours * _HOUR_US + minutes * _MINUTE_US)
    behind = at + 3 if is_iso and at + 3 == end else minutes_at + 2
    # Seconds of an offset may follow.
    return -1 if behind < end and (data[behind] == _COLON or _ZERO <= data[behind] <= _NINE) else behind


@compiled
def _is_date(year: int, month: int, day: int) -> bool:
    if not FIRST_YEAR <= year <= LAST_YEAR or not 1 <= month <= 12 or day < 1:
        return False
    if month == 2:
        is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if is_leap else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@compiled
def _days(year: int, month: int, day: int) -> int:
    """Days since 1970-01-01, with years that begin in March, so that the leap day is the last."""
    year -= 1 if month <= 2 else 0
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return 365 * year + year // 4 - year // 100 + year // 400 + of_year - _DAYS_TO_1970
