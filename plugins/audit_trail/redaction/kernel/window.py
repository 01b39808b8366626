"""Where in the next 64 bytes something may begin, without a branch for each byte.

Comparisons of 64 bytes at once give bits, one a byte; shifts and sums of these
say what stands beside what. The answer may name a place where nothing is,
never the other way round: what it leaves out is what `scan._judge` would pass.
Bit 0 of all of them is the byte before the first that is asked about.
"""

from __future__ import annotations

from typing import Any

from audit_trail.native import byte_mask, compiled, four_bytes, highest_bit, inlined, lowest_bit
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    AT,
    BACKSLASH,
    BRACKET,
    BRACKET_END,
    CODE_BITS,
    COLON,
    COMMA,
    DONE,
    DOT,
    ENDS,
    ENDS_SHIFT,
    EQUALS,
    FIRST_DIGIT,
    GREATER,
    HASH_FACTOR,
    HEAD_FOLD,
    HEADS,
    HEADS_SHIFT,
    LAST_DIGIT,
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
    SEPARATOR,
    SINGLE,
    SLASH,
    SPACE,
    TAB,
    UNDERSCORE,
    WIDE,
    WIDE_SECOND,
    WIDTH,
    ZERO,
)

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
    slash = byte_mask(data, place, SLASH, 0, 0, shift)
    backslash = byte_mask(data, place, BACKSLASH, 0, 0, shift)
    starts = word & (~(word << 1) | 2)
    chained = ((minus | dot | slash) << 1) & (word << 2)
    found = _numbers(
        starts & digit, chained, digit, byte_mask(data, place, ZERO, 0, 0, shift), minus, space, dot
    )
    found |= _marks(t, place, shift, word, letter, digit, minus, space, dot)
    found |= backslash & (word >> 1)
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
    # `sshd[123]:` is a process, and `password[0]=` a key.
    opening = byte_mask(data, place, BRACKET, 0, 0, shift)
    closing = byte_mask(data, place, BRACKET_END, 0, 0, shift)
    process = ((digit & (opening << 1)) + digit) & ~digit & closing
    keys = (either & (~(digit << 1) | numbered) & ~(colon & (process << 1))) | comma
    escaped = keys & _near_escape(t, before)
    # `://` and JSON's `:\/\/`, and what is in a JSON string
    found |= escaped | (colon & ((slash | backslash) >> 1))
    behind_quote = (quotes | (single & (comma >> 1))) << 1
    found |= _keys(t, before, keys & ~escaped & judged, behind_quote, digit)
    return ((found & judged) >> 1), before + last + 1


@compiled
def _near_escape(t: Any, before: int) -> int:
    """Places with a backslash directly before the quote, or where an escape among the last letters begins."""
    first = before - _ESCAPE
    place = min(first, t.size - WIDTH)
    slash = byte_mask(t.data, place, BACKSLASH, 0, 0, first - place)
    letters = slash | (slash >> 1) | (slash >> 2) | (slash >> 3) | (slash >> 4) | (slash >> 5)
    return letters | (slash >> (_ESCAPE - 2))


@inlined
def _numbers(starts: int, chained: int, digit: int, zero: int, minus: int, space: int, dot: int) -> int:
    """The beginnings of words of digits in which `digits.number` may see something.

    What lies behind the window counts as what is looked for. Those that hang
    on what is before them are no telephone numbers, but may be a card's.
    """
    second, third, fourth = (digit >> 1) | (-1 << 63), (digit >> 2) | (-1 << 62), (digit >> 3) | (-1 << 61)
    fifth, sixth, ninth = (digit >> 4) | (-1 << 60), (digit >> 5) | (-1 << 59), (digit >> 8) | (-1 << 56)
    seventh = (digit >> 6) | (-1 << 58)
    eighth = (digit >> 7) | (-1 << 57)
    joint = minus | space | dot
    # 1-415-555-2671
    one = (minus | dot) >> 1 & ~second & third & fourth & fifth & (((minus | dot) >> 5) | (-1 << 59))
    # 415-555-2671, 123-45-6789
    american = seventh & (((minus | dot) >> 7) | (-1 << 57))
    three = second & third & ~fourth & ((minus | dot) >> 3) & fifth & sixth
    three &= american | (minus >> 6) | (-1 << 58)
    # 4111-1111-1111-1111, 3782-822463-10005
    four = second & third & fourth & ~fifth & ((minus | space) >> 4) & sixth & seventh & eighth & ninth
    # 020 7946 0958, 06 12 34 56 78: ten bytes or more of digits and marks
    two_to_four = ((joint >> 2) & ~third & fourth) | ((joint >> 3) & fifth) | ((joint >> 4) & sixth)
    trunk = zero & second & (two_to_four | ((joint >> 5) & seventh) | ((joint >> 6) & eighth))
    either = digit | joint
    either &= (either >> 1) | (-1 << 63)
    eight = either & ((either >> 2) | (-1 << 62))
    eight &= (eight >> 4) | (-1 << 60)
    trunk &= eight & ((either >> 8) | (-1 << 56))
    pairs = digit & second
    fours = pairs & ((pairs >> 2) | (-1 << 61))
    eights = fours & ((fours >> 4) | (-1 << 59))
    thirteen = eights & ((eights >> 5) | (-1 << 50))
    return starts & (((one | three | trunk) & ~chained) | four | thirteen)


