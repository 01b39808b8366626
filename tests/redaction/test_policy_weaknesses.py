"""What a policy no longer takes out is said, whichever way it was done."""

from __future__ import annotations

import pytest

from audit_trail.redaction.policy_file import default_policy, parse_policy
from audit_trail.redaction.policy_weaknesses import policy_weaknesses


def said(text: str) -> list[str]:
    return policy_weaknesses(parse_policy(f"version: 1\n{text}\n", where="p"))


def test_the_default_is_not_weaker_than_itself() -> None:
    assert policy_weaknesses(default_policy()) == []


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{name: mine, keys: [house key]}]",
        "rules: [{name: email, action: pseudonymize}, {name: iban, action: partial}]",
        "rules: [{catalogue: tokens, action: drop-value}]",
        "rules: [{name: pin, add_keys: [door code]}]",
        "ignored_endings: [alt]",
        "remove: [iban]\n"
        "rules: [{name: x, detectors: [iban], keys: [iban, ibans, international bank account number]}]",
    ],
)
def test_more_and_other_is_not_less(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("remove: [email]", ["email"]),
        ("rules: [{name: pin, remove_keys: [puk]}]", ["pin", "puk"]),
        ("rules: [{name: github-token, shapes: [ghp_x]}]", ["github-token", "more"]),
        ("rules: [{name: email, action: keep}]", ["leaves as it is", "email"]),
        ("rules: [{name: own-mail, detectors: [email], action: keep}]", ["leaves as it is", "own-mail"]),
        ("harmless_keys: [our token]", ["passes over", "our token"]),
        ("harmless_beginnings: [demo]", ["passes over", "demo"]),
    ],
)
def test_less_is_said_and_of_what(text: str, words: list[str]) -> None:
    sentences = said(text)
    assert sentences
    assert all(word in " ".join(sentences) for word in words)


def test_a_policy_from_nothing_is_weaker_in_every_rule_it_does_not_have() -> None:
    sentences = said("extends: none\nrules: [{name: email, detectors: [email]}]")
    assert len(sentences) == len(default_policy().rules) - 1
