"""The walk over the bytes, and the output made from what it found."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled, longs_at, lowest_bit
from audit_trail.redaction.kernel import (
    addresses,
    digits,
    elements,
    options,
    pairs,
    statements,
    stripes,
    tokens,
    values,
    window,
)
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    AT,
    BACKSLASH,
    BRACKET,
    COLON,
    COMMA,
    COUNT,
    DIGIT,
    DONE,
    EQUALS,
    GREATER,
    IN_STRING,
    LESS,
    LINE,
    LOWER_L,
    LOWER_T,
    MARK,
    MINUS,
    NEWLINE,
    OPEN,
    PEM_LINES,
    PEM_START,
    PERCENT,
    PLUS,
    POSITION,
    QUOTE,
    ROOM,
    SIZE_PLACE,
    SLASH,
    SPACE,
    STRING_KNOWN_TO,
    WASTED,
    WIDE,
    WORD,
    at,
    hex_escape,
    hex_number,
    is_blank,
    is_class,
    skip_class,
    text_at,
    unicode_escape,
    wide_separator,
)

# All of this folder takes part, directly or through another file.
# One mark leads to at most this many spans.
SPANS_AT_ONCE = 8
# Keys are not numbered higher: digits beyond are looked at again.
MAX_NUMBERING = 8


@compiled
def scan_text(t: Any, start: int) -> int:
    """Note every span to be replaced from `start` on; returns the end, or where the room for spans ran out.

    A window of 64 bytes at a time says where something may begin, and only
    that is looked at. At the edges of the data, within private keys and in
    words that are longer than a window, every place is.
    """
    i = start
    while i < t.size:
        bits, end = 0, i
        if t.state[PEM_START] < 0 and window.fits(t, i):
            bits, end = window.interesting(t, i)
        if end == i:
            i = _judge(t, i)
            if t.state[COUNT] + SPANS_AT_ONCE > t.state[ROOM]:
                return i
            continue
        begin, i = i, end
        while bits != 0:
            behind = _judge(t, begin + lowest_bit(bits))
            if t.state[COUNT] + SPANS_AT_ONCE > t.state[ROOM]:
                return behind
            if (
                behind >= end
                or t.state[DONE] > begin
                or t.state[PEM_START] >= 0
                or _is_within_word(t, behind)
            ):
                i = behind
                break
            bits &= -1 << (behind - begin)
    return i


@compiled
def _is_within_word(t: Any, i: int) -> bool:
    """Whether the word that is looked at next begins where the bytes do not show it."""
    return is_class(t, i, WORD) and is_class(t, i - 1, WORD)


@compiled
def _judge(t: Any, i: int) -> int:
    """Judge what begins at `i`; returns where to go on."""
    byte = t.data[i]
    bits = t.classes[byte]
    if (bits & (WORD | MARK)) == 0:
        return i + 1
    if byte == NEWLINE and t.state[PEM_START] < 0:
        return _newline(t, i)
    if (bits & WORD) == 0:
        return i + 1 if t.state[PEM_START] < 0 and _is_idle(t, i, byte) else _mark(t, i, byte)
    first = skip_class(t, i, DIGIT)
    end = skip_class(t, first, WORD)
    if t.state[PEM_START] < 0:
        pair = byte * 256 + at(t, i + 1)
        special = (t.starts[pair >> 3] >> (pair & 7)) & 1 != 0 or end - i >= t.broad[at(t, end)]
        if not special and not (first == end and digits.may_begin(t, i, end)):
            return end
    return _word(t, i, bits, end)


@compiled
def _word(t: Any, i: int, bits: int, end: int) -> int:
    """Judge a word; returns where to go on."""
    if 0 <= t.state[PEM_START] <= i:
        return tokens.body_line(t)
    if (bits & DIGIT) != 0:
        behind = digits.number(t, i)
        if behind > 0:
            return behind
    behind = tokens.word(t, i)
    if behind == 0 and end - i >= t.broad[at(t, end)]:
        behind = tokens.long_word(t, i)
    return behind if behind > 0 else end


@compiled
def _is_idle(t: Any, i: int, byte: int) -> bool:
    """Whether, at a glance, nothing can hang on the mark at `i`."""
    before = at(t, i - 1)
    if byte == COMMA:
        return (before != QUOTE and before != APOSTROPHE) or not _may_end_key(t, _before_quote(t, i))
    if byte == MINUS:
        after = at(t, i + 1)
        dashed = after == MINUS or after == GREATER
        return not dashed and not is_blank(before) and before != QUOTE and before != APOSTROPHE
    if byte != COLON and byte != EQUALS:
        return False
    if byte == COLON and (at(t, i + 1) == SLASH or at(t, i + 1) == BACKSLASH):
        return False
    if before == QUOTE:
        i = _before_quote(t, i)
    elif byte == COLON and is_class(t, i - 1, DIGIT) and not is_key_number(t, i):
        return True
    return not _may_end_key(t, i)


@compiled
def _before_quote(t: Any, i: int) -> int:
    """Where the text ends whose closing quote is before `i`."""
    i -= 1
    while at(t, i - 1) == BACKSLASH:
        i -= 1
    return i


@compiled
def _may_end_key(t: Any, i: int) -> bool:
    """Whether the three bytes before `i` may be the last of a known key."""
    first, second, third = t.codes[at(t, i - 1)], t.codes[at(t, i - 2)], t.codes[at(t, i - 3)]
    foreign = second > 35 and at(t, i - 2) >= 128
    if first >= 26 or 26 <= second <= 35 or foreign:
        known = first > 35 or foreign or i < window.BEFORE
        return known or _is_near_escape(t, i) or _may_end_numbered_key(t, i)
    if first == 3 and at(t, i - 9) == BRACKET and at(t, i - 8) == 82:
        return False  # [REDACTED:
    if _is_near_escape(t, i):
        return True
    tail = (first * 37 + min(second, 36)) * 37 + min(third, 36)
    return (t.tails[tail >> 3] >> (tail & 7)) & 1 != 0


@compiled
def _is_near_escape(t: Any, i: int) -> bool:
    """Whether one of the three letters before `i` may be written as an escape."""
    return at(t, i - 6) == BACKSLASH or at(t, i - 7) == BACKSLASH or at(t, i - 8) == BACKSLASH


@compiled
def _may_end_numbered_key(t: Any, i: int) -> bool:
    """The same where digits are among them: most end an id, few number a key."""
    j = i
    while i - j < MAX_NUMBERING and is_class(t, j - 1, DIGIT):
        j -= 1
    if j == i:  # the digit is the last but one
        escaped = at(t, i - 9) == BACKSLASH or at(t, i - 10) == BACKSLASH
        return escaped or window.may_end_key(t, i)
    return j < window.BEFORE or is_class(t, j - 1, DIGIT) or window.may_end_numbered_key(t, j, i)


@compiled
def _mark(t: Any, i: int, byte: int) -> int:
    """Judge a byte that is not of a word; returns where to go on."""
    if 0 <= t.state[PEM_START] <= i:
        return tokens.body_line(t)
    behind, width, encoded = 0, 0, False
    if byte == COLON or byte == EQUALS:
        behind = _scheme(t, i) if byte == COLON else 0
        width = 1
    elif byte == COMMA:
        behind = pairs.element_of_list(t, i)
    elif byte == NEWLINE:
        behind = _newline(t, i)
    elif byte == BACKSLASH:
        behind, width = _backslash(t, i)
    elif byte == MINUS:
        behind, width = _dash(t, i)
    elif byte == AT:
        behind = addresses.email(t, i, 1)
    elif byte == PLUS:
        behind = digits.international(t, i)
    elif byte == OPEN:
        behind = digits.parenthesised(t, i)
    elif byte == PERCENT:
        behind, width = _percent(t, i)
        encoded = True
    elif byte == WIDE:
        width = wide_separator(t, i)
    elif byte == LESS or byte == AMPERSAND:
        behind = _element(t, i, byte)
    elif byte == APOSTROPHE and at(t, i - 1) in (SPACE, OPEN):
        behind = statements.statement(t, i)
    if width > 0 and behind == 0:
        behind = pairs.separator(t, i, width, encoded)
        if behind == 0:
            behind = i + width
    return behind if behind > i else i + 1


@compiled
def is_key_number(t: Any, i: int) -> bool:
    """Whether the digits before `i` end a name, as in `password2:`, and not a time."""
    while is_class(t, i - 1, DIGIT):
        i -= 1
    return is_class(t, i - 1, WORD) or at(t, i - 1) == MINUS


@compiled
def _scheme(t: Any, i: int) -> int:
    r"""Judge a colon before `//` or JSON's `\/\/`; returns where to go on, 0 when it is another colon."""
    if at(t, i + 1) == SLASH and at(t, i + 2) == SLASH:
        behind = addresses.userinfo(t, i + 3)
        return behind if behind > 0 else i + 3
    if at(t, i + 1) == BACKSLASH and at(t, i + 2) == SLASH and at(t, i + 4) == SLASH:
        behind = addresses.userinfo(t, i + 5)
        return behind if behind > 0 else i + 5
    return 0