@inlined
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
    found = byte_mask(data, place, NEWLINE, 0, 0, shift) | byte_mask(data, place, AT, 0, 0, shift)
    # `---`, `->`, ` --option`
    found |= minus & (minus >> 1) & (minus >> 2)
    found |= minus & (greater >> 1) & (space << 1)
    found |= minus & ((blank | quote) << 1) & ((word | minus | dot) >> 1)
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


@inlined
def _words(t: Any, before: int, starts: int, word: int) -> int:
    """Words that begin as a shape may, or are as long as one must be."""
    found = 0
    while starts != 0:
        bit = lowest_bit(starts)
        head = four_bytes(t.data, before + bit) | HEAD_FOLD
        place = ((head * HASH_FACTOR) >> HEADS_SHIFT) & (HEADS - 1)
        end = lowest_bit(~word & (-1 << bit))
        long = int(end - bit >= t.broad[t.data[before + end]])
        found |= (((t.heads[place >> 3] >> (place & 7)) & 1) | long) << bit
        starts &= starts - 1
    return found


@inlined
def _keys(t: Any, before: int, separators: int, behind_quote: int, digit: int) -> int:
    """Separators that may stand behind a known key."""
    found = 0
    while separators != 0:
        bit = lowest_bit(separators)
        end = bit - ((behind_quote >> bit) & 1)
        if FIRST_DIGIT <= t.lasts[t.data[before + end - 1]] <= LAST_DIGIT:
            # Up to the digits, if the window holds them all.
            others = ~digit & ((1 << end) - 1)
            known = others == 0 or may_end_numbered_key(t, before + highest_bit(others) + 1, before + end)
        else:
            known = _ends_as_key(t, before + end)
        found |= int(known) << bit
        separators &= separators - 1
    return found


@compiled
def may_end_key(t: Any, i: int) -> bool:
    """Whether the bytes before `i`, which is `BEFORE` or more, may end a known key, or a quote of it."""
    return _ends_as_key(t, i)


@compiled
def may_end_numbered_key(t: Any, i: int, end: int) -> bool:
    r"""Whether the digits from `i` to `end` may number a known key, `pin-1`, or end one, or an escape.

    A backslash stands before the letter of `\u0022` and `\x22`, and ten bytes
    before `i` at most where one of the key's last letters is escaped.
    """
    data, codes = t.data, t.codes
    before = data[i - 1]
    if _is_known(t, end, codes[data[end - 1]]) or i - t.state[DONE] <= _KNOWN_BY:
        return True
    if before == MINUS or before == DOT:
        i -= 1
        if codes[data[i - 1]] >= FIRST_DIGIT:
            return False
    elif codes[before] >= FIRST_DIGIT:
        return bool(before == UNDERSCORE or before == PERCENT or before >= 128)
    if codes[data[i - 2]] == SEPARATOR or codes[data[i - 3]] == SEPARATOR:
        return True  # `passwor-d1=`
    escaped = (data[i - 2] == BACKSLASH) | (data[i - 6] == BACKSLASH) | (data[i - 7] == BACKSLASH)
    escaped |= (data[i - 8] == BACKSLASH) | (data[i - 9] == BACKSLASH) | (data[i - 10] == BACKSLASH)
    return escaped or may_end_key(t, i)


@inlined
def _is_known(t: Any, i: int, last: int) -> bool:
    """Whether a known key ends with the last five codes before `i`."""
    data, codes = t.data, t.codes
    number = (last << CODE_BITS) | codes[data[i - 2]]
    number = (number << CODE_BITS) | codes[data[i - 3]]
    number = (number << 2 * CODE_BITS) | (codes[data[i - 4]] << CODE_BITS) | codes[data[i - 5]]
    place = ((number * HASH_FACTOR) >> ENDS_SHIFT) & (ENDS - 1)
    return bool(((t.ends[place >> 3] >> (place & 7)) & 1) != 0)


@inlined
def _ends_as_key(t: Any, i: int) -> bool:
    """See `may_end_key`.

    A key of one letter needs a beginning before it: that is no letter, or the
    end of an escape, a colour, an option's `-D` or what was replaced. A letter
    behind one beyond ASCII may end a word for a password.
    """
    data, codes = t.data, t.codes
    last, second = t.lasts[data[i - 1]], codes[data[i - 2]]
    letter = last & (SINGLE - 1)
    if _is_known(t, i, letter) or letter == LOOK or i - t.state[DONE] <= _KNOWN_BY:
        return True
    begins = (second >= 26) | (second == LOWER_M - 97) | (data[i - 3] == BACKSLASH)
    begins |= (data[i - 4] == PERCENT) | (data[i - 6] == PERCENT)
    begins |= (data[i - 5] == BACKSLASH) | ((second == LOWER_D - 97) & (data[i - 3] == MINUS))
    bracket = (letter == LOWER_D - 97) & (data[i - 3] == PERCENT)
    single = (last >= SINGLE) & begins
    foreign = (letter < 26) & (data[i - 2] >= 128)
    return bool(single | bracket | foreign)
