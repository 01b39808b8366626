"""SQL and sentences: `IDENTIFIED BY 'x'`, `SET PASSWORD = 'x'`, `the password is x`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.fields import opened_end, opening, redact_value
from audit_trail.redaction.kernel.keys import key_rule
from audit_trail.redaction.kernel.options import command_before
from audit_trail.redaction.kernel.plausible import MIN_STRING, holds_a_secret
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BACKSLASH,
    COLON,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    EQUALS,
    LETTER,
    MAX_NAME,
    NEWLINE,
    NO_QUOTE,
    OPEN,
    PASSWORD,
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
    quote_escape,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import (
    bare_end,
    count_digits,
    follows_closing,
    is_number_like,
    quoted_end,
)

_GENERAT = packed(b"generat")
_BY = packed(b"by")
_CREATE, _ALTER, _GRANT = packed(b"create"), packed(b"alter"), packed(b"grant")
_IDENT = packed(b"ident")
_IFIED = packed(b"ified")
_WITH = packed(b"with ")
_FOR, _USER = packed(b"for"), packed(b"user")
_PASSWOR = packed(b"passwor")


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
        return _redact_sql(t, i, rule) if command_before(t, i, _FOR) and command_before(t, i, _PASSWOR) else 0
    if not is_class(t, before, LETTER):
        return 0
    found, weak, _, _ = key_rule(t, before + 1)
    return _redact_sql(t, i, rule) if found == rule and not weak else 0


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
        return _redact_sql(t, j, rule)
    # In English something is identified by a word as well.
    changes = command_before(t, i, _CREATE) or command_before(t, i, _ALTER) or command_before(t, i, _GRANT)
    if at(t, i) != 73 and not changes:
        end = bare_end(t, j)
        if not command_before(t, i, _USER) or is_number_like(t, j, end) or count_digits(t, j, end) == 0:
            return 0
    return redact_value(t, j, NO_QUOTE, 0, rule, False, True)


@compiled
def said(t: Any, i: int) -> int:
    """Judge the `is` of `the password is x1`, the `to` of `set password to x1`; where to go on, or 0."""
    if is_class(t, i + 2, WORD) or at(t, i - 1) != SPACE or at(t, i + 2) != SPACE:
        return 0
    rule, weak, _, _ = key_rule(t, i - 1)
    if rule < 0 or weak:
        return 0
    start, kind, escape = opening(t, i + 3)
    if holds(t, start, _GENERAT):
        return _generated(t, start, rule)
    end = bare_end(t, start) if kind == NO_QUOTE else opened_end(t, start, kind, escape)
    while end > start and at(t, end - 1) == DOT:
        end -= 1
    if end - start < MIN_STRING or (kind == NO_QUOTE and count_digits(t, start, end) == 0):
        return 0
    return add_span(t, start, end, rule, NO_QUOTE) if holds_a_secret(t, start, end, rule, False) else 0


@compiled
def _generated(t: Any, start: int, rule: int) -> int:
    """Replace what MySQL wrote at its first start: `password is generated for root@localhost: x`."""
    colon = start
    while colon - start < MAX_NAME and at(t, colon) not in (COLON, NEWLINE):
        colon += 1
    value = skip_blanks(t, colon + 1)
    end = value
    while not is_blank(at(t, end)):
        end += 1
    if at(t, colon) != COLON or value == colon + 1 or end - value < MIN_STRING:
        return 0
    return add_span(t, value, end, rule, NO_QUOTE) if holds_a_secret(t, value, end, rule, False) else 0


@compiled
def quoted_after(t: Any, i: int) -> int:
    """Judge the word of `with password "x"`; returns where to go on, or 0."""
    end = skip_class(t, i, WORD)
    if at(t, end) != SPACE:
        return 0
    text, kind, escape = opening(t, end + 1)
    if kind != DOUBLE_QUOTE or follows_closing(t, text) or quote_escape(escape) != escape:
        return 0
    rule, weak, _, _ = key_rule(t, end)
    if rule < 0 or weak or (t.rules[rule] & PASSWORD) == 0:
        return 0
    stop = quoted_end(t, text, QUOTE, escape)
    if at(t, stop) not in (QUOTE, BACKSLASH) or not holds_a_secret(t, text, stop, rule, False):
        return 0
    return add_span(t, text, stop, rule, NO_QUOTE)
