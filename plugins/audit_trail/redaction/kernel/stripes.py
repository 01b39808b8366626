"""What comes with a card's number on its magnetic stripe; a telephone number in a form."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.text import (
    BACKSLASH,
    CARD,
    CARET,
    COLON,
    DIGIT,
    EQUALS,
    NEWLINE,
    NO_QUOTE,
    PIPE,
    QUESTION,
    QUOTE,
    TELEPHONE,
    WORD,
    ZERO,
    add_span,
    at,
    is_class,
    skip_class,
)

# ISO/IEC 7813: a name of at most 26 characters, and 79 in all.
MAX_TRACK = 79
MIN_DISCRETIONARY = 7
MIN_NUMBER, MAX_NUMBER = 13, 19
MIN_PHONE, MAX_PHONE = 8, 15


@compiled
def stripe_end(t: Any, end: int) -> int:
    """Behind what follows a card's number that ends at `end`: `=2812101...` of track 2, `|12|2028|123`."""
    if at(t, end) == EQUALS:
        stop = skip_class(t, end + 1, DIGIT)
        return stop if MIN_DISCRETIONARY <= stop - end - 1 <= MAX_TRACK else end
    if at(t, end) != PIPE:
        return end
    month = skip_class(t, end + 1, DIGIT)
    year = skip_class(t, month + 1, DIGIT)
    code = skip_class(t, year + 1, DIGIT)
    dated = month - end == 3 and at(t, month) == PIPE and year - month in (3, 5) and at(t, year) == PIPE
    return code if dated and code - year in (4, 5) and not is_class(t, code, WORD) else end


@compiled
def track_one(t: Any, i: int) -> int:
    """Replace `%B4111111111111111^DOE/JANE^2812101...?` at its per cent sign; where to go on, or 0."""
    rule = t.detectors[CARD]
    number = skip_class(t, i + 2, DIGIT)
    if rule < 0 or not MIN_NUMBER <= number - i - 2 <= MAX_NUMBER or at(t, number) != CARET:
        return 0
    end = number
    while end - i < MAX_TRACK and at(t, end) not in (QUESTION, NEWLINE, QUOTE, BACKSLASH):
        end += 1
    return add_span(t, i, end, rule, NO_QUOTE)


@compiled
def encoded_phone(t: Any, i: int, width: int) -> int:
    """Replace `%2B14155552671`, a number of E.164 in a form; where to go on, or 0."""
    rule = t.detectors[TELEPHONE]
    end = skip_class(t, i + width, DIGIT)
    size = end - i - width
    whole = at(t, i - 1) in (EQUALS, COLON, QUOTE) and not is_class(t, end, WORD)
    if rule < 0 or not whole or not MIN_PHONE <= size <= MAX_PHONE or at(t, i + width) == ZERO:
        return 0
    return add_span(t, i, end, rule, NO_QUOTE)
