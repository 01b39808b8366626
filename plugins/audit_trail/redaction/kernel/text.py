"""What every part of the scanner works on: the bytes, the tables, the state."""

from __future__ import annotations

from typing import Any

from numba import types

from audit_trail.native import BYTES, INTS, LONGS, Context, byte_mask, compiled, eight_bytes, highest_bit
from audit_trail.redaction.kernel.layout import *

_TYPES = {"bytes": BYTES, "ints": INTS, "longs": LONGS, "int64": types.int64}
text_at = Context("Text", {name: _TYPES[kind] for name, kind in FIELDS.items()}).at()


_REDACTED_1, _REDACTED_2 = packed(b"redac"), packed(b"ted:")


@compiled
def at(t: Any, i: int) -> int:
    """The byte at `i`; outside of the text it is a newline, which ends everything."""
    if i < 0 or i >= t.size:
        return NEWLINE
    return int(t.data[i])


@compiled
def is_class(t: Any, i: int, bits: int) -> bool:
    """Whether there is a byte at `i` of one of these classes."""
    return 0 <= i < t.size and (t.classes[t.data[i]] & bits) != 0


@compiled
def skip_class(t: Any, i: int, bits: int) -> int:
    """The first place from `i` on whose byte is not of these classes."""
    while i < t.size and (t.classes[t.data[i]] & bits) != 0:
        i += 1
    return i


@compiled
def skip_blanks(t: Any, i: int) -> int:
    """The first place from `i` on that is neither space nor tab."""
    while at(t, i) == SPACE or at(t, i) == TAB:
        i += 1
    return i


@compiled
def lower(byte: int) -> int:
    """ASCII upper case letters as lower case; other bytes as they are."""
    return byte + 32 if 65 <= byte <= 90 else byte


@compiled
def is_blank(byte: int) -> bool:
    """Whitespace, and the end of the text."""
    return byte == SPACE or 9 <= byte <= 13


@compiled
def last_blank_or_less(t: Any, i: int, limit: int) -> int:
    """The last `<` before `i`, or behind the last blank before `i` if that is nearer, or else `limit`."""
    while i - limit >= WIDTH:
        less = byte_mask(t.data, i - WIDTH, LESS, 0, 0, 0)
        found = (
            less | byte_mask(t.data, i - WIDTH, TAB, 4, 0, 0) | byte_mask(t.data, i - WIDTH, SPACE, 0, 0, 0)
        )
        if found != 0:
            bit = highest_bit(found)
            return i - WIDTH + bit + 1 - ((less >> bit) & 1)
        i -= WIDTH
    while i > limit and not is_blank(at(t, i - 1)):
        i -= 1
        if at(t, i) == LESS:
            break
    return i


@compiled
def line_end(t: Any, i: int) -> int:
    """Where the line of `i` ends, without its carriage return."""
    while i < t.size and t.data[i] != NEWLINE:
        i += 1
    return i - 1 if at(t, i - 1) == RETURN and i > 0 else i


@compiled
def hex_value(byte: int) -> int:
    """0 to 15, or -1."""
    if 48 <= byte <= 57:
        return byte - 48
    byte = lower(byte)
    return byte - 87 if 97 <= byte <= 102 else -1


@compiled
def hex_number(t: Any, i: int, digits: int) -> int:
    """The value of that many hexadecimal digits at `i`, or -1."""
    value = 0
    for k in range(digits):
        digit = hex_value(at(t, i + k))
        if digit < 0:
            return -1
        value = value * 16 + digit
    return value


@compiled
def unicode_escape(t: Any, i: int) -> int:
    r"""The code unit of a `\uXXXX` at `i`, or -1."""
    if at(t, i) != BACKSLASH or at(t, i + 1) != LOWER_U:
        return -1
    return hex_number(t, i + 2, 4)


@compiled
def wide_separator(t: Any, i: int) -> int:
    """The length of a full-width colon or equals sign at `i`, or 0."""
    return 3 if at(t, i) == WIDE and at(t, i + 1) == 188 and at(t, i + 2) in (154, 157) else 0


@compiled
def hex_escape(t: Any, i: int) -> int:
    r"""The byte of a `\xXX` at `i`, as nginx writes what is not plain, or -1."""
    if at(t, i) != BACKSLASH or at(t, i + 1) != 120:
        return -1
    return hex_number(t, i + 2, 2)


