"""Sentences that tell a secret: `the password is x`, `password for bob: x`, `123456 is your code`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import key_rule
from audit_trail.redaction.kernel.options import command_before
from audit_trail.redaction.kernel.plausible import MIN_STRING, holds_a_secret
from audit_trail.redaction.kernel.quotes import follows_closing, opened_end, opening, quoted_end
from audit_trail.redaction.kernel.text import (
    BACKSLASH,
    BARE,
    BRACE_END,
    CLOSE,
    COLON,
    COMMA,
    DIGIT,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    EQUALS,
    LETTER,
    LINE,
    MAX_NAME,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    OPEN,
    PASSWORD,
    QUOTE,
    RETURN,
    SEMICOLON,
    SLASH,
    SPACE,
    TAB,
    WORD,
    add_span,
    at,
    holds,
    is_blank,
    is_class,
    lower,
    packed,
    quote_escape,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end, count_digits, is_number_like

# Between a key and what it says: `for user bob@CORP`.
MAX_PERSON = 48
# Shorter texts behind a digit are none of Cisco's hashes.
MIN_HASH = 8
# `storepass` has nine letters, `password` and `api key` fewer.
MIN_SETTING = 9
# Of one-time codes.
MIN_CODE, MAX_CODE = 4, 8
# Before a code, how far `your` is looked for.
MAX_BEFORE = 24
_GENERAT, _YOUR, _USE, _IHR = packed(b"generat"), packed(b"your"), packed(b"use"), packed(b"ihr")
_IS, _SENT, _LAUTET, _FOR, _AS_YOUR = (
    packed(b"is"),
    packed(b"sent"),
    packed(b"lautet"),
    packed(b"for"),
    packed(b"as your"),
)
_CODE, _TAN, _PASSCOD, _TO, _WITH = (
    packed(b"code"), packed(b"tan"), packed(b"passcod"), packed(b"to"), packed(b"with"),
)  # fmt: skip
_WAS, _FROM = packed(b"was"), packed(b"from")
_MACHINE = packed(b"machine")


@compiled
def said(t: Any, i: int) -> int:
    """Judge the `is` of `the password is x1`, the `to` of `set password to x1`; where to go on, or 0."""
    end = skip_class(t, i, WORD)
    short = end - i == 2 and (holds(t, i, _IS) or holds(t, i, _TO))
    if at(t, i - 1) != SPACE or not (short or (end - i == 3 and holds(t, i, _WAS))):
        return 0
    value = end + 1 if at(t, end) == COLON else end
    if at(t, value) != SPACE:
        return 0
    rule, weak, _, _ = key_rule(t, i - 1)
    if rule < 0 or weak:
        return 0
    start, kind, escape = opening(t, value + 1)
    if holds(t, start, _GENERAT):
        return _generated(t, start, rule)
    return _told(t, start, kind, escape, rule)


@compiled
def _told(t: Any, start: int, kind: int, escape: int, rule: int) -> int:
    """Replace a value in a sentence when it looks like no word of it."""
    if kind != NO_QUOTE and follows_closing(t, start):
        return 0  # the quote closes the sentence
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
    while not is_blank(at(t, end)) and not (at(t, end) == QUOTE and follows_closing(t, end + 1)):
        end += 1
    if at(t, colon) != COLON or value == colon + 1 or end - value < MIN_STRING:
        return 0
    return add_span(t, value, end, rule, NO_QUOTE) if holds_a_secret(t, value, end, rule, False) else 0


@compiled
def said_for(t: Any, i: int) -> int:
    """Judge the word of `password for bob: x1`, `password from x1 to x2`; where to go on, or 0."""
    end = skip_class(t, i, WORD)
    known = (end - i == 3 and holds(t, i, _FOR)) or (end - i == 4 and holds(t, i, _FROM))
    if at(t, i - 1) != SPACE or at(t, end) != SPACE or not known:
        return 0
    rule, weak, _, _ = key_rule(t, i - 1)
    if rule < 0 or weak or (t.rules[rule] & PASSWORD) == 0:
        return 0
    if end - i == 4:
        return _changed(t, end + 1, rule)
    place = end + 1
    while place - end < MAX_PERSON and at(t, place) not in (COLON, EQUALS, NEWLINE, QUOTE, COMMA):
        place += 1
    value = skip_blanks(t, place + 1)
    words = 0
    for j in range(end + 1, place):
        words += at(t, j) == SPACE and at(t, j + 1) not in (EQUALS, COLON)
    if at(t, place) not in (COLON, EQUALS) or value == place + 1 or words > 1:
        return 0
    return _told_alone(t, value, rule)


@compiled
def _told_alone(t: Any, value: int, rule: int) -> int:
    """Replace a value that is the last word of its line or string, and no number."""
    end = bare_end(t, value)
    byte = at(t, skip_blanks(t, end))
    if byte not in (NEWLINE, RETURN, QUOTE, BACKSLASH, CLOSE) or is_number_like(t, value, end):
        return 0
    return _told(t, value, NO_QUOTE, 0, rule)


@compiled
def _changed(t: Any, start: int, rule: int) -> int:
    """Replace both values of `changed password from x1 to x2`."""
    end = bare_end(t, start)
    if at(t, end) != SPACE or not holds(t, end + 1, _TO) or at(t, end + 3) != SPACE:
        return 0
    if is_number_like(t, start, end) or _told(t, start, NO_QUOTE, 0, rule) == 0:
        return 0
    return max(end, _told(t, end + 4, NO_QUOTE, 0, rule))


@compiled
def named_before(t: Any, i: int) -> int:
    """Judge a key that its value follows behind a blank, where that is sure; where to go on, or 0."""
    end = skip_class(t, i, WORD)
    if at(t, end) == SPACE and is_class(t, i, LETTER) and end - i == 3 and lower(at(t, i)) == 97:
        end = skip_class(t, end + 1, WORD)  # api key
    byte = at(t, end)
    if byte not in (SPACE, TAB, QUOTE, DOT, OPEN):
        return 0
    rule, weak, _, _ = key_rule(t, end)
    if rule < 0 or weak:
        return 0
    if byte == OPEN:
        return _constructed(t, i, end, rule)
    if byte == QUOTE:
        return _serialized(t, end, rule)
    if byte == DOT:
        return _led_to(t, end, rule)
    return _behind_blank(t, i, end, rule)


@compiled
def _constructed(t: Any, i: int, end: int, rule: int) -> int:
    """Replace the text in `Password("x")`, as programs show a value of that type."""
    text, kind, escape = opening(t, end + 1)
    capital = 65 <= at(t, i) <= 90 and 97 <= at(t, i + 1) <= 122
    if kind != DOUBLE_QUOTE or not capital or follows_closing(t, text) or quote_escape(escape) != escape:
        return 0
    stop = quoted_end(t, text, QUOTE, escape)
    closed = at(t, stop + escape) == QUOTE and at(t, stop + escape + 1) == CLOSE
    name = skip_class(t, text, WORD)  # of a kind of token, in a parser
    if not closed or (name == stop and count_digits(t, text, stop) == 0):
        return 0
    return add_span(t, text, stop, rule, NO_QUOTE) if holds_a_secret(t, text, stop, rule, False) else 0


@compiled
def _serialized(t: Any, end: int, rule: int) -> int:
    """Replace PHP's `s:8:"password";s:9:"x";`."""
    if at(t, end + 1) != SEMICOLON or at(t, end + 2) != 115 or at(t, end + 3) != COLON:
        return 0
    colon = skip_class(t, end + 4, DIGIT)
    if at(t, colon) != COLON or at(t, colon + 1) != QUOTE:
        return 0
    stop = quoted_end(t, colon + 2, QUOTE, 0)
    if not holds_a_secret(t, colon + 2, stop, rule, False):
        return 0
    return add_span(t, colon + 2, stop, rule, NO_QUOTE)


