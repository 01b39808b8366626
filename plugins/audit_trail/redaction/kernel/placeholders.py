"""Values that stand for a secret and are none: references, masks, literals, states, names."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import key_end, key_rule, word_flags
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    AT,
    AUTHORIZATION,
    BACKSLASH,
    BANG,
    BRACE,
    BRACE_END,
    BRACKET,
    CLOSE,
    COLON,
    DIGIT,
    DOLLAR,
    DOT,
    GREATER,
    HASH,
    LESS,
    LETTER,
    MASKED,
    MINUS,
    NOTHING,
    OPEN,
    PASSWORD,
    PERCENT,
    QUOTE,
    SCHEME_OF_TOKEN,
    SECRET,
    SLASH,
    SPACE,
    STAR,
    STATUS,
    UNDERSCORE,
    VERDICT,
    WORD,
    at,
    holds,
    is_class,
    lower,
    packed,
    skip_blanks,
    skip_class,
)

# The longest of the words that say a state.
MAX_STATE = 14
MAX_NAME_DIGITS = 3
MAX_NAME_BYTES = 128
# Quotes and blanks between a separator and its value.
MAX_BEFORE = 8
_VAULT, _ARN, _ALIAS, _ROLE = packed(b"vault"), packed(b"arn:"), packed(b"alias/"), packed(b"role_")
_CREDS, _TLS, _CERT, _TIALS = packed(b"-creds"), packed(b"-tls"), packed(b"-cert"), packed(b"entials")
_SECRET, _CLIENT, _SHARED = packed(b"secret"), packed(b"client"), packed(b"shared")
_API, _CONSUMER, _SIGNING = packed(b"api"), packed(b"consume"), packed(b"signing")
_N_A = packed(b"n/a")


@compiled
def is_nothing(t: Any, start: int, end: int) -> bool:
    """null, None, true, REDACTED and the like: they hold no secret."""
    return end - start <= 11 and (word_flags(t, start, end) & (NOTHING | MASKED)) != 0


@compiled
def is_reference(t: Any, start: int, end: int) -> bool:
    """Whether the value only names where the secret is: `$TOKEN`, `{{ token }}`, `%s`, `:token`."""
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
    if first == BRACE:
        return second == BRACE or at(t, skip_class(t, start + 1, DIGIT)) == BRACE_END
    if first == HASH:
        return second == BRACE
    if first == COLON or first == AT:
        return _is_parameter(t, start, end)
    return first == BANG and end - start == 6 and holds(t, start + 1, _VAULT)


@compiled
def is_mask(t: Any, start: int) -> bool:
    """Whether `[FILTERED]`, `<hidden>`, `["REDACTED"]` or `__REDACTED__` stands here."""
    begin = start
    while begin - start < 4 and at(t, begin) in (BRACKET, LESS, OPEN, BRACE, QUOTE, STAR, UNDERSCORE):
        begin += 1
    word = skip_class(t, begin, LETTER)
    if word == begin or (begin == start and at(t, word) != UNDERSCORE):
        return False
    flags = word_flags(t, begin, word)
    closed = at(t, begin - 1) in (OPEN, LESS) and at(t, word) in (CLOSE, GREATER)
    return (flags & MASKED) != 0 or (closed and (flags & (NOTHING | STATUS)) != 0)


@compiled
def is_masked(t: Any, start: int, end: int) -> bool:
    """Whether somebody has put stars, or `[FILTERED]`, in its place already."""
    first = at(t, start)
    if first >= 128:
        return _repeats(t, start, end)
    if is_mask(t, start):
        return True
    if is_class(t, start, WORD) and (lower(first) != 120 or end - start < 3):  # xxxxxxxx
        return False
    for i in range(start, end):
        if at(t, i) != first:
            return False
    return True


@compiled
def is_path(t: Any, start: int) -> bool:
    """Whether the value is a folder: `PWD=/home/bob`."""
    return at(t, start) in (SLASH, 126) or (
        at(t, start + 1) == COLON and at(t, start + 2) in (SLASH, BACKSLASH)
    )


@compiled
def _is_parameter(t: Any, start: int, end: int) -> bool:
    """Whether a statement's parameter named like a secret stands here: `:token`, `@password`, `:1`."""
    if at(t, start) == COLON and skip_class(t, start + 1, DIGIT) == end:
        return 1 < end - start <= 3
    stop = start + 1
    while 97 <= at(t, stop) <= 122 or at(t, stop) == UNDERSCORE:
        stop += 1
    if stop != end or stop == start + 1:
        return False
    rule, _, _, _ = key_rule(t, end)
    return rule >= 0


