"""What the bucket itself says of access: policy, ACL, ownership, public access block.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit_trail.errors import StorageError
from audit_trail.reporting.access.policy_document import Statement, parse_policy
from audit_trail.reporting.aws_errors import aws_errors

_NONE = {
    "NoSuchBucketPolicy", "OwnershipControlsNotFoundError", "NoSuchPublicAccessBlockConfiguration",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class AclGrant:
    """A grantee of the bucket's ACL: a canonical user's id or a group's URI, and what it may do."""

    grantee: str
    permission: str
    is_group: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketSettings:
    """What the bucket says.

    Attributes:
        policy: The statements of its policy; empty where it has none.
        acl: Grants to others than the owner; empty where ACLs are switched off.
        acls_enabled: Whether objects may have grants of their own, which nobody looks at here.
        restrict_public: A public policy counts only within the account.
    """

    policy: tuple[Statement, ...]
    acl: tuple[AclGrant, ...]
    acls_enabled: bool
    restrict_public: bool


def read_bucket(client: Any, *, bucket: str, account: str) -> BucketSettings:
    """Read them all, and make sure that the bucket is of this account.

    Raises:
        StorageError: S3 refused or could not be reached; or the bucket is of another account.
        ConfigurationError: The policy cannot be understood.
    """
    where = f"s3://{bucket}"
    named = {"Bucket": bucket, "ExpectedBucketOwner": account}
    policy = _ask(lambda: client.get_bucket_policy(**named)["Policy"], where)
    controls = _ask(lambda: client.get_bucket_ownership_controls(**named)["OwnershipControls"], where)
    block = _ask(lambda: client.get_public_access_block(**named), where) or {}
    blocked = block.get("PublicAccessBlockConfiguration", {})
    acl = _ask(lambda: client.get_bucket_acl(**named), where)
    owner = acl["Owner"]["ID"]
    # A bucket without the setting is from before 2023, with ACLs.
    rules = [rule["ObjectOwnership"] for rule in (controls or {}).get("Rules", [])]
    enabled = rules != ["BucketOwnerEnforced"]
    grants = [
        AclGrant(
            grantee=item["Grantee"].get("ID") or item["Grantee"].get("URI", ""),
            permission=item["Permission"],
            is_group="URI" in item["Grantee"],
        )
        for item in acl["Grants"]
        if item["Grantee"].get("ID") != owner
    ]
    ignored = blocked.get("IgnorePublicAcls", False)
    return BucketSettings(
        policy=parse_policy(policy, name="bucket policy", has_principals=True) if policy else (),
        acl=tuple(item for item in grants if enabled and not (item.is_group and ignored)),
        acls_enabled=enabled,
        restrict_public=bool(blocked.get("RestrictPublicBuckets", False)),
    )


def _ask(call: Callable[[], Any], where: str) -> Any:
    """The answer of a call; None where the bucket has nothing of that kind."""
    try:
        with aws_errors(where):
            return call()
    except StorageError as error:
        if error.found.partition(":")[0] in _NONE:
            return None
        raise
