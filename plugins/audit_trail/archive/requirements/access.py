"""Nothing public, and no access control lists beside the policies.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
"""

from __future__ import annotations

from typing import Any

from audit_trail.archive.requirements.requirement import Bucket, Look, Requirement, answered, code_of

ALL_BLOCKED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}
ENFORCED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def _look_public_access(bucket: Bucket) -> Look:
    from botocore.exceptions import ClientError

    try:
        answer = bucket.client.get_public_access_block(Bucket=bucket.name)
        held = dict(answered(answer, "PublicAccessBlockConfiguration"))
    except ClientError as error:
        if code_of(error) != "NoSuchPublicAccessBlockConfiguration":
            raise
        held = {}
    missing = [name for name in ALL_BLOCKED if held.get(name) is not True]
    return Look(
        right=not missing,
        expected="all four of " + ", ".join(ALL_BLOCKED),
        found="without " + ", ".join(missing) if missing else "all four",
        remedy=bucket.command("put-public-access-block", public_access_block_configuration=ALL_BLOCKED),
        unset=not held,
    )


def _put_public_access(bucket: Bucket) -> None:
    blocked: Any = ALL_BLOCKED
    bucket.client.put_public_access_block(Bucket=bucket.name, PublicAccessBlockConfiguration=blocked)


def _look_ownership(bucket: Bucket) -> Look:
    from botocore.exceptions import ClientError

    try:
        answer = bucket.client.get_bucket_ownership_controls(Bucket=bucket.name)
        rules = answered(answer, "OwnershipControls").get("Rules", [])
    except ClientError as error:
        if code_of(error) != "OwnershipControlsNotFoundError":
            raise
        rules = []
    held = [str(rule.get("ObjectOwnership")) for rule in rules]
    return Look(
        right=held == ["BucketOwnerEnforced"],
        expected="BucketOwnerEnforced: no access control lists",
        found=", ".join(held) or "none",
        remedy=bucket.command("put-bucket-ownership-controls", ownership_controls=ENFORCED),
        unset=not held,
    )


def _put_ownership(bucket: Bucket) -> None:
    enforced: Any = ENFORCED
    bucket.client.put_bucket_ownership_controls(Bucket=bucket.name, OwnershipControls=enforced)


PUBLIC_ACCESS = Requirement(name="public-access", look=_look_public_access, put=_put_public_access)
OWNERSHIP = Requirement(name="object-ownership", look=_look_ownership, put=_put_ownership)
