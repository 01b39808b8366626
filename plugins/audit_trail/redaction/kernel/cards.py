"""Payment cards, written as one number or in groups."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.json_numbers import number_quote
from audit_trail.redaction.kernel.number_context import is_identifier, is_in_row
from audit_trail.redaction.kernel.stripes import stripe_end
from audit_trail.redaction.kernel.text import (
    BRACKET_END,
    CARD,
    DIGIT,
    DONE,
    DOT,
    MINUS,
    SPACE,
    WORD,
    ZERO,
    add_span,
    at,
    is_class,
    skip_class,
)

# ISO/IEC 7812: 8 to 19 digits; no network in use issues fewer than 13.
MIN_CARD_DIGITS, MAX_CARD_DIGITS = 13, 19
MAX_GROUPS = 6


@compiled
def digit(t: Any, i: int) -> int:
    """The value of the digit at `i`."""
    return at(t, i) - ZERO


@compiled
def _is_network(t: Any, start: int, digits: int) -> bool:
    """Whether an issuer range of ISO/IEC 7812 uses this length."""
    first, prefix, i = digit(t, start), 0, start
    for _ in range(4):
        if not is_class(t, i, DIGIT):
            i += 1
        prefix = prefix * 10 + digit(t, i)
        i += 1
    two, three = prefix // 100, prefix // 10
    if first == 4:
        return digits in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= prefix <= 2720:
        return digits == 16
    if two == 34 or two == 37:
        return digits == 15
    if 300 <= three <= 305 or two == 36 or two == 38 or two == 39:
        return digits == 14
    if two == 35:
        return 16 <= digits <= 19
    if two == 62 or prefix == 6011 or 644 <= three <= 649 or two == 65:
        return 16 <= digits <= 19
    if three in (506, 509, 636, 637, 638, 639) or two in (50, 56, 57, 58, 60, 63, 67, 68, 69):
        return digits in (16, 18, 19)
    return 2200 <= prefix <= 2204 and digits == 16


@compiled
def _passes_luhn(t: Any, start: int, end: int) -> bool:
    """ISO/IEC 7812-1 check digit over the digits between."""
    total, index, first, same = 0, 0, at(t, start), True
    for k in range(end - start):
        byte = at(t, end - 1 - k)
        if 48 <= byte <= 57:
            value = (byte - 48) * (1 + index % 2)
            total += value - 9 if value > 9 else value
            index += 1
            same = same and byte == first
    return total % 10 == 0 and not same


@compiled
def is_part_of_more(t: Any, start: int, end: int) -> bool:
    """A fraction, a negative number, or one of a longer run of numbers and points."""
    before, before_that = at(t, start - 1), at(t, start - 2)
    if start > t.state[DONE] and before == DOT and (48 <= before_that <= 57 or before_that == BRACKET_END):
        return True
    if at(t, end) == DOT and is_class(t, end + 1, DIGIT):
        return True
    return (
        start > t.state[DONE] and before == MINUS and (not is_class(t, start - 2, WORD) or before_that == 95)
    )


@compiled
def card(t: Any, start: int, end: int, digits: int) -> int:
    """Replace a card's number; returns where to go on, or 0."""
    rule = t.detectors[CARD]
    if rule < 0 or not _is_network(t, start, digits) or not _passes_luhn(t, start, end):
        return 0
    if is_identifier(t, start, end):
        return 0
    behind = stripe_end(t, end)
    return add_span(t, start, behind, rule, number_quote(t, start, behind))


@compiled
def grouped_card(t: Any, start: int) -> int:
    """Groups of four digits, or four, six and four or five; the longest that is a card."""
    mark, i, digits, group, best_end, best_digits = at(t, start + 4), start, 0, 0, 0, 0
    while group < MAX_GROUPS:
        end = skip_class(t, i, DIGIT)
        digits += end - i
        size = end - i
        if digits > MAX_CARD_DIGITS or size == 0 or is_class(t, end, WORD):
            break
        six = group == 2 and i - start == 12  # four, six, and five or four
        if digits >= MIN_CARD_DIGITS and not is_part_of_more(t, start, end) and (not six or size in (4, 5)):
            if _is_network(t, start, digits) and _passes_luhn(t, start, end):
                best_end, best_digits = end, digits
        regular = size == 4 or (group == 1 and size == 6) or (group == 2 and size == 5)
        if not regular or at(t, end) != mark or not is_class(t, end + 1, DIGIT):
            break
        i = end + 1
        group += 1
    if best_end == 0 or (mark == SPACE and is_in_row(t, start, best_end)):
        return 0
    return card(t, start, best_end, best_digits)
