"""Keys that mean something else beside some values: a cookie of OpenFlow, the pin of a chip."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.text import (
    BARE,
    COMMA,
    COOKIE,
    DIGIT,
    LETTER,
    NO_QUOTE,
    PIN,
    WORD,
    ZERO,
    at,
    hex_value,
    holds,
    is_class,
    lower,
    packed,
    skip_class,
)

# Longer numbers may be a session's.
MAX_COOKIE_DIGITS, MAX_COUNT_DIGITS = 10, 5
# Of a 64-bit number, with `0x`.
MAX_HEX_BYTES = 18
_COOKIE, _COOKIES = packed(b"cookie"), packed(b"cookies")
_PIN, _GPIO, _SHA256 = packed(b"pin"), packed(b"gpio"), packed(b"sha256/")
_LOWER_S = 115


@compiled
def is_homonym(t: Any, end: int, value: int, quote: int, rule: int) -> bool:
    """Whether the value makes the key that ends at `end` something that is no secret.

    Args:
        end: Of the key.
        value: Where the value begins, behind its quote if it has one.
        quote: What closed the key.
        rule: Of the key.
    """
    flags = t.rules[rule]
    plural = lower(at(t, end - 1)) == _LOWER_S and lower(at(t, end - 2)) != _LOWER_S  # not `db_pass`
    if plural and (flags & PIN) == 0 and 0 < _number_bytes(t, value) <= MAX_COUNT_DIGITS:
        return True  # `cookies: 14 stored`, `passwords: 14 expired`
    if (flags & COOKIE) != 0 and (holds(t, end - 6, _COOKIE) or holds(t, end - 7, _COOKIES)):
        return 0 < _number_bytes(t, value) <= MAX_COOKIE_DIGITS or _is_hex(t, value)
    if (flags & PIN) != 0 and holds(t, end - 3, _PIN) and not is_class(t, end - 4, LETTER):
        return _is_contact(t, value, quote)
    return False


@compiled
def _number_bytes(t: Any, i: int) -> int:
    """The digits at `i` when nothing else follows, or 0."""
    end = skip_class(t, i, DIGIT)
    return 0 if is_class(t, end, BARE) and at(t, end) != COMMA else end - i


@compiled
def _is_hex(t: Any, i: int) -> bool:
    if at(t, i) != ZERO or lower(at(t, i + 1)) != 120:
        return False
    end = i + 2
    while end - i < MAX_HEX_BYTES and hex_value(at(t, end)) >= 0:
        end += 1
    return not is_class(t, end, WORD)


@compiled
def _is_contact(t: Any, i: int, quote: int) -> bool:
    """Whether this is the contact of a chip, or what APT pins: `gpio17`, `PA4`, `release a=sid`."""
    if holds(t, i, _GPIO) or holds(t, i, _SHA256):
        return True
    letters = skip_class(t, i, LETTER)
    end = skip_class(t, letters, DIGIT)
    if is_class(t, end, BARE) or letters == i:
        return False
    return (end == letters and quote == NO_QUOTE) or (letters - i <= 2 and 1 <= end - letters <= 2)
