"""Telephone numbers and US social security numbers; and which digits are looked at as what."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.cards import (
    MAX_CARD_DIGITS,
    MAX_GROUPS,
    MIN_CARD_DIGITS,
    card,
    digit,
    grouped_card,
    is_part_of_more,
)
from audit_trail.redaction.kernel.number_context import counts_units, is_part_number
from audit_trail.redaction.kernel.text import (
    CLOSE,
    COLON,
    DIGIT,
    DONE,
    DOT,
    LETTER,
    MINUS,
    NO_QUOTE,
    OPEN,
    PLUS,
    SLASH,
    SPACE,
    SSN,
    TELEPHONE,
    TILDE,
    WORD,
    ZERO,
    add_span,
    at,
    is_class,
    skip_class,
)

# E.164: at most 15 digits; fewer than 8 with the country are no subscriber's number.
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 8, 15
# Once a number written in groups has this many digits, a space ends it.
FULL_PHONE_DIGITS = 11


@compiled
def _social_security(t: Any, start: int) -> int:
    """Area, group and serial that the Social Security Administration gives out."""
    rule = t.detectors[SSN]
    group, serial = start + 4, start + 7
    end = start + 11
    if rule < 0 or at(t, start + 6) != MINUS or skip_class(t, group, DIGIT) != start + 6:
        return 0
    if skip_class(t, serial, DIGIT) != end or not _ends_number(t, end):
        return 0
    area = digit(t, start) * 100 + digit(t, start + 1) * 10 + digit(t, start + 2)
    if area in (0, 666) or area >= 900 or (at(t, group) == ZERO and at(t, group + 1) == ZERO):
        return 0
    if digit(t, serial) + digit(t, serial + 1) + digit(t, serial + 2) + digit(t, serial + 3) == 0:
        return 0
    if _is_chained(t, start) or is_part_number(t, start, end):
        return 0
    return add_span(t, start, end, rule, NO_QUOTE)


@compiled
def _is_chained(t: Any, start: int) -> bool:
    """Whether a number with a dash or a point stands directly before."""
    return start > t.state[DONE] and at(t, start - 1) in (MINUS, DOT, SLASH) and is_class(t, start - 2, WORD)


@compiled
def _groups_end(t: Any, start: int, mark: int) -> tuple[int, int, int]:
    """Groups of digits joined by one kind of mark: their end, digits and number."""
    i, digits, groups = start, 0, 0
    while groups < MAX_GROUPS:
        end = skip_class(t, i, DIGIT)
        digits += end - i
        groups += 1
        if at(t, end) != mark or not is_class(t, end + 1, DIGIT):
            return end, digits, groups
        i = end + 1
    return i, digits, groups


@compiled
def _ends_number(t: Any, end: int) -> bool:
    """Whether nothing at `end` makes the digits before it part of something longer."""
    if is_class(t, end, WORD):
        return False
    if at(t, end) == MINUS and is_class(t, end + 1, WORD):
        return False
    return not (at(t, end) in (DOT, SLASH, COLON) and is_class(t, end + 1, DIGIT))


@compiled
def _national(t: Any, start: int, first: int) -> int:
    """`415-555-2671`, `1-415-555-2671`, `020 7946 0958`, `06 12 34 56 78`, `0044 20 7946 0958`."""
    rule = t.detectors[TELEPHONE]
    mark = at(t, start + first)
    if rule < 0 or _is_chained(t, start) or mark not in (SPACE, MINUS, DOT):
        return 0
    end, digits, groups = _groups_end(t, start, mark)
    if not _ends_number(t, end) or (
        mark == SPACE and at(t, start - 1) == SPACE and is_class(t, start - 2, DIGIT)
    ):
        return 0
    if at(t, start) == ZERO:
        found = _is_with_zero(t, start, first, mark, digits, groups) and not _is_zip(t, start, first, end)
    else:
        found = mark != SPACE and _is_american(t, start, first, mark, end, groups)
    if not found or is_part_number(t, start, end):
        return 0
    return add_span(t, start, end, rule, NO_QUOTE)


@compiled
def _is_zip(t: Any, start: int, first: int, end: int) -> bool:
    """Whether this is a ZIP+4 code behind a state: `MA 02110-1301`."""
    if first != 5 or end != start + 10 or at(t, start - 1) != SPACE:
        return False
    return _is_upper(t, start - 2) and _is_upper(t, start - 3) and not is_class(t, start - 4, WORD)


@compiled
def _is_upper(t: Any, i: int) -> bool:
    return 65 <= at(t, i) <= 90


@compiled
def _is_american(t: Any, start: int, first: int, mark: int, end: int, groups: int) -> bool:
    """Whether groups are an area, an exchange and a line of the North American numbering plan."""
    area = start
    if first == 1 and at(t, start) == 49 and groups == 4:
        area = start + 2
    elif groups != 3 or first != 3:
        return False
    if area + 12 != end or at(t, area + 3) != mark or at(t, area + 7) != mark:
        return False
    # No area has a nine in the middle: those are kept for longer numbers.
    return digit(t, area) >= 2 and digit(t, area + 1) < 9 and digit(t, area + 4) >= 1


@compiled
def _is_with_zero(t: Any, start: int, first: int, mark: int, digits: int, groups: int) -> bool:
    """Whether groups that begin with a zero are a trunk prefix and a subscriber's number."""
    second = digit(t, start + 1)
    if second == 0:
        return mark != DOT and 11 <= digits <= MAX_PHONE_DIGITS and at(t, start + 2) != ZERO
    if not 9 <= digits <= 12:
        return False
    if first == 2:
        pairs = groups == 5 and digits == 10
        return pairs or (
            mark != DOT and groups <= 3 and digits >= 9 and at(t, start + 5) not in (MINUS, SPACE)
        )
    return mark != DOT and 3 <= first <= 5 and groups <= 4


