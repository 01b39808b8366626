"""Payment cards, telephone numbers, US social security numbers."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import key_end, last_words
from audit_trail.redaction.kernel.stripes import stripe_end
from audit_trail.redaction.kernel.text import (
    BACKSLASH,
    BRACE_END,
    BRACKET,
    BRACKET_END,
    CARD,
    CLOSE,
    COLON,
    COMMA,
    DIGIT,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    EQUALS,
    FLAGS,
    IDENTIFIER,
    IN_STRING,
    LINE,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    NODE_INTS,
    OPEN,
    QUOTE,
    RETURN,
    SLASH,
    SPACE,
    SSN,
    STRING_KNOWN_TO,
    TAB,
    TELEPHONE,
    WORD,
    ZERO,
    add_span,
    at,
    backslashes_before,
    is_class,
    skip_blanks,
    skip_class,
)

# ISO/IEC 7812: 8 to 19 digits; no network in use issues fewer than 13.
MIN_CARD_DIGITS, MAX_CARD_DIGITS = 13, 19
# E.164: at most 15 digits; fewer than 8 with the country are no subscriber's number.
MIN_PHONE_DIGITS, MAX_PHONE_DIGITS = 8, 15
# Once a number written in groups has this many digits, a space ends it.
FULL_PHONE_DIGITS = 11
MAX_GROUPS = 6


@compiled
def _digit(t: Any, i: int) -> int:
    return at(t, i) - ZERO


@compiled
def _is_network(t: Any, start: int, digits: int) -> bool:
    """Whether an issuer range of ISO/IEC 7812 uses this length."""
    first, prefix, i = _digit(t, start), 0, start
    for _ in range(4):
        if not is_class(t, i, DIGIT):
            i += 1
        prefix = prefix * 10 + _digit(t, i)
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
def _is_part_of_more(t: Any, start: int, end: int) -> bool:
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
def _under_an_identifier(t: Any, start: int) -> bool:
    """Whether the number is the value of a key such as `trace_id` or `timestamp`."""
    i = start
    if at(t, i - 1) == QUOTE:
        i -= 1 + backslashes_before(t, i - 1, t.state[DONE])
    while start - i < 8 and (at(t, i - 1) == SPACE or at(t, i - 1) == TAB):
        i -= 1
    if at(t, i - 1) != COLON and at(t, i - 1) != EQUALS:
        return False
    end, _, _ = key_end(t, i - 1)
    node, _ = last_words(t, end)
    return node != 0 and (t.trie[node * NODE_INTS + FLAGS] & IDENTIFIER) != 0


@compiled
def _card(t: Any, start: int, end: int, digits: int) -> int:
    """Replace a card number; returns where to go on, or 0."""
    rule = t.detectors[CARD]
    if rule < 0 or not _is_network(t, start, digits) or not _passes_luhn(t, start, end):
        return 0
    if digits != 15 and digits != 16 and _under_an_identifier(t, start):
        return 0
    behind = stripe_end(t, end)
    return add_span(t, start, behind, rule, number_quote(t, start, behind))


@compiled
def _grouped_card(t: Any, start: int) -> int:
    """Groups of four digits, or four, six and four or five; the longest that is a card."""
    mark, i, digits, group, best_end, best_digits = at(t, start + 4), start, 0, 0, 0, 0
    while group < MAX_GROUPS:
        end = skip_class(t, i, DIGIT)
        digits += end - i
        size = end - i
        if digits > MAX_CARD_DIGITS or size == 0 or is_class(t, end, WORD):
            break
        six = group == 2 and i - start == 12  # four, six, and five or four
        if digits >= MIN_CARD_DIGITS and not _is_part_of_more(t, start, end) and (not six or size in (4, 5)):
            if _is_network(t, start, digits) and _passes_luhn(t, start, end):
                best_end, best_digits = end, digits
        regular = size == 4 or (group == 1 and size == 6) or (group == 2 and size == 5)
        if not regular or at(t, end) != mark or not is_class(t, end + 1, DIGIT):
            break
        i = end + 1
        group += 1
    return _card(t, start, best_end, best_digits) if best_end > 0 else 0


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
    area = _digit(t, start) * 100 + _digit(t, start + 1) * 10 + _digit(t, start + 2)
    if area in (0, 666) or area >= 900 or (at(t, group) == ZERO and at(t, group + 1) == ZERO):
        return 0
    if _digit(t, serial) + _digit(t, serial + 1) + _digit(t, serial + 2) + _digit(t, serial + 3) == 0:
        return 0
    if _is_chained(t, start):
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
    return not (at(t, end) in (MINUS, DOT, SLASH, COLON) and is_class(t, end + 1, DIGIT))


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
        return (
            add_span(t, start, end, rule, NO_QUOTE)
            if _is_with_zero(t, start, first, mark, digits, groups)
            else 0
        )
    if mark != MINUS and mark != DOT:
        return 0
    area = start
    if first == 1 and at(t, start) == 49 and groups == 4:
        area = start + 2
    elif groups != 3 or first != 3:
        return 0
    if area + 12 != end or at(t, area + 3) != mark or at(t, area + 7) != mark:
        return 0
    return add_span(t, start, end, rule, NO_QUOTE) if _digit(t, area) >= 2 and _digit(t, area + 4) >= 1 else 0


@compiled
def _is_with_zero(t: Any, start: int, first: int, mark: int, digits: int, groups: int) -> bool:
    """Whether groups that begin with a zero are a trunk prefix and a subscriber's number."""
    second = _digit(t, start + 1)
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
        whole = size <= MAX_CARD_DIGITS and not is_class(t, end, WORD) and not _is_part_of_more(t, start, end)
        return _card(t, start, end, size) if whole else 0
    mark = at(t, end)
    if size > 6 or not is_class(t, end + 1, DIGIT) or mark not in (SPACE, MINUS, DOT):
        return 0
    if size == 4 and (mark == SPACE or mark == MINUS):
        behind = _grouped_card(t, start)
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
    return add_span(t, plus, end, rule, NO_QUOTE)


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
    american = area == 3 and first - i == 3 and groups == 2 and digits == 7 and _digit(t, start + 1) >= 2
    trunk = at(t, start + 1) == ZERO and 8 <= area + digits <= 12 and groups <= 3
    return add_span(t, start, end, rule, NO_QUOTE) if (american or trunk) and _ends_number(t, end) else 0


