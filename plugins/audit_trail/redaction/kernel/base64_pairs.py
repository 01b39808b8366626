"""Base64 that holds a user and a password."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.text import COLON, EQUALS, MINUS, PLUS, SLASH, at

# `a:bcde` in base64.
MIN_BASIC = 8


@compiled
def _base64_value(byte: int) -> int:
    if 65 <= byte <= 90:
        return byte - 65
    if 97 <= byte <= 122:
        return byte - 71
    if 48 <= byte <= 57:
        return byte + 4
    return 62 if byte in (PLUS, MINUS) else 63 if byte in (SLASH, 95) else -1


@compiled
def base64_holds(t: Any, start: int, end: int, mark: int) -> bool:
    """Whether base64 holds the byte between user and password, and printable text before it."""
    value, bits = 0, 0
    for i in range(start, end):
        digit = _base64_value(at(t, i))
        if digit < 0:
            return False
        value, bits = value * 64 + digit, bits + 6
        if bits >= 8:
            bits -= 8
            byte = value >> bits
            value &= (1 << bits) - 1
            if byte == mark:
                return True
            if byte < 32:
                return False
    return False


@compiled
def is_basic_pair(t: Any, start: int, end: int) -> bool:
    """Whether the base64 from `start` to `end` holds `user:password`."""
    while end > start and at(t, end - 1) == EQUALS:
        end -= 1
    return end - start >= MIN_BASIC and base64_holds(t, start, end, COLON)
