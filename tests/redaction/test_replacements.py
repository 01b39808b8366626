"""The actions: what stands in the place of a value, in text and in JSON."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import Literal

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import Policy, Redactor, Rule

KEY = b"0123456789abcdef"
Action = Literal["mask", "partial", "pseudonymize", "drop-value", "keep"]


def redactor(action: Action) -> Redactor:
    rule = Rule(name="secret", keys=("password", "pin"), detectors=("payment-card", "email"), action=action)
    return Redactor(Policy(rules=(rule,)), pseudonym_key=KEY)


@pytest.mark.parametrize(
    ("action", "record", "expected"),
    [
        ("mask", "password=abcdefghijklmnop", "password=[REDACTED:secret]"),
        ("partial", "password=abcdefghijklmnop", "password=[REDACTED:secret:mnop]"),
        ("partial", "password=abcdefghijk", "password=[REDACTED:secret]"),
        ("partial", "card 4111 1111 1111 1111", "card [REDACTED:secret:1111]"),
        ("partial", "password=äöüäöü-a-b-c", "password=[REDACTED:secret]"),
        ("drop-value", "password=abcdefgh user=bob", "password= user=bob"),
        ("drop-value", '{"password":"abc","n":1}', '{"password":"","n":1}'),
        ("drop-value", '{"pin":1234,"n":1}', '{"pin":null,"n":1}'),
        ("drop-value", '{"pin":{"a":1},"n":1}', '{"pin":null,"n":1}'),
        ("keep", "password=abc bob@example.com", "password=abc bob@example.com"),
        ("mask", '{"pin":1234}', '{"pin":"[REDACTED:secret]"}'),
        ("partial", '{"n":4111111111111111}', '{"n":"[REDACTED:secret:1111]"}'),
    ],
)
def test_what_an_action_leaves(action: Action, record: str, expected: str) -> None:
    made = redactor(action)
    result = made.redact(record.encode())
    assert result.data.decode() == expected
    assert made.redact(result.data).data == result.data


def test_a_pseudonym_is_the_same_for_the_same_value_and_needs_the_key() -> None:
    result = redactor("pseudonymize").redact(b"a bob@example.com, b bob@example.com, c eve@example.com").data
    tokens = [part.split(b"]")[0].decode() for part in result.split(b"[REDACTED:secret:")[1:]]
    assert tokens[0] == tokens[1] != tokens[2]
    assert tokens[0] == hmac.new(KEY, b"bob@example.com", sha256).hexdigest()[:32]
    with pytest.raises(ConfigurationError, match="no key"):
        Redactor(Policy(rules=(Rule(name="x", detectors=("email",), action="pseudonymize"),)))


def test_pseudonyms_of_numbers_in_json_are_strings() -> None:
    loaded = json.loads(redactor("pseudonymize").redact(b'{"pin":123456}').data)
    assert loaded["pin"] == f"[REDACTED:secret:{hmac.new(KEY, b'123456', sha256).hexdigest()[:32]}]"
