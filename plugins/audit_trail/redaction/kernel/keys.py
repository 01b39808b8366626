"""Which rule a key belongs to, by its last words."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.quotes import closing_quote
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BACKSLASH,
    BEGINNING,
    BRACKET,
    BRACKET_END,
    DIGIT,
    DONE,
    ENDING,
    EQUALS,
    FLAGS,
    HARMLESS,
    LETTER,
    LOWER_U,
    NO_QUOTE,
    NODE_INTS,
    PERCENT,
    QUOTE,
    SPACE,
    STRONG,
    TAB,
    WEAK,
    WORD,
    at,
    backslashes_before,
    hex_escape,
    hex_number,
    is_class,
    skip_class,
    unicode_escape,
)

# Columns of keys are aligned with spaces; more of them are no key and value.
MAX_ALIGNMENT = 40
# Keys are identifiers; a longer run of word bytes is not one.
MAX_KEY = 128
_SEPARATOR = 36


@compiled
def key_end(t: Any, separator: int) -> tuple[int, int, int]:
    """Where the key before a separator ends, what quoted it, and with how many backslashes."""
    i = separator
    while at(t, i - 1) == SPACE or at(t, i - 1) == TAB:
        i -= 1
    if separator - i > MAX_ALIGNMENT and at(t, i - 1) != QUOTE:
        return separator, NO_QUOTE, 0
    while unicode_escape(t, i - 6) == SPACE:
        i -= 6
    before = before_colour(t, i)
    while before < i:
        i, before = before, before_colour(t, before)
    return closing_quote(t, i)


@compiled
def _escaped_code_before(t: Any, i: int) -> tuple[int, int]:
    r"""The code of the letter whose `\uXXXX` ends at `i`, and its bytes; 0 bytes where there is none."""
    unit = hex_number(t, i - 4, 4)
    if unit < 0:
        return 0, 0
    width = 6 + backslashes_before(t, i - 6, t.state[DONE])
    return (int(t.codes[unit]) if unit < 128 else 37), width


@compiled
def _begins_here(t: Any, i: int) -> bool:
    """Whether a word of a key begins at `i`: `clientSecret`, `CLIENT-SECRET`, `DBPassword`."""
    if i <= t.state[DONE] or not is_class(t, i - 1, LETTER):
        return True
    before, byte, after = at(t, i - 1), at(t, i), at(t, i + 1)
    if 65 <= byte <= 90 and (before >= 97 or 97 <= after <= 122):
        return True
    if before == 68 and at(t, i - 2) == 45:  # java -Ddb.password=x
        return True
    if at(t, i - 2) == BACKSLASH and (before in (98, 102, 110, 114, 116)):
        return True
    if (at(t, i - 3) == PERCENT or (at(t, i - 5) == PERCENT and at(t, i - 4) == 50)) and hex_number(
        t, i - 2, 2
    ) >= 0:
        return True
    return before_colour(t, i) < i or unicode_escape(t, i - 6) >= 0 or hex_escape(t, i - 4) >= 0


@compiled
def before_colour(t: Any, i: int) -> int:
    r"""Where a terminal's colour sequence that ends at `i` begins, or `i`: ESC `[36m`, `\u001b[36m`."""
    if at(t, i - 1) != 109:
        return i
    j = i - 2
    while i - j < 12 and ((48 <= at(t, j) <= 57) or at(t, j) == 59):
        j -= 1
    if at(t, j) != BRACKET:
        return i
    if at(t, j - 1) == 27:
        return j - 1
    return j - 6 if unicode_escape(t, j - 6) == 27 else i


@compiled
def _skip_numbering(t: Any, end: int, limit: int) -> int:
    """Without the digits and separators at the end: `password_2`."""
    i = end
    while i > limit and at(t, i - 1) != SPACE and is_class(t, i - 1, WORD) and t.codes[at(t, i - 1)] >= 26:
        i -= 1
    if i > limit and i < end and at(t, i - 1) in (45, 46):
        i -= 1
    return i if is_class(t, i - 1, LETTER) else end


@compiled
def last_words(t: Any, end: int) -> tuple[int, int]:
    """The longest listed words that the text before `end` ends with: their node, and where they begin.

    Node 0 means none.
    """
    limit = max(t.state[DONE], end - MAX_KEY)
    best, best_start, node, i = 0, end, 0, end
    while i > limit:
        code, width = int(t.codes[at(t, i - 1)]), 1
        if at(t, i - 5) == LOWER_U and at(t, i - 6) == BACKSLASH:
            escaped, escaped_width = _escaped_code_before(t, i)
            if escaped_width > 0:
                code, width = escaped, escaped_width
        if code > _SEPARATOR or i - width < limit:
            break
        if code == _SEPARATOR:
            if i == end:
                break
            i -= width
            continue
        node = t.trie[node * NODE_INTS + code]
        if node == 0:
            break
        i -= width
        place = node * NODE_INTS
        if (
            t.trie[place + STRONG] | t.trie[place + WEAK] | t.trie[place + WEAK + 1] | t.trie[place + FLAGS]
        ) != 0:
            if _begins_here(t, i):
                best, best_start = node, i
    return best, best_start


