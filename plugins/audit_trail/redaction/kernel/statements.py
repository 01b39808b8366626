"""SQL: `IDENTIFIED BY 'x'`, `SET PASSWORD = 'x'`, `INSERT INTO users (password) VALUES ('x')`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.field_values import redact_value
from audit_trail.redaction.kernel.keys import key_rule
from audit_trail.redaction.kernel.options import command_before
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.quotes import follows_closing, quoted_end
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BACKSLASH,
    BACKTICK,
    BARE,
    BRACKET_END,
    CLOSE,
    COMMA,
    DONE,
    EQUALS,
    LETTER,
    MAX_NAME,
    NEWLINE,
    NO_QUOTE,
    OPEN,
    QUOTE,
    SPACE,
    SQL_PASSWORD,
    WORD,
    add_span,
    at,
    holds,
    is_blank,
    is_class,
    packed,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end, count_digits, is_number_like

_BY = packed(b"by")
_CREATE, _ALTER, _GRANT = packed(b"create"), packed(b"alter"), packed(b"grant")
_IDENT = packed(b"ident")
_IFIED = packed(b"ified")
_WITH = packed(b"with ")
_FOR, _USER = packed(b"for"), packed(b"user")
_PASSWOR, _DECLARE, _LIKE, _TO = packed(b"passwor"), packed(b"declare"), packed(b"like"), packed(b"to")
_REPLACE, _INSERT, _INTO_, _VALUES = (
    packed(b"replace"),
    packed(b"insert"),
    packed(b"into "),
    packed(b"values"),
)
# Shorter texts behind `token` are what a parser did not expect.
MIN_RANDOM = 8
# Of the list of columns; more than 62 are not counted.
MAX_COLUMNS_BYTES, MAX_COLUMNS = 2048, 62
MAX_ROW_SPANS = 4


@compiled
def statement(t: Any, i: int) -> int:
    """Judge SQL's `PASSWORD 'x'` and `SET PASSWORD FOR a = 'x'` at the opening quote."""
    before = i - 1
    while before > t.state[DONE] and (is_blank(at(t, before)) or at(t, before) == OPEN):
        before -= 1
    rule = t.detectors[SQL_PASSWORD]
    if rule < 0 or before == i - 1:
        return 0
    if at(t, before) == EQUALS:
        for_user = command_before(t, i, _FOR) or command_before(t, i, _DECLARE)
        return _redact_sql(t, i, rule) if for_user and command_before(t, i, _PASSWOR) else 0
    if not is_class(t, before, LETTER):
        return 0
    if _is_word(t, before, _TO, 2) and command_before(t, i, _FOR) and command_before(t, i, _PASSWOR):
        return _redact_sql(t, i, rule)
    if _is_word(t, before, _LIKE, 4):
        before -= 5
    found, weak, _, _ = key_rule(t, before + 1)
    if found < 0 or weak:
        return 0
    return _redact_sql(t, i, found) if found == rule or _is_random(t, i + 1) else 0


@compiled
def _is_word(t: Any, last: int, word: int, size: int) -> bool:
    """Whether the word that ends with the byte at `last` is this one."""
    return holds(t, last - size + 1, word) and is_blank(at(t, last - size))


@compiled
def _is_random(t: Any, start: int) -> bool:
    """Whether a quoted text looks like no word of a sentence or a program: `token 'ab12-cd34'`."""
    end = skip_class(t, start, BARE)
    letters = 0
    for i in range(start, min(end, start + MAX_NAME)):
        letters += is_class(t, i, LETTER)
    digits = count_digits(t, start, min(end, start + MAX_NAME))
    return at(t, end) == APOSTROPHE and end - start >= MIN_RANDOM and digits >= 2 and letters > 0


@compiled
def _redact_sql(t: Any, i: int, rule: int) -> int:
    """Replace the string whose opening quote is at `i`; a doubled quote is part of it."""
    quote = at(t, i)
    if follows_closing(t, i + 1):
        return 0
    end = quoted_end(t, i + 1, quote, 0)
    while at(t, end) == quote and at(t, end + 1) == quote:
        end = quoted_end(t, end + 2, quote, 0)
    if at(t, end) != quote or not holds_a_secret(t, i + 1, end, rule, False):
        return 0
    return add_span(t, i + 1, end, rule, NO_QUOTE)


