"""Options of commands: `--password x`, `curl -u user:x`, `mysql -px`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.field_values import redact_value
from audit_trail.redaction.kernel.keys import key_rule, word_flags
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.quotes import opened_end, opening
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BACKSLASH,
    BARE,
    BRACKET,
    BRACKET_END,
    COLON,
    COMMA,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    EQUALS,
    LETTER,
    LINE,
    LOWER_C,
    LOWER_U,
    MAX_NAME,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    PERCENT,
    PROSE,
    QUOTE,
    SECRET,
    SINGLE_QUOTE,
    SPACE,
    SQL_PASSWORD,
    TAB,
    TAKES_A,
    TAKES_B,
    TAKES_C,
    TAKES_CAPITAL_P,
    TAKES_K,
    TAKES_P,
    TAKES_P_ATTACHED,
    TAKES_USER,
    TAKES_W,
    USAGE,
    WORD,
    ZERO,
    add_span,
    at,
    holds,
    is_blank,
    is_class,
    lower,
    packed,
    placeholder_end,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end

# Commands are looked for this far before an option.
MAX_COMMAND = 160
_USER, _PORT, _NAME, _VALUE = packed(b"user"), packed(b"port"), packed(b"name"), packed(b"--value")
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
    if name == i + 1 or holds(t, name, _USER) or holds(t, end - 4, _USER):
        behind = _command_option(t, i, name, end)
        if behind > 0:
            return behind
    value, quoted = _argument_after(t, i, end)
    if value == 0 or at(t, value) == MINUS or is_blank(at(t, value)):
        return 0
    if end - name == 4 and holds(t, name, _NAME):
        return _named_value(t, value)
    rule, weak, _, _ = key_rule(t, end)
    if rule < 0 or _is_explained(t, value, rule):
        return -1
    return _redact_argument(t, value, quoted, rule, weak)


@compiled
def _redact_argument(t: Any, value: int, quoted: bool, rule: int, weak: bool) -> int:
    if not quoted:
        return redact_value(t, value, NO_QUOTE, 0, rule, weak, False)
    _, kind, escape = opening(t, value)
    return redact_value(t, value, kind, escape, rule, weak, False)


@compiled
def _argument_after(t: Any, i: int, end: int) -> tuple[int, bool]:
    """Where the argument behind the option from `i` to `end` begins, or 0; whether both are quoted.

    Both may be quoted: `'-p', 'x'`, auditd's `a1="-p" a2="x"`.
    """
    quote = at(t, i - 1)
    if quote not in (QUOTE, APOSTROPHE):
        return (skip_blanks(t, end) if at(t, end) == SPACE or at(t, end) == TAB else 0), False
    close = end
    while at(t, close) == BACKSLASH:
        close += 1
    if at(t, close) != quote:
        return (skip_blanks(t, end) if at(t, end) == SPACE else 0), False
    value = skip_blanks(t, close + 1)
    if at(t, value) == COMMA:
        value = skip_blanks(t, value + 1)
    elif value == close + 1:
        return 0, False
    else:
        name = value
        while name - value < MAX_NAME and (is_class(t, name, WORD) or at(t, name) in (BRACKET, BRACKET_END)):
            name += 1
        if name > value and at(t, name) == EQUALS:
            value = name + 1
    start, kind, escape = opening(t, value)
    if kind not in (DOUBLE_QUOTE, SINGLE_QUOTE) or at(t, start) == MINUS:
        return 0, False
    behind = opened_end(t, start, kind, escape) + escape + 1
    return (0 if at(t, skip_blanks(t, behind)) in (COLON, EQUALS) else value), True


@compiled
def _named_value(t: Any, start: int) -> int:
    """Replace the `x` in `--name /app/db/password --value x`."""
    end = start
    while end - start < MAX_NAME and not is_blank(at(t, end)):
        end += 1
    rule, weak, _, _ = key_rule(t, end)
    option = skip_blanks(t, end)
    value = skip_blanks(t, option + 7)
    if rule < 0 or not holds(t, option, _VALUE) or value == option + 7:
        return 0
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
    letter, single = at(t, name), end - name == 1
    if rule < 0 or letter == ZERO or (not single and letter not in (112, 80) and lower(letter) != LOWER_U):
        return 0
    takes = _taken_by_command(t, i)
    if takes == 0:
        return 0
    value, quoted = _argument_after(t, i, end)
    if lower(letter) == LOWER_U:
        if (takes & TAKES_USER) == 0:
            return 0
        return _user_and_password(t, value if value > 0 else end, rule)
    if letter == 112 and (takes & TAKES_P_ATTACHED) != 0:
        attached = not single or at(t, end) in (QUOTE, APOSTROPHE)
        known = attached and not holds(t, name, _PORT) and not (single and at(t, i - 1) == at(t, end))
        return redact_value(t, name + 1, NO_QUOTE, 0, rule, False, False) if known else 0
    if letter == 80 and not single and (takes & TAKES_CAPITAL_P) != 0:
        return redact_value(t, name + 1, NO_QUOTE, 0, rule, False, False)
    if value == 0 or at(t, value) == MINUS or not single or (takes & _taking(letter)) == 0:
        return 0
    return _redact_argument(t, value, quoted, rule, False)


@compiled
def _taking(letter: int) -> int:
    """The flag of the commands to which this letter says that a password follows."""
    if letter == 112:
        return TAKES_P
    if letter == 80:
        return TAKES_CAPITAL_P
    if letter == 119:
        return TAKES_W
    if letter == 107:
        return TAKES_K
    if letter == 97:
        return TAKES_A
    if letter == 98:
        return TAKES_B
    return TAKES_C if letter == LOWER_C else 0


@compiled
def _taken_by_command(t: Any, i: int) -> int:
    """The flags of the commands in this line, not far before `i`."""
    limit, found, end = max(t.state[LINE], i - MAX_COMMAND), 0, i - 1
    while end > limit:
        if not (is_class(t, end - 1, WORD) or at(t, end - 1) == MINUS):
            end -= 1
            continue
        start = end
        while start > limit and (is_class(t, start - 1, WORD) or at(t, start - 1) == MINUS):
            start -= 1
        if end - start >= 2:
            found |= word_flags(t, start, end)
        end = start
    return found


@compiled
def _user_and_password(t: Any, end: int, rule: int) -> int:
    """Replace the password in the `user:password` behind an option."""
    start, kind, escape = opening(t, end + 1 if at(t, end) == EQUALS else skip_blanks(t, end))
    stop = bare_end(t, start) if kind == NO_QUOTE else opened_end(t, start, kind, escape)
    colon = start
    while colon < stop and at(t, colon) not in (COLON, PERCENT, COMMA):
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
