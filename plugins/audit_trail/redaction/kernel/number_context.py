"""What stands around a number and says what it is: a card, an order, a count of bytes, a part of a name."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import find_words, word_flags
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BACKSLASH,
    BRACE,
    BRACE_END,
    BRACKET,
    COLON,
    COMMA,
    DIGIT,
    DONE,
    DOT,
    EQUALS,
    FILLER,
    FLAGS,
    HASH,
    IDENTIFIER,
    LETTER,
    MINUS,
    NAMES_CARD,
    NEWLINE,
    NODE_INTS,
    OPEN,
    PART,
    QUOTE,
    SLASH,
    SPACE,
    TAB,
    UNIT,
    WORD,
    at,
    is_class,
    skip_blanks,
    skip_class,
)

# How far before a number the word is looked for that says what it is.
MAX_CONTEXT = 96
# Words and numbers stepped over on the way: `bytes sent 4532… received 6011…`.
MAX_STEPS = 6
# Shorter numbers in a row of numbers are no counters, and end the search.
MIN_ROW_DIGITS = 8
# Of a number in a table's column.
MAX_COLUMN_DIGITS = 12


@compiled
def word_before(t: Any, end: int) -> int:
    """What the key trie says of the words that end at `end`: flags."""
    if not is_class(t, end - 1, WORD):
        return 0
    node, _ = find_words(t, end)
    return int(t.trie[node * NODE_INTS + FLAGS]) if node != 0 else 0


@compiled
def noun_before(t: Any, start: int) -> int:
    """Flags of the noun that the number at `start` belongs to: `order no. 4`, `"id": 4`, `bytes sent 4`."""
    limit = max(t.state[DONE], start - MAX_CONTEXT)
    i, joined, filled = start, False, False
    for _ in range(MAX_STEPS):
        point = False
        while i > limit and at(t, i - 1) in (
            SPACE, TAB, HASH, BRACKET, OPEN, COLON, EQUALS, QUOTE, APOSTROPHE, BACKSLASH, COMMA, DOT,
        ):  # fmt: skip
            byte = at(t, i - 1)
            if filled and byte in (EQUALS, QUOTE, APOSTROPHE, BACKSLASH, COMMA):
                return 0  # `"type":"order","number":4` is another member's
            joined = joined or byte in (EQUALS, QUOTE, APOSTROPHE)
            point = point or byte == DOT
            i -= 1
        if at(t, i - 1) == BRACE_END and at(t, i - 2) == QUOTE:
            return word_before(t, _labels_start(t, i - 1, limit))
        if i <= limit:
            return 0
        flags = word_before(t, i)
        digits = i
        while digits > limit and is_class(t, digits - 1, DIGIT):
            digits -= 1
        row = i - digits >= MIN_ROW_DIGITS and not is_class(t, digits - 1, WORD)
        if (flags & FILLER) != 0 and (flags & (IDENTIFIER | NAMES_CARD | PART)) == 0:
            if joined:
                return 0
            filled = True
        elif point or not row:
            return 0 if point else flags
        i = digits if row else _word_start(t, i, limit)
    return 0


@compiled
def _word_start(t: Any, i: int, limit: int) -> int:
    while i > limit and is_class(t, i - 1, WORD):
        i -= 1
    return i


@compiled
def _labels_start(t: Any, i: int, limit: int) -> int:
    """Where the labels of a Prometheus metric begin that end at `i`: `bytes_total{device="eth0"} 4`."""
    while i > limit and at(t, i) != BRACE and at(t, i) != NEWLINE:
        i -= 1
    return i


@compiled
def counts_units(t: Any, end: int) -> bool:
    """Whether the number that ends at `end` counts something: `4012888888881881 bytes`."""
    start = skip_blanks(t, end)
    stop = skip_class(t, start, LETTER)
    return start < stop <= start + 12 and (word_flags(t, start, stop) & UNIT) != 0


@compiled
def is_in_name(t: Any, start: int, end: int) -> bool:
    """Whether dashes or slashes make the number a part of a longer name or path."""
    before, after = at(t, start - 1), at(t, end)
    if after == MINUS and is_class(t, end + 1, LETTER):
        return True
    return start > t.state[DONE] and before in (MINUS, SLASH) and is_class(t, start - 2, WORD)


@compiled
def is_identifier(t: Any, start: int, end: int) -> bool:
    """Whether a number that would pass for a payment card is something else, by what stands around it."""
    if at(t, start - 1) in (MINUS, SLASH) and (word_before(t, start - 1) & NAMES_CARD) != 0:
        return False
    if is_in_name(t, start, end):
        return True
    noun = noun_before(t, start)
    if (noun & NAMES_CARD) != 0:
        return False
    return (noun & IDENTIFIER) != 0 or counts_units(t, end)


@compiled
def is_part_number(t: Any, start: int, end: int) -> bool:
    """Whether a number in the form of a telephone's or of the social security is a part's or a version."""
    return (noun_before(t, start) & PART) != 0 or counts_units(t, end)


@compiled
def is_in_row(t: Any, start: int, end: int) -> bool:
    """Whether blanks join the number to other numbers, as in the columns of a table.

    The three digits of a security code and an expiry date may follow a card.
    """
    i = start
    while start - i < MAX_CONTEXT and at(t, i - 1) in (SPACE, TAB):
        i -= 1
    first = i
    while i - first <= MAX_COLUMN_DIGITS and is_class(t, first - 1, DIGIT):
        first -= 1
    alone = i < start and first < i and at(t, first - 1) in (SPACE, TAB, NEWLINE)
    return alone or _number_follows(t, end)


@compiled
def _number_follows(t: Any, end: int) -> bool:
    i = skip_blanks(t, end)
    stop = skip_class(t, i, DIGIT)
    if i == end or stop == i or at(t, stop) not in (SPACE, TAB, NEWLINE):
        return False
    after = skip_blanks(t, stop)
    return stop - i != 3 or (after > stop and is_class(t, after, DIGIT))
