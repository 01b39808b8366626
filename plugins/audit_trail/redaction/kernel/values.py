r"""Where the value after a sensitive key ends.

A value may sit in JSON, in JSON that is a string in other JSON (`\"pin\":1`),
in Python's notation, in logfmt, a query, a header or a sentence, and the
bytes do not say which. The rules here prefer, in this order: JSON stays JSON;
the whole secret goes; nothing else goes.
"""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.quotes import follows_closing, opening_entity, quoted_end
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    BACKSLASH,
    BARE,
    BRACE,
    BRACE_END,
    BRACKET,
    BRACKET_END,
    CLOSE,
    COLON,
    COMMA,
    DIGIT,
    DOLLAR,
    DOT,
    EQUALS,
    LETTER,
    MINUS,
    NEWLINE,
    OPEN,
    PERCENT,
    PLUS,
    PROSE,
    QUOTE,
    RETURN,
    SCHEME_OF_PARAMETERS,
    SCHEME_OF_TOKEN,
    SEMICOLON,
    SPACE,
    WORD,
    at,
    backslashes_before,
    hex_escape,
    hex_number,
    is_blank,
    is_class,
    line_end,
    lower,
    quote_escape,
    skip_blanks,
    skip_class,
    skip_colour,
    unicode_escape,
)

# How far to look for the `=` that shows that the next key begins.
MAX_NEXT_KEY = 64


@compiled
def container_end(t: Any, start: int, escape: int) -> int:
    """Behind the bracket that closes the one at `start`; negative when the line or string ends before.

    Strings inside are those of the same nesting depth; a quote of a depth
    around it ends a container that was cut off.
    """
    depth, i, opening = 0, start, at(t, start)
    previous = 0
    while True:
        byte = at(t, i)
        if byte == NEWLINE:
            return -line_end(t, i)
        if byte == QUOTE or (byte == APOSTROPHE and previous in (BRACKET, BRACE, COMMA, COLON, OPEN)):
            run = quote_escape(backslashes_before(t, i, start))
            if byte == QUOTE and run < escape:
                return -(i - run)
            i = quoted_end(t, i + 1, byte, escape)
            if at(t, i) == NEWLINE or at(t, i) == RETURN:
                return -i
            if byte == QUOTE and quote_escape(backslashes_before(t, _quote_at(t, i), start)) < escape:
                return -i
            i = _quote_at(t, i)
        elif byte == BRACKET or byte == BRACE or byte == opening:
            depth += 1
        elif byte == BRACKET_END or byte == BRACE_END or (byte == CLOSE and opening == OPEN):
            depth -= 1
            if depth == 0:
                return i + 1
        if byte != SPACE:
            previous = byte
        i += 1


@compiled
def _quote_at(t: Any, i: int) -> int:
    """The quote behind the backslashes at `i`."""
    while at(t, i) == BACKSLASH:
        i += 1
    return i


@compiled
def _next_key(t: Any, i: int) -> bool:
    """Whether another key with its `=` or `:` begins at `i`."""
    end = i
    while end - i < MAX_NEXT_KEY and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS)):
        end += 1
    return end > i and at(t, end) in (EQUALS, COLON)


@compiled
def _next_parameter(t: Any, i: int) -> bool:
    """Whether another form field with its `=` begins at `i`."""
    end = i
    if at(t, i) == 97 and at(t, i + 1) == 109 and at(t, i + 2) == 112 and at(t, i + 3) == SEMICOLON:
        i += 4
        end = i
    while end - i < MAX_NEXT_KEY and (
        is_class(t, end, WORD) or at(t, end) in (DOT, PERCENT, MINUS, BRACKET, BRACKET_END)
    ):
        end += 1
    return end > i and at(t, end) == EQUALS


@compiled
def _is_inner(t: Any, i: int) -> bool:
    """Whether the comma, ampersand, bracket or backslash at `i` belongs to the value around it."""
    byte, after = at(t, i), at(t, i + 1)
    if byte == COMMA or byte == SEMICOLON:
        return not (is_blank(after) or after in (QUOTE, APOSTROPHE, BACKSLASH) or _next_key(t, i + 1))
    if byte == AMPERSAND:
        return opening_entity(t, i) == 0 and not _next_parameter(t, i + 1)
    if byte in (CLOSE, BRACKET_END, BRACE_END):
        return not (
            is_blank(after)
            or after in (QUOTE, APOSTROPHE, COMMA, SEMICOLON, AMPERSAND, CLOSE, BRACKET_END, BRACE_END)
            or after in (BACKSLASH, 60, 62)
        )
    return False


