"""What is sensitive, as data: rules with key names, shapes and a check.

The digest of a policy goes into every signed manifest, so a rule is never
changed without the archive showing it.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Literal

from audit_trail.errors import ConfigurationError

# Raised whenever the engine reads the same rules differently than before.
ENGINE_VERSION = 1

Check = Literal["none", "email", "luhn", "iban", "ssn", "phone", "bearer", "private-key"]

_RULE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TERM = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of sensitive value; its name stands in the replacement.

    Args:
        name: Lower case words joined by hyphens, as in `[REDACTED:name]`.
        keys: Key names whose value is sensitive, in lower case words. A key
            matches when its last words are these, whatever case or separator.
        parameters: Names that are sensitive only in a URL's query.
        shapes: RE2 patterns of the value itself. Each must end where a word
            ends, or take the rest of the word, or a second scan could differ.
        check: What a shape must also satisfy, computed from its bytes.
    """

    name: str
    keys: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    shapes: tuple[str, ...] = ()
    check: Check = "none"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Rules in order of precedence, and the words that do not change a key's meaning.

    Args:
        rules: At equal places the earlier rule wins.
        ignored_endings: Words a sensitive key may end with and stay sensitive
            (`password_confirmation`).
        harmless_beginnings: Words that make a key a statement about a secret
            and not the secret (`has_password`).

    Raises:
        ConfigurationError: A rule's name or key is malformed, or a name is used twice.
    """

    rules: tuple[Rule, ...]
    ignored_endings: tuple[str, ...] = ()
    harmless_beginnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for rule in self.rules:
            if not _RULE_NAME.fullmatch(rule.name) or rule.name in seen:
                raise ConfigurationError(
                    "a redaction rule needs a name of its own",
                    where=f"rule {rule.name!r}",
                    expected="lower case words joined by hyphens, each name once",
                )
            seen.add(rule.name)
            for term in rule.keys:
                if not _TERM.fullmatch(term):
                    raise ConfigurationError(
                        "a key of a redaction rule is malformed",
                        where=f"rule {rule.name!r}",
                        expected="lower case words separated by one space",
                        found=repr(term),
                    )

    @cached_property
    def canonical_bytes(self) -> bytes:
        """The policy as canonical JSON (RFC 8785: ASCII keys, strings and integers only)."""
        document = {"engine_version": ENGINE_VERSION, **asdict(self)}
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @cached_property
    def sha256(self) -> str:
        """Digest of `canonical_bytes`, in lower case hex."""
        return hashlib.sha256(self.canonical_bytes).hexdigest()


DEFAULT_POLICY = Policy(
    rules=(
        Rule(
            name="private-key",
            keys=("private key", "ssh key", "pem key"),
            shapes=(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",),
            check="private-key",
        ),
        Rule(
            name="authorization",
            keys=("authorization", "basic auth"),
            shapes=(r"(?i:bearer)[ \t]+[A-Za-z0-9._~+/-]{16,}",),
            check="bearer",
        ),
        Rule(name="cookie", keys=("cookie", "cookies", "session cookie", "jsessionid", "phpsessid")),
        Rule(
            name="password",
            keys=(
                "pass word",
                "passwd",
                "pass phrase",
                "pass code",
                "pwd",
                "pg password",
                "db password",
                "user password",
                "root password",
                "admin password",
                "new password",
                "old password",
                "db pass",
                "user pass",
                "admin pass",
                "root pass",
                "smtp pass",
                "mysql pwd",
            ),
            parameters=("pass",),
        ),
        Rule(
            name="api-key",
            keys=(
                "api key",
                "access key",
                "account key",
                "auth key",
                "encryption key",
                "functions key",
                "master key",
                "secret access key",
                "secret key",
                "service key",
                "shared key",
                "signing key",
                "subscription key",
            ),
            parameters=("key",),
        ),
        Rule(
            name="secret",
            keys=("secret", "secret string", "client secret", "app secret", "shared secret"),
        ),
        Rule(
            name="token",
            keys=(
                "token",
                "access token",
                "api token",
                "auth token",
                "bearer token",
                "csrf token",
                "id token",
                "refresh token",
                "session token",
                "xsrf token",
            ),
            parameters=("code",),
        ),
        Rule(name="credential", keys=("credential", "credentials", "creds")),
        Rule(
            name="signature",
            parameters=("sig", "signature", "x-amz-signature", "x-goog-signature"),
        ),
        Rule(name="pin", keys=("pin", "pin code", "otp", "otp code", "mfa code", "totp")),
        Rule(
            name="jwt",
            shapes=(r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*",),
        ),
        Rule(name="aws-access-key", shapes=(r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}\b",)),
        Rule(
            name="github-token",
            shapes=(r"gh[pousr]_[A-Za-z0-9_]{30,}", r"github_pat_[A-Za-z0-9_]{22,}"),
        ),
        Rule(
            name="gitlab-token",
            shapes=(r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|imt|agent|oas)-[A-Za-z0-9_.-]{20,}",),
        ),
        Rule(
            name="slack-token",
            shapes=(
                r"xox[a-z]-[A-Za-z0-9_-]{10,}",
                r"xapp-[0-9]-[A-Za-z0-9_-]{10,}",
                r"hooks\.slack\.com/services/[A-Za-z0-9_/-]{20,}",
            ),
        ),
        Rule(
            name="stripe-key", shapes=(r"[sr]k_(?:live|test)_[A-Za-z0-9_]{16,}", r"whsec_[A-Za-z0-9_]{16,}")
        ),
        Rule(
            name="google-token",
            shapes=(
                r"AIza[A-Za-z0-9_-]{35,}",
                r"ya29\.[A-Za-z0-9_-]{20,}",
                r"GOCSPX-[A-Za-z0-9_-]{20,}",
            ),
        ),
        Rule(
            name="payment-card",
            keys=("card number", "cc number", "card no", "cvv", "cvc", "card security code"),
            shapes=(
                r"[2-6][0-9]{12,18}\b",
                r"[2-6][0-9]{3}(?:[ -][0-9]{4}){3}(?:[ -][0-9]{1,3})?\b",
                r"3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}\b",
            ),
            check="luhn",
        ),
        Rule(
            name="us-ssn",
            keys=("ssn", "social security number"),
            shapes=(r"[0-9]{3}-[0-9]{2}-[0-9]{4}\b",),
            check="ssn",
        ),
        Rule(
            name="iban",
            keys=("iban",),
            shapes=(r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",),
            check="iban",
        ),
        Rule(name="phone", shapes=(r"\+[1-9](?:[ -]?[0-9]){7,14}\b",), check="phone"),
        Rule(
            name="email",
            shapes=(
                r"[A-Za-z0-9._%+\x80-\xff-]+@[A-Za-z0-9\x80-\xff-]+(?:\.[A-Za-z0-9\x80-\xff-]+)*"
                r"\.[A-Za-z]{2,}[A-Za-z0-9_]*",
            ),
            check="email",
        ),
        Rule(name="url-userinfo"),
    ),
    ignored_endings=(
        "again",
        "base64",
        "confirm",
        "confirmation",
        "encrypted",
        "hash",
        "plain",
        "plaintext",
        "raw",
        "repeat",
        "text",
        "value",
    ),
    harmless_beginnings=("allow", "has", "is", "max", "min", "needs", "num", "require", "requires"),
)