@compiled
def _element(t: Any, i: int, byte: int) -> int:
    """Judge a `<` or `&lt;`, before an XML element."""
    name = i + 1
    if byte == AMPERSAND:
        if at(t, i + 1) != LOWER_L or at(t, i + 2) != LOWER_T or at(t, i + 3) != 59:
            return 0
        name = i + 4
    behind = elements.element(t, name)
    return behind if behind > 0 else pairs.element_pair(t, name)


@compiled
def _newline(t: Any, i: int) -> int:
    t.state[LINE] = i + 1
    t.state[WASTED] = 0
    t.state[PEM_START] = -1
    if t.state[PEM_LINES] > 0 and i + 1 < t.size:
        tokens.begin_line(t, i + 1)
    return i + 1


@compiled
def _backslash(t: Any, i: int) -> tuple[int, int]:
    """Behind an escape, so that the word after it begins where it begins; or the width of a separator."""
    unit = unicode_escape(t, i)
    if unit < 0 and hex_escape(t, i) >= 0:
        return (0, 4) if hex_escape(t, i) in (EQUALS, COLON) else (i + 4, 0)
    if unit < 0:
        return (i + 2 if at(t, i + 1) in (98, 102, 110, 114, 116) else i + 1), 0
    if unit == EQUALS or unit == COLON:
        return 0, 6
    behind = 0
    if unit == AT:
        behind = addresses.email(t, i, 6)
    if unit == LESS:
        behind = elements.element(t, i + 6)
    return (behind if behind > 0 else i + 6), 0