@compiled
def _after_inner_backslash(t: Any, i: int) -> int:
    """Behind backslashes that belong to a value and what they escape, or 0."""
    j = i
    while at(t, j) == BACKSLASH and j - i < MAX_NEXT_KEY:
        j += 1
    byte = at(t, j)
    if is_blank(byte) or byte in (
        BACKSLASH,
        QUOTE,
        APOSTROPHE,
        110,
        114,
        116,
        AMPERSAND,
        COMMA,
        SEMICOLON,
        0,
    ):
        return 0
    if byte in (60, 62, CLOSE, BRACKET_END, BRACE_END):
        return 0
    unit = max(unicode_escape(t, j - 1), hex_escape(t, j - 1))
    if unit in (9, 10, 13, 32, 34, 38, 39, 60, 62):
        return 0
    return j + 1


@compiled
def bare_end(t: Any, start: int) -> int:
    """The end of an unquoted value."""
    i = start
    while True:
        i = skip_class(t, i, BARE)
        byte = at(t, i)
        if byte == BACKSLASH:
            behind = _after_inner_backslash(t, i)
            if behind == 0:
                return i
            i = behind
        elif byte == APOSTROPHE:
            # `it's` goes on; a quote that opens or closes something does not.
            if i == start or not (is_class(t, i + 1, WORD) and is_class(t, i - 1, WORD)):
                return i
            i += 1
        elif is_blank(byte) or not _is_inner(t, i):
            return i
        else:
            i += 1


@compiled
def percent_unit(t: Any, i: int) -> tuple[int, int]:
    """The byte that a `%XX`, or encoded twice a `%25XX`, at `i` stands for, or -1; and its length."""
    unit = hex_number(t, i + 1, 2)
    if unit == PERCENT:
        inner = hex_number(t, i + 3, 2)
        if inner >= 0:
            return inner, 5
    return unit, 3


@compiled
def percent_end(t: Any, start: int) -> int:
    """The end of a value in a percent-encoded form or URL: an encoded `&`, quote, comma, bracket or space."""
    i = start
    while True:
        byte = at(t, i)
        if byte == PERCENT:
            unit, width = percent_unit(t, i)
            if unit in (
                AMPERSAND,
                QUOTE,
                COMMA,
                BRACE_END,
                BRACKET_END,
                SPACE,
                NEWLINE,
                RETURN,
                35,
                SEMICOLON,
            ):
                return i
            i += width if unit >= 0 else 1
        elif byte == AMPERSAND or not is_class(t, i, BARE):
            return i
        else:
            i += 1


@compiled
def number_end(t: Any, start: int) -> int:
    """The end of a JSON number at `start` that nothing else follows, or 0."""
    i = start + 1 if at(t, start) == MINUS else start
    end = skip_class(t, i, DIGIT)
    if end == i:
        return 0
    if at(t, end) == DOT and is_class(t, end + 1, DIGIT):
        end = skip_class(t, end + 1, DIGIT)
    if lower(at(t, end)) == 101:
        i = end + 2 if at(t, end + 1) in (PLUS, MINUS) else end + 1
        if is_class(t, i, DIGIT):
            end = skip_class(t, i, DIGIT)
    return 0 if is_class(t, end, WORD) or at(t, end) in (DOT, PLUS, MINUS) else end


@compiled
def authorization_end(t: Any, start: int) -> int:
    """The end of an `Authorization` header's value outside of quotes (RFC 9110 section 11.4)."""
    scheme = start
    while is_class(t, scheme, WORD) or at(t, scheme) == MINUS:
        scheme += 1
    after = skip_blanks(t, skip_colour(t, scheme))
    if scheme == start or after == scheme:
        return bare_end(t, start)
    if at(t, after) == DOLLAR and at(t, after + 1) == BRACE:
        return start
    known = word_flags(t, start, scheme)
    named = _parameter_end(t, after)
    if named > after and (
        (known & SCHEME_OF_PARAMETERS) != 0 or ((known != 0) and at(t, named - 1) == QUOTE)
    ):
        return _parameters_end(t, after)
    if named > after and (known & PROSE) == 0 and 65 <= at(t, start) <= 90:
        return _listed_end(t, named)
    if (known & SCHEME_OF_TOKEN) != 0 or _is_random(t, after):
        end = bare_end(t, after)
        return end if end > after else scheme
    return bare_end(t, start)