@compiled
def may_begin(t: Any, start: int, end: int) -> bool:
    """Whether, at a glance, `number` may find something in the digits between."""
    size, mark = end - start, at(t, end)
    if size > 6 or not is_class(t, end + 1, DIGIT):
        return size >= MIN_CARD_DIGITS
    if mark != SPACE and mark != MINUS and mark != DOT:
        return False
    if at(t, start) == ZERO:
        return size > 1 and not _is_chained(t, start)
    if size == 4:
        return mark != DOT and is_class(t, end + 4, DIGIT)
    if size == 3:
        return is_class(t, end + 2, DIGIT) and (mark == MINUS or mark == DOT)
    return size == 1 and mark != SPACE and is_class(t, end + 3, DIGIT)


@compiled
def number(t: Any, start: int) -> int:
    """Judge the digits at `start`, where a word begins; returns where to go on, 0 when they stay."""
    end = skip_class(t, start, DIGIT)
    size = end - start
    if size >= MIN_CARD_DIGITS:
        whole = size <= MAX_CARD_DIGITS and not is_class(t, end, WORD) and not is_part_of_more(t, start, end)
        return card(t, start, end, size) if whole else 0
    mark = at(t, end)
    if size > 6 or not is_class(t, end + 1, DIGIT) or mark not in (SPACE, MINUS, DOT):
        return 0
    if size == 4 and (mark == SPACE or mark == MINUS):
        behind = grouped_card(t, start)
        if behind > 0:
            return behind
    if size == 3 and mark == MINUS:
        behind = _social_security(t, start)
        if behind > 0:
            return behind
    return _national(t, start, size)


@compiled
def international(t: Any, plus: int) -> int:
    """Judge a `+` that may begin a number of E.164."""
    rule = t.detectors[TELEPHONE]
    if rule < 0 or not 49 <= at(t, plus + 1) <= 57 or is_class(t, plus - 1, WORD):
        return 0
    i, digits, end, group = plus + 1, 0, plus + 1, 0
    while digits <= MAX_PHONE_DIGITS:
        stop = skip_class(t, i, DIGIT)
        digits += stop - i
        end = stop
        group += 1
        if group > 1 and digits >= FULL_PHONE_DIGITS and at(t, end) == SPACE:
            break
        if group == 1 and stop - i >= MIN_PHONE_DIGITS:
            break
        i = _next_group(t, end)
        if i == 0:
            break
    if digits < MIN_PHONE_DIGITS or digits > MAX_PHONE_DIGITS or is_class(t, end, WORD):
        return 0
    if group == 1 and (_is_no_subscriber(t, plus + 1, digits) or _is_signed(t, plus, end)):
        return 0
    return add_span(t, plus, end, rule, NO_QUOTE)


@compiled
def _is_signed(t: Any, plus: int, end: int) -> bool:
    """Whether the sign and the digits are a number or of a version: `+12345678.5`, `14~+20210924+e325`."""
    fraction = at(t, end) == DOT and is_class(t, end + 1, DIGIT)
    version = at(t, plus - 1) == TILDE or (at(t, end) == PLUS and is_class(t, end + 1, LETTER))
    if fraction or version:
        return True
    return counts_units(t, end)


@compiled
def _is_no_subscriber(t: Any, start: int, digits: int) -> bool:
    """Whether a number of that many digits is too short or too long for its country (ITU E.164)."""
    first = digit(t, start)
    two = first * 10 + digit(t, start + 1)
    if first == 1 or first == 7:
        return digits != 11
    if two == 20:
        return not 11 <= digits <= 12
    if two == 33 or two == 34:
        return digits != 11
    return two == 44 and not 11 <= digits <= 12


@compiled
def _next_group(t: Any, end: int) -> int:
    """Where the next digits of a telephone number begin: behind ` `, `-`, `.`, `/`, ` (`, `(`, `) `; or 0."""
    i = end
    for _ in range(3):
        if is_class(t, i, DIGIT):
            return i if i > end else 0
        if at(t, i) not in (SPACE, MINUS, DOT, SLASH, OPEN, CLOSE):
            return 0
        i += 1
    return i if is_class(t, i, DIGIT) else 0


@compiled
def parenthesised(t: Any, start: int) -> int:
    """Judge `(415) 555-2671` and `(020) 7946 0958` at their parenthesis."""
    rule = t.detectors[TELEPHONE]
    close = skip_class(t, start + 1, DIGIT)
    area = close - start - 1
    if rule < 0 or not 2 <= area <= 5 or at(t, close) != CLOSE or is_class(t, start - 1, WORD):
        return 0
    i = close + 1
    if at(t, i) in (SPACE, MINUS):
        i += 1
    if not is_class(t, i, DIGIT):
        return 0
    first = skip_class(t, i, DIGIT)
    end, digits, groups = first, first - i, 1
    if at(t, first) in (SPACE, MINUS, DOT) and is_class(t, first + 1, DIGIT):
        end, digits, groups = _groups_end(t, i, at(t, first))
    american = area == 3 and first - i == 3 and groups == 2 and digits == 7 and digit(t, start + 1) >= 2
    trunk = at(t, start + 1) == ZERO and 8 <= area + digits <= 12 and groups <= 3
    found = (american or trunk) and _ends_number(t, end) and not counts_units(t, end)
    return add_span(t, start, end, rule, NO_QUOTE) if found else 0
