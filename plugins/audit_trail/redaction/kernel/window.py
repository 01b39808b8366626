"""Where in the next 64 bytes something may begin, without a branch for each byte.

Comparisons of 64 bytes at once give bits, one a byte; shifts and sums of these
say what stands beside what. The answer may name a place where nothing is,
never the other way round: what it leaves out is what `scan._judge` would pass.
Bit 0 of all of them is the byte before the first that is asked about.
"""

from __future__ import annotations

from typing import Any

from audit_trail.native import byte_mask, compiled, highest_bit, lowest_bit
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    AT,
    BACKSLASH,
    COLON,
    COMMA,
    DONE,
    DOT,
    ENDS,
    ENDS_FACTOR,
    ENDS_SHIFT,
    EQUALS,
    GREATER,
    LESS,
    LOOK,
    LOWER_D,
    LOWER_L,
    LOWER_M,
    MINUS,
    NEWLINE,
    OPEN,
    PERCENT,
    PLUS,
    QUOTE,
    SINGLE,
    SLASH,
    SPACE,
    TAB,
    UNDERSCORE,
    WIDE,
    WIDE_SECOND,
    ZERO,
)

WIDTH = 64
# Bytes before a window that are looked at: keys are known by their last five,
# and an escape of one of these, with a quote behind them, begins eleven before.
BEFORE = 16
_ESCAPE = 11
# Bytes behind a word that are looked at.
_BEHIND = 4
_LOWER_CASE = 32
# Nearer than this behind what was replaced, a key may begin anywhere.
_KNOWN_BY = 5


@compiled
def fits(t: Any, i: int) -> bool:
    """Whether a window may begin at `i`: all that it reads is inside of the data."""
    return i >= BEFORE and t.size >= WIDTH and t.size - i > 2 * _BEHIND


@compiled
def interesting(t: Any, begin: int) -> tuple[int, int]:
    """Places from `begin` on, one bit each, where something may begin; and up to where the bits go.

    They go up to the beginning of a word that the window does not hold whole:
    to `begin` when that is this very word.
    """
    before = begin - 1
    place = min(before, t.size - WIDTH)
    shift = before - place
    data = t.data
    letter = byte_mask(data, place, 97, 25, _LOWER_CASE, shift)
    digit = byte_mask(data, place, ZERO, 9, 0, shift)
    word = letter | digit | byte_mask(data, place, UNDERSCORE, 0, 0, shift)
    last = min(WIDTH - 2, WIDTH - shift - 1 - _BEHIND)
    between = ~word & ((2 << last) - 1)
    last = highest_bit(between | 1)
    if last == 0:
        return 0, begin
    minus = byte_mask(data, place, MINUS, 0, 0, shift)
    space = byte_mask(data, place, SPACE, 0, 0, shift)
    dot = byte_mask(data, place, DOT, 0, 0, shift)
    starts = word & (~(word << 1) | 2)
    found = _numbers(starts & digit, digit, byte_mask(data, place, ZERO, 0, 0, shift), minus, space, dot)
    found |= _marks(t, place, shift, word, letter, digit, minus, space, dot)
    judged = (2 << last) - 2
    found |= _words(t, before, starts & judged, word)
    quotes = byte_mask(data, place, QUOTE, 0, 0, shift)
    single = byte_mask(data, place, APOSTROPHE, 0, 0, shift)
    colon = byte_mask(data, place, COLON, 0, 0, shift)
    either = colon | byte_mask(data, place, EQUALS, 0, 0, shift)
    comma = byte_mask(data, place, COMMA, 0, 0, shift) & ((quotes | single) << 1)
    # `12:34` is a time, and `name12:` may be a key.
    named = digit & ((~(digit << 1) & ((word | minus) << 1)) | 1)
    numbered = ((named + digit) & ~digit & colon) | (either & ~colon)
    keys = (either & (~(digit << 1) | numbered)) | comma
    escaped = keys & _near_escape(t, before)
    found |= escaped | (colon & (_following(data, place, shift) >> 1))
    behind_quote = (quotes | (single & (comma >> 1))) << 1
    found |= _keys(t, before, keys & ~escaped & judged, behind_quote)
    return ((found & judged) >> 1), before + last + 1


@compiled
def _following(data: Any, place: int, shift: int) -> int:
    """What makes a colon that of `://`, or of JSON's `:\\/\\/`."""
    return byte_mask(data, place, SLASH, 0, 0, shift) | byte_mask(data, place, BACKSLASH, 0, 0, shift)


@compiled
def _near_escape(t: Any, before: int) -> int:
    """Places with a backslash directly before the quote, or where an escape among the last letters begins."""
    first = before - _ESCAPE
    place = min(first, t.size - WIDTH)
    slash = byte_mask(t.data, place, BACKSLASH, 0, 0, first - place)
    letters = slash | (slash >> 1) | (slash >> 2) | (slash >> 3) | (slash >> 4) | (slash >> 5)
    return letters | (slash >> (_ESCAPE - 2))