@compiled
def after_escape(t: Any, i: int) -> int:
    r"""Where text begins when the bytes at `i` complete a JSON escape.

    In `\nbob@example.com` the `n` belongs to the escape; replacing it would
    leave a lone backslash and break the JSON around it.
    """
    if i == 0 or at(t, i - 1) != BACKSLASH:
        return i
    byte = at(t, i)
    if byte == 98 or byte == 102 or byte == LOWER_N or byte == LOWER_R or byte == LOWER_T:
        return i + 1
    if hex_escape(t, i - 1) >= 0:
        return i + 3
    return i + 5 if unicode_escape(t, i - 1) >= 0 else i


@compiled
def backslashes_before(t: Any, i: int, limit: int) -> int:
    """Length of the run of backslashes that ends at `i`, not looking before `limit`."""
    start = i
    while start > limit and at(t, start - 1) == BACKSLASH:
        start -= 1
    return i - start


@compiled
def quote_escape(run: int) -> int:
    """How many of the `run` backslashes before a quote say how deep in strings it stands.

    A quote in JSON within n JSON strings has 2**n - 1 backslashes; backslashes
    at the end of the quoted text add multiples of 2**(n+1) before them. So n
    is the number of ones at the end of `run` in binary.
    """
    return (run ^ (run + 1)) >> 1


@compiled
def begins_word(t: Any, i: int) -> bool:
    r"""True when a value may begin here: no letter or digit before it, unless that ends an escape."""
    if i <= t.state[DONE] or not is_class(t, i - 1, WORD):
        return True
    byte = at(t, i - 1)
    if at(t, i - 2) == BACKSLASH and (byte == LOWER_N or byte == LOWER_R or byte == LOWER_T):
        return True
    if at(t, i - 3) == PERCENT and hex_number(t, i - 2, 2) >= 0:
        return True
    return unicode_escape(t, i - 6) >= 0 or hex_escape(t, i - 4) >= 0


@compiled
def skip_blanks_in_json(t: Any, i: int) -> int:
    r"""Like `skip_blanks`, and over those that are written as `\u0020`."""
    i = skip_blanks(t, i)
    while unicode_escape(t, i) == SPACE:
        i = skip_blanks(t, i + 6)
    return i


@compiled
def placeholder_end(t: Any, i: int) -> int:
    """The end of a `[REDACTED:...]` at `i`, or 0."""
    if at(t, i) != BRACKET:
        return 0
    if not holds(t, i + 1, _REDACTED_1) or not holds(t, i + 6, _REDACTED_2):
        return 0
    j = i + 10
    while is_class(t, j, WORD) or at(t, j) == MINUS or at(t, j) == COLON:
        j += 1
    return j + 1 if at(t, j) == BRACKET_END and j > i + 10 else 0


@compiled
def may_look(t: Any, i: int) -> bool:
    """Whether a look ahead from `i` is within what this line allows: a few times its own length.

    Brackets that never close could otherwise be looked for from each of them.
    The answer depends on the line alone, so it is the same wherever it stands.
    """
    return t.state[WASTED] <= 8 * (i - t.state[LINE]) + 4096


@compiled
def skip_colour(t: Any, i: int) -> int:
    """Behind a terminal's colour sequence at `i`."""
    if at(t, i) != 27 or at(t, i + 1) != BRACKET:
        return i
    j = i + 2
    while j - i < 12 and ((48 <= at(t, j) <= 57) or at(t, j) == SEMICOLON):
        j += 1
    return j + 1 if at(t, j) == 109 else i


@compiled
def holds(t: Any, i: int, word: int) -> bool:
    """Whether the bytes of a `packed` word stand at `i`, in either case."""
    while word > 0:
        if lower(at(t, i)) != (word & 255):
            return False
        word >>= 8
        i += 1
    return True


@compiled
def seven_bytes(t: Any, i: int) -> int:
    """The bytes at `i` as one number, the first one lowest; behind the text there are newlines.

    Above the seventh byte there may be anything.
    """
    if 0 <= i <= t.size - 8:
        return int(eight_bytes(t.data, i))
    number = 0
    for k in range(LEAD_BYTES):
        number |= at(t, i + k) << (8 * k)
    return number


@compiled
def add_span(t: Any, start: int, end: int, rule: int, quote: int) -> int:
    """Note what is to be replaced; returns where to go on."""
    if (t.rules[rule] & KEEPS) != 0 or start < t.state[DONE] or end <= start:
        return end
    place = t.state[COUNT] * SPAN_INTS
    t.spans[place] = start
    t.spans[place + 1] = end
    t.spans[place + 2] = rule
    t.spans[place + 3] = quote
    t.spans[place + 4] = rule
    t.state[COUNT] += 1
    t.state[DONE] = end
    return end
