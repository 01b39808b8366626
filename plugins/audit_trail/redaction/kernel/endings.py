"""Ends of values that only what stands around them shows: groups of digits, a quoted pair, JSON in quotes."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.quotes import follows_closing
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    BACKSLASH,
    BARE,
    BRACE,
    BRACE_END,
    BRACKET,
    BRACKET_END,
    CARD_NUMBER,
    CLOSE,
    COLON,
    COMMA,
    DIGIT,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    EQUALS,
    HASH,
    IBAN_NUMBER,
    KEY,
    LETTER,
    LOWER_C,
    MAX_NAME,
    MINUS,
    NEWLINE,
    OPEN,
    PHONE,
    PIN,
    PIPE,
    PLUS,
    QUERY,
    QUESTION,
    QUOTE,
    SEMICOLON,
    SINGLE_QUOTE,
    SPACE,
    SSN_NUMBER,
    WASTED,
    WORD,
    at,
    backslashes_before,
    is_blank,
    is_class,
    may_look,
    quote_escape,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end, container_end, count_digits

# Before the name of a parameter in a URL.
OF_QUERIES = (QUESTION, AMPERSAND, SEMICOLON)
# `Token{` is a type with its members, `Az{` the beginning of a password.
MIN_TYPE_NAME = 4
# Of a pair in quotes, and of its value.
MAX_QUOTED_PAIR = 256
MAX_GROUPS = 12
# Of a text behind three quotes.
MAX_TRIPLED = 1024
# Longer groups are written of no number.
MAX_GROUP = 9


@compiled
def grouped_end(t: Any, start: int, end: int, rule: int) -> int:
    """The end of a number that goes on in groups behind the one from `start` to `end`: `4111 1111 ...`.

    More than the first group is taken only when all of it has a length that
    numbers of this kind have.
    """
    flags = t.rules[rule]
    if (flags & PIN) != 0:
        return _same_groups_end(t, start, end)
    letters, least, most = False, 13, 19
    if (flags & IBAN_NUMBER) != 0:
        letters, least, most = True, 15, 34
    elif (flags & SSN_NUMBER) != 0:
        least, most = 9, 9
    elif (flags & PHONE) != 0:
        least, most = 7, 15
    elif (flags & CARD_NUMBER) == 0:
        return end
    size, i, best = end - start, end, end
    if at(t, start) == PLUS:
        start, size = start + 1, size - 1
    if size > MAX_GROUP or _group_end(t, start, letters) != end:
        return end
    for _ in range(MAX_GROUPS):
        if at(t, i) != SPACE:
            break
        stop = _group_end(t, i + 1, letters and size < 8)
        size += stop - i - 1
        if stop == i + 1 or stop - i > MAX_GROUP or size > most or _goes_on(t, stop):
            break
        if size >= least:
            best = stop
        if letters and stop - i < 5:
            break  # only an IBAN's last group is shorter
        i = stop
    return best


@compiled
def _group_end(t: Any, i: int, letters: bool) -> int:
    """Behind digits, and behind capitals too where they may be part of the number."""
    while is_class(t, i, DIGIT) or (letters and 65 <= at(t, i) <= 90):
        i += 1
    return i


@compiled
def _goes_on(t: Any, i: int) -> bool:
    """Whether a group is no number by itself: `12/28`, `10ms`, `2026-11-25`."""
    return is_class(t, i, BARE) and (at(t, i) != DOT or is_class(t, i + 1, BARE))


@compiled
def _same_groups_end(t: Any, start: int, end: int) -> int:
    """The end of codes of one form in a row: `1234-5678 8765-4321`, `481 516`."""
    size, dash = end - start, 0
    for i in range(start, min(end, start + MAX_GROUP)):
        if at(t, i) == MINUS:
            dash = i - start
        elif not is_class(t, i, DIGIT):
            return end
    if size > MAX_GROUP or (size != 3 and dash == 0):
        return end
    for _ in range(MAX_GROUPS):
        stop = end + 1
        while is_class(t, stop, DIGIT) or (dash > 0 and stop - end - 1 == dash and at(t, stop) == MINUS):
            stop += 1
        if at(t, end) != SPACE or stop - end - 1 != size or _goes_on(t, stop):
            break
        end = stop
    return end


@compiled
def separated_end(t: Any, start: int, mark: int) -> int:
    """Where a value ends whose key came behind a `|`, `(` or `[`: where the next such pair begins; or 0."""
    i = start
    while i - start < MAX_QUOTED_PAIR and mark in (PIPE, OPEN, BRACKET):
        byte = at(t, i)
        if mark == PIPE and byte == PIPE and _is_pair(t, i + 1):
            return i
        if mark == OPEN and byte == CLOSE and at(t, i + 1) == OPEN:
            return i
        if mark == BRACKET and byte == BRACKET_END and at(t, i + 1) == BRACKET:
            return i
        if not is_class(t, i, BARE) and byte not in (CLOSE, BRACKET_END):
            break
        i += 1
    return 0


@compiled
def _is_pair(t: Any, i: int) -> bool:
    end = i
    while end - i < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS)):
        end += 1
    return end > i and at(t, end) in (EQUALS, COLON)


@compiled
def quoted_pair_end(t: Any, key: int, start: int, end: int) -> int:
    """Where the value of a pair ends that is quoted as a whole: `-e "PASSWORD=two words"`.

    Args:
        key: Where the key begins, behind a quote.
        start: Where its value begins.
        end: Where it ends at the latest, if it has no blanks.
    """
    quote = at(t, key - 1)
    escape = backslashes_before(t, key - 1, t.state[DONE])
    before = key - 2 - escape
    if at(t, end) != SPACE or not (at(t, before) == BRACKET or _is_argument(t, before)):
        return end
    i = end
    while i - start < MAX_QUOTED_PAIR:
        byte = at(t, i)
        if byte == quote and backslashes_before(t, i, start) == escape:
            return i - escape
        if byte in (NEWLINE, EQUALS, QUOTE):
            break
        i += 1
    return end


@compiled
def _is_argument(t: Any, end: int) -> bool:
    """Whether what ends at `end` makes a pair an argument: `-e `, `--env=`, `"x",`, but not `-c `."""
    i = end
    while at(t, i) in (SPACE, COMMA, EQUALS, QUOTE, APOSTROPHE) and end - i < 4:
        i -= 1
    name = i
    while end - name < MAX_NAME and (is_class(t, name, WORD) or at(t, name) == MINUS):
        name -= 1
    option = i > name and at(t, name + 1) == MINUS
    if option and i - name == 2 and at(t, i) == LOWER_C:
        return False  # a command follows
    return option or at(t, end) == COMMA


@compiled
def json_in_quotes_end(t: Any, start: int, kind: int, escape: int) -> int:
    r"""The end of a quoted value that is JSON, or 0: `'{"a":"b"}'`, Python's `"{\\"a\\":1}"`."""
    if at(t, start) != BRACE and at(t, start) != BRACKET:
        return 0
    first = skip_blanks(t, start + 1)
    inner = first
    while at(t, inner) == BACKSLASH:
        inner += 1
    depth = inner - first
    if at(t, inner) != QUOTE or not may_look(t, start):
        return 0
    if kind == SINGLE_QUOTE:
        end = container_end(t, start, depth)
        t.state[WASTED] += abs(end) - start
        closes = end > 0 and at(t, end + escape) == APOSTROPHE
        return end if closes else 0
    if kind != DOUBLE_QUOTE or quote_escape(depth) == depth or follows_closing(t, inner + 1):
        return 0
    i = inner + 1
    while at(t, i) != NEWLINE:
        run = backslashes_before(t, i, inner) if at(t, i) == QUOTE else depth
        if run < depth:
            return i - run
        i += 1
    return 0


