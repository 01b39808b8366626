"""A policy is data with a digest, and malformed ones are refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import DEFAULT_POLICY, Policy, Redactor, Rule
from audit_trail.redaction.checks import key_words, quote_escape


def test_the_digest_is_of_the_canonical_bytes() -> None:
    document = json.loads(DEFAULT_POLICY.canonical_bytes)
    assert document["rules"][0]["name"] == DEFAULT_POLICY.rules[0].name
    assert DEFAULT_POLICY.sha256 == hashlib.sha256(DEFAULT_POLICY.canonical_bytes).hexdigest()
    assert Redactor().policy_sha256 == DEFAULT_POLICY.sha256


def test_every_part_of_a_rule_changes_the_digest() -> None:
    variants = [
        Rule(name="a"),
        Rule(name="b"),
        Rule(name="a", keys=("x",)),
        Rule(name="a", parameters=("x",)),
        Rule(name="a", shapes=("x",)),
        Rule(name="a", check="luhn"),
    ]
    digests = {Policy(rules=(rule,)).sha256 for rule in variants}
    digests.add(Policy(rules=(Rule(name="a"),), ignored_endings=("x",)).sha256)
    assert len(digests) == len(variants) + 1


@pytest.mark.parametrize("name", ["", "Upper", "with space", "a]", "-a", "a--b"])
def test_a_rule_name_that_would_not_be_recognised_again_is_refused(name: str) -> None:
    with pytest.raises(ConfigurationError, match="name of its own"):
        Policy(rules=(Rule(name=name),))


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'a'"):
        Policy(rules=(Rule(name="a"), Rule(name="a")))


def test_a_key_that_is_not_written_in_words_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="malformed"):
        Policy(rules=(Rule(name="a", keys=("api_key",)),))


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (b"clientSecret", ["client", "secret"]),
        (b"CLIENT-SECRET", ["client", "secret"]),
        (b"X-API-Key2", ["x", "api", "key", "2"]),
        (b"APIKey", ["api", "key"]),
        (b"secretary", ["secretary"]),
        (b"", []),
    ],
)
def test_keys_are_split_into_words_whatever_their_writing(key: bytes, words: list[str]) -> None:
    assert key_words(key) == words


def test_the_depth_of_a_quote_follows_from_json_itself() -> None:
    """Quotes at depth 0 to 3, after 0 to 3 backslashes of the text's own."""
    for own in range(4):
        text = json.dumps("\\" * own)
        for depth in range(4):
            run = text.rstrip('"')
            backslashes = len(run) - len(run.rstrip("\\"))
            assert quote_escape(backslashes) == 2**depth - 1
            text = json.dumps(text)[1:-1]