@compiled
def _numbers(starts: int, digit: int, zero: int, minus: int, space: int, dot: int) -> int:
    """The beginnings of words of digits in which `digits.may_begin` may see something.

    What lies behind the window counts as a digit.
    """
    second, third, fourth = (digit >> 1) | (-1 << 63), (digit >> 2) | (-1 << 62), (digit >> 3) | (-1 << 61)
    fifth, sixth, ninth = (digit >> 4) | (-1 << 60), (digit >> 5) | (-1 << 59), (digit >> 8) | (-1 << 56)
    seventh = (digit >> 6) | (-1 << 58)
    eighth = (digit >> 7) | (-1 << 57)
    joint = minus | space | dot
    one = (minus | dot) >> 1 & ~second & third & fifth
    three = second & third & ~fourth & ((minus | dot) >> 3) & fifth & sixth
    four = second & third & fourth & ~fifth & ((minus | space) >> 4) & sixth & ninth
    two_to_four = ((joint >> 2) & ~third & fourth) | ((joint >> 3) & fifth) | ((joint >> 4) & sixth)
    trunk = zero & second & (two_to_four | ((joint >> 5) & seventh) | ((joint >> 6) & eighth))
    pairs = digit & second
    fours = pairs & ((pairs >> 2) | (-1 << 61))
    eights = fours & ((fours >> 4) | (-1 << 59))
    thirteen = eights & ((eights >> 5) | (-1 << 50))
    return starts & (one | three | four | trunk | thirteen)


@compiled
def _marks(
    t: Any, place: int, shift: int, word: int, letter: int, digit: int, minus: int, space: int, dot: int
) -> int:
    """Marks that are no separators, where what stands beside them lets something hang on them."""
    data = t.data
    quote = byte_mask(data, place, QUOTE, 0, 0, shift) | byte_mask(data, place, APOSTROPHE, 0, 0, shift)
    greater = byte_mask(data, place, GREATER, 0, 0, shift)
    opening = byte_mask(data, place, OPEN, 0, 0, shift)
    blank = space | byte_mask(data, place, TAB, 4, 0, shift)
    colon = byte_mask(data, place, COLON, 0, 0, shift)
    found = byte_mask(data, place, NEWLINE, 0, 0, shift) | byte_mask(data, place, BACKSLASH, 0, 0, shift)
    found |= byte_mask(data, place, AT, 0, 0, shift)
    found |= minus & (((minus | greater) >> 1) | ((blank | quote) << 1))
    found |= byte_mask(data, place, PLUS, 0, 0, shift) & (digit >> 1) & ~(word << 1)
    found |= opening & (digit >> 1)
    found |= byte_mask(data, place, PERCENT, 0, 0, shift) & (word >> 1)
    found |= byte_mask(data, place, WIDE, 0, 0, shift) & (
        byte_mask(data, place, WIDE_SECOND, 0, 0, shift) >> 1
    )
    found |= byte_mask(data, place, LESS, 0, 0, shift) & ((word | dot | minus | colon) >> 1)
    found |= byte_mask(data, place, AMPERSAND, 0, 0, shift) & (
        byte_mask(data, place, LOWER_L, 0, 0, shift) >> 1
    )
    found |= byte_mask(data, place, APOSTROPHE, 0, 0, shift) & ((space | opening) << 1)
    return found


@compiled
def _words(t: Any, before: int, starts: int, word: int) -> int:
    """Words that begin as a shape may, or are as long as one must be."""
    found = 0
    while starts != 0:
        bit = lowest_bit(starts)
        i = before + bit
        shapes = t.heads[t.data[i]] & t.heads[256 + t.data[i + 1]]
        shapes &= t.heads[512 + t.data[i + 2]] & t.heads[768 + t.data[i + 3]]
        end = lowest_bit(~word & (-1 << bit))
        found |= int(shapes != 0 or end - bit >= t.broad[t.data[before + end]]) << bit
        starts &= starts - 1
    return found


@compiled
def _keys(t: Any, before: int, separators: int, behind_quote: int) -> int:
    """Separators that may stand behind a known key."""
    found = 0
    while separators != 0:
        bit = lowest_bit(separators)
        found |= int(may_end_key(t, before + bit - ((behind_quote >> bit) & 1))) << bit
        separators &= separators - 1
    return found


@compiled
def may_end_key(t: Any, i: int) -> bool:
    """Whether the bytes before `i`, which is `BEFORE` or more, may end a known key, or its number or quote.

    A key of one letter needs a beginning before it: that is no letter, or the
    end of an escape, a colour, an option's `-D` or what was replaced. A letter
    behind one beyond ASCII may end a word for a password.
    """
    data, codes = t.data, t.codes
    last, second, third = t.lasts[data[i - 1]], codes[data[i - 2]], codes[data[i - 3]]
    letter = last & (SINGLE - 1)
    number = (((letter * 38 + second) * 38 + third) * 38 + codes[data[i - 4]]) * 38 + codes[data[i - 5]]
    place = ((number * ENDS_FACTOR) >> ENDS_SHIFT) & (ENDS - 1)
    known = (t.ends[place >> 3] >> (place & 7)) & 1
    begins = (second >= 26) | (second == LOWER_M - 97) | (data[i - 3] == BACKSLASH)
    begins |= (data[i - 4] == PERCENT) | (data[i - 6] == PERCENT)
    begins |= (data[i - 5] == BACKSLASH) | ((second == LOWER_D - 97) & (data[i - 3] == MINUS))
    bracket = (letter == LOWER_D - 97) & (data[i - 3] == PERCENT)
    single = (last >= SINGLE) & begins
    foreign = (letter < 26) & (data[i - 2] >= 128)
    return ((known != 0) | (last == LOOK) | single | bracket | foreign) or i - t.state[DONE] <= _KNOWN_BY