@compiled
def _led_to(t: Any, end: int, rule: int) -> int:
    """Replace what dots lead to: `password........"x"`."""
    start = end
    while at(t, start) == DOT:
        start += 1
    if start - end < 3 or at(t, start) != QUOTE or follows_closing(t, start + 1):
        return 0
    stop = quoted_end(t, start + 1, QUOTE, 0)
    if at(t, stop) != QUOTE or not holds_a_secret(t, start + 1, stop, rule, False):
        return 0
    return add_span(t, start + 1, stop, rule, NO_QUOTE)


@compiled
def _behind_blank(t: Any, i: int, end: int, rule: int) -> int:
    """Replace the value in `with password "x"`, `password 7 0822455D`, or a line of key and value."""
    value = skip_blanks(t, end)
    text, kind, escape = opening(t, value)
    if kind == DOUBLE_QUOTE:
        if (t.rules[rule] & PASSWORD) == 0 or follows_closing(t, text) or quote_escape(escape) != escape:
            return 0
        stop = quoted_end(t, text, QUOTE, escape)
        if at(t, stop) not in (QUOTE, BACKSLASH) or not holds_a_secret(t, text, stop, rule, False):
            return 0
        return add_span(t, text, stop, rule, NO_QUOTE)
    if kind != NO_QUOTE or not is_class(t, value, BARE):
        return 0
    if is_class(t, value, DIGIT) and at(t, value + 1) == SPACE:  # Cisco's kind of hash
        hashed = value + 2
        stop = bare_end(t, hashed)
        cisco = stop - hashed >= MIN_HASH and count_digits(t, hashed, stop) >= 3 and _is_last(t, stop)
        cisco = cisco and not is_number_like(t, hashed, stop)
        return add_span(t, hashed, stop, rule, NO_QUOTE) if cisco else 0
    stop = bare_end(t, value)
    if is_number_like(t, value, stop) or stop - value < MIN_STRING or at(t, stop - 1) == COLON:
        return 0
    alone = (_begins_line(t, i) and _is_last(t, stop)) or _takes_a_value(t, i, end)
    after_with = holds(t, i - 5, _WITH) and at(t, i - 6) == SPACE
    if alone or (after_with and _is_last(t, stop)) or command_before(t, i, _MACHINE):
        return _told(t, value, NO_QUOTE, 0, rule)
    return 0


