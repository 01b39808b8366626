"""Parameters of a URL or a form: `?key=value&code=value`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.endings import OF_QUERIES
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    BARE,
    BRACKET,
    DONE,
    DOT,
    EQUALS,
    KEY,
    LETTER,
    MAX_NAME,
    MINUS,
    NODE_INTS,
    OPEN,
    PARAMETER,
    PASSWORD,
    PIPE,
    QUESTION,
    QUOTE,
    SEMICOLON,
    UNDERSCORE,
    WORD,
    at,
    is_class,
    unicode_escape,
)

# `?key=name` and `?code=404` are no secrets.
MIN_PARAMETER_BYTES = 10


@compiled
def query_mark(t: Any, key: int) -> int:
    """The mark before the key around `key`, when it says something of the value's end, or 0."""
    i = key
    while (
        i > t.state[DONE]
        and key - i < MAX_NAME
        and (is_class(t, i - 1, WORD) or at(t, i - 1) in (MINUS, DOT))
    ):
        i -= 1
    t.state[KEY] = i
    mark = at(t, i - 1)
    return mark if mark in OF_QUERIES or mark in (PIPE, OPEN, BRACKET, QUOTE, APOSTROPHE) else 0


@compiled
def parameter_rule(t: Any, node: int, start: int, end: int, i: int) -> int:
    """The rule of a name that is sensitive only in a query or a form."""
    if node == 0 or end != i or at(t, i) != EQUALS:
        return -1
    rule = t.trie[node * NODE_INTS + PARAMETER] - 1
    before = at(t, start - 1)
    if rule < 0 or start < t.state[DONE]:
        return -1
    for k in range(MIN_PARAMETER_BYTES):
        if not is_class(t, i + 1 + k, BARE):
            return -1
    if (t.rules[rule] & PASSWORD) == 0 and _is_phrase(t, i + 1):
        return -1
    in_query = before in (QUESTION, AMPERSAND, SEMICOLON, QUOTE, APOSTROPHE)
    return int(rule) if in_query or unicode_escape(t, start - 6) == AMPERSAND else -1


@compiled
def _is_phrase(t: Any, start: int) -> bool:
    """Whether letters of one case, joined by marks, are words: `?key=quarterly-revenue`."""
    i, marks, upper, lowers = start, 0, 0, 0
    while is_class(t, i, LETTER) or at(t, i) in (MINUS, DOT, UNDERSCORE):
        if not is_class(t, i, LETTER):
            marks += 1
        elif at(t, i) < 97:
            upper += 1
        else:
            lowers += 1
        i += 1
    return marks > 0 and not is_class(t, i, BARE) and (upper == 0 or lowers == 0)
