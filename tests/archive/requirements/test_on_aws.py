"""A bucket on AWS: founded with everything, and each thing that is not right named with what mends it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.archive.requirements.conftest import KilledError, Requests, run_command

from audit_trail.archive.bucket import check_bucket, found_bucket
from audit_trail.archive.bucket_points import Point, State, exit_code_of
from audit_trail.archive.requirements.access import ALL_BLOCKED
from audit_trail.archive.requirements.catalogue import REQUIREMENTS
from audit_trail.errors import ConfigurationError
from audit_trail.settings import ArchiveSettings

KEY = "arn:aws:kms:us-east-1:123456789012:key/0b2f0c4e-8f1a-4a53-9a52-000000000001"
READS = {"Get", "Hea", "Lis"}


def wrong(points: tuple[Point, ...]) -> dict[str, Point]:
    return {point.name: point for point in points if point.state is not State.RIGHT}


def test_a_new_bucket_has_everything(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    founded = found_bucket(aws_archive, aws_client)
    assert founded.made
    assert [point.name for point in founded.points] == [requirement.name for requirement in REQUIREMENTS]
    assert not wrong(founded.points)
    assert exit_code_of(founded.points) == 0
    at = {"Bucket": aws_archive.bucket}
    assert aws_client.get_bucket_versioning(**at)["Status"] == "Enabled"
    lock = aws_client.get_object_lock_configuration(**at)["ObjectLockConfiguration"]
    held = lock["Rule"]["DefaultRetention"]
    assert (held["Mode"], held["Days"]) == ("COMPLIANCE", 2555)
    assert all(aws_client.get_public_access_block(**at)["PublicAccessBlockConfiguration"].values())
    (rule,) = aws_client.get_bucket_ownership_controls(**at)["OwnershipControls"]["Rules"]
    assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
    encryption = aws_client.get_bucket_encryption(**at)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (rule,) = aws_client.get_bucket_lifecycle_configuration(**at)["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    policy = json.loads(aws_client.get_bucket_policy(**at)["Policy"])
    assert {statement["Effect"] for statement in policy["Statement"]} == {"Deny"}
    assert len(policy["Statement"]) == 9


def test_founding_again_and_checking_write_nothing(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    found_bucket(aws_archive, aws_client)
    requests = Requests(aws_client)
    again = found_bucket(aws_archive, aws_client)
    assert not again.made
    assert check_bucket(aws_archive, aws_client) == again.points
    assert not requests.writes
    assert {operation[:3] for operation in requests.sent} == READS - {"Lis"}


def test_killed_before_any_of_its_writes_the_next_founding_completes_it(
    aws_archive: ArchiveSettings, aws_client: Any
) -> None:
    requests = Requests(aws_client)
    found_bucket(aws_archive, aws_client)
    writes = list(requests.writes)
    assert writes[0] == "CreateBucket"
    assert writes[-1] == "PutBucketPolicy"
    assert len(writes) == 7
    for number in range(1, len(writes)):
        archive = aws_archive.model_copy(update={"bucket": f"killed-before-{number}"})
        requests.writes.clear()
        requests.kill_at = number
        with pytest.raises(KilledError):
            found_bucket(archive, aws_client)
        assert requests.writes == writes[:number]
        requests.kill_at = None
        assert wrong(check_bucket(archive, aws_client))
        completed = found_bucket(archive, aws_client)
        assert not completed.made
        assert not wrong(completed.points)


def test_with_a_key_of_kms(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    archive = aws_archive.model_copy(update={"kms_key_arn": KEY})
    assert not wrong(found_bucket(archive, aws_client).points)
    (rule,) = aws_client.get_bucket_encryption(Bucket=archive.bucket)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    # Without the key in the settings, nobody knows what the archive depends on.
    assert set(wrong(check_bucket(aws_archive))) == {"encryption"}
    assert KEY in wrong(check_bucket(aws_archive))["encryption"].remedy


def suspend_versions(client: Any, at: dict[str, str]) -> None:
    client.put_bucket_versioning(**at, VersioningConfiguration={"Status": "Suspended"})


BREAKS: dict[str, Callable[[Any, dict[str, str]], Any]] = {
    "versioning": suspend_versions,
    "default-retention": lambda client, at: client.put_object_lock_configuration(
        **at,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 6}},
        },
    ),
    "public-access": lambda client, at: client.put_public_access_block(
        **at, PublicAccessBlockConfiguration=ALL_BLOCKED | {"BlockPublicPolicy": False}
    ),
    "object-ownership": lambda client, at: client.put_bucket_ownership_controls(
        **at, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    ),
    "encryption": lambda client, at: client.put_bucket_encryption(
        **at,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
        },
    ),
}


@pytest.mark.parametrize("name", BREAKS)
def test_what_is_not_right_is_named_and_its_command_mends_it(
    name: str, aws_archive: ArchiveSettings, aws_client: Any
) -> None:
    found_bucket(aws_archive, aws_client)
    BREAKS[name](aws_client, {"Bucket": aws_archive.bucket})
    points = check_bucket(aws_archive, aws_client)
    assert set(wrong(points)) == {name}
    assert exit_code_of(points) == 1
    point = wrong(points)[name]
    assert point.expected
    assert point.found not in {point.expected, ""}
    run_command(aws_client, point.remedy)
    assert not wrong(check_bucket(aws_archive, aws_client))


def test_a_foreign_policy_is_never_overwritten(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    aws_client.create_bucket(Bucket=aws_archive.bucket, ObjectLockEnabledForBucket=True)
    foreign = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{aws_archive.bucket}/other/*",
    }
    held = json.dumps({"Version": "2012-10-17", "Statement": [foreign]})
    aws_client.put_bucket_policy(Bucket=aws_archive.bucket, Policy=held)
    points = found_bucket(aws_archive, aws_client).points
    assert aws_client.get_bucket_policy(Bucket=aws_archive.bucket)["Policy"] == held
    assert set(wrong(points)) == {"policy"}
    (*added,) = wrong(points)["policy"].add
    assert len(added) == 9
    both = json.dumps({"Version": "2012-10-17", "Statement": [foreign, *added]})
    aws_client.put_bucket_policy(Bucket=aws_archive.bucket, Policy=both)
    assert not wrong(check_bucket(aws_archive, aws_client))


def test_foreign_lifecycle_rules_are_never_overwritten(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    aws_client.create_bucket(Bucket=aws_archive.bucket, ObjectLockEnabledForBucket=True)
    foreign = {"ID": "t", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 3}}
    put = aws_client.put_bucket_lifecycle_configuration
    put(Bucket=aws_archive.bucket, LifecycleConfiguration={"Rules": [foreign]})
    points = found_bucket(aws_archive, aws_client).points
    (held,) = aws_client.get_bucket_lifecycle_configuration(Bucket=aws_archive.bucket)["Rules"]
    assert held["ID"] == "t"
    assert set(wrong(points)) == {"unfinished-uploads"}
    rules = [foreign, *wrong(points)["unfinished-uploads"].add]
    put(Bucket=aws_archive.bucket, LifecycleConfiguration={"Rules": rules})
    assert not wrong(check_bucket(aws_archive, aws_client))


def test_a_rule_that_expires_versions_of_the_archive_is_a_finding(
    aws_archive: ArchiveSettings, aws_client: Any
) -> None:
    found_bucket(aws_archive, aws_client)
    held = aws_client.get_bucket_lifecycle_configuration(Bucket=aws_archive.bucket)["Rules"]
    rule = {
        "ID": "tidy",
        "Status": "Enabled",
        "Filter": {"Prefix": "company/"},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "Transitions": [{"Days": 1, "StorageClass": "DEEP_ARCHIVE"}],
    }
    aws_client.put_bucket_lifecycle_configuration(
        Bucket=aws_archive.bucket, LifecycleConfiguration={"Rules": [*held, rule]}
    )
    found = wrong(check_bucket(aws_archive, aws_client))
    assert set(found) == {"no-expiry", "hot-ledger"}
    assert "'tidy'" in found["no-expiry"].found


def test_a_bucket_in_use_is_only_looked_at(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    aws_client.create_bucket(Bucket=aws_archive.bucket, ObjectLockEnabledForBucket=True)
    aws_client.put_object(Bucket=aws_archive.bucket, Key="theirs", Body=b"x")
    requests = Requests(aws_client)
    points = found_bucket(aws_archive, aws_client).points
    assert not requests.writes
    assert set(wrong(points)) == {
        "default-retention",
        "public-access",
        "object-ownership",
        "encryption",
        "unfinished-uploads",
        "policy",
    }


def test_a_delete_marker_is_something_too(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    aws_client.create_bucket(Bucket=aws_archive.bucket, ObjectLockEnabledForBucket=True)
    at = {"Bucket": aws_archive.bucket, "Key": "theirs"}
    version = aws_client.put_object(**at, Body=b"x")["VersionId"]
    aws_client.delete_object(**at)
    aws_client.delete_object(**at, VersionId=version)
    requests = Requests(aws_client)
    assert "policy" in wrong(found_bucket(aws_archive, aws_client).points)
    assert not requests.writes


def test_nothing_is_set_on_a_bucket_that_cannot_lock(aws_archive: ArchiveSettings, aws_client: Any) -> None:
    aws_client.create_bucket(Bucket=aws_archive.bucket)
    requests = Requests(aws_client)
    with pytest.raises(ConfigurationError, match="does not lock"):
        found_bucket(aws_archive, aws_client)
    assert not requests.writes
    assert {"object-lock", "versioning"} <= set(wrong(check_bucket(aws_archive, aws_client)))


def test_no_bucket_is_no_bucket_to_check(aws_archive: ArchiveSettings) -> None:
    with pytest.raises(ConfigurationError, match="no such bucket"):
        check_bucket(aws_archive)


def test_an_archive_that_moves_in_later_needs_statements_of_its_own(
    aws_archive: ArchiveSettings, aws_client: Any
) -> None:
    found_bucket(aws_archive, aws_client)
    other = aws_archive.model_copy(update={"prefix": "other"})
    point = wrong(check_bucket(other))["policy"]
    # What is about the bucket as a whole is there.
    named = {statement["Sid"] for statement in point.add}
    assert "DenyDeletion" in named
    assert not named & {"DenyInsecureTransport", "DenyLockConfiguration"}