@compiled
def _takes_a_value(t: Any, i: int, end: int) -> bool:
    """Whether this is a setting's name that nobody would use in a sentence: `requirepass`, `rocommunity`."""
    return end - i >= MIN_SETTING and lower(at(t, i)) != 112 and skip_class(t, i, LETTER) == end


@compiled
def _begins_line(t: Any, i: int) -> bool:
    """Whether nothing but its own words stands before the key around `i` in its line."""
    while i > t.state[LINE] and (is_class(t, i - 1, WORD) or at(t, i - 1) in (DOT, MINUS)):
        if i - t.state[LINE] > MAX_NAME:
            return False
        i -= 1
    return bool(i == t.state[LINE])


@compiled
def _is_last(t: Any, end: int) -> bool:
    """Whether a value is the last of its line or string."""
    return at(t, end) in (NEWLINE, RETURN, QUOTE, BACKSLASH, SEMICOLON) and is_ended(t, end)


@compiled
def is_ended(t: Any, end: int) -> bool:
    """Whether nothing but a quote or a semicolon stands between `end` and the end of the line."""
    i = end
    while at(t, i) in (QUOTE, SEMICOLON, BRACE_END) and i - end < 4:
        i += 1
    return at(t, i) in (NEWLINE, RETURN, BACKSLASH)


