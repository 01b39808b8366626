"""The redactor: whole blocks of records in, the same records out.

One RE2 pattern without captures walks over the whole block and proposes
candidates in linear time, whatever the input; the few bytes it finds are
then judged one by one. RE2 has neither lookaround nor backreferences, so
what stands before a value is looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from audit_trail.redaction.checks import CHECKS, after_escape, backslashes_before, begins_word, quote_escape
from audit_trail.redaction.compiled_policy import CompiledPolicy, compile_policy
from audit_trail.redaction.policy import DEFAULT_POLICY, Policy
from audit_trail.redaction.value_spans import (
    PLACEHOLDER,
    ValueSpan,
    find_option_value,
    find_parameter_value,
    find_value,
)

# Keys are identifiers; a longer run of word characters is not one.
_MAX_KEY_BYTES = 128
# `?key=name` and `?code=404` are no secrets.
_MIN_PARAMETER_BYTES = 10
# The shortest key word beside the shortest shape; shorter names are not searched.
_MIN_NAME_WITH_SHAPE_BYTES = 14
# Spaces between a JSON key and its number; more than that is not JSON as written by machines.
_MAX_LOOKBACK_BYTES = 32

USERINFO_RULE = "url-userinfo"
_PARAMETER_MARKS = frozenset(b"?&;\\")
_PARAMETER_PREFIX = re.compile(rb"^(?:[?&;]|\\u0026)")
_WORD_END = re.compile(rb"\W")
# These shapes begin where their word begins, or do not begin with a word.
_TAKES_WHOLE_WORD = frozenset({"email", "private-key"})
_ESCAPE = re.compile(rb"\\(?:[bfnrt]|u[0-9A-Fa-f]{4})")
_STRING_TOKENS = re.compile(rb'\\[^\n]|"')
_BEFORE_VALUE = re.compile(rb'(?:(?P<escape>\\*)"[ \t]*:|[\[,])[ \t]*\Z')
_VALUE_FOLLOWS = re.compile(rb"[ \t]*(?:[,}\]\r\n]|\\+[nr]|\Z)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """What came out.

    Attributes:
        data: The records, as many as went in.
        counts: Replacements per rule name; rules that found nothing are absent.
    """

    data: bytes
    counts: Mapping[str, int]


class Redactor:
    """Replaces secrets and personal data in log records by `[REDACTED:<rule>]`.

    Has no state of its own: one instance may serve any number of threads.

    Args:
        policy: None means the built-in policy.

    Raises:
        ConfigurationError: A shape in the policy is no RE2 pattern.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self._policy = policy or DEFAULT_POLICY
        self._patterns = compile_policy(self._policy)

    @property
    def policy_sha256(self) -> str:
        """SHA-256 of the canonical policy, lower case hex, for signed manifests."""
        return self._policy.sha256

    def redact(self, data: bytes) -> Redaction:
        r"""Redact any number of records separated by `\n`.

        Bytes that are not replaced stay as they are, valid UTF-8 or not, and
        no `\n` is added, removed or moved. JSON stays JSON. Redacting the
        result again changes nothing.
        """
        return _Scan(data, self._patterns).run()


