"""Makes token_catalogue.yaml: shapes of providers' tokens, from a library that is kept up to date.

A development command, `python -m audit_trail.redaction.token_catalogue`; it
needs `kingfisher-secret-scanner` (Apache-2.0), which is not needed to redact.
Taken are the shapes that say by themselves what they are. Left out are those
that need a word nearby, and those that hit what is no secret.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.rust_pattern import Unfit, shape_source
from audit_trail.redaction.shape_pattern import LinearShape, parse_shape

LIBRARY = "kingfisher-secret-scanner"
LICENCE = "Apache-2.0, with rules of Betterleaks (MIT) and Veles (Apache-2.0)"
TARGET = Path(__file__).with_name("token_catalogue.yaml")

MIN_PREFIX = 3
MIN_BARE_PREFIX = 4
"""A prefix of letters only, with nothing that parts it from what follows."""
MIN_RANDOM_BITS = 60
"""Fewer can be guessed, and are as likely a name."""
MIN_NAME_PREFIX, MIN_NAME_RUN = 6, 32
"""`tss_` and twenty letters, hyphens and underscores is also what functions are called."""

# Not secret: who, where, and the public half of something.
_NO_SECRET = re.compile(
    r"-(id|url|uri|host|domain|username|user|name|region|endpoint|address|key-id|sid)$|pub(lic)?-|-pub$"
)
# Words at the end of an identifier that say what kind of secret it is, and not whose.
_KIND_WORDS = frozenset(
    """
    access account admin agent api app application auth authentication authorization base64 batch bot
    browser ca ci cicd client config consumer cookie custom data deploy dev eu extended feature feed fine
    flag full gateway global grained header incoming insert install integration job key kubernetes legacy
    license live lived long mail management oauth org organization page password pat personal personnal
    private production programmatic project ptt read reference refresh rest rich root routable rrt runner
    sandbox scim sdk secret security server service session shared short signing sts team test token upload
    us user v1 v2 versioned webhook workspace write
    """.split()  # noqa: SIM905
)
_NAMES = {
    "1password": "onepassword-token",
    "aws": "aws-access-key",
    "aws-amazon-bedrock": "aws-access-key",
    "cloudflare-origin": "cloudflare-token",
    "circleciproject": "circleci-token",
    "denopatorg": "deno-token",
    "digitaloceanapikey": "digitalocean-token",
    "dockerhub": "docker-token",
    "gcp": "google-token",
    "gcp-gemini": "google-token",
    "gitlab-incoming-mail-address": "gitlab-token",
    "grokxaiapikey": "xai-token",
    "grafana-cloud": "grafana-token",
    "hashicorp-tf": "terraform-token",
    "herokuplatformkey": "heroku-token",
    "npmjsaccesstoken": "npm-token",
    "packagistorgreadtoken": "packagist-token",
    "packagistorgupdatetoken": "packagist-token",
    "packagistsecret": "packagist-token",
    "postmanapikey": "postman-token",
    "postmancollectiontoken": "postman-token",
    "slackappconfigaccesstoken": "slack-token",
    "slackappconfigrefreshtoken": "slack-token",
    "slackappleveltoken": "slack-token",
    "sendinblue": "brevo-token",
    "stripe": "stripe-key",
    "vercel-ai": "vercel-token",
}
"""Where the identifier's words are not the provider's name, or the rule had another name for longer."""

_LEFT_OUT = {
    "betterleaks.alibaba-sts-security-token": "much base64 begins like it",
    "betterleaks.square-access-token": "much base64 begins like it; the default policy has a longer shape",
    "betterleaks.twitter-bearer-token": "base64 of zeros",
    "betterleaks.cursor-api-key": "a cache's keys look like it",
    "betterleaks.retell-api-key.1": "a cache's keys look like it",
    "betterleaks.fullstory-api-key": "names of hosts look like it",
    "betterleaks.infracost-api-token": "names of icon files look like it",
    "betterleaks.lob-api-key": "names of test runs look like it",
    "betterleaks.ebay-client-secret": "names of products look like it",
    "betterleaks.onfido-live-api-token-eu": "names in programs look like it",
    "betterleaks.persona-production-api-key": "names in programs look like it",
}
"""Rules that pass every test here and are still not taken, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One rule of the library as a shape: `name` is the provider's, in our writing."""

    rule_id: str
    name: str
    shape: str


def catalogue_entries(patterns: Iterable[tuple[str, str]]) -> tuple[list[Entry], dict[str, str]]:
    """Choose and convert rules.

    Args:
        patterns: Rule ids and their regular expressions, in Rust's syntax.

    Returns:
        What is taken, sorted by name and shape, and for each of the others why it is not.
    """
    entries: list[Entry] = []
    refused: dict[str, str] = {}
    for rule_id, pattern in patterns:
        identifier = re.sub(r"\.[0-9]+$", "", rule_id.partition(".")[2]).rpartition("/")[2]
        try:
            shape = _suitable_shape(rule_id, identifier, pattern)
        except Unfit as reason:
            refused[rule_id] = str(reason)
            continue
        entries.append(Entry(rule_id=rule_id, name=rule_name(identifier), shape=shape))
    return sorted(entries, key=lambda entry: (entry.name, entry.shape, entry.rule_id)), refused