@compiled
def one_time_code(t: Any, i: int, rule: int) -> int:
    """Judge the word of `verification code 123456`, `123456 is your code`; where to go on, or 0."""
    end = skip_class(t, i, WORD)
    if end - i == 2:
        return _code_before(t, i, end, rule) if holds(t, i, _IS) else 0
    found, _, _, _ = key_rule(t, end)
    yours = _is_yours(t, i)
    passcode = holds(t, i, _PASSCOD)
    if holds(t, i, _TAN) and end - i == 3 and at(t, i + 1) == 65:
        found = rule
    known = found == rule or (passcode and found >= 0) or (yours and end - i == 4 and holds(t, i, _CODE))
    if not known or (end - i == 3 and at(t, i + 1) > 90 and lower(at(t, i)) != 111):
        return 0
    behind = _code_as(t, i, rule)
    if behind > 0:
        return behind
    start = skip_blanks(t, end)
    asked = at(t, start) == COLON
    for _ in range(3):
        if holds(t, start, _FOR) and at(t, start + 3) == SPACE:
            start = skip_blanks(t, skip_class(t, skip_blanks(t, start + 3), WORD))
        elif holds(t, start, _IS) or holds(t, start, _SENT) or holds(t, start, _LAUTET):
            start = skip_class(t, start, WORD)
            start = skip_blanks(t, start + 1 if at(t, start) == COLON else start)
    stop = _code_end(t, start)
    return add_span(t, start, stop, rule, NO_QUOTE) if stop > 0 and start > end and not asked else 0


@compiled
def _code_as(t: Any, i: int, rule: int) -> int:
    """Replace the number in `use 123456 as your login code`, at its last word; where to go on, or 0."""
    j = i
    while i - j < MAX_BEFORE and j > t.state[DONE] and (is_class(t, j - 1, LETTER) or at(t, j - 1) == SPACE):
        j -= 1
    start = j
    while start > t.state[DONE] and is_class(t, start - 1, DIGIT):
        start -= 1
    if not holds(t, j + 1, _AS_YOUR) or _code_end(t, start) != j or is_class(t, start - 1, WORD):
        return 0
    return add_span(t, start, j, rule, NO_QUOTE)


@compiled
def _is_yours(t: Any, i: int) -> bool:
    """Whether `your`, `use` or `Ihr` stands before a code or its name: `your Example`, not `your exit`."""
    j = i - 1
    for word in range(2):
        start = j
        while i - start < MAX_BEFORE and start > t.state[DONE] and is_class(t, start - 1, LETTER):
            start -= 1
        size = j - start
        if size == 4 and holds(t, start, _YOUR):
            return True
        if size == 3 and (holds(t, start, _USE) or holds(t, start, _IHR)):
            return True
        if word == 0 and (at(t, j) != SPACE or not 65 <= at(t, start) <= 90):
            return False
        j = start - 1
    return False


@compiled
def _code_end(t: Any, start: int) -> int:
    """Behind the digits of a one-time code, also in two groups of three, or 0."""
    end = skip_class(t, start, DIGIT)
    if end - start == 3 and at(t, end) in (SPACE, MINUS):
        group = skip_class(t, end + 1, DIGIT)
        end = group if group - end == 4 else end
    whole = MIN_CODE <= end - start <= MAX_CODE and not is_class(t, end, WORD)
    more = at(t, end) in (DOT, MINUS, SLASH, COLON) and is_class(t, end + 1, WORD)
    return end if whole and not more else 0


@compiled
def _code_before(t: Any, i: int, end: int, rule: int) -> int:
    """Replace the number in `123456 is your one-time passcode`, at its `is`."""
    if at(t, end) != SPACE or at(t, i - 1) != SPACE or not is_class(t, i - 2, DIGIT):
        return 0
    start = i - 1
    while start > t.state[DONE] and is_class(t, start - 1, DIGIT):
        start -= 1
    if not MIN_CODE <= i - 1 - start <= MAX_CODE or not holds(t, end + 1, _YOUR):
        return 0
    j = end + 5
    while j - end < MAX_PERSON and at(t, j) not in (NEWLINE, DOT, QUOTE, COMMA):
        word = skip_class(t, j, WORD)
        found, _, _, _ = key_rule(t, word)
        passcode = holds(t, j, _PASSCOD) and found >= 0
        if word > j and (found == rule or passcode or (word - j == 4 and holds(t, j, _CODE))):
            return add_span(t, start, i - 1, rule, NO_QUOTE)
        if at(t, word) not in (SPACE, MINUS):
            break
        j = word + 1
    return 0
