"""The policy of an archive's bucket: what is denied to everybody, and whether a policy denies it.

What it denies and Object Lock does not: delete markers, further versions,
objects without a lock. It binds everybody but those who may change the policy.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Statement = dict[str, Any]
_Conditions = dict[tuple[str, str], frozenset[str]]


def required_statements(
    *, bucket_arn: str, prefix: str, lock_mode: str, retain_days: int, kms_key_arn: str | None = None
) -> tuple[Statement, ...]:
    """The statements that an archive's bucket needs, all of them denials.

    Lengthening the lock of an object stays possible, and so does changing this policy.

    Args:
        bucket_arn: E.g. `arn:aws:s3:::name`.
        prefix: Empty, or ending in a slash.
        lock_mode: `COMPLIANCE` or `GOVERNANCE`.
        retain_days: Days that an object is locked when it is put.
        kms_key_arn: The key of the default encryption; None where it is the store's own.
    """
    below = f"{bucket_arn}/{prefix}*"
    modes = ["COMPLIANCE"] if lock_mode == "COMPLIANCE" else ["COMPLIANCE", "GOVERNANCE"]
    # Locks are counted from the writer's midnight: a day of slack for clocks that differ.
    days = str(retain_days - 1)
    statements = [
        _deny(
            "DenyInsecureTransport",
            ["s3:*"],
            [bucket_arn, f"{bucket_arn}/*"],
            {"Bool": {"aws:SecureTransport": "false"}},
        ),
        _deny("DenyDeletion", ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ReplicateDelete"], [below]),
        _deny("DenyBypass", ["s3:BypassGovernanceRetention"], [below]),
        # With another key, and that key then destroyed, locked bytes could not be read by anybody.
        _deny("DenyReencryption", ["s3:UpdateObjectEncryption"], [below]),
        _deny(
            "DenyLockConfiguration",
            ["s3:PutBucketObjectLockConfiguration", "s3:PutBucketVersioning"],
            [bucket_arn],
        ),
        _deny(
            "DenyOverwriting",
            ["s3:PutObject"],
            [below],
            {"Bool": {"s3:ObjectCreationOperation": "true"}, "Null": {"s3:if-none-match": "true"}},
        ),
        # Denies the parts of a multipart upload too, which carry no lock: an object is one PUT.
        _deny("DenyUnlocked", ["s3:PutObject"], [below], {"StringNotEquals": {"s3:object-lock-mode": modes}}),
        _deny(
            "DenyShortLocks",
            ["s3:PutObject"],
            [below],
            {"NumericLessThan": {"s3:object-lock-remaining-retention-days": days}},
        ),
        _deny(
            "DenyCustomerKeys",
            ["s3:PutObject"],
            [below],
            {"Null": {"s3:x-amz-server-side-encryption-customer-algorithm": "false"}},
        ),
    ]
    return (*statements, *_kms_statements(below, kms_key_arn))


def _kms_statements(below: str, kms_key_arn: str | None) -> list[Statement]:
    """Denials of PUTs that ask for other encryption than the default; most ask for none."""
    if kms_key_arn is None:
        return []
    algorithm, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
    return [
        _deny(
            "DenyOtherEncryption",
            ["s3:PutObject"],
            [below],
            {"Null": {algorithm: "false"}, "StringNotEquals": {algorithm: "aws:kms"}},
        ),
        _deny(
            "DenyOtherKeys",
            ["s3:PutObject"],
            [below],
            {"Null": {key: "false"}, "StringNotEquals": {key: kms_key_arn}},
        ),
    ]


def _deny(
    sid: str, actions: list[str], resources: list[str], condition: dict[str, Any] | None = None
) -> Statement:
    statement: Statement = {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
    }
    return statement | ({"Condition": condition} if condition else {})


def missing_statements(policy: Mapping[str, Any], required: Iterable[Statement]) -> tuple[Statement, ...]:
    """The required statements that a policy does not deny all of, whatever its own are called.

    A statement with `NotAction`, `NotResource` or `NotPrincipal` counts as none.
    """
    denials = [held for held in _listed(policy.get("Statement", [])) if _binds_everybody(held)]
    return tuple(
        wanted
        for wanted in required
        if not all(
            any(_covers(held, action, resource, wanted) for held in denials)
            for action in wanted["Action"]
            for resource in wanted["Resource"]
        )
    )


def _binds_everybody(statement: Any) -> bool:
    if not isinstance(statement, dict) or statement.get("Effect") != "Deny":
        return False
    principal = statement.get("Principal")
    return principal == "*" or (isinstance(principal, dict) and "*" in _listed(principal.get("AWS", [])))


def _covers(held: Statement, action: str, resource: str, wanted: Statement) -> bool:
    """Whether a held denial denies an action on a resource at least when the wanted one does."""
    has, needs = _conditions(held), _conditions(wanted)
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in _listed(held.get("Action", [])))
        and any(_matches(pattern, resource) for pattern in _listed(held.get("Resource", [])))
        # Conditions are joined by "and": fewer of them deny more.
        and all(needs.get(name) == values for name, values in has.items())
    )


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern covers a name, which may be a pattern itself: its `*` is a character here.

    `?` stands for one character, and so must not stand for the other's `*`.
    """
    parts = (".*" if char == "*" else "[^*]" if char == "?" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _conditions(statement: Statement) -> _Conditions:
    """Each test of a statement's conditions by its operator and key, spelt one way."""
    return {
        (operator.lower(), key.lower()): frozenset(_text(value) for value in _listed(values))
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    }


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