@compiled
def identified_by(t: Any, i: int) -> int:
    """Judge SQL's `IDENTIFIED [WITH x] BY [PASSWORD] 'x'` at its first word; returns where to go on, or 0."""
    rule = t.detectors[SQL_PASSWORD]
    if rule < 0 or not holds(t, i, _IDENT) or not holds(t, i + 5, _IFIED):
        return 0
    j = skip_blanks(t, i + 10)
    if holds(t, j, _WITH):
        j = skip_blanks(t, skip_class(t, skip_blanks(t, j + 5), WORD))
    if not holds(t, j, _BY) or is_class(t, j + 2, WORD):
        return 0
    j = skip_blanks(t, j + 2)
    if holds(t, j, _PASSWOR) and at(t, j + 8) == SPACE:
        j = skip_blanks(t, j + 9)
    if at(t, j) in (QUOTE, APOSTROPHE):
        behind = _redact_sql(t, j, rule)
        replaced = skip_blanks(t, behind + 1)
        if behind > 0 and holds(t, replaced, _REPLACE) and at(t, replaced + 7) == SPACE:  # Oracle
            old = skip_blanks(t, replaced + 8)
            if at(t, old) in (QUOTE, APOSTROPHE):
                return max(behind, _redact_sql(t, old, rule))
        return behind
    # In English something is identified by a word as well.
    changes = command_before(t, i, _CREATE) or command_before(t, i, _ALTER) or command_before(t, i, _GRANT)
    if at(t, i) != 73 and not changes:
        end = bare_end(t, j)
        if not command_before(t, i, _USER) or is_number_like(t, j, end) or count_digits(t, j, end) == 0:
            return 0
    return redact_value(t, j, NO_QUOTE, 0, rule, False, True)


@compiled
def inserted(t: Any, i: int) -> int:
    """Judge `INSERT INTO users (name, password) VALUES ('bob', 'x')` at its `VALUES`."""
    row = skip_blanks(t, skip_class(t, i, WORD))
    close = i - 1
    while is_blank(at(t, close)) and i - close < 8 and at(t, close) != NEWLINE:
        close -= 1
    if at(t, row) != OPEN or at(t, close) != CLOSE:
        return 0
    start = close
    while close - start < MAX_COLUMNS_BYTES and at(t, start) not in (OPEN, NEWLINE):
        start -= 1
    if at(t, start) != OPEN:
        return 0
    _, columns = _columns(t, start + 1)
    return _row(t, row + 1, columns) if columns != 0 else 0


@compiled
def _columns(t: Any, i: int) -> tuple[int, int]:
    """Behind the list of columns at `i`, and a bit for each that is sensitive."""
    start, column, found = i, 0, 0
    while i - start < MAX_COLUMNS_BYTES and at(t, i) != NEWLINE:
        byte = at(t, i)
        if byte == COMMA or byte == CLOSE:
            end = i
            while at(t, end - 1) in (SPACE, QUOTE, BACKTICK, BRACKET_END, BACKSLASH):
                end -= 1
            rule, _, _, _ = key_rule(t, end)
            if rule >= 0 and column < MAX_COLUMNS:
                found |= 1 << column
            column += 1
        i += 1
        if byte == CLOSE:
            return i, found
    return i, 0


@compiled
def _row(t: Any, i: int, columns: int) -> int:
    """Replace the strings in a row of values whose columns are sensitive; where to go on, or 0."""
    column, behind, start = 0, 0, i
    spans = 0
    while i - start < MAX_COLUMNS_BYTES and at(t, i) not in (CLOSE, NEWLINE) and spans < MAX_ROW_SPANS:
        if at(t, i) == COMMA:
            column += 1
        elif at(t, i) == APOSTROPHE:
            end = quoted_end(t, i + 1, APOSTROPHE, 0)
            while at(t, end) == APOSTROPHE and at(t, end + 1) == APOSTROPHE:
                end = quoted_end(t, end + 2, APOSTROPHE, 0)
            rule = t.detectors[SQL_PASSWORD]
            known = column < MAX_COLUMNS and (columns >> column) & 1 != 0 and rule >= 0
            if known and holds_a_secret(t, i + 1, end, rule, False):
                behind = add_span(t, i + 1, end, rule, NO_QUOTE)
                spans += 1
            i = end
            if at(t, i) != APOSTROPHE:
                break
        i += 1
    return behind