@compiled
def tripled_end(t: Any, start: int, kind: int) -> int:
    """The end of a value behind three quotes, whose second and third stand at `start`; or 0."""
    quote = at(t, start)
    if kind > SINGLE_QUOTE or quote not in (QUOTE, APOSTROPHE) or at(t, start + 1) != quote:
        return 0
    i = start + 2
    while i - start < MAX_TRIPLED and at(t, i) != NEWLINE:
        if at(t, i) == quote and at(t, i + 1) == quote and at(t, i + 2) == quote:
            return i
        i += 1
    return 0


@compiled
def bare_end_in_context(t: Any, start: int, rule: int) -> int:
    """The end of an unquoted value, by what stands before its key and by its kind."""
    mark = t.state[QUERY]
    if mark in OF_QUERIES:
        return query_end(t, start)
    end = separated_end(t, start, mark)
    if end > 0:
        return end
    end = bare_end(t, start)
    if mark in (QUOTE, APOSTROPHE):
        end = quoted_pair_end(t, t.state[KEY], start, end)
    return grouped_end(t, start, end, rule) if at(t, end) == SPACE else end


@compiled
def query_end(t: Any, start: int) -> int:
    """The end of a parameter of a URL: at `#`, and at `?` in a path's `;k=v?n=1`."""
    i = start
    while is_class(t, i, BARE) and at(t, i) != HASH:
        if at(t, i) == QUESTION and t.state[QUERY] == SEMICOLON:
            return i
        i += 1
    return i if at(t, i) == HASH else bare_end(t, i)


@compiled
def phrase_end(t: Any, start: int) -> int:
    """The end of several words: as long as they are made of letters and no `key=` comes."""
    end = bare_end(t, start)
    while at(t, end) == SPACE:
        word = skip_class(t, end + 1, LETTER)
        if word == end + 1 or is_class(t, word, BARE) or at(t, word) == EQUALS:
            break
        end = word
    return end


@compiled
def is_dump(t: Any, start: int, brace: int, end: int) -> bool:
    """Whether an object stands here, `Token{7af ActivityRecord{...}}`, and no password with a brace."""
    if brace - start < MIN_TYPE_NAME or count_digits(t, start, brace) > 0:
        return False
    for i in range(brace, end):
        if at(t, i) in (EQUALS, COLON):
            return True
    return is_blank(at(t, end)) or at(t, end) == COMMA or at(t, brace + 1) == BRACE_END
