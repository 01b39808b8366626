"""The private members of a JSON Web Key (RFC 7518 section 6): `{"kty":"RSA","d":"...","p":"..."}`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.quotes import quoted_end
from audit_trail.redaction.kernel.text import (
    BACKSLASH,
    BRACE,
    COLON,
    COMMA,
    DONE,
    NEWLINE,
    NO_QUOTE,
    QUOTE,
    add_span,
    at,
    holds,
    packed,
    skip_blanks,
)

# Where the object begins is looked for this far back: all numbers of a key with 2,048 bits.
MAX_BEFORE = 1024
# Names in any order; a key has 12 members at most.
MAX_MEMBERS = 16
MAX_SPANS = 8
_KTY = packed(b'kty"')
_DP, _DQ, _QI = packed(b'dp"'), packed(b'dq"'), packed(b'qi"')


@compiled
def private_members(t: Any, i: int, rule: int) -> int:
    """Replace the private members of the key around its `kty`; where to go on, or 0."""
    if not holds(t, i, _KTY) or at(t, i - 1) != QUOTE or at(t, i - 2) == BACKSLASH:
        return 0
    place = i
    while i - place < MAX_BEFORE and place > t.state[DONE] and at(t, place) not in (BRACE, NEWLINE):
        place -= 1
    if at(t, place) != BRACE:
        return 0
    behind, spans = 0, 0
    place = skip_blanks(t, place + 1)
    for _ in range(MAX_MEMBERS):
        end = quoted_end(t, place + 1, QUOTE, 0)
        value = skip_blanks(t, end + 2)
        if at(t, place) != QUOTE or at(t, end + 1) != COLON or at(t, value) != QUOTE or spans == MAX_SPANS:
            break
        stop = quoted_end(t, value + 1, QUOTE, 0)
        if _is_private(t, place + 1, end) and holds_a_secret(t, value + 1, stop, rule, False):
            behind = add_span(t, value + 1, stop, rule, NO_QUOTE)
            spans += 1
        place = skip_blanks(t, stop + 1)
        if at(t, place) != COMMA:
            break
        place = skip_blanks(t, place + 1)
    return behind


@compiled
def _is_private(t: Any, start: int, end: int) -> bool:
    """d, p, q, dp, dq, qi, and k of a symmetric key."""
    if end - start == 1:
        return at(t, start) in (100, 112, 113, 107)
    return end - start == 2 and (holds(t, start, _DP) or holds(t, start, _DQ) or holds(t, start, _QI))
