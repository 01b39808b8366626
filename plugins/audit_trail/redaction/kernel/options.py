"""Options of commands: `--password x`, `curl -u user:x`, `mysql -px`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.fields import opened_end, opening, redact_value
from audit_trail.redaction.kernel.keys import key_rule, word_flags
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.text import (
    BARE,
    COLON,
    DONE,
    DOT,
    EQUALS,
    LETTER,
    LOWER_U,
    MAX_NAME,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    PROSE,
    SECRET,
    SPACE,
    SQL_PASSWORD,
    TAB,
    USAGE,
    WORD,
    add_span,
    at,
    holds,
    is_blank,
    is_class,
    packed,
    placeholder_end,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end

# Commands are looked for this far before an option.
MAX_COMMAND = 160
_USER = packed(b"user")
_CURL = packed(b"curl")
_SSHPASS = packed(b"sshpass")
_LOGIN = packed(b"login")
_REDIS = packed(b"redis")
_MYSQL = packed(b"mysql")
_PORT = packed(b"port")
_ID = packed(b"id=")


@compiled
def option(t: Any, i: int) -> int:
    """Judge a command line's `--password x` at its first dash."""
    name = i
    while at(t, name) == MINUS and name - i < 2:
        name += 1
    end = name
    while end - name < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS)):
        end += 1
    if end == name:
        return 0
    if at(t, name) == 112 and name == i + 1 and command_before(t, i, _MYSQL):
        rule = t.detectors[SQL_PASSWORD]
        if end - name > 1 and rule >= 0 and not holds(t, name, _PORT):
            return redact_value(t, name + 1, NO_QUOTE, 0, rule, False, False)
    if end - name == 1 or holds(t, name, _USER) or holds(t, end - 4, _USER):
        behind = _command_option(t, i, name, end)
        if behind > 0:
            return behind
    if at(t, end) != SPACE and at(t, end) != TAB:
        return 0
    value = skip_blanks(t, end)
    if at(t, value) == MINUS or is_blank(at(t, value)):
        return 0
    rule, weak, _, _ = key_rule(t, end)
    if rule < 0 or _is_explained(t, value, rule):
        return -1
    return redact_value(t, value, NO_QUOTE, 0, rule, weak, False)


@compiled
def _is_explained(t: Any, value: int, rule: int) -> bool:
    """Whether the option stands in a text about it: `--token TOKEN`, `--password string`."""
    if (t.rules[rule] & SECRET) != 0 and holds(t, value, _ID):
        return True  # docker build --secret id=npmrc
    end = skip_class(t, value, LETTER)
    if is_class(t, end, BARE) or end == value:
        return False
    flags = word_flags(t, value, end)
    upper = 65 <= at(t, value) <= 90 and 65 <= at(t, end - 1) <= 90
    return (flags & USAGE) != 0 or (upper and (flags & PROSE) != 0)


@compiled
def _command_option(t: Any, i: int, name: int, end: int) -> int:
    """Options that hold a password only for some commands: `curl -u a:b`, `sshpass -p x`, `mysql -px`."""
    rule = t.detectors[SQL_PASSWORD]
    if rule < 0:
        return 0
    letter, single = at(t, name), end - name == 1
    if (single and letter == LOWER_U) or not single:
        return _user_and_password(t, end, rule) if command_before(t, i, _CURL) else 0
    value = skip_blanks(t, end)
    known = (letter == 112 and (command_before(t, i, _SSHPASS) or command_before(t, i, _LOGIN))) or (
        letter == 97 and command_before(t, i, _REDIS)
    )
    if not known or letter == LOWER_U or value == end or at(t, value) == MINUS:
        return 0
    return redact_value(t, value, NO_QUOTE, 0, rule, False, False)


@compiled
def _user_and_password(t: Any, end: int, rule: int) -> int:
    """Replace the password in the `user:password` behind an option."""
    start, kind, escape = opening(t, end + 1 if at(t, end) == EQUALS else skip_blanks(t, end))
    stop = bare_end(t, start) if kind == NO_QUOTE else opened_end(t, start, kind, escape)
    colon = start
    while colon < stop and at(t, colon) != COLON:
        if placeholder_end(t, colon) > 0:
            return 0
        colon += 1
    if colon == start or not holds_a_secret(t, colon + 1, stop, rule, False):
        return 0
    return add_span(t, colon + 1, stop, rule, NO_QUOTE)


@compiled
def command_before(t: Any, i: int, word: int) -> bool:
    """Whether a command stands in this line, not far before `i`."""
    j = i
    while i - j < MAX_COMMAND and j > t.state[DONE] and at(t, j) != NEWLINE:
        if holds(t, j, word) and not is_class(t, j - 1, WORD):
            return True
        j -= 1
    return holds(t, j, word)
