"""Quotes, in all the ways in which a log writes them: where they open and close."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    BACKSLASH,
    BACKTICK,
    BACKTICK_QUOTE,
    BRACE_END,
    BRACKET_END,
    COLON,
    COMMA,
    DONE,
    DOUBLE_QUOTE,
    ENTITY_QUOTE,
    HEX_QUOTE,
    NEWLINE,
    NO_QUOTE,
    PERCENT,
    PERCENT_QUOTE,
    QUOTE,
    RETURN,
    SEMICOLON,
    SINGLE_QUOTE,
    UNICODE_QUOTE,
    WORD,
    at,
    backslashes_before,
    hex_escape,
    hex_number,
    holds,
    is_blank,
    is_class,
    line_end,
    packed,
    quote_escape,
    unicode_escape,
)

_QUOT, _APOS, _34, _39 = packed(b"&quot;"), packed(b"&apos;"), packed(b"&#34;"), packed(b"&#39;")
_X22, _X27 = packed(b"&#x22;"), packed(b"&#x27;")
# The digits of `%2522`, a quote that was percent-encoded twice.
_ENCODED_TWICE = 0x2522


@compiled
def follows_closing(t: Any, i: int) -> bool:
    """Whether what stands at `i` may follow a closing quote in JSON."""
    byte = at(t, i)
    if is_blank(byte) or byte in (COMMA, COLON, BRACE_END, BRACKET_END):
        return True
    if byte != BACKSLASH:
        return False
    while at(t, i) == BACKSLASH:
        i += 1
    return at(t, i) in (110, 114, 116, QUOTE, APOSTROPHE)


@compiled
def closing_quote(t: Any, i: int) -> tuple[int, int, int]:
    """The text before `i` without the quote that may close it: end, kind of quote, backslashes."""
    byte = at(t, i - 1)
    if byte == QUOTE or byte == APOSTROPHE:
        escape = quote_escape(backslashes_before(t, i - 1, t.state[DONE]))
        return i - 1 - escape, DOUBLE_QUOTE if byte == QUOTE else SINGLE_QUOTE, escape
    if byte == BACKTICK:
        return i - 1, NO_QUOTE, 0
    if byte == 59:  # ;
        if holds(t, i - 6, _QUOT) or holds(t, i - 6, _APOS) or holds(t, i - 6, _X22) or holds(t, i - 6, _X27):
            return i - 6, ENTITY_QUOTE, 0
        if holds(t, i - 5, _34) or holds(t, i - 5, _39):
            return i - 5, ENTITY_QUOTE, 0
    if byte == 50:  # 2
        if at(t, i - 3) == PERCENT and at(t, i - 2) == 50:
            return i - 3, PERCENT_QUOTE, 0
        if hex_number(t, i - 4, 4) == _ENCODED_TWICE and at(t, i - 5) == PERCENT:
            return i - 5, PERCENT_QUOTE, 0
        if hex_escape(t, i - 4) == QUOTE:
            extra = backslashes_before(t, i - 4, t.state[DONE])
            return i - 4 - extra, HEX_QUOTE, extra
        if unicode_escape(t, i - 6) == QUOTE:
            return i - 6 - _extra_backslashes(t, i - 6), UNICODE_QUOTE, 0
    return i, NO_QUOTE, 0


@compiled
def _extra_backslashes(t: Any, i: int) -> int:
    return quote_escape(backslashes_before(t, i + 1, t.state[DONE])) - 1


@compiled
def opening(t: Any, i: int) -> tuple[int, int, int]:
    """The quote that opens a value at `i`: where the value begins, kind of quote, backslashes."""
    if (
        at(t, i) in (98, 66, 114, 117, 36, 78)
        and at(t, i + 1) in (QUOTE, APOSTROPHE)
        and not is_class(t, i - 1, WORD)
    ):
        i += 1  # Python's b'...', the shell's $'...', SQL's N'...'
    j = i
    while at(t, j) == BACKSLASH:
        j += 1
    if at(t, j) == QUOTE:
        return j + 1, DOUBLE_QUOTE, j - i
    if at(t, j) == APOSTROPHE:
        return j + 1, SINGLE_QUOTE, j - i
    if j > i and unicode_escape(t, j - 1) == QUOTE:
        return j + 5, UNICODE_QUOTE, j - i
    if j > i and hex_escape(t, j - 1) == QUOTE:
        return j + 3, HEX_QUOTE, j - i - 1
    if at(t, i) == BACKTICK:
        return i + 1, BACKTICK_QUOTE, 0
    if at(t, i) == AMPERSAND and opening_entity(t, i) > 0:
        return i + opening_entity(t, i), ENTITY_QUOTE, 0
    if at(t, i) == PERCENT and at(t, i + 1) == 50 and at(t, i + 2) == 50:
        return i + 3, PERCENT_QUOTE, 0
    if at(t, i) == PERCENT and hex_number(t, i + 1, 4) == _ENCODED_TWICE:
        return i + 5, PERCENT_QUOTE, 0
    return i, NO_QUOTE, 0


@compiled
def opening_entity(t: Any, i: int) -> int:
    """The length of an HTML quote at `i`, or 0."""
    if at(t, i) != AMPERSAND:
        return 0
    if holds(t, i, _X22) or holds(t, i, _X27):
        return 6
    if at(t, i + 1) == 35 and at(t, i + 2) == 51 and at(t, i + 3) in (52, 57) and at(t, i + 4) == SEMICOLON:
        return 5
    quot = at(t, i + 1) == 113 and at(t, i + 2) == 117 and at(t, i + 3) == 111 and at(t, i + 4) == 116
    apos = at(t, i + 1) == 97 and at(t, i + 2) == 112 and at(t, i + 3) == 111 and at(t, i + 4) == 115
    return 6 if (quot or apos) and at(t, i + 5) == SEMICOLON else 0


@compiled
def opened_end(t: Any, start: int, kind: int, escape: int) -> int:
    """The end of a value whose opening quote was found."""
    if kind == DOUBLE_QUOTE:
        return quoted_end(t, start, QUOTE, escape)
    if kind == SINGLE_QUOTE:
        return quoted_end(t, start, APOSTROPHE, escape)
    return special_quoted_end(t, start, kind)


@compiled
def quoted_end(t: Any, start: int, quote: int, escape: int) -> int:
    """Up to the closing quote of the same nesting depth, or of one around it, or the line's end."""
    i = start
    while True:
        byte = at(t, i)
        if byte == NEWLINE:
            return i - 1 if at(t, i - 1) == RETURN and i > start else i
        if byte == QUOTE or byte == quote:
            run = backslashes_before(t, i, start)
            depth = quote_escape(run)
            if quote == QUOTE:
                closes = depth <= escape
            elif byte == quote:
                closes = run <= escape
            else:  # may close the JSON string around a value in single quotes
                closes = follows_closing(t, i + 1)
            if closes:
                return i - depth
        i += 1


