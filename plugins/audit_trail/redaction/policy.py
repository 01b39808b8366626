"""What is sensitive, and what becomes of it, as data.

The digest of a policy goes into every signed manifest, so a rule is never
changed without the archive showing it. `policy_file` reads policies from
YAML; docs/REDACTION.md explains them to users.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal, get_args

from audit_trail.errors import ConfigurationError

# Raised whenever the engine reads the same rules differently than before.
ENGINE_VERSION = 3

Action = Literal["mask", "partial", "pseudonymize", "drop-value", "keep"]
ACTIONS: tuple[Action, ...] = get_args(Action)

DETECTORS = (
    "auth-scheme",
    "email",
    "iban",
    "ip-address",
    "jwt",
    "mac-address",
    "payment-card",
    "phone",
    "private-key",
    "url-userinfo",
    "us-ssn",
)
NATIONAL_NUMBER = "national-number:"
"""Followed by the name of a module of python-stdnum without its package, such as `es.nif`."""

_RULE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_MAX_RULE_NAME = 64
_WORDS = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")
_WORD = re.compile(r"[a-z0-9]+")
_PARAMETER = re.compile(r"[a-z0-9._~-]+")
_STDNUM_MODULE = re.compile(r"[a-z_]+(\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of sensitive value; its name stands in the replacement.

    Args:
        name: Lower case words joined by hyphens, as in `[REDACTED:name]`.
        keys: Key names whose value is sensitive, in lower case words separated
            by one space. A key matches when its last words are these, whatever
            case and separator: `api key` is `x-api-key`, `apiKey` and `apikey`.
        weak_keys: The same, but not where the value is a number, a literal or
            a common word.
        parameters: Names, in lower case, that are sensitive only in a URL's
            query or a form, and only with values of at least 10 bytes.
        shapes: What the value itself looks like; see `shape_pattern`.
        detectors: Names of built-in detectors.
        action: What becomes of the value.
    """

    name: str
    keys: tuple[str, ...] = ()
    weak_keys: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()
    action: Action = "mask"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Rules in order of precedence, and the words that do not change a key's meaning.

    Shapes are read when a `Redactor` is made, not here.

    Args:
        rules: At equal places the earlier rule wins.
        ignored_endings: Words a sensitive key may end with and stay sensitive
            (`password_confirmation`).
        harmless_beginnings: First words that make a key a statement about a
            secret and not the secret (`has_password`).
        harmless_keys: Last words of keys that are never sensitive, though
            they end in a sensitive word (`next page token`).

    Raises:
        ConfigurationError: A name, word, detector or action is none, a rule
            finds nothing, or a name is used twice.
    """

    rules: tuple[Rule, ...]
    ignored_endings: tuple[str, ...] = ()
    harmless_beginnings: tuple[str, ...] = ()
    harmless_keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for rule in self.rules:
            where = f"rule {rule.name!r}"
            _check_all((rule.name,), check_rule_name, where)
            if rule.name in seen:
                raise ConfigurationError(
                    "a redaction rule needs a name of its own", where=where, expected="each name once"
                )
            seen.add(rule.name)
            _check_rule(rule, where)
        for words in (self.ignored_endings, self.harmless_beginnings):
            _check_all(words, check_word, "the policy's words")
        _check_all(self.harmless_keys, check_key, "harmless_keys")

    @cached_property
    def canonical_bytes(self) -> bytes:
        """The policy as canonical JSON (RFC 8785: ASCII keys, strings and integers only)."""
        document = {"engine_version": ENGINE_VERSION, **asdict(self)}
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @cached_property
    def sha256(self) -> str:
        """Digest of `canonical_bytes`, in lower case hex."""
        return hashlib.sha256(self.canonical_bytes).hexdigest()


def finds_something(rule: Rule) -> bool:
    """Whether there is anything that the rule could find."""
    return bool(rule.keys or rule.weak_keys or rule.parameters or rule.shapes or rule.detectors)


def check_rule_name(text: str) -> None:
    """Raise ConfigurationError unless a scan would recognise `[REDACTED:text]` again."""
    if not _RULE_NAME.fullmatch(text) or len(text) > _MAX_RULE_NAME:
        raise ConfigurationError(
            "a redaction rule's name is malformed",
            expected=f"lower case words joined by hyphens, at most {_MAX_RULE_NAME} characters",
            found=repr(text[:80]),
        )


def check_key(text: str) -> None:
    """Raise ConfigurationError unless these are the words of a key."""
    if not _WORDS.fullmatch(text):
        raise ConfigurationError(
            "a key of a redaction rule is malformed",
            expected="lower case words separated by one space",
            found=repr(text[:80]),
            remedy=_in_words(text),
        )


def check_word(text: str) -> None:
    """Raise ConfigurationError unless this is one word of a key."""
    if not _WORD.fullmatch(text):
        raise ConfigurationError(
            "this is not one word of a key", expected="one lower case word", found=repr(text[:80])
        )


def check_parameter(text: str) -> None:
    """Raise ConfigurationError unless this may be the name of a URL's parameter, in lower case."""
    if not _PARAMETER.fullmatch(text):
        raise ConfigurationError(
            "the name of a URL's parameter is malformed",
            expected="lower case letters, digits and `.`, `_`, `~`, `-`, as the URL has them",
            found=repr(text[:80]),
        )


def check_detector(text: str) -> None:
    """Raise ConfigurationError unless a detector has this name."""
    module = text.removeprefix(NATIONAL_NUMBER)
    if text not in DETECTORS and (module == text or not _STDNUM_MODULE.fullmatch(module)):
        raise ConfigurationError(
            "there is no such detector",
            expected=f"{', '.join(DETECTORS)} or {NATIONAL_NUMBER}<module of python-stdnum>",
            found=repr(text[:80]),
        )


def check_action(text: str) -> None:
    """Raise ConfigurationError unless there is such an action."""
    if text not in ACTIONS:
        raise ConfigurationError(
            "there is no such action", expected=", ".join(ACTIONS), found=repr(text[:80])
        )


def _check_rule(rule: Rule, where: str) -> None:
    if not finds_something(rule):
        raise ConfigurationError(
            "a redaction rule finds nothing",
            where=where,
            expected="keys, weak_keys, parameters, shapes or detectors",
        )
    _check_all((*rule.keys, *rule.weak_keys), check_key, where)
    _check_all(rule.parameters, check_parameter, where)
    _check_all(rule.detectors, check_detector, where)
    _check_all((rule.action,), check_action, where)


def _check_all(texts: Iterable[str], check: Callable[[str], None], where: str) -> None:
    for text in texts:
        try:
            check(text)
        except ConfigurationError as error:
            error.where = where
            raise


def _in_words(key: str) -> str:
    """What the writer of `apiKey` or `api_key` may have meant."""
    words = " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+", key)).lower()
    return f"write {words!r}: it stands for every case and separator" if words else ""
