"""Why something was found: told in the policy's words, and only where it is clear."""

from __future__ import annotations

import pytest

from audit_trail.redaction import Finding, Policy, Redactor, Rule, default_policy
from audit_trail.redaction.finding_reasons import Reason, Reasons


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize(
    ("record", "kind", "text"),
    [
        (b'{"serverPassword": "hunter2x"}', "key", "password"),
        (b'[{"name": "password", "value": "hunter2x"}]', "key", "password"),
        (b"X-Api-Key: 8f7d6c5b4a39", "key", "api key"),
        (b'{"a":"{\\"x_password\\":\\"hunter2x\\"}"}', "key", "password"),
        (b"mysql --password=hunter2x", "key", "password"),
        (b"https://a.example.com/x?sig=abcdefghijklmnop", "parameter", "sig"),
        (b"use ghp_0123456789abcdefghij0123456789ABCDEF now", "shape", "gh[opsur]_[A-Za-z0-9_]{30,}"),
        (b"mail ann@example.com now", "detector", "email"),
        (b"paid with 4111 1111 1111 1111 today", "detector", "payment-card"),
    ],
)
def test_the_reason_is_the_policys_own_word(redactor: Redactor, record: bytes, kind: str, text: str) -> None:
    (finding,) = redactor.find(record)
    assert Reasons(default_policy()).of(record, finding) == Reason(kind=kind, text=text)


def test_the_longest_key_is_the_reason() -> None:
    record = b"card_security_code=123"
    finding = Finding(start=19, end=22, rule="r", replacement=b"")
    policy = Policy(rules=(Rule(name="r", keys=("code", "card security code", "security code")),))
    assert Reasons(policy).of(record, finding).text == "card security code"


def test_a_key_in_an_earlier_record_is_no_reason() -> None:
    record = b"password\nann@example.com"
    finding = Finding(start=9, end=24, rule="r", replacement=b"")
    policy = Policy(rules=(Rule(name="r", keys=("password",), detectors=("email",)),))
    assert str(Reasons(policy).of(record, finding)) == "detector email"


def test_what_is_not_clear_is_not_told() -> None:
    finding = Finding(start=0, end=3, rule="r", replacement=b"")
    policy = Policy(rules=(Rule(name="r", keys=("password",), detectors=("email", "phone")),))
    assert Reasons(policy).of(b"abc", finding) == Reason(kind="", text="")
    unknown = Finding(start=0, end=3, rule="of-the-engine", replacement=b"")
    assert str(Reasons(policy).of(b"abc", unknown)) == ""