@compiled
def find_words(t: Any, end: int) -> tuple[int, int]:
    """Like `last_words`, looking through numbers and endings that leave the meaning.

    Where nothing stands before such an ending, it is the answer itself.
    """
    first, first_start = last_words(t, end)
    node, start = first, first_start
    limit = max(t.state[DONE], end - MAX_KEY)
    for _ in range(3):
        if node != 0 and (t.trie[node * NODE_INTS + FLAGS] & ENDING) == 0:
            return node, start
        shorter = start
        if node == 0:
            shorter = _skip_numbering(t, end, limit)
            if shorter == end:
                return first, first_start
        elif (is_class(t, start - 1, WORD) and not is_class(t, start - 1, LETTER)) or at(t, start - 1) in (
            45,
            46,
            32,
        ):
            shorter = start - 1
        if shorter <= limit:
            return first, first_start
        end = shorter
        node, start = last_words(t, end)
    return first, first_start


@compiled
def _key_start(t: Any, i: int) -> int:
    """Where the key around `i` begins."""
    limit = max(t.state[DONE], i - MAX_KEY)
    while i > limit and (is_class(t, i - 1, WORD) or at(t, i - 1) in (45, 46)):
        i -= 1
    return i


@compiled
def _is_harmless(t: Any, start: int) -> bool:
    """Whether the key's first word makes it a statement about a secret: `has_password`."""
    i = _key_start(t, start)
    if i == start:
        return False
    node = 0
    while i < start and is_class(t, i, LETTER):
        node = t.words[node * NODE_INTS + t.codes[at(t, i)]]
        if node == 0:
            return False
        i += 1
        if (t.words[node * NODE_INTS + FLAGS] & BEGINNING) != 0 and (
            not is_class(t, i, LETTER) or (65 <= at(t, i) <= 90 and at(t, i - 1) >= 97) or i == start
        ):
            return True
    return False


@compiled
def key_rule(t: Any, end: int) -> tuple[int, bool, int, int]:
    """The rule of the key that ends at `end`.

    Returns:
        Rule or -1; whether it holds only for values that look secret; the node
        of the key's last words; where these begin.
    """
    node, start = find_words(t, end)
    place = node * NODE_INTS
    if node == 0 or (t.trie[place + FLAGS] & HARMLESS) != 0:
        return -1, False, node, start
    rule = t.trie[place + STRONG] - 1
    weak = rule < 0
    if weak:
        rule = t.trie[place + WEAK] - 1
    if rule >= 0 and _is_harmless(t, start):
        return -1, False, node, start
    return rule, weak, node, start


@compiled
def bracketed_key_end(t: Any, i: int, arrow: bool) -> int:
    """The end of `password` in `user[password]`, `environ['password']` or PHP's `[password] =>`, or 0.

    Args:
        i: Behind the bracket, which may be percent-encoded.
        arrow: `=>` follows.
    """
    if at(t, i - 3) == PERCENT and hex_number(t, i - 2, 2) == BRACKET_END:
        return i - 3
    if at(t, i - 1) != BRACKET_END:
        return 0
    end, _, _ = closing_quote(t, i - 1)
    start = end
    while (
        start > t.state[DONE]
        and end - start < MAX_KEY
        and (is_class(t, start - 1, WORD) or at(t, start - 1) == 45)
    ):
        start -= 1
    quote_free, _, _ = closing_quote(t, start)
    if start == end or at(t, quote_free - 1) != BRACKET:
        return 0
    before = at(t, quote_free - 2)
    if skip_class(t, start, DIGIT) == end:  # password[0]
        return quote_free - 1 if at(t, i) == EQUALS and is_class(t, quote_free - 2, LETTER) else 0
    quoted = at(t, i) == EQUALS and (at(t, i + 1) == APOSTROPHE or at(t, i + 2) == APOSTROPHE)  # SQL Server
    return end if arrow or quoted or before == BRACKET_END or is_class(t, quote_free - 2, WORD) else 0


@compiled
def word_flags(t: Any, start: int, end: int) -> int:
    """What the whole word from `start` to `end` is known as, or 0; hyphens do not count."""
    node, i = 0, start
    while i < end:
        code = int(t.codes[at(t, i)])
        i += 1
        if code == _SEPARATOR:
            continue
        if code > _SEPARATOR:
            return 0
        node = t.words[node * NODE_INTS + code]
        if node == 0:
            return 0
    return int(t.words[node * NODE_INTS + FLAGS])


@compiled
def word_end(t: Any, i: int) -> int:
    """The end of the run of word bytes at `i`."""
    return skip_class(t, i, WORD)
