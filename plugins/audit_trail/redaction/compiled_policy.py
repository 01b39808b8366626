"""A policy as RE2 patterns: one that proposes candidates, and one per shape to judge them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.checks import key_words
from audit_trail.redaction.policy import Policy, Rule

# RE2 falls back to its slow automaton when the fast one does not fit; the
# built-in policy needs a few MiB.
_MAX_AUTOMATON_BYTES = 64 * 1024 * 1024
_USERINFO = r"""://[^\s/?#"'\\<>]+@"""
_NEVER = r"[^\x00-\xff]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledPolicy:
    """A policy, compiled; `shapes` are listed under each byte they may begin with."""

    candidates: Any
    any_shape: Any
    shapes: tuple[tuple[tuple[Rule, Any], ...], ...]
    parameters: Mapping[bytes, str]
    rule_of_key: Callable[[bytes], str | None]


@lru_cache(maxsize=8)
def compile_policy(policy: Policy) -> CompiledPolicy:
    """Compile a policy; the same policy is compiled once.

    Raises:
        ConfigurationError: A shape is no RE2 pattern.
    """
    import re2

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MAX_AUTOMATON_BYTES

    def compiled(source: str) -> Any:
        return re2.compile(source.encode("latin-1"), options)

    try:
        shapes = [(rule, shape, compiled(shape)) for rule in policy.rules for shape in rule.shapes]
        any_shape = "|".join(_anchored(source, pattern) for _, source, pattern in shapes) or _NEVER
        return CompiledPolicy(
            candidates=compiled(_candidate_source(policy, any_shape)),
            any_shape=compiled(any_shape),
            shapes=_by_first_byte([(rule, pattern) for rule, _, pattern in shapes]),
            parameters={name.encode(): rule.name for rule in policy.rules for name in rule.parameters},
            rule_of_key=_key_matcher(policy),
        )
    except (re2.error, UnicodeEncodeError) as error:
        raise ConfigurationError(
            "a shape of the redaction policy is no RE2 pattern",
            where="policy",
            found=str(error),
            remedy="use RE2 syntax: no lookaround, no backreference, Latin-1 characters only",
        ) from error


def _anchored(source: str, pattern: Any) -> str:
    r"""A shape that begins with a letter or digit begins where a word does, or behind an escape like `\n`."""
    low, high = _first_bytes(pattern)
    if low >= b"0" and high <= b"{":
        return rf"(?:\b|\\[bfnrt]|\\u[0-9A-Fa-f]{{4}})(?:{source})"
    return f"(?:{source})"


def _by_first_byte(shapes: list[tuple[Rule, Any]]) -> tuple[tuple[tuple[Rule, Any], ...], ...]:
    ranges = [(shape, *_first_bytes(shape[1])) for shape in shapes]
    return tuple(
        tuple(shape for shape, low, high in ranges if low <= bytes([byte]) <= high) for byte in range(256)
    )


def _first_bytes(pattern: Any) -> tuple[bytes, bytes]:
    import re2

    try:
        low, high = pattern.possiblematchrange(1)
    except re2.error:  # it may begin with any byte
        return b"", b"\xff"
    return low[:1], high[:1]


def _candidate_source(policy: Policy, any_shape: str) -> str:
    terms = sorted({term.replace(" ", "[_.-]?") for rule in policy.rules for term in rule.keys})
    names = "|".join(re.escape(name) for rule in policy.rules for name in rule.parameters)
    alternatives = [any_shape, _USERINFO]
    if terms:
        endings = "|".join(policy.ignored_endings) or _NEVER
        key = rf"[\w.-]*(?i:(?:{'|'.join(terms)})(?:[_.-]?(?:{endings})|[0-9_.-])*)"
        alternatives += [rf"""{key}(?:\\*["'])?[ \t]*[:=]""", rf"--{key}[ \t]+"]
    if names:
        alternatives.append(rf"(?:[?&;]|\\u0026)(?i:{names})=")
    return "|".join(alternatives)


def _key_matcher(policy: Policy) -> Callable[[bytes], str | None]:
    """A function from a key to its rule: the key's last words, joined, are one of the rule's."""
    rules = {term.replace(" ", ""): rule.name for rule in policy.rules for term in rule.keys}
    longest = max((len(term.split()) for rule in policy.rules for term in rule.keys), default=0) + 1

    @lru_cache(maxsize=4096)
    def rule_of_key(key: bytes) -> str | None:
        words = key_words(key)
        if not words or words[0] in policy.harmless_beginnings:
            return None
        while words and (words[-1] in policy.ignored_endings or words[-1].isdigit()):
            words.pop()
        for taken in range(min(longest, len(words)), 0, -1):
            rule = rules.get("".join(words[-taken:]))
            if rule:
                return rule
        return None

    return rule_of_key