@compiled
def _repeats(t: Any, start: int, end: int) -> bool:
    """Whether one letter beyond ASCII is all there is: dots in place of each letter."""
    width = 3 if at(t, start) >= 224 else 2
    if end - start < 3 * width:
        return False
    for i in range(start + width, end):
        if at(t, i) != at(t, i - width):
            return False
    return True


@compiled
def is_state(t: Any, start: int, end: int, flags: int) -> bool:
    """Whether a word says how it is about the secret: `token=expired`.

    Words that somebody might choose as a password count only where nobody chooses.
    """
    if end - start > MAX_STATE:
        return False
    if end - start == 3 and holds(t, start, _N_A):
        return True
    known = word_flags(t, start, end)
    if (known & VERDICT) != 0:
        return (flags & (PASSWORD | SECRET)) == 0
    return (known & STATUS) != 0


@compiled
def is_name(t: Any, start: int, end: int, flags: int) -> bool:
    """Whether the value names where a secret is kept: an ARN, an alias, `prod/app-db`, `app-tls`."""
    if holds(t, start, _ARN) or holds(t, start, _ALIAS):
        return True
    if (flags & AUTHORIZATION) != 0:
        return holds(t, start, _ROLE)
    return (flags & SECRET) != 0 and _is_object_name(t, start, end) and not _is_credential(t, start)


@compiled
def _is_credential(t: Any, start: int) -> bool:
    """Whether the value at `start` is that of a `client_secret` or the like, which is never a name."""
    i = start
    while start - i < MAX_BEFORE and at(t, i - 1) in (QUOTE, APOSTROPHE, BACKSLASH, SPACE):
        i -= 1
    end, _, _ = key_end(t, i - 1)
    end -= 6
    if not holds(t, end, _SECRET):
        return False
    if at(t, end - 1) in (UNDERSCORE, MINUS, SPACE):
        end -= 1
    return (
        holds(t, end - 6, _CLIENT)
        or holds(t, end - 6, _SHARED)
        or holds(t, end - 3, _API)
        or holds(t, end - 8, _CONSUMER)
        or holds(t, end - 7, _SIGNING)
    )


@compiled
def _is_object_name(t: Any, start: int, end: int) -> bool:
    """Whether this is a path of lower-case names, as Kubernetes and secret managers have them."""
    digits, slashes = 0, 0
    if end - start > MAX_NAME_BYTES:
        return False
    for i in range(start, end):
        byte = at(t, i)
        if byte == SLASH:
            slashes += 1
        elif 48 <= byte <= 57:
            digits += 1
        elif not (97 <= byte <= 122 or (byte in (MINUS, DOT) and i > start)):
            return False
        if (i == start or at(t, i - 1) == SLASH) and not 97 <= byte <= 122:
            return False
    if digits > MAX_NAME_DIGITS:
        return False
    if slashes > 0:
        return slashes <= 3 and at(t, end - 1) != SLASH
    return (
        holds(t, end - 6, _CREDS)
        or holds(t, end - 4, _TLS)
        or holds(t, end - 5, _CERT)
        or holds(t, end - 7, _TIALS)
    )


@compiled
def is_number_of_more(t: Any, start: int, end: int) -> bool:
    """Whether this is a metric's value, `1|c`, or a place on a ring of 64 bits, `-3074457345618258602`."""
    stop = skip_class(t, start + 1 if at(t, start) == MINUS else start, DIGIT)
    if at(t, start) == MINUS:
        return stop == end and end - start > 10
    if at(t, stop) == DOT:
        stop = skip_class(t, stop + 1, DIGIT)
    unit = skip_class(t, stop + 1, LETTER) - stop - 1
    return start < stop < end and at(t, stop) == 124 and 1 <= unit <= 2


@compiled
def is_empty_header(t: Any, start: int, end: int) -> bool:
    """Whether a scheme of `Authorization` has nothing behind it, or a mask: `Bearer ***`."""
    name = skip_class(t, start, LETTER)
    token = skip_blanks(t, name)
    if token == name or token >= end or (word_flags(t, start, name) & SCHEME_OF_TOKEN) == 0:
        return False
    return is_nothing(t, token, end) or is_masked(t, token, end)
