"""`check-bucket`, and what `init` says of a bucket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import PASSPHRASE, Shell

from audit_trail.archive.s3_store import make_client
from audit_trail.settings import ArchiveSettings


@pytest.fixture
def aws_shell(aws_by_name: str, tmp_path: Path) -> Shell:
    """A shell of somebody whose settings name a bucket on AWS."""
    return Shell(
        tmp_path,
        {
            "AUDIT_TRAIL_HOME": str(tmp_path),
            "AUDIT_TRAIL_ARCHIVE__BUCKET": "acme-audit-trail",
            "AUDIT_TRAIL_SIGNING__PASSPHRASE": PASSPHRASE,
        },
    )


def store_client(shell: Shell) -> tuple[Any, str]:
    archive = ArchiveSettings(
        bucket=shell.variables["AUDIT_TRAIL_ARCHIVE__BUCKET"],
        endpoint_url=shell.variables["AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL"],
        credentials_file=Path(shell.variables["AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE"]),
    )
    return make_client(archive), archive.bucket


def test_a_founded_bucket_is_all_right_and_what_the_store_lacks_is_said_once(
    founded: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    checked = founded.run(capsys, "check-bucket", "--json")
    assert checked.status == 0
    states = {point["name"]: point["state"] for point in checked.document["points"]}
    assert states["object-lock"] == "right"
    assert states["policy"] == "not-offered"
    assert founded.run(capsys, "init", "--json").document["points"] == checked.document["points"]
    shown = founded.run(capsys, "check-bucket")
    assert shown.status == 0
    assert shown.out.count("Weaker than AWS") == 1
    assert "Not right" not in shown.out


def test_there_is_nothing_to_check_before_init(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    checked = shell.run(capsys, "check-bucket")
    assert checked.status == 3
    assert "audit-trail init" in checked.err
    assert shell.run(capsys, "check-bucket", AUDIT_TRAIL_ARCHIVE__BUCKET="").status == 3


def test_what_somebody_decided_otherwise_is_status_1_with_the_remedy(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell.run(capsys, "generate-keys").status == 0
    client, bucket = store_client(shell)
    client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    rule = {"ID": "tidy", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 90}}
    client.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    founded = shell.run(capsys, "init")
    assert founded.status == 1
    assert "Its identity" in founded.out
    assert "'tidy' expires objects after 90 days" in founded.out
    assert '"AbortIncompleteMultipartUpload"' in founded.out
    checked = shell.run(capsys, "check-bucket", "--json")
    assert checked.status == 1
    wrong = {point["name"] for point in checked.document["points"] if point["state"] == "wrong"}
    assert wrong == {"no-expiry", "unfinished-uploads"}


def test_on_aws_the_missing_statements_are_printed_whole(
    aws_shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    client = make_client(ArchiveSettings(bucket="acme-audit-trail"))
    client.create_bucket(Bucket="acme-audit-trail", ObjectLockEnabledForBucket=True)
    checked = aws_shell.run(capsys, "check-bucket", "--json")
    assert checked.status == 1
    points = {point["name"]: point for point in checked.document["points"]}
    statements = points["policy"]["add"]
    assert {statement["Effect"] for statement in statements} == {"Deny"}
    shown = aws_shell.run(capsys, "check-bucket")
    assert shown.status == 1
    for statement in statements:
        assert json.dumps(statement, indent=2) in shown.out
    for point in points.values():
        assert point["remedy"] in shown.out


def test_credentials_that_may_not_see_the_bucket_are_status_2(
    founded: Shell, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wrong = tmp_path / "credentials"
    wrong.write_text("[default]\naws_access_key_id = AKIAWRONGWRONGWRONG0\naws_secret_access_key = w\n")
    checked = founded.run(capsys, "check-bucket", AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE=str(wrong))
    assert checked.status == 2