@compiled
def special_quoted_end(t: Any, start: int, kind: int) -> int:
    r"""Up to the next `\u0022`, `&quot;`, `%22`, `\x22` or backtick, or a plain quote, or the line's end."""
    i = start
    while True:
        byte = at(t, i)
        if byte == NEWLINE or byte == QUOTE:
            return i - backslashes_before(t, i, start) if byte == QUOTE else line_end(t, i)
        if kind == PERCENT_QUOTE and byte == PERCENT:
            if hex_number(t, i + 1, 2) == QUOTE or hex_number(t, i + 1, 4) == _ENCODED_TWICE:
                return i
        if kind == BACKTICK_QUOTE and byte == BACKTICK:
            return i
        if kind == HEX_QUOTE and byte == BACKSLASH:
            unit = hex_escape(t, i)
            if unit == QUOTE:
                return i - backslashes_before(t, i, start)
            if unit == BACKSLASH and hex_escape(t, i + 4) >= 0:  # `\x5C\x22` is a quote within
                i += 7
        if kind == ENTITY_QUOTE and byte == AMPERSAND and opening_entity(t, i) > 0:
            return i
        if kind == UNICODE_QUOTE and byte == BACKSLASH and unicode_escape(t, i) == QUOTE:
            run = backslashes_before(t, i + 1, start)
            if quote_escape(run) == 1:
                return i
        i += 1
