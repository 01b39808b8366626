"""Commands and protocols that have a place for a password: `net user bob x`, `sqlplus a/x@db`, `AUTH x`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.field_values import redact_value
from audit_trail.redaction.kernel.keys import key_rule
from audit_trail.redaction.kernel.options import command_before
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.quotes import follows_closing, opened_end, opening, quoted_end
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    AT,
    BACKSLASH,
    BRACKET_END,
    COLON,
    DIGIT,
    DOLLAR,
    DOT,
    EQUALS,
    GREATER,
    LESS,
    LETTER,
    MAX_NAME,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    QUOTE,
    SLASH,
    SPACE,
    STAR,
    WORD,
    add_span,
    at,
    holds,
    is_blank,
    is_class,
    lower,
    packed,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end, count_digits, is_number_like

# How far behind a command its arguments are looked for.
MAX_ARGUMENTS = 160
MIN_PLACED = 4
_NET, _USER, _USE_, _SQLPLUS = packed(b"net"), packed(b"user "), packed(b"use "), packed(b"sqlplus")
_EXP, _IMP, _EXPDP, _IMPDP = packed(b"exp"), packed(b"imp"), packed(b"expdp"), packed(b"impdp")
_RABBIT, _ADD_USE, _CHANGE_ = packed(b"rabbitm"), packed(b"add_use"), packed(b"change_")
_HTPASSW, _B, _SCHTASK, _RP = packed(b"htpassw"), packed(b"-b"), packed(b"schtask"), packed(b" /rp ")
_SIGNTOO, _P_, _FREERDP, _P = packed(b"signtoo"), packed(b" /p "), packed(b"freerdp"), packed(b" /p:")
_CONVERT, _SECURES, _STRING = packed(b"convert"), packed(b"to-secu"), packed(b"-string")
_EXE = packed(b".exe")
_HTTP_BA, _COMPOSE = packed(b"http-ba"), packed(b"compose")
_REDIS, _HELLO, _IMAP, _FTP, _POP = (
    packed(b"redis"), packed(b"hello"), packed(b"imap"), packed(b"ftp"), packed(b"pop"),
)  # fmt: skip
_INCORRE, _OK, _RADIUS = packed(b"incorre"), packed(b"ok"), packed(b"radius")
_ENV, _SET, _SETX, _SETENV = packed(b"env"), packed(b"set"), packed(b"setx"), packed(b"setenv")
_UWSGI, _FASTCGI, _PROXY_S = packed(b"uwsgi_p"), packed(b"fastcgi"), packed(b"proxy_s")
_SETUSER, _AUTH, _PASS, _LOGIN = packed(b"setuser"), packed(b"auth"), packed(b"pass"), packed(b"login")


@compiled
def command(t: Any, i: int, rule: int) -> int:
    """Judge the name of a command at `i`; returns where to go on, or 0."""
    end = i
    while is_class(t, end, WORD) or at(t, end) == MINUS:
        end += 1
    if at(t, end) == DOT and holds(t, end, _EXE):
        end += 4
    size, first = end - i, lower(at(t, i))
    if at(t, end) != SPACE or at(t, i - 1) in (DOT, MINUS):
        return 0
    value = 0
    if first == 110 and size == 3 and holds(t, i, _NET):
        value = _net_place(t, end)
    elif first == 114 and size == 11 and holds(t, i, _RABBIT):
        known = holds(t, end + 1, _ADD_USE) or holds(t, end + 1, _CHANGE_)
        value = _argument(t, end, 2) if known else 0
    elif first == 104 and size == 8 and holds(t, i, _HTPASSW):
        value = _argument(t, end, 3) if holds(t, end + 1, _B) else 0
    elif first == 99 and size == 8 and holds(t, i, _COMPOSE):
        value = _argument(t, end, 3) if holds(t, _argument(t, end, 1), _HTTP_BA) else 0
    elif first == 115 and size == 8 and holds(t, i, _SCHTASK):
        value = _behind_option(t, end, _RP, 5)
    elif first == 115 and size == 8 and holds(t, i, _SIGNTOO):
        value = _behind_option(t, end, _P_, 4)
    elif first in (119, 120) and size == 8 and holds(t, i + 1, _FREERDP):
        value = _behind_option(t, end, _P, 4)
    elif first == 99 and holds(t, i, _CONVERT) and holds(t, i + 7, _SECURES):
        value = _argument(t, end, 1 if holds(t, end + 1, _STRING) else 0)
    elif holds(t, i, _SQLPLUS) or (size in (3, 5) and _is_dump(t, i, size)):
        return _user_slash_password(t, end, rule, size > 3 or at(t, i) >= 97)
    return redact_value(t, value, NO_QUOTE, 0, rule, False, False) if value > 0 else 0


@compiled
def _is_dump(t: Any, i: int, size: int) -> bool:
    """Whether Oracle's `exp`, `imp`, `expdp` or `impdp` stands at `i`."""
    if size == 3:
        return holds(t, i, _EXP) or holds(t, i, _IMP)
    return holds(t, i, _EXPDP) or holds(t, i, _IMPDP)


