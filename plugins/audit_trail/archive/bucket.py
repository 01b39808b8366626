"""Founding the bucket: Object Lock, versions, a default retention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit_trail.archive.s3_store import make_client, remedy_for
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import ArchiveSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def found_bucket(archive: ArchiveSettings, client: S3Client | None = None) -> bool:
    """Make the bucket, or check that the one which is there locks objects.

    Returns:
        True when it was made now.

    Raises:
        ConfigurationError: No bucket is named, or the existing one has no Object Lock.
        StorageError: The store refused or could not be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    if not archive.bucket:
        raise ConfigurationError(
            "no bucket is named", where="archive.bucket", remedy="set AUDIT_TRAIL_ARCHIVE__BUCKET"
        )
    client = client or make_client(archive)
    try:
        made = not _exists(client, archive.bucket)
        if made:
            _make(client, archive)
        _check_lock(client, archive)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise StorageError(
            f"the store refused {error.operation_name}",
            where=f"s3://{archive.bucket}",
            found=code,
            remedy=remedy_for(code),
        ) from error
    except (BotoCoreError, OSError) as error:
        raise StorageError(
            "the store could not be reached",
            where=archive.endpoint_url or "AWS",
            found=type(error).__name__,
            remedy="check archive.endpoint_url, credentials and network, then try again",
        ) from error
    return made


def _exists(client: S3Client, bucket: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if str(error.response.get("Error", {}).get("Code", "")) in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def _make(client: S3Client, archive: ArchiveSettings) -> None:
    # us-east-1 is the one region that S3 wants left out.
    location: dict[str, Any] = (
        {}
        if archive.region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": archive.region}}
    )
    client.create_bucket(Bucket=archive.bucket, ObjectLockEnabledForBucket=True, **location)
    client.put_object_lock_configuration(
        Bucket=archive.bucket,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": archive.lock_mode, "Days": archive.retain_days}},
        },
    )


def _check_lock(client: S3Client, archive: ArchiveSettings) -> None:
    from botocore.exceptions import ClientError

    try:
        answer = client.get_object_lock_configuration(Bucket=archive.bucket)
        enabled = answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"
    except ClientError as error:
        if "ObjectLockConfigurationNotFound" not in str(error):
            raise
        enabled = False
    if not enabled:
        raise ConfigurationError(
            "the bucket does not lock objects",
            where=f"s3://{archive.bucket}",
            expected="Object Lock enabled",
            found="not enabled",
            remedy="name a new bucket and let `audit-trail init` make it",
        )
