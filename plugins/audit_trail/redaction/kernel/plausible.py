"""Whether what stands behind a sensitive key may be a secret, by its looks."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.base64_pairs import is_basic_pair
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.quotes import quoted_end
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BACKSLASH,
    BARE,
    BASIC_PAIR,
    BRACE,
    BRACE_END,
    BRACKET,
    COLON,
    COMMA,
    COMPLAINT,
    DESCRIPTION,
    DIGIT,
    DOLLAR,
    DOT,
    LESS,
    LETTER,
    MASKED,
    MAX_NAME,
    NOTHING,
    OPEN,
    PERCENT,
    PHONE,
    PIN,
    PROSE,
    QUOTE,
    SEMICOLON,
    SLASH,
    SPACE,
    STAR,
    UNDERSCORE,
    WASTED,
    WORD,
    at,
    holds,
    is_blank,
    is_class,
    lower,
    may_look,
    packed,
    placeholder_end,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import container_end, count_digits, is_number_like

MIN_PHONE_DIGITS = 7
MIN_STRING = 6
MIN_PIN_DIGITS = 3
# Objects with more members are not judged by their names.
MAX_MEMBERS = 16
_TYPE = packed(b'type"')
_STRING = packed(b'string"')
_OBJECT = packed(b'object"')
_NUMBER = packed(b'number"')
_SECRET_ = packed(b"secret")
_NAME = packed(b'name"')


@compiled
def is_nothing(t: Any, start: int, end: int) -> bool:
    """null, None, true, REDACTED and the like: they hold no secret."""
    return end - start <= 11 and (word_flags(t, start, end) & (NOTHING | MASKED)) != 0


@compiled
def is_reference(t: Any, start: int, end: int) -> bool:
    """Whether the value only names where the secret is: `$TOKEN`, `${TOKEN}`, `$1`, `{{ token }}`, `%s`."""
    first, second = at(t, start), at(t, start + 1)
    if first == DOLLAR:
        if second in (BRACE, OPEN):
            return True
        i = start + 1
        while i < end and (65 <= at(t, i) <= 90 or at(t, i) == UNDERSCORE):
            i += 1
        digits = skip_class(t, start + 1, DIGIT)
        return (i == end and end - start > 2) or (digits >= end and end - start <= 3)
    if first == PERCENT:
        return end - start == 2 or second == OPEN
    return first == BRACE and second == BRACE


@compiled
def is_complaint(t: Any, start: int, end: int) -> bool:
    """Whether a quoted value is a message about the field: `is too short`, `can't be blank`."""
    word = skip_class(t, start, LETTER)
    if word == end or word - start > 6 or word == start or at(t, word) not in (SPACE, APOSTROPHE):
        return False
    return (word_flags(t, start, word) & COMPLAINT) != 0


@compiled
def is_code(t: Any, start: int) -> bool:
    """Whether code stands here and not a value: `request.headers.get(`, `process.env.KEY;`."""
    i, dots = start, 0
    while is_class(t, i, LETTER) or at(t, i) in (DOT, UNDERSCORE):
        dots += at(t, i) == DOT
        i += 1
    byte = at(t, i)
    return dots > 0 and at(t, i - 1) != DOT and (is_blank(byte) or byte in (OPEN, BRACKET, SEMICOLON))


@compiled
def only_describes(t: Any, start: int) -> bool:
    """Whether all members of a JSON object have names such as `secretName`, `status` or `createDate`."""
    i = skip_blanks(t, start + 1)
    if at(t, start) == BRACKET:
        if at(t, i) != BRACE:
            return False
        i = skip_blanks(t, i + 1)
    for _ in range(MAX_MEMBERS):
        if at(t, i) != QUOTE:
            return False
        end = quoted_end(t, i + 1, QUOTE, 0)
        if end - i > MAX_NAME or (word_flags(t, i + 1, end) & DESCRIPTION) == 0 or at(t, end + 1) != COLON:
            return False
        value = skip_blanks(t, end + 2)
        if at(t, value) == QUOTE:
            value = quoted_end(t, value + 1, QUOTE, 0) + 1
        elif at(t, value) in (BRACE, BRACKET):
            if not may_look(t, value):
                return False
            behind = abs(container_end(t, value, 0))
            t.state[WASTED] += behind - value
            value = behind
        else:
            value = skip_class(t, value, BARE)
        i = skip_blanks(t, value)
        if at(t, i) == BRACE_END:
            return True
        if at(t, i) != COMMA:
            return False
        i = skip_blanks(t, i + 1)
    return False


@compiled
def is_schema(t: Any, start: int) -> bool:
    """Whether an object describes the field, as JSON Schema does: `{"type":"string"`."""
    i = skip_blanks(t, start + 1)
    if at(t, i) == QUOTE and holds(t, i + 1, _SECRET_) and holds(t, i + 7, _NAME):
        return True  # Kubernetes: {"secretName":"db"}
    if at(t, i) != QUOTE or not holds(t, i + 1, _TYPE):
        return False
    i = skip_blanks(t, skip_blanks(t, i + 6) + 1)
    return at(t, i) == QUOTE and (
        holds(t, i + 1, _STRING) or holds(t, i + 1, _OBJECT) or holds(t, i + 1, _NUMBER)
    )


@compiled
def holds_a_secret(t: Any, start: int, end: int, rule: int, weak: bool) -> bool:
    """Whether a value, by what it is, may be what its key says."""
    if end <= start or is_reference(t, start, end):
        return False
    if (t.rules[rule] & PIN) != 0 and end - start < MIN_PIN_DIGITS and is_number_like(t, start, end):
        return False
    placeholder = placeholder_end(t, start)
    if placeholder != 0 and placeholder == end:
        return False
    if is_nothing(t, start, end) or _is_masked(t, start, end) or (weak and _is_path(t, start)):
        return False
    if (t.rules[rule] & PHONE) != 0 and count_digits(t, start, end) < MIN_PHONE_DIGITS:
        return False
    if (t.rules[rule] & BASIC_PAIR) != 0 and not is_basic_pair(t, start, end):
        return False
    if weak:
        return not (
            is_number_like(t, start, end) or end - start < 4 or (word_flags(t, start, end) & PROSE) != 0
        )
    return True


@compiled
def is_mask(t: Any, start: int) -> bool:
    """Whether `[FILTERED]`, `<hidden>`, `["REDACTED"]` or `__REDACTED__` stands here."""
    begin = start
    while begin - start < 4 and at(t, begin) in (BRACKET, LESS, OPEN, BRACE, QUOTE, STAR, UNDERSCORE):
        begin += 1
    word = skip_class(t, begin, LETTER)
    if word == begin or (begin == start and at(t, word) != UNDERSCORE):
        return False
    return (word_flags(t, begin, word) & MASKED) != 0


@compiled
def _is_masked(t: Any, start: int, end: int) -> bool:
    """Whether somebody has put stars, or `[FILTERED]`, in its place already."""
    first = at(t, start)
    if is_mask(t, start):
        return True
    if is_class(t, start, WORD) and (lower(first) != 120 or end - start < 3):  # xxxxxxxx
        return False
    for i in range(start, end):
        if at(t, i) != first:
            return False
    return True


@compiled
def _is_path(t: Any, start: int) -> bool:
    """Whether the value is a folder: `PWD=/home/bob`."""
    return at(t, start) in (SLASH, 126) or (
        at(t, start + 1) == COLON and at(t, start + 2) in (SLASH, BACKSLASH)
    )


@compiled
def holds_a_string(t: Any, start: int, end: int) -> bool:
    """Whether a container holds a string long enough for a secret, that is no name of a member."""
    i = start
    while i < end:
        if at(t, i) == QUOTE or at(t, i) == APOSTROPHE:
            stop = i + 1
            while stop < end and at(t, stop) != at(t, i):
                stop += 1
            if stop - i > MIN_STRING and at(t, skip_blanks(t, stop + 1)) != COLON:
                return True
            i = stop
        i += 1
    return False


@compiled
def is_long(t: Any, start: int) -> bool:
    """Whether an unquoted value has more bytes than any telephone number."""
    i = start
    while is_class(t, i, BARE) and i - start <= MAX_NAME:
        i += 1
    return i - start > MAX_NAME