@compiled
def _argument(t: Any, end: int, number: int) -> int:
    """Where the argument of this number, from 0, begins behind a command that ends at `end`; or 0."""
    i = skip_blanks(t, end)
    for _ in range(number):
        while not is_blank(at(t, i)) and i - end < MAX_ARGUMENTS:
            i += 1
        i = skip_blanks(t, i)
    return 0 if is_blank(at(t, i)) or i - end >= MAX_ARGUMENTS else i


@compiled
def _behind_option(t: Any, end: int, name: int, size: int) -> int:
    """Behind an option such as ` /p:` of a command that ends at `end`, or 0."""
    i = end
    while i - end < MAX_ARGUMENTS and at(t, i) != NEWLINE:
        if at(t, i) == SPACE and holds(t, i, name):
            return i + size
        i += 1
    return 0


@compiled
def _net_place(t: Any, end: int) -> int:
    r"""The password in `net user bob x /add` and `net use Z: \\server\share x /user:bob`, or 0."""
    if holds(t, end + 1, _USER):
        value = _argument(t, end, 2)
    elif holds(t, end + 1, _USE_):
        share = _argument(t, end, 1)
        if at(t, share) != BACKSLASH:
            share = _argument(t, end, 2)
        if share == 0 or at(t, share) != BACKSLASH:
            return 0
        value = _argument(t, bare_blank(t, share), 0)
    else:
        return 0
    after = bare_blank(t, value)
    if value == 0 or at(t, value) in (SLASH, STAR) or at(t, skip_blanks(t, after)) != SLASH:
        return 0
    return value


@compiled
def bare_blank(t: Any, i: int) -> int:
    """The next blank from `i` on, not far."""
    end = i
    while end - i < MAX_ARGUMENTS and not is_blank(at(t, end)):
        end += 1
    return end


@compiled
def _user_slash_password(t: Any, end: int, rule: int, sure: bool) -> int:
    """Replace the password in Oracle's `user/password@database`."""
    i = skip_blanks(t, end)
    while at(t, i) == MINUS:
        i = skip_blanks(t, bare_blank(t, i))
    slash = skip_class(t, i, WORD)
    if not sure or slash == i or at(t, slash) != SLASH or not is_class(t, i, LETTER):
        return 0
    stop = slash + 1
    while (
        stop - slash < MAX_ARGUMENTS
        and not is_blank(at(t, stop))
        and at(t, stop) not in (AT, QUOTE, APOSTROPHE)
    ):
        stop += 1
    next_word = skip_blanks(t, stop)
    pair = at(t, skip_class(t, next_word, WORD)) == EQUALS and next_word > stop
    if stop - slash <= MIN_PLACED or not (at(t, stop) == AT or pair) or at(t, slash + 1) == SLASH:
        return 0
    return (
        add_span(t, slash + 1, stop, rule, NO_QUOTE) if holds_a_secret(t, slash + 1, stop, rule, False) else 0
    )


@compiled
def protocol(t: Any, i: int, rule: int) -> int:
    """Judge `AUTH`, `LOGIN`, `PASS` and `SETUSER` of Redis, IMAP, FTP and POP3; where to go on, or 0."""
    end = skip_class(t, i, WORD)
    size = end - i
    if size == 5 and lower(at(t, i)) == 108 and holds(t, i, _LOGIN):
        return _login(t, i, end, rule)
    if at(t, i) > 90 or at(t, i + 1) > 90:
        return 0
    if size == 7 and holds(t, i, _SETUSER):
        return _access_list(t, end, rule)
    if at(t, end) == QUOTE and at(t, i - 1) == QUOTE:
        return _quoted_words(t, end, rule)
    if at(t, end) != SPACE or size != 4:
        return 0
    value = skip_blanks(t, end)
    if holds(t, i, _PASS):
        known = command_before(t, i, _FTP) or command_before(t, i, _POP) or command_before(t, i, _USER)
    elif holds(t, i, _AUTH):
        known = command_before(t, i, _REDIS) or command_before(t, i, _HELLO)
        second = skip_blanks(t, bare_blank(t, value))
        if count_digits(t, value, bare_blank(t, value)) == 0 and not is_blank(at(t, second)):
            value = second
    else:
        return 0
    stop = bare_end(t, value)
    if not known or skip_class(t, value, LETTER) == stop or skip_class(t, value, DIGIT) == stop:
        return 0
    return redact_value(t, value, NO_QUOTE, 0, rule, False, True)


