"""What every part of the scanner works on: the bytes, the tables, the state."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

from numba import types

from audit_trail.native import BYTES, INTS, LONGS, Context, compiled

FIELDS = {
    "data": BYTES,  # the bytes to look at
    "size": types.int64,  # how many
    "classes": BYTES,  # uint8[256], bits below
    "codes": BYTES,  # uint8[256]: letters 0-25, digits 26-35, separators of key words 36, else 37
    "tails": BYTES,  # uint8[37**3 // 8 + 1]: one bit per three last letters that a key may have
    "trie": INTS,  # int32[nodes * NODE_INTS]: key words, last letter first
    "words": INTS,  # int32[nodes * NODE_INTS]: words of prose, first letter first
    "starts": BYTES,  # uint8[8192]: one bit per pair of bytes that a shape may begin with
    "lists": INTS,  # int32[65536]: where in `candidates` the shapes of that pair begin
    "candidates": INTS,  # shape numbers, each list ended by -1
    "shapes": INTS,  # int32[shapes * SHAPE_INTS]
    "items": INTS,  # int32[items * 3]: mask number, at least, at most
    "masks": BYTES,  # uint8[masks * 256]
    "rules": INTS,  # int32[rules]: flags below
    "detectors": INTS,  # int32[DETECTORS]: rule of each built-in detector, or -1
    "broad": INTS,  # int32[256]: how long a word before this byte must be for `candidates[0:]` to be tried
    "memo": LONGS,  # int64[shapes * 2]: a run in which a shape is known to fail
    "spans": INTS,  # int32[room * SPAN_INTS], written
    "state": LONGS,  # int64[STATE], read and written
}
Text = namedtuple("Text", list(FIELDS))  # type: ignore[misc]
text_at = Context("Text", FIELDS).at()
SIZE_PLACE = list(FIELDS).index("size")

# Bits of `classes`.
WORD = 1  # letters, digits, underscore
DIGIT = 2
LETTER = 4
LOCAL = 8  # of an e-mail's local part
DOMAIN = 16  # of a host name
BARE = 32  # of an unquoted value
MARK = 64  # not of a word, and something may hang on it
HEX = 128

# Longer names are not looked through.
MAX_NAME = 64

# A node: 36 children, then what ends here.
NODE_INTS = 40
STRONG, WEAK, PARAMETER, FLAGS = 36, 37, 38, 39  # the first three hold a rule + 1
HARMLESS, ENDING, BEGINNING, PAIR_NAME, PAIR_VALUE, IDENTIFIER = 1, 2, 4, 8, 16, 32
NAMES_CARD, FILLER, PART = 64, 128, 256
# Flags of `words`.
PROSE, FILE_ENDING, SCHEME_OF_TOKEN, SCHEME_OF_PARAMETERS, NOTHING, MASKED = 1, 2, 8, 16, 64, 128
PACKAGE, COMPLAINT, DESCRIPTION, UNIT = 256, 512, 1024, 2048
STATUS, VERDICT, VERB, SENTENCE, USAGE = 4096, 8192, 16384, 32768, 65536
# Commands by the option that a password follows, in the order of `word_lists.COMMANDS`.
TAKES_P, TAKES_CAPITAL_P, TAKES_W, TAKES_K, TAKES_A, TAKES_C, TAKES_B = (1 << bit for bit in range(17, 24))
TAKES_P_ATTACHED, TAKES_USER = 1 << 24, 1 << 25

# A shape: kind, rule, first item, items, first unlimited item, bytes before it at most.
# Of a word, the third is its letters from the third to the sixth, packed.
SHAPE_INTS = 6
LINEAR, IBAN, SCHEME, IDENTIFIED_BY, SAID, QUOTED_AFTER = 0, 1, 2, 3, 4, 5
COMMAND, PROTOCOL, DIRECTIVE, ONE_TIME, SAID_FOR, KEY_TYPE, INSERT, HEXADECIMAL = 6, 7, 8, 9, 10, 11, 12, 13

# Flags of a rule.
KEEPS, AUTHORIZATION, COOKIE, PASSWORD, PHONE, PHRASE, PIN = 1, 2, 4, 8, 16, 32, 64
SECRET, CARD_NUMBER, SSN_NUMBER, IBAN_NUMBER, BASIC_PAIR = 128, 256, 512, 1024, 2048

# Places in `detectors`.
EMAIL, TELEPHONE, CARD, SSN, USERINFO, PRIVATE_KEY, SQL_PASSWORD = 0, 1, 2, 3, 4, 5, 6
DETECTORS = 7

# A span: start, end, rule, quote (kind + 8 * backslashes), number of its replacement.
SPAN_INTS = 5
NO_QUOTE, DOUBLE_QUOTE, SINGLE_QUOTE, UNICODE_QUOTE, ENTITY_QUOTE, PERCENT_QUOTE = 0, 1, 2, 3, 4, 5
HEX_QUOTE, BACKTICK_QUOTE = 6, 7

# Places in `state`.
DONE = 0  # end of what was replaced last: nothing before it is looked at again
COUNT = 1  # spans written
ROOM = 2  # spans that fit
STRING_KNOWN_TO = 3
IN_STRING = 4
LINE = 5  # where this line begins
PEM_LINES = 6  # lines in which the body of a private key may still follow
PEM_BODY = 7  # 1 when the line before was part of it
PEM_START = 8  # where in this line the body begins, -1 when nowhere
PEM_COLUMN = 9  # how far from the beginning of its line the key's last part stood
POSITION = 10  # where the room for spans ran out
QUERY = 11  # the mark before the key whose value is being looked at
WASTED = 12  # bytes of this line looked at in vain, see `may_look`
KEY = 13  # where that key begins
STATE = 14

TAB, NEWLINE, RETURN, SPACE = 9, 10, 13, 32
QUOTE, HASH, DOLLAR, PERCENT, AMPERSAND, APOSTROPHE, OPEN, CLOSE = 34, 35, 36, 37, 38, 39, 40, 41
STAR, PLUS, COMMA, MINUS, DOT, SLASH, ZERO, NINE, COLON, SEMICOLON = 42, 43, 44, 45, 46, 47, 48, 57, 58, 59
LESS, EQUALS, GREATER, QUESTION, AT = 60, 61, 62, 63, 64
BRACKET, BACKSLASH, BRACKET_END, UNDERSCORE = 91, 92, 93, 95
CARET, BACKTICK, LOWER_C = 94, 96, 99
WIDE = 0xEF  # the first byte of a full-width colon
LOWER_L, LOWER_N, LOWER_R, LOWER_T, LOWER_U, BRACE, PIPE, BRACE_END = 108, 110, 114, 116, 117, 123, 124, 125
TILDE, BANG = 126, 33


def packed(word: bytes) -> int:
    """Up to seven lower case bytes as one number, for `holds`."""
    return int.from_bytes(word, "little")


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
