"""Short ways to write callers and policies down, for tables of cases."""

from __future__ import annotations

from typing import Any

from audit_trail.reporting.access.evaluation import Grant, Question
from audit_trail.reporting.access.policy_document import Statement, parse_policy
from audit_trail.reporting.access.principals import Principal
from audit_trail.reporting.access.wildcards import literal, wildcard

ACCOUNT = "111122223333"
OTHER = "444455556666"
BUCKET = "arn:aws:s3:::logs"
OBJECTS = f"{BUCKET}/*"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/alice"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/writer"


def statement(effect: str, **parts: Any) -> dict[str, Any]:
    """A statement; what is not said of it is `s3:*` on everything."""
    made: dict[str, Any] = {"Effect": effect}
    if "NotAction" not in parts:
        made["Action"] = "s3:*"
    if "NotResource" not in parts:
        made["Resource"] = "*"
    return made | parts


def allow(**parts: Any) -> dict[str, Any]:
    return statement("Allow", **parts)


def deny(**parts: Any) -> dict[str, Any]:
    return statement("Deny", **parts)


def policy(
    *statements: dict[str, Any], version: str | None = "2012-10-17", bucket: bool = False
) -> tuple[Statement, ...]:
    document: dict[str, Any] = {"Statement": list(statements)}
    if version is not None:
        document["Version"] = version
    return parse_policy(document, name="bucket policy" if bucket else "policy", has_principals=bucket)


def bucket_policy(*statements: dict[str, Any]) -> tuple[Statement, ...]:
    return policy(*statements, bucket=True)


def user(*statements: dict[str, Any], **parts: Any) -> Principal:
    made: dict[str, Any] = {"kind": "user", "name": USER, "account": ACCOUNT, "unique_id": "AIDAALICE"}
    return Principal(**(made | {"statements": policy(*statements)} | parts))


def role(*statements: dict[str, Any], **parts: Any) -> Principal:
    made: dict[str, Any] = {"kind": "role", "name": ROLE, "account": ACCOUNT, "unique_id": "AROAWRITER"}
    return Principal(**(made | {"statements": policy(*statements)} | parts))


def root() -> Principal:
    return Principal(kind="root", name=f"arn:aws:iam::{ACCOUNT}:root", account=ACCOUNT)


def ask(
    who: Principal,
    action: str = "s3:DeleteObject",
    *,
    bucket: tuple[Statement, ...] = (),
    resources: str = OBJECTS,
) -> Grant | None:
    """Whether somebody may do an action to any of the resources."""
    pattern = wildcard(resources) if resources.endswith("/*") else literal(resources)
    return Question(bucket_account=ACCOUNT, bucket_policy=bucket).answer(who, action, pattern)


def verdict(*arguments: Any, **parts: Any) -> str:
    """`no`, `yes` or `conditional`."""
    grant = ask(*arguments, **parts)
    return "no" if grant is None else "conditional" if grant.conditional else "yes"