@compiled
def _is_random(t: Any, start: int) -> bool:
    """Whether what follows an unknown scheme is no word of prose and no `key=value`."""
    end = bare_end(t, start)
    digits, uppers = 0, 0
    for i in range(start, end):
        byte = at(t, i)
        if byte == EQUALS and i + 2 < end:
            return False
        digits += 48 <= byte <= 57
        uppers += 65 <= byte <= 90 and i > start
    return end - start >= 6 and (digits > 0 or uppers > 0)


@compiled
def _parameter_end(t: Any, start: int) -> int:
    """Behind one `name="value"` or `name=value` of a header, or `start`."""
    i = start
    while i - start < MAX_NEXT_KEY and (is_class(t, i, WORD) or at(t, i) in (DOT, MINUS)):
        i += 1
    if i == start or at(t, i) != EQUALS:
        return start
    i += 1
    quote = _quote_at(t, i)
    if at(t, quote) == QUOTE and not follows_closing(t, quote + 1):
        end = quoted_end(t, quote + 1, QUOTE, quote - i)
        return _quote_at(t, end) + 1 if at(t, _quote_at(t, end)) == QUOTE else end
    while not is_blank(at(t, i)) and at(t, i) not in (COMMA, QUOTE, APOSTROPHE, BACKSLASH):
        i += 1
    return i


@compiled
def _parameters_end(t: Any, start: int) -> int:
    end = start
    while True:
        i = end
        while i - end < 4 and at(t, i) in (COMMA, SPACE, 9):
            i += 1
        behind = _parameter_end(t, i)
        if behind == i:
            return bare_end(t, end)
        end = behind


@compiled
def _listed_end(t: Any, end: int) -> int:
    """The end of parameters of an unknown scheme: as long as commas join them."""
    while at(t, end) == COMMA:
        behind = _parameter_end(t, skip_blanks(t, end + 1))
        if behind == skip_blanks(t, end + 1):
            break
        end = behind
    return end


@compiled
def _cookie_pair_end(t: Any, start: int) -> int:
    """Behind one `name=value` or attribute of a cookie, or `start`."""
    i = start
    while not is_blank(at(t, i)) and at(t, i) not in (SEMICOLON, EQUALS, QUOTE, APOSTROPHE, BACKSLASH):
        i += 1
    if i == start:
        return start
    if at(t, i) == EQUALS:
        expires = i - start == 7 and lower(at(t, start)) == 101 and lower(at(t, start + 1)) == 120
        i += 1
        if at(t, i) == QUOTE and not follows_closing(t, i + 1):
            end = quoted_end(t, i + 1, QUOTE, 0)
            return end + 1 if at(t, end) == QUOTE else end
        while at(t, i) not in (SEMICOLON, QUOTE, APOSTROPHE, BACKSLASH, NEWLINE, RETURN):
            if is_blank(at(t, i)) and not (expires and i - start < 40):
                break
            i += 1
            if expires and at(t, i - 1) == 84 and at(t, i - 2) == 77:  # GMT
                break
    return i


@compiled
def cookie_end(t: Any, start: int) -> int:
    """The end of a cookie header's value outside of quotes (RFC 6265 section 4)."""
    end = _cookie_pair_end(t, start)
    while at(t, end) == SEMICOLON:
        behind = _cookie_pair_end(t, skip_blanks(t, end + 1))
        if behind == skip_blanks(t, end + 1):
            break
        end = behind
    return bare_end(t, end) if end > start else bare_end(t, start)


@compiled
def is_number_like(t: Any, start: int, end: int) -> bool:
    """Whether the value has no letter at all."""
    for i in range(start, end):
        if is_class(t, i, LETTER):
            return False
    return True


@compiled
def count_digits(t: Any, start: int, end: int) -> int:
    """Digits from `start` to `end`."""
    count = 0
    for i in range(start, end):
        count += is_class(t, i, DIGIT)
    return count
