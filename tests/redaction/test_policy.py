"""A policy is data with a digest, and malformed ones are refused."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.policy import ACTIONS, DETECTORS, ENGINE_VERSION, Policy, Rule

PLUGINS = Path(__file__).parents[2] / "plugins"
EVERYTHING = Rule(
    name="all-of-it",
    keys=("api key", "2fa code"),
    weak_keys=("pass",),
    parameters=("x-amz-signature", "api_key"),
    shapes=("tok_[a-z\xe9]{20,}\\x00\"'",),
    detectors=("email", "national-number:es.nif"),
    action="partial",
)


def refused(**fields: Any) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        Policy(rules=(Rule(**{"name": "a", "keys": ("x",)} | fields),))
    return caught.value


def test_the_digest_is_of_canonical_json() -> None:
    policy = Policy(rules=(EVERYTHING,), harmless_keys=("page token",))
    document = json.loads(policy.canonical_bytes)
    assert document["engine_version"] == ENGINE_VERSION
    assert document["rules"][0]["detectors"] == ["email", "national-number:es.nif"]
    assert policy.canonical_bytes == rfc8785.dumps(document)
    assert policy.sha256 == hashlib.sha256(policy.canonical_bytes).hexdigest()


def test_every_part_changes_the_digest() -> None:
    base: dict[str, Any] = {"name": "a", "keys": ("x",)}
    rules = [
        Rule(**base),
        Rule(**base | {"name": "b"}),
        Rule(**base | {"keys": ("y",)}),
        Rule(**base, weak_keys=("x",)),
        Rule(**base, parameters=("x",)),
        Rule(**base, shapes=("x",)),
        Rule(**base, detectors=("email",)),
        *(Rule(**base, action=action) for action in ACTIONS if action != "mask"),
    ]
    policies = [Policy(rules=(rule,)) for rule in rules]
    for words in ("ignored_endings", "harmless_beginnings", "harmless_keys"):
        policies.append(Policy(rules=(rules[0],), **{words: ("x",)}))
    policies += [Policy(rules=(rules[0], rules[1])), Policy(rules=(rules[1], rules[0]))]
    assert len({policy.sha256 for policy in policies}) == len(policies)


def test_equal_policies_have_equal_digests_in_every_process() -> None:
    program = (
        "from audit_trail.redaction.policy import Policy, Rule\n"
        "print(Policy(rules=(Rule(name='a', keys=('x',)),)).sha256)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONPATH": str(PLUGINS), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert told == [Policy(rules=(Rule(name="a", keys=("x",)),)).sha256] * 2


@pytest.mark.parametrize("name", ["", "Upper", "with space", "a]", "-a", "a-", "a--b", "a_b", "ä", "x" * 65])
def test_a_rule_name_that_would_not_be_recognised_again_is_refused(name: str) -> None:
    assert "lower case words joined by hyphens" in refused(name=name).expected


def test_two_rules_of_one_name_are_refused() -> None:
    rule = Rule(name="a", keys=("x",))
    with pytest.raises(ConfigurationError, match="name of its own") as caught:
        Policy(rules=(rule, rule))
    assert caught.value.where == "rule 'a'"


def test_a_rule_that_finds_nothing_is_refused() -> None:
    assert "finds nothing" in refused(keys=()).what


@pytest.mark.parametrize("field", ["keys", "weak_keys"])
@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("api_key", "'api key'"),
        ("apiKey", "'api key'"),
        ("API-Key", "'api key'"),
        ("two  spaces", "'two spaces'"),
        (" x", "'x'"),
        ("", ""),
        ("ключ", ""),
    ],
)
def test_a_key_that_is_not_written_in_words_is_refused_with_the_words(
    field: str, key: str, remedy: str
) -> None:
    error = refused(**{field: (key,)})
    assert (error.where, error.found) == ("rule 'a'", repr(key))
    assert remedy in error.remedy
    assert bool(remedy) == bool(error.remedy)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("parameters", ("Sig",)),
        ("parameters", ("a b",)),
        ("parameters", ("",)),
        ("detectors", ("emial",)),
        ("detectors", ("national-number:",)),
        ("detectors", ("national-number:es/nif",)),
        ("detectors", ("national-number:os.path;x",)),
        ("action", "pseudonymise"),
    ],
)
def test_what_the_engine_does_not_know_is_refused(field: str, value: Any) -> None:
    error = refused(**{field: value})
    assert error.where == "rule 'a'"
    assert error.expected


@pytest.mark.parametrize("field", ["ignored_endings", "harmless_beginnings"])
def test_words_of_the_policy_are_single_words(field: str) -> None:
    with pytest.raises(ConfigurationError, match="one word"):
        Policy(rules=(), **{field: ("two words",)})


def test_everything_that_is_documented_is_accepted() -> None:
    Policy(rules=(EVERYTHING, Rule(name="d", detectors=DETECTORS)))
    for action in ACTIONS:
        Policy(rules=(Rule(name="a", keys=("x",), action=action),))