def rule_name(identifier: str) -> str:
    """The provider's name with `-token`, from an identifier such as `acme-personal-access-token`."""
    words = [word for word in re.split(r"[^a-z0-9]+", identifier.lower()) if word]
    kept = list(words)
    while len(kept) > 1 and kept[-1] in _KIND_WORDS:
        kept.pop()
    provider = "-".join(kept)
    return _NAMES.get(provider, f"{provider}-token")


def catalogue_text(entries: Iterable[Entry], version: str) -> str:
    """The catalogue as YAML, in the format of a policy file."""
    lines = [
        "# Shapes of providers' tokens. Made by `python -m audit_trail.redaction.token_catalogue`",
        f"# from {LIBRARY} {version}",
        f"# ({LICENCE}); the comments are its rules' names. Do not edit.",
        "version: 1",
        "extends: none",
        "rules:",
    ]
    by_name: dict[str, dict[str, list[str]]] = {}
    for entry in entries:
        by_name.setdefault(entry.name, {}).setdefault(entry.shape, []).append(entry.rule_id)
    for name, shapes in by_name.items():
        lines += [f"  - name: {name}", "    shapes:"]
        for shape, rule_ids in shapes.items():
            quoted = shape.replace("'", "''")
            lines.append(f"      - '{quoted}' # {', '.join(rule_ids)}")
    return "\n".join(lines) + "\n"


def library_patterns() -> tuple[list[tuple[str, str]], str]:
    """All rules of the library, and its version.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        rules = import_module("kingfisher_sdk").Rules()
    except ImportError:
        raise ConfigurationError(
            "the library of token shapes is not installed", expected=LIBRARY, remedy=f"pip install {LIBRARY}"
        ) from None
    ids = sorted(str(rule["id"]) for rule in rules.metadata())
    patterns = [(rule_id, str(rules.detail(rule_id)["detection_regex"])) for rule_id in ids]
    return patterns, metadata.version(LIBRARY)


def main() -> int:
    """Write the catalogue beside this file, and say what was not taken and why."""
    patterns, version = library_patterns()
    entries, refused = catalogue_entries(patterns)
    TARGET.write_text(catalogue_text(entries, version), "utf-8")
    for rule_id, reason in sorted(refused.items()):
        sys.stderr.write(f"{rule_id}: {reason}\n")
    sys.stderr.write(f"{len(entries)} of {len(patterns)} rules taken\n")
    return 0


def _suitable_shape(rule_id: str, identifier: str, pattern: str) -> str:
    if rule_id in _LEFT_OUT:
        raise Unfit(_LEFT_OUT[rule_id])
    if _NO_SECRET.search(identifier):
        raise Unfit("names no secret")
    shape = _open_ended(shape_source(pattern).removeprefix(r"\b").removesuffix(r"\b"))
    try:
        linear = parse_shape(shape)
    except ConfigurationError as error:
        raise Unfit(f"{error.found}: {shape[:80]}") from None
    for one in linear:
        _check_distinctive(one)
    return shape


def _open_ended(shape: str) -> str:
    """Tokens grow longer with the years: what is known of their length is taken as the least."""
    return re.sub(r"\]\{([0-9]+)(,[0-9]+)?\}\Z", r"]{\1,}", shape)


def _check_distinctive(shape: LinearShape) -> None:
    prefix = ""
    for item in shape.items:
        if len(item.members) > 1 or item.at_least != item.at_most:
            break
        prefix += chr(next(iter(item.members))) * item.at_least
    _check_prefix(prefix)
    bits = sum(math.log2(len(item.members)) * item.at_least for item in shape.items)
    if bits < MIN_RANDOM_BITS:
        raise Unfit(f"only {bits:.0f} bits of it are random")
    last = shape.items[-1]
    if len(prefix) < MIN_NAME_PREFIX and last.at_least < MIN_NAME_RUN and _makes_names(last.members):
        raise Unfit("names in programs look like it")


def _check_prefix(prefix: str) -> None:
    parted = bool(re.search(r"[^A-Za-z0-9]", prefix))
    if len(prefix) < (MIN_PREFIX if parted else MIN_BARE_PREFIX):
        raise Unfit(f"its beginning {prefix!r} says too little")
    if not parted and (prefix.islower() or re.fullmatch("[0-9a-f]+", prefix)):
        raise Unfit(f"its beginning {prefix!r} may be a word or a number")
    if re.fullmatch("[a-z]{2}-", prefix):
        raise Unfit(f"its beginning {prefix!r} may be a language or a country")


def _makes_names(members: frozenset[int]) -> bool:
    """Whether `some_long-name` is of this class."""
    return ord("a") in members and bool(members & frozenset(b"_-"))


if __name__ == "__main__":
    sys.exit(main())