@compiled
def _dash(t: Any, i: int) -> tuple[int, int]:
    """Judge dashes; returns where to go on, or the width of the separator `->`."""
    before = at(t, i - 1)
    if at(t, i + 1) == MINUS and at(t, i + 2) == MINUS:
        behind = tokens.private_key(t, i)
        return (behind if behind > 0 else tokens.skip_dashes(t, i)), 0
    if at(t, i + 1) == GREATER:  # `password -> x`
        return (0, 2) if before == SPACE else (i + 2, 0)
    if is_blank(before) or before in (QUOTE, APOSTROPHE):
        return options.option(t, i), 0
    return 0, 0


@compiled
def _percent(t: Any, i: int) -> tuple[int, int]:
    """Judge an encoded byte; returns where to go on, or the width of a separator."""
    unit, width = values.percent_unit(t, i)
    if at(t, i + 1) in (66, 98) and is_class(t, i + 2, DIGIT):
        behind = stripes.track_one(t, i)
        if behind > 0:
            return behind, 0
    if unit < 0:
        return i + 1, 0
    behind = 0
    if unit == PLUS:
        behind = stripes.encoded_phone(t, i, width)
    elif unit == AT:
        behind = addresses.email(t, i, width)
    elif unit == COLON and hex_number(t, i + 4, 2) == SLASH and hex_number(t, i + 7, 2) == SLASH:
        behind = addresses.encoded_userinfo(t, i + 9)
    elif unit == EQUALS or unit == COLON:
        return 0, width
    return (behind if behind > 0 else i + width), 0


@compiled
def scan(context: int, ranges: int, count: int, first: int, position: int) -> int:
    """Scan ranges of whole lines, each by itself.

    Args:
        context: Address of the addresses in a row; see `text.FIELDS`.
        ranges: Address of `count` pairs of start and end (int64), in order.
        first: The range to begin with.
        position: Where to go on in it, or -1 to begin it; then `state[PEM_*]`
            say what the lines before it said.

    Returns:
        `count`, or the range in which the room for spans ran out; then
        `state[POSITION]` is where to go on.
    """
    t, places, row = text_at(context), longs_at(ranges), longs_at(context)
    for place in range(first, count):
        begin, end = places[place * 2], places[place * 2 + 1]
        row[SIZE_PLACE] = end
        if position < 0:
            _begin_range(t, begin, place > 0)
            position = begin
        position = scan_text(t, position)
        if position < end:
            t.state[POSITION] = position
            return place
        position = -1
    return count


@compiled
def _begin_range(t: Any, begin: int, afresh: bool) -> int:
    t.state[DONE] = begin
    t.state[LINE] = begin
    t.state[WASTED] = 0
    t.state[STRING_KNOWN_TO] = begin
    t.state[IN_STRING] = 0
    t.state[PEM_START] = -1
    if afresh:
        t.state[PEM_LINES] = 0
    if t.state[PEM_LINES] > 0:
        tokens.begin_line(t, begin)
    return begin