@compiled
def _login(t: Any, i: int, end: int, rule: int) -> int:
    """Replace the password in IMAP's `a1 LOGIN bob x` and FreeRADIUS' `Login incorrect: [bob/x]`."""
    after = end + 1
    if at(t, i) == 76 and (holds(t, after, _INCORRE) or holds(t, after, _OK)) and at(t, i + 1) > 90:
        slash = after
        while slash - after < MAX_ARGUMENTS and at(t, slash) not in (NEWLINE, SLASH, BRACKET_END):
            slash += 1
        stop = slash + 1
        while stop - slash < MAX_ARGUMENTS and at(t, stop) not in (NEWLINE, BRACKET_END):
            stop += 1
        via = is_class(t, slash + 1, LETTER) and at(t, slash + 1) == 118 and at(t, slash + 4) == SPACE
        if at(t, slash) != SLASH or at(t, stop) != BRACKET_END or via or at(t, slash + 1) == LESS:
            return 0
        if not holds_a_secret(t, slash + 1, stop, rule, False):
            return 0
        return add_span(t, slash + 1, stop, rule, NO_QUOTE)
    if at(t, i + 1) > 90 or not command_before(t, i, _IMAP):
        return 0
    value = _argument(t, end, 1)
    return redact_value(t, value, NO_QUOTE, 0, rule, False, True) if value > 0 else 0


@compiled
def _access_list(t: Any, end: int, rule: int) -> int:
    """Replace the password in Redis' `ACL SETUSER bob on >x`."""
    i = end
    while i - end < MAX_ARGUMENTS and at(t, i) != NEWLINE:
        if at(t, i) == GREATER and is_blank(at(t, i - 1)):
            return redact_value(t, i + 1, NO_QUOTE, 0, rule, False, False)
        i += 1
    return 0


@compiled
def _quoted_words(t: Any, end: int, rule: int) -> int:
    """Replace the last of one or two quoted words behind `"AUTH" `, as Redis' MONITOR shows them."""
    value = end + 2
    if at(t, end + 1) != SPACE or at(t, value) != QUOTE:
        return 0
    stop = quoted_end(t, value + 1, QUOTE, 0)
    if at(t, stop + 1) == SPACE and at(t, stop + 2) == QUOTE:
        value = stop + 2
        stop = quoted_end(t, value + 1, QUOTE, 0)
    if not holds_a_secret(t, value + 1, stop, rule, False):
        return 0
    return add_span(t, value + 1, stop, rule, NO_QUOTE)


@compiled
def _sets(t: Any, i: int, size: int) -> bool:
    """Whether the word at `i` is one of those of `directive`."""
    if size == 3:
        return holds(t, i, _ENV) or holds(t, i, _SET)
    if size == 4 or size == 6:
        return holds(t, i, _SETX) or holds(t, i, _SETENV)
    if size == 11 or size == 13:
        return holds(t, i, _UWSGI) or holds(t, i, _FASTCGI)
    return size == 16 and holds(t, i, _PROXY_S)


@compiled
def directive(t: Any, i: int) -> int:
    """Judge the word before a key and its value: `ENV KEY x`, `setx KEY x`, `proxy_set_header KEY x;`."""
    word = skip_class(t, i, WORD)
    key = skip_blanks(t, word)
    if not _sets(t, i, word - i):
        return 0
    if at(t, i - 1) == QUOTE and at(t, key) == QUOTE:  # "CONFIG" "SET" "requirepass" "x"
        key = skip_blanks(t, key + 1)
    quoted = at(t, key) == QUOTE
    key += quoted
    end = key
    while end - key < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (MINUS, DOT, SLASH, COLON)):
        end += 1
    value = skip_blanks(t, end + quoted)
    if (
        end == key
        or value == end + quoted
        or is_blank(at(t, value))
        or at(t, value) in (EQUALS, DOLLAR, MINUS)
    ):
        return 0
    rule, _, _, _ = key_rule(t, end)
    if rule < 0 or (quoted and at(t, end) != QUOTE):
        return 0
    start, kind, escape = opening(t, value)
    if kind != NO_QUOTE and follows_closing(t, start):
        return 0
    stop = bare_end(t, value) if kind == NO_QUOTE else opened_end(t, start, kind, escape)
    if stop - start < MIN_PLACED or count_digits(t, start, stop) == 0 or is_number_like(t, start, stop):
        return 0
    return redact_value(t, value, kind, escape, rule, False, True)
