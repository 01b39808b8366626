"""Arguments that auditd writes in hexadecimal: `proctitle=6D7973716C00...`, `a1=4175...`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.text import (
    EQUALS,
    NO_QUOTE,
    WORD,
    add_span,
    at,
    hex_number,
    holds,
    lower,
    packed,
    skip_class,
)

# `password` in hexadecimal.
MIN_HEX = 16
# An argument is cut off at 7,500 digits by auditd itself.
MAX_HEX = 8192
_PROCTIT, _PASS, _TOKEN, _SECRET = packed(b"proctit"), packed(b"pass"), packed(b"token"), packed(b"secret")
_AUTHORI, _API_KEY, _BEARER = packed(b"authori"), packed(b"api-key"), packed(b"bearer")


@compiled
def hexadecimal(t: Any, i: int, rule: int) -> int:
    """Replace the digits behind `proctitle=` or `a1=` when they say `password` or the like; or 0."""
    end = skip_class(t, i, WORD)
    if at(t, end) != EQUALS or not (holds(t, i, _PROCTIT) or end - i == 2):
        return 0
    start = end + 1
    stop = skip_class(t, start, WORD)
    if not MIN_HEX <= stop - start <= MAX_HEX or (stop - start) % 2 != 0:
        return 0
    found = False
    for place in range(start, stop, 2):
        if hex_number(t, place, 2) < 0:
            return 0
        found = found or _names_a_secret(t, place)
    return add_span(t, start, stop, rule, NO_QUOTE) if found else 0


@compiled
def _names_a_secret(t: Any, place: int) -> bool:
    first = lower(hex_number(t, place, 2))
    if first == 112:
        return _spells(t, place, _PASS)
    if first == 116:
        return _spells(t, place, _TOKEN)
    if first == 115:
        return _spells(t, place, _SECRET)
    if first == 97:
        return _spells(t, place, _AUTHORI) or _spells(t, place, _API_KEY)
    return first == 98 and _spells(t, place, _BEARER)


@compiled
def _spells(t: Any, place: int, word: int) -> bool:
    """Whether the hexadecimal at `place` begins with a `packed` word, in either case."""
    while word > 0:
        if lower(hex_number(t, place, 2)) != (word & 255):
            return False
        word >>= 8
        place += 2
    return True
