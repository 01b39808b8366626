"""Founding the bucket."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.s3_store import make_client
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import ArchiveSettings

MakeArchive = Callable[..., ArchiveSettings]


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_bucket_is_made_once_with_lock_versions_and_retention(
    archive_settings: MakeArchive, region: str
) -> None:
    archive = archive_settings(retain_days=30, region=region)
    assert found_bucket(archive).made
    assert not found_bucket(archive).made
    client = make_client(archive)
    configuration = client.get_object_lock_configuration(Bucket=archive.bucket)["ObjectLockConfiguration"]
    assert configuration["ObjectLockEnabled"] == "Enabled"
    assert configuration["Rule"]["DefaultRetention"] == {"Mode": "COMPLIANCE", "Days": 30}
    assert client.get_bucket_versioning(Bucket=archive.bucket)["Status"] == "Enabled"


def test_founding_again_does_not_change_the_retention_that_is_there(archive_settings: MakeArchive) -> None:
    archive = archive_settings(retain_days=30)
    found_bucket(archive)
    assert not found_bucket(archive.model_copy(update={"retain_days": 1})).made
    answer = make_client(archive).get_object_lock_configuration(Bucket=archive.bucket)
    assert answer["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Days"] == 30


@pytest.mark.parametrize("versions", [False, True])
def test_a_bucket_without_object_lock_is_refused(archive_settings: MakeArchive, versions: bool) -> None:
    archive = archive_settings()
    client = make_client(archive)
    client.create_bucket(Bucket=archive.bucket)
    if versions:
        client.put_bucket_versioning(Bucket=archive.bucket, VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(ConfigurationError, match="does not lock") as caught:
        found_bucket(archive)
    assert caught.value.where == f"s3://{archive.bucket}"


def test_no_bucket_is_a_configuration_error(archive_settings: MakeArchive) -> None:
    with pytest.raises(ConfigurationError) as caught:
        found_bucket(archive_settings(bucket=""))
    assert "AUDIT_TRAIL_ARCHIVE__BUCKET" in caught.value.remedy


@pytest.mark.parametrize("bucket", ["no", "Upper_Case", "a" * 64, "white space"])
def test_a_name_that_no_bucket_can_have_is_one_of_our_errors(
    archive_settings: MakeArchive, bucket: str
) -> None:
    with pytest.raises((ConfigurationError, StorageError)):
        found_bucket(archive_settings(bucket=bucket))
