"""What the policy of an archive's bucket denies, and which policies deny as much."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from audit_trail.archive.bucket_policy import Statement, missing_statements, required_statements

BUCKET = "arn:aws:s3:::acme"
KEY = "arn:aws:kms:eu-central-1:123456789012:key/0b2f0c4e-8f1a-4a53-9a52-000000000001"


def wanted(**changes: Any) -> tuple[Statement, ...]:
    asked: dict[str, Any] = {
        "bucket_arn": BUCKET,
        "prefix": "logs/",
        "lock_mode": "COMPLIANCE",
        "retain_days": 30,
        "kms_key_arn": KEY,
    }
    return required_statements(**asked | changes)


def by_sid(**changes: Any) -> dict[str, Statement]:
    return {statement["Sid"]: statement for statement in wanted(**changes)}


def missing(*statements: Any, **changes: Any) -> list[str]:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    return [statement["Sid"] for statement in missing_statements(policy, wanted(**changes))]


def test_the_whole_policy_is_this() -> None:
    below = [f"{BUCKET}/logs/*"]
    held = {
        sid: (statement["Action"], statement["Resource"], statement.get("Condition"))
        for sid, statement in by_sid().items()
    }
    put = ["s3:PutObject"]
    sse = "s3:x-amz-server-side-encryption"
    assert held == {
        "DenyInsecureTransport": (
            ["s3:*"],
            [BUCKET, f"{BUCKET}/*"],
            {"Bool": {"aws:SecureTransport": "false"}},
        ),
        "DenyDeletion": (["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete"], below, None),
        "DenyBypass": (["s3:BypassGovernanceRetention"], below, None),
        "DenyReencryption": (["s3:UpdateObjectEncryption"], below, None),
        "DenyLockConfiguration": (
            ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"],
            [BUCKET],
            None,
        ),
        "DenyOverwriting": (
            put,
            below,
            {"Bool": {"s3:ObjectCreationOperation": "true"}, "Null": {"s3:if-none-match": "true"}},
        ),
        "DenyUnlocked": (put, below, {"StringNotEquals": {"s3:object-lock-mode": ["COMPLIANCE"]}}),
        "DenyShortLocks": (
            put,
            below,
            {"NumericLessThan": {"s3:object-lock-remaining-retention-days": "29"}},
        ),
        "DenyCustomerKeys": (put, below, {"Null": {f"{sse}-customer-algorithm": "false"}}),
        "DenyOtherEncryption": (put, below, {"Null": {sse: "false"}, "StringNotEquals": {sse: "aws:kms"}}),
        "DenyOtherKeys": (
            put,
            below,
            {"Null": {f"{sse}-aws-kms-key-id": "false"}, "StringNotEquals": {f"{sse}-aws-kms-key-id": KEY}},
        ),
    }


def test_nobody_is_kept_from_lengthening_a_lock_or_from_mending_the_policy() -> None:
    denied = {
        action for statement in wanted() if "Condition" not in statement for action in statement["Action"]
    }
    assert not denied & {"s3:PutObjectRetention", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:*"}
    assert not any("Retention" in action for s in wanted() if "Condition" in s for action in s["Action"])


def test_governance_allows_the_stronger_mode_too_and_no_key_needs_no_statements_of_it() -> None:
    held = by_sid(lock_mode="GOVERNANCE", kms_key_arn=None)
    assert held["DenyUnlocked"]["Condition"]["StringNotEquals"]["s3:object-lock-mode"] == [
        "COMPLIANCE",
        "GOVERNANCE",
    ]
    assert not {"DenyOtherEncryption", "DenyOtherKeys"} & set(held)


def test_its_own_statements_are_enough_in_any_order_and_each_is_needed() -> None:
    everything = list(wanted())
    assert missing(*reversed(everything)) == []
    for number, statement in enumerate(everything):
        assert missing(*everything[:number], *everything[number + 1 :]) == [statement["Sid"]]
    assert missing() == [statement["Sid"] for statement in everything]


def spelt(name: str, **changes: Any) -> Statement:
    """One of the statements, written in another way."""
    return {key: value for key, value in (by_sid()[name] | changes).items() if value is not None}


@pytest.mark.parametrize(
    "held",
    [
        spelt("DenyDeletion", Sid=None),
        spelt("DenyDeletion", Action="s3:*"),
        spelt("DenyDeletion", Action=["S3:deleteOBJECT*", "s3:Replicate*"]),
        spelt("DenyDeletion", Action="*", Resource="*"),
        spelt("DenyDeletion", Resource=f"{BUCKET}/*"),
        spelt("DenyDeletion", Resource=["arn:aws:s3:::other/*", f"{BUCKET}/l?gs/*"]),
        spelt("DenyDeletion", Principal={"AWS": "*"}),
        spelt("DenyDeletion", Principal={"AWS": ["*"]}),
        spelt("DenyDeletion", Condition={}),
    ],
)
def test_another_statement_that_denies_as_much_is_as_good(held: Statement) -> None:
    assert "DenyDeletion" not in missing(held)


@pytest.mark.parametrize(
    "held",
    [
        spelt("DenyDeletion", Effect="Allow"),
        spelt("DenyDeletion", Action=["s3:DeleteObject", "s3:ReplicateDelete"]),
        spelt("DenyDeletion", Action="s3:DeleteObject?ersion"),
        spelt("DenyDeletion", Resource=f"{BUCKET}/logs/ledger/*"),
        spelt("DenyDeletion", Resource=f"{BUCKET}/logs/?"),
        spelt("DenyDeletion", Resource=BUCKET),
        spelt("DenyDeletion", Resource="arn:aws:s3:::acme.logs/*"),
        spelt("DenyDeletion", Principal={"AWS": "arn:aws:iam::123456789012:root"}),
        spelt("DenyDeletion", Principal={"Service": "*"}),
        spelt("DenyDeletion", Principal=None, NotPrincipal={"AWS": "arn:aws:iam::123456789012:root"}),
        spelt("DenyDeletion", Action=None, NotAction="s3:GetObject"),
        spelt("DenyDeletion", Resource=None, NotResource="arn:aws:s3:::other/*"),
        spelt("DenyDeletion", Condition={"StringNotEquals": {"aws:PrincipalTag/admin": "yes"}}),
        "no statement",
    ],
)
def test_a_statement_that_leaves_a_way_is_not(held: Any) -> None:
    assert "DenyDeletion" in missing(held)


def test_two_statements_may_share_the_work() -> None:
    assert "DenyDeletion" not in missing(
        spelt("DenyDeletion", Action="s3:DeleteObject"),
        spelt("DenyDeletion", Action=["s3:DeleteObjectVersion", "s3:Replicate*"], Resource=f"{BUCKET}/*"),
    )


def test_conditions_may_be_spelt_otherwise_or_be_fewer_but_not_differ() -> None:
    spellings: list[Any] = [
        {"bool": {"AWS:securetransport": False}},
        {"Bool": {"aws:SecureTransport": ["false"]}},
        {},
    ]
    for condition in spellings:
        assert "DenyInsecureTransport" not in missing(spelt("DenyInsecureTransport", Condition=condition))
    for condition in [
        {"Bool": {"aws:SecureTransport": "true"}},
        {"BoolIfExists": {"aws:SecureTransport": "false"}},
        {"Bool": {"aws:SecureTransport": "false"}, "StringEquals": {"aws:RequestedRegion": "eu-west-1"}},
    ]:
        assert "DenyInsecureTransport" in missing(spelt("DenyInsecureTransport", Condition=condition))
    fewer = spelt("DenyOverwriting", Condition={"Null": {"s3:if-none-match": "true"}})
    assert "DenyOverwriting" not in missing(fewer)


def test_days_that_are_not_those_of_the_settings_are_a_finding_either_way() -> None:
    # More days than the settings would deny every PUT; fewer would let short locks pass.
    assert missing(*wanted(retain_days=31)) == ["DenyShortLocks"]
    assert missing(*wanted(retain_days=29)) == ["DenyShortLocks"]


def test_a_policy_of_one_statement_need_not_be_a_list() -> None:
    policy: Any = {"Statement": copy.deepcopy(by_sid()["DenyBypass"])}
    assert "DenyBypass" not in {statement["Sid"] for statement in missing_statements(policy, wanted())}


def test_nothing_is_changed_in_what_is_looked_at() -> None:
    policy = {"Statement": list(wanted())}
    before = copy.deepcopy(policy)
    missing_statements(policy, wanted())
    assert policy == before