class _Scan:
    """One pass over one block."""

    def __init__(self, data: bytes, patterns: CompiledPolicy) -> None:
        self._data = data
        self._patterns = patterns
        self._counts: dict[str, int] = {}
        self._pieces: list[bytes] = []
        self._copied = 0
        self._string_known_to = 0
        self._in_string = False

    def run(self) -> Redaction:
        position: int | None = 0
        while position is not None:
            position = self._go_on(position)
        if not self._pieces:
            return Redaction(data=self._data, counts={})
        self._pieces.append(self._data[self._copied :])
        return Redaction(data=b"".join(self._pieces), counts=self._counts)

    def _go_on(self, position: int) -> int | None:
        """Judge candidates until one is decided elsewhere than at its own end; None at the end."""
        for found in self._patterns.candidates.finditer(self._data, position):
            start, end = found.span()
            position = self._judge(start, end)
            if position != end:
                return position
        return None

    def _judge(self, start: int, end: int) -> int:
        """Replace what the candidate shows to be sensitive; returns where to go on."""
        last = self._data[end - 1 : end]
        if last == b"=" and self._data[start] in _PARAMETER_MARKS:
            return self._parameter(start, end)
        if last in (b"=", b":"):
            return self._key(start, end)
        if last in (b" ", b"\t"):
            return self._option(start, end)
        if last == b"@":
            if PLACEHOLDER.search(self._data, start, end):
                return start + len("://")
            self._replace(start + len("://"), end - 1, USERINFO_RULE)
            return end
        return self._shape(start, end)

    def _key(self, start: int, end: int) -> int:
        key = self._data[start : end - 1].rstrip(b" \t")
        name = key.rstrip(b"\"'")
        if len(name) < len(key):
            run = backslashes_before(name, len(name), 0)
            name = name[: len(name) - quote_escape(run)]
        self._shapes_within(start, start + len(name))
        rule = self._rule_of(start, name)
        if rule is None:
            return end
        span = find_value(self._data, end, key_quote=key[len(name) :], rule=rule)
        return self._replace_value(span, rule, end)

    def _option(self, start: int, end: int) -> int:
        rule = self._rule_of(start, self._data[start:end].strip())
        return end if rule is None else self._replace_value(find_option_value(self._data, end), rule, end)

    def _parameter(self, start: int, end: int) -> int:
        name = _PARAMETER_PREFIX.sub(b"", self._data[start : end - 1]).lower()
        span = find_parameter_value(self._data, end, min_bytes=_MIN_PARAMETER_BYTES)
        return self._replace_value(span, self._patterns.parameters[name], end)

    def _rule_of(self, start: int, name: bytes) -> str | None:
        """The rule of a key; what ends an escape before it may or may not be part of its name."""
        shift = after_escape(self._data, start) - start
        rule = self._patterns.rule_of_key(name[-_MAX_KEY_BYTES:])
        return rule or (self._patterns.rule_of_key(name[shift:][-_MAX_KEY_BYTES:]) if shift else None)

    def _shapes_within(self, start: int, end: int) -> None:
        """A long name may hold a token itself: `eyJ...: expired`."""
        while end - start >= _MIN_NAME_WITH_SHAPE_BYTES and (
            found := self._patterns.any_shape.search(self._data, start, end)
        ):
            start = self._shape(*found.span())

    def _shape(self, start: int, end: int) -> int:
        escape = _ESCAPE.match(self._data, start)
        if escape:
            start = escape.end()
        # Right behind a replacement is a boundary too: a second scan would
        # see the bracket there.
        at_word = (bool(self._pieces) and start == self._copied) or begins_word(self._data, start)
        for rule, pattern in self._patterns.shapes[self._data[start]]:
            if not (at_word or rule.check in _TAKES_WHOLE_WORD) or not pattern.fullmatch(
                self._data, start, end
            ):
                continue
            span = CHECKS[rule.check](self._data, start, end)
            if span:
                quote = self._number_quote(*span) if rule.check == "luhn" else b""
                self._replace(*span, rule.name, quote)
                return span[1]
        # Behind an escape an address may begin, which takes its whole word.
        return start if escape else self._next_word(start, end)

    def _next_word(self, start: int, end: int) -> int:
        boundary = _WORD_END.search(self._data, start + 1, end)
        return boundary.start() if boundary else end

    def _replace_value(self, span: ValueSpan | None, rule: str, otherwise: int) -> int:
        if span is None:
            return otherwise
        self._replace(span.start, span.end, rule, span.quote)
        return span.end

    def _replace(self, start: int, end: int, rule: str, quote: bytes = b"") -> None:
        self._pieces.append(self._data[self._copied : start])
        self._pieces.append(quote + b"[REDACTED:" + rule.encode() + b"]" + quote)
        self._copied = end
        self._counts[rule] = self._counts.get(rule, 0) + 1

    def _number_quote(self, start: int, end: int) -> bytes:
        """The quote that keeps JSON valid where a bare number is replaced, or nothing."""
        before = _BEFORE_VALUE.search(self._data, max(start - _MAX_LOOKBACK_BYTES, 0), start)
        if not before or not _VALUE_FOLLOWS.match(self._data, end):
            return b""
        if not self._inside_string(start):
            return b'"'
        depth = quote_escape(len(before["escape"] or b""))
        return b"\\" * depth + b'"' if depth else b""

    def _inside_string(self, position: int) -> bool:
        """Whether a JSON string is open here; goes on where the last call stopped, so it is linear."""
        line = self._data.rfind(b"\n", self._string_known_to, position)
        if line >= 0:
            self._string_known_to, self._in_string = line + 1, False
        for token in _STRING_TOKENS.finditer(self._data, self._string_known_to, position):
            if token.group() == b'"':
                self._in_string = not self._in_string
        self._string_known_to = position
        return self._in_string
