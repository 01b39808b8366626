"""The bucket for staging is one in which nothing stays, and which the write role alone can read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.infra.conftest import EVERYTHING
from tests.infra.deployed_stack import ACCOUNT, Stack, client
from tests.infra.iam_evaluation import decision

from audit_trail.archive.s3_store import make_client
from audit_trail.pipeline.s3_staging import S3Staging
from audit_trail.settings import ArchiveSettings, load_settings

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
OBJECT = "arn:aws:s3:::acme-staging/0123456789abcdef/2026-03-14/raw-00000.1234"


def test_without_a_name_there_is_none(deploy: Callable[..., Stack]) -> None:
    stack = deploy()
    assert not stack.has("StagingBucket")
    assert "StagingBucket" not in stack.physical


def test_it_can_be_staged_in_and_locks_nothing(deploy: Callable[..., Stack], tmp_path: Path) -> None:
    stack = deploy(**EVERYTHING)
    settings = load_settings(home=tmp_path, staging_url=stack.outputs["StagingUrl"])
    s3 = make_client(ArchiveSettings(bucket=stack.outputs["BucketName"]))
    assert settings.staging_url is not None
    staging = S3Staging(s3, settings.staging_url, "ab" * 32, "2026-03-14", scratch=tmp_path)
    staging.check()
    digest = staging.write("plan", b"{}")
    assert staging.read("plan", expected_sha256=digest) == b"{}"
    staging.wipe()
    assert "Contents" not in s3.list_objects_v2(Bucket="acme-staging")


def test_what_a_run_has_left_goes_after_the_days_asked_for(deploy: Callable[..., Stack]) -> None:
    stack = deploy(**EVERYTHING, StagingDays="3")
    held = stack.properties("StagingBucket")
    (rule,) = held["LifecycleConfiguration"]["Rules"]
    assert held.keys().isdisjoint({"ObjectLockEnabled", "VersioningConfiguration"})
    # moto makes no lifecycle of a template; S3 takes the same rule by other names.
    s3: Any = client("s3")
    given = {
        "ID": rule["Id"],
        "Status": rule["Status"],
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": rule["ExpirationInDays"]},
        "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
    }
    s3.put_bucket_lifecycle_configuration(Bucket="acme-staging", LifecycleConfiguration={"Rules": [given]})
    (taken,) = s3.get_bucket_lifecycle_configuration(Bucket="acme-staging")["Rules"]
    assert (taken["Expiration"], taken["Status"]) == ({"Days": 3}, "Enabled")
    assert taken["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert all(held["PublicAccessBlockConfiguration"].values())
    assert held["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@pytest.mark.parametrize("encryption", ["SSE-S3", "SSE-KMS"])
def test_it_is_encrypted_as_the_archive_is(deploy: Callable[..., Stack], encryption: str) -> None:
    stack = deploy(**EVERYTHING | {"ObjectEncryption": encryption})
    s3: Any = client("s3")
    found = [
        s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
        for bucket in ("acme-staging", stack.outputs["BucketName"])
    ]
    assert found[0] == found[1]
    key = found[0]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID")
    assert key == stack.outputs.get("EncryptionKeyArn")


def test_nobody_but_the_write_role_reads_or_writes_raw_logs(deploy: Callable[..., Stack]) -> None:
    stack = deploy(**EVERYTHING)
    assert stack.properties("StagingBucketPolicy")["Bucket"] == "acme-staging"
    policy = json.loads(json.dumps(stack.properties("StagingBucketPolicy")["PolicyDocument"]))
    writer, secure = stack.outputs["WriteRoleArn"], {"aws:SecureTransport": "true"}
    others = (stack.outputs["ReadRoleArn"], f"arn:aws:iam::{ACCOUNT}:role/admin")
    for action in ("s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"):
        of_writer = {"aws:PrincipalArn": writer}
        assert decision([policy], action, OBJECT, secure | of_writer) == "none"
        assert decision([policy], action, OBJECT, {"aws:SecureTransport": "false"} | of_writer) == "deny"
        for other in others:
            found = decision([policy], action, OBJECT, secure | {"aws:PrincipalArn": other})
            # Somebody has to be able to clean up.
            assert found == ("none" if action == "s3:DeleteObject" else "deny"), action
