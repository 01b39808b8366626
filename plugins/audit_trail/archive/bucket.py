"""Founding the bucket, and saying exactly what is not right about one.

A bucket that is made here gets everything; one that is there is looked at, and
nothing that somebody decided is changed. What nobody decided is set as long as
the bucket holds nothing: so a founding that was killed half-way is completed,
wherever it is run again, and a bucket in use is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from audit_trail.archive.bucket_points import Point, State
from audit_trail.archive.requirements.catalogue import REQUIREMENTS
from audit_trail.archive.requirements.looking import look_at
from audit_trail.archive.requirements.requirement import Bucket, code_of
from audit_trail.archive.s3_store import make_client, remedy_for
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import ArchiveSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundedBucket:
    """A bucket that locks objects.

    Attributes:
        made: It was made now.
        points: Everything that has to be right about it, and how it is.
    """

    made: bool
    points: tuple[Point, ...]


def found_bucket(archive: ArchiveSettings, client: S3Client | None = None) -> FoundedBucket:
    """Make the bucket, complete one that is still empty, or look at one in use.

    Doing it again changes nothing. Killed anywhere, the next call completes it.

    Raises:
        ConfigurationError: No bucket is named, or the existing one does not lock objects.
        StorageError: The store refused or could not be reached.
    """
    bucket = _opened(archive, client)
    with _errors(bucket):
        made = not _exists(bucket) and _make(bucket)
        holds_nothing = cache(lambda: _holds_nothing(bucket))
        points = []
        for requirement in REQUIREMENTS:
            points.append(look_at(requirement, bucket, may_put=holds_nothing))
            if requirement.essential and points[-1].state is not State.RIGHT:
                raise _no_archive(bucket, points[-1])  # before anything is set on it
    return FoundedBucket(made=made, points=tuple(points))


def _no_archive(bucket: Bucket, point: Point) -> ConfigurationError | StorageError:
    kind = ConfigurationError if point.state is State.WRONG else StorageError
    return kind(
        "the bucket does not lock objects" if point.state is State.WRONG else "the bucket cannot be seen",
        where=f"s3://{bucket.name}",
        expected=point.expected,
        found=point.found,
        remedy=point.remedy,
    )


def check_bucket(archive: ArchiveSettings, client: S3Client | None = None) -> tuple[Point, ...]:
    """Look at the bucket, and change nothing.

    Raises:
        ConfigurationError: No bucket is named, or there is none of that name.
        StorageError: The store refused or could not be reached.
    """
    bucket = _opened(archive, client)
    with _errors(bucket):
        if not _exists(bucket):
            raise ConfigurationError(
                "there is no such bucket",
                where=f"s3://{archive.bucket}",
                remedy="check archive.bucket, or found the archive with `audit-trail init`",
            )
        return tuple(look_at(requirement, bucket, may_put=lambda: False) for requirement in REQUIREMENTS)


def _opened(archive: ArchiveSettings, client: S3Client | None) -> Bucket:
    if not archive.bucket:
        raise ConfigurationError(
            "no bucket is named", where="archive.bucket", remedy="set AUDIT_TRAIL_ARCHIVE__BUCKET"
        )
    return Bucket(client=client or make_client(archive), archive=archive)


def _exists(bucket: Bucket) -> bool:
    from botocore.exceptions import ClientError

    try:
        bucket.client.head_bucket(Bucket=bucket.name)
    except ClientError as error:
        if code_of(error) in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def _make(bucket: Bucket) -> bool:
    """Make it; False where another founding was faster."""
    from botocore.exceptions import ClientError

    region = bucket.archive.region
    # us-east-1 is the one region that S3 wants left out.
    location: dict[str, Any] = (
        {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    try:
        bucket.client.create_bucket(Bucket=bucket.name, ObjectLockEnabledForBucket=True, **location)
    except ClientError as error:
        if code_of(error) == "BucketAlreadyOwnedByYou":
            return False
        raise
    return True


def _holds_nothing(bucket: Bucket) -> bool:
    answer = bucket.client.list_object_versions(Bucket=bucket.name, MaxKeys=1)
    return not answer.get("Versions") and not answer.get("DeleteMarkers")


@contextmanager
def _errors(bucket: Bucket) -> Iterator[None]:
    """No foreign exception leaves this module."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise StorageError(
            f"the store refused {error.operation_name}",
            where=f"s3://{bucket.name}",
            found=code_of(error),
            remedy=remedy_for(code_of(error)),
        ) from error
    except (BotoCoreError, OSError) as error:
        raise StorageError(
            "the store could not be reached",
            where=bucket.archive.endpoint_url or "AWS",
            found=type(error).__name__,
            remedy="check archive.endpoint_url, credentials and network, then try again",
        ) from error
