"""Where a bare number is replaced in JSON: which quotes keep the JSON valid."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import key_end
from audit_trail.redaction.kernel.text import (
    BACKSLASH,
    BRACE,
    BRACE_END,
    BRACKET,
    BRACKET_END,
    COLON,
    COMMA,
    DOT,
    DOUBLE_QUOTE,
    IN_STRING,
    LINE,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    PLUS,
    QUOTE,
    RETURN,
    SPACE,
    STRING_KNOWN_TO,
    TAB,
    WORD,
    at,
    is_class,
    skip_blanks,
)

# A list of numbers is looked through this far for its bracket.
MAX_LIST = 256


@compiled
def number_quote(t: Any, start: int, end: int) -> int:
    """The quote that keeps JSON valid where a bare number is replaced, or none."""
    follows = skip_blanks(t, end)
    byte = at(t, follows)
    if byte == BACKSLASH:
        while at(t, follows) == BACKSLASH:
            follows += 1
        if at(t, follows) not in (110, 114):
            return NO_QUOTE
    elif byte not in (COMMA, BRACE_END, BRACKET_END, RETURN, NEWLINE):
        return NO_QUOTE
    i = start
    while start - i < 32 and (at(t, i - 1) == SPACE or at(t, i - 1) == TAB):
        i -= 1
    before = at(t, i - 1)
    if before == COLON:
        key, kind, escape = key_end(t, i - 1)
        if kind != DOUBLE_QUOTE or key == i - 1:
            return NO_QUOTE
    elif before in (BRACKET, COMMA) and _is_in_list(t, i - 1, follows):
        escape = 0
    else:
        return NO_QUOTE
    if not in_string(t, start):
        return DOUBLE_QUOTE
    return DOUBLE_QUOTE + 8 * escape if escape > 0 else NO_QUOTE


@compiled
def _is_in_list(t: Any, i: int, follows: int) -> bool:
    """Whether the bracket or comma at `i` is that of a JSON list, and not `offsets [4532…] due to`."""
    if _is_json_line(t):
        return True
    bracket = i
    while bracket > t.state[LINE] and i - bracket < MAX_LIST and at(t, bracket) != BRACKET:
        bracket -= 1
    if at(t, bracket) != BRACKET:
        return False
    if at(t, follows) == BRACKET_END and not _may_follow_list(t, follows + 1):
        return False
    before = bracket
    while bracket - before < MAX_LIST and at(t, before - 1) in (SPACE, TAB):
        before -= 1
    if at(t, before - 1) != COLON:
        return bracket == t.state[LINE]
    _, kind, _ = key_end(t, before - 1)
    return kind == DOUBLE_QUOTE


@compiled
def _may_follow_list(t: Any, i: int) -> bool:
    return at(t, skip_blanks(t, i)) in (COMMA, BRACE_END, BRACKET_END, QUOTE, BACKSLASH, RETURN, NEWLINE)


@compiled
def _is_json_line(t: Any) -> bool:
    """Whether this line begins as JSON does, and not as `[2026-03-12 …]` or `[1234]`."""
    first = skip_blanks(t, t.state[LINE])
    second = skip_blanks(t, first + 1)
    byte = at(t, second)
    if at(t, first) == BRACE:
        return byte == QUOTE
    if at(t, first) != BRACKET:
        return at(t, first) == QUOTE
    if byte in (BRACE, BRACKET, QUOTE):
        return True
    end = second
    while is_class(t, end, WORD) or at(t, end) in (DOT, MINUS, PLUS):
        end += 1
    end = skip_blanks(t, end)
    return at(t, end) == COMMA or (at(t, end) == BRACKET_END and _may_follow_list(t, end + 1))


@compiled
def in_string(t: Any, i: int) -> bool:
    """Whether a JSON string is open at `i`; goes on where the last call stopped, so it is linear."""
    j, inside = t.state[STRING_KNOWN_TO], t.state[IN_STRING]
    if j < t.state[LINE]:
        j, inside = t.state[LINE], 0
    while j < i:
        byte = t.data[j]
        if byte == BACKSLASH:
            j += 1
        elif byte == QUOTE:
            inside = 1 - inside
        j += 1
    t.state[STRING_KNOWN_TO] = j
    t.state[IN_STRING] = inside
    return inside != 0
