"""What is put in the place of what was found: `[REDACTED:<rule>]` and its kin."""

from __future__ import annotations

import hmac
import re
from array import array
from dataclasses import dataclass
from hashlib import sha256
from itertools import accumulate
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.kernel.layout import SPAN_INTS
from audit_trail.redaction.policy import Policy

if TYPE_CHECKING:
    from audit_trail.redaction.scanner import Spans

MIN_KEY_BYTES = 16
TOKEN_HEX_DIGITS = 32
"""128 bits of HMAC-SHA-256 (RFC 2104 section 5 allows half of the digest)."""
KEPT = 4
MIN_PARTIAL = 12
"""Of a shorter value its last four characters would say too much."""

_ALPHANUMERIC = re.compile(rb"[^A-Za-z0-9]")
_QUOTES = (b"", b'"', b"'", b"\\u0022", b"&quot;", b"%22", b"\\x22", b"`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Replacements one behind the other, and where each begins (int32, one more than there are)."""

    text: bytes
    starts: array[int]


class Replacements:
    """Makes replacements.

    Args:
        policy: Its rules' actions decide.
        pseudonym_key: The secret of `pseudonymize`.

    Raises:
        ConfigurationError: A rule pseudonymizes and the key is missing or short.
    """

    def __init__(self, policy: Policy, pseudonym_key: bytes | None) -> None:
        self._rules = policy.rules
        self._key = pseudonym_key
        self._own = [rule.action in ("partial", "pseudonymize", "drop-value") for rule in policy.rules]
        named = [rule.name for rule in policy.rules if rule.action == "pseudonymize"]
        if named and (pseudonym_key is None or len(pseudonym_key) < MIN_KEY_BYTES):
            raise ConfigurationError(
                "a redaction rule pseudonymizes, and there is no key for it",
                where=f"rule {named[0]!r}",
                expected=f"a key of at least {MIN_KEY_BYTES} bytes",
                found="none" if pseudonym_key is None else f"{len(pseudonym_key)} bytes",
                remedy="name a file with random bytes in redaction.pseudonym_key_file",
            )
        self._fixed = _table([f"[REDACTED:{rule.name}]".encode() for rule in policy.rules])

    def text(self, rule: int, value: bytes, quote: int) -> bytes:
        """The replacement of one value, with the quotes that it needs."""
        mark = b"\\" * (quote >> 3) + _QUOTES[quote & 7]
        return mark + self._made(rule, value, quoted=bool(quote)) + mark

    def table(self, data: bytes | memoryview, spans: Spans) -> Table:
        """The replacements of all spans; those that depend on the value get numbers of their own.

        Args:
            data: What was scanned.
            spans: What was found; quotes and numbers of replacements may be changed.
        """
        if not any(self._own):
            return self._fixed
        texts = [f"[REDACTED:{rule.name}]".encode() for rule in self._rules]
        for place, (start, end, rule, quote, _) in enumerate(spans.rows()):
            if self._own[rule]:
                made = self._made(rule, bytes(data[start:end]), quoted=bool(quote))
                if made == b"null":
                    spans.numbers[place * SPAN_INTS + 3] = 0
                spans.numbers[place * SPAN_INTS + 4] = len(texts)
                texts.append(made)
        return _table(texts)

    def _made(self, rule: int, value: bytes, *, quoted: bool) -> bytes:
        chosen = self._rules[rule]
        if chosen.action == "drop-value":
            return b"null" if quoted else b""
        if chosen.action == "partial":
            shown = _ALPHANUMERIC.sub(b"", value)
            if len(shown) >= MIN_PARTIAL:
                return f"[REDACTED:{chosen.name}:{shown[-KEPT:].decode()}]".encode()
        if chosen.action == "pseudonymize" and self._key is not None:
            token = hmac.new(self._key, value, sha256).hexdigest()[:TOKEN_HEX_DIGITS]
            return f"[REDACTED:{chosen.name}:{token}]".encode()
        return f"[REDACTED:{chosen.name}]".encode()


def _table(texts: list[bytes]) -> Table:
    starts = array("i", accumulate((len(text) for text in texts), initial=0))
    return Table(text=b"".join(texts) or b"\0", starts=starts)
