"""The actions of S3 that matter to an archive, by what they can do to it.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ability = Literal["write", "delete", "configure", "read"]
ABILITIES: tuple[Ability, ...] = ("write", "delete", "configure", "read")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Action:
    """An action; `on_bucket` tells those on the bucket itself from those on its objects."""

    name: str
    ability: Ability
    on_bucket: bool = False


def _actions(ability: Ability, names: str, *, on_bucket: bool = False) -> tuple[S3Action, ...]:
    return tuple(S3Action(name=f"s3:{name}", ability=ability, on_bucket=on_bucket) for name in names.split())


S3_ACTIONS = (
    *_actions("write", "PutObject PutObjectRetention PutObjectLegalHold ReplicateObject"),
    *_actions("delete", "DeleteObject DeleteObjectVersion ReplicateDelete"),
    # A lifecycle rule deletes for whoever wrote it, as soon as the lock allows it.
    *_actions("delete", "PutLifecycleConfiguration DeleteBucket", on_bucket=True),
    *_actions("configure", "BypassGovernanceRetention PutObjectAcl PutObjectVersionAcl"),
    *_actions(
        "configure",
        "PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutBucketOwnershipControls "
        "PutBucketPublicAccessBlock PutBucketVersioning PutBucketObjectLockConfiguration "
        "PutEncryptionConfiguration PutReplicationConfiguration",
        on_bucket=True,
    ),
    *_actions("read", "GetObject GetObjectVersion"),
)
"""`write` and `delete` act on objects; `configure` changes what protects them.

`PutObjectRetention` is among the writes: the pipeline's uploads need it, and a lock in
COMPLIANCE can only be lengthened by it.
"""