@compiled
def number_quote(t: Any, start: int, end: int) -> int:
    """The quote that keeps JSON valid where a bare number is replaced, or none."""
    follows = skip_blanks(t, end)
    byte = at(t, follows)
    if byte == BACKSLASH:
        while at(t, follows) == BACKSLASH:
            follows += 1
        if at(t, follows) not in (110, 114):
            return NO_QUOTE
    elif byte not in (COMMA, BRACE_END, BRACKET_END, RETURN, NEWLINE):
        return NO_QUOTE
    i = start
    while start - i < 32 and (at(t, i - 1) == SPACE or at(t, i - 1) == TAB):
        i -= 1
    before = at(t, i - 1)
    if before == COLON:
        key, kind, escape = key_end(t, i - 1)
        if kind != DOUBLE_QUOTE or key == i - 1:
            return NO_QUOTE
    elif before in (BRACKET, COMMA):
        escape = 0
    else:
        return NO_QUOTE
    if not in_string(t, start):
        return DOUBLE_QUOTE
    return DOUBLE_QUOTE + 8 * escape if escape > 0 else NO_QUOTE


@compiled
def in_string(t: Any, i: int) -> bool:
    """Whether a JSON string is open at `i`; goes on where the last call stopped, so it is linear."""
    j, inside = t.state[STRING_KNOWN_TO], t.state[IN_STRING]
    if j < t.state[LINE]:
        j, inside = t.state[LINE], 0
    while j < i:
        byte = t.data[j]
        if byte == BACKSLASH:
            j += 1
        elif byte == QUOTE:
            inside = 1 - inside
        j += 1
    t.state[STRING_KNOWN_TO] = j
    t.state[IN_STRING] = inside
    return inside != 0
