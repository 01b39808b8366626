"""Object Lock, the versions it needs, and a default retention for what is put without one.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from typing import Any

from audit_trail.archive.requirements.requirement import Bucket, Look, Requirement, code_of

STRONG_ENOUGH = {"GOVERNANCE": ("GOVERNANCE", "COMPLIANCE"), "COMPLIANCE": ("COMPLIANCE",)}
DAYS_OF_A_YEAR = 365


def lock_configuration(bucket: Bucket) -> dict[str, Any]:
    """The bucket's Object Lock configuration; empty where there is none."""
    from botocore.exceptions import ClientError

    try:
        answer = bucket.client.get_object_lock_configuration(Bucket=bucket.name)
    except ClientError as error:
        if "ObjectLockConfigurationNotFound" in code_of(error):
            return {}
        raise
    return dict(answer.get("ObjectLockConfiguration", {}))


def _look_lock(bucket: Bucket) -> Look:
    enabled = lock_configuration(bucket).get("ObjectLockEnabled") == "Enabled"
    # Not set here on a bucket that somebody made without: it can never be switched off again.
    return Look(
        right=enabled,
        expected="Object Lock enabled",
        found="enabled" if enabled else "not enabled",
        remedy="name a new bucket and let `audit-trail init` make it",
    )


def _look_versions(bucket: Bucket) -> Look:
    status = bucket.client.get_bucket_versioning(Bucket=bucket.name).get("Status", "never enabled")
    return Look(
        right=status == "Enabled",
        expected="versioning enabled",
        found=str(status).lower(),
        remedy=bucket.command("put-bucket-versioning", versioning_configuration={"Status": "Enabled"}),
    )


def wanted_lock(bucket: Bucket) -> dict[str, Any]:
    """The Object Lock configuration that the settings ask for."""
    retention = {"Mode": bucket.archive.lock_mode, "Days": bucket.archive.retain_days}
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}


def _look_retention(bucket: Bucket) -> Look:
    held = lock_configuration(bucket).get("Rule", {}).get("DefaultRetention", {})
    mode = held.get("Mode", "")
    days = held.get("Days") or held.get("Years", 0) * DAYS_OF_A_YEAR
    archive = bucket.archive
    command = bucket.command("put-object-lock-configuration", object_lock_configuration=wanted_lock(bucket))
    return Look(
        right=mode in STRONG_ENOUGH[archive.lock_mode] and days >= archive.retain_days,
        expected=f"{archive.lock_mode} for at least {archive.retain_days} days",
        found=f"{mode} for {days} days" if held else "none",
        # Not part of the command: a policy made here denies it to everybody, the owner included.
        remedy=f"{command}  # first take DenyLockConfiguration out of the bucket's policy, if it is there",
        unset=not held,
    )


def _put_retention(bucket: Bucket) -> None:
    configuration: Any = wanted_lock(bucket)
    bucket.client.put_object_lock_configuration(Bucket=bucket.name, ObjectLockConfiguration=configuration)


OBJECT_LOCK = Requirement(name="object-lock", look=_look_lock, essential=True)
VERSIONING = Requirement(name="versioning", look=_look_versions, essential=True)
DEFAULT_RETENTION = Requirement(name="default-retention", look=_look_retention, put=_put_retention)
