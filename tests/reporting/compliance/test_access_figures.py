"""Who may change an archive: measured in a real account, or not measured, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.reporting.aws_client import client

from audit_trail.reporting.compliance.access_figures import (
    Access,
    configure_access,
    measure_access,
    write_access,
)
from audit_trail.reporting.compliance.figures import Figure, Standing
from audit_trail.settings import ArchiveSettings, ComplianceSettings

BUCKET = "archive"
ARN = f"arn:aws:s3:::{BUCKET}"
NAMED = ComplianceSettings(write_roles=("writer",), read_roles=("auditor",))


def policy(*actions: str, **parts: Any) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": [ARN, f"{ARN}/*"]} | parts
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_role(name: str, *actions: str, path: str = "/") -> None:
    iam = client("iam")
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}),
        Path=path,
    )
    iam.put_role_policy(RoleName=name, PolicyName="archive", PolicyDocument=policy(*actions))


@pytest.fixture
def account(aws: str) -> ArchiveSettings:
    """A bucket, a role that writes, and one that reads."""
    client("s3").create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    make_role("writer", "s3:PutObject", "s3:PutObjectRetention", "s3:GetObject", path="/audit/")
    make_role("auditor", "s3:Get*", "s3:List*")
    return ArchiveSettings(bucket=BUCKET)


def measured(archive: ArchiveSettings, expected: ComplianceSettings = NAMED) -> Figure:
    return write_access(measure_access(archive), expected)


def test_writer_reader_and_root_are_in_order(account: ArchiveSettings) -> None:
    figure = measured(account)
    assert (figure.value, figure.standing) == ("2", Standing.GOOD)
    names = [item["name"] for item in figure.data["entities"]]
    assert names == ["arn:aws:iam::123456789012:root", "arn:aws:iam::123456789012:role/audit/writer"]
    assert "iam:GetAccountAuthorizationDetails" in " ".join(figure.sources)


def test_anyone_else_is_a_finding_with_the_statement_that_grants_it(account: ArchiveSettings) -> None:
    iam = client("iam")
    iam.create_user(UserName="old-admin")
    iam.put_user_policy(
        UserName="old-admin",
        PolicyName="everything",
        PolicyDocument=policy("*", Sid="All", Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    )
    make_role("cleaner", "s3:DeleteObjectVersion")
    figure = measured(account)
    assert (figure.value, figure.standing) == ("4, 1 of them under conditions", Standing.FINDING)
    text = "\n".join(figure.findings)
    assert "user arn:aws:iam::123456789012:user/old-admin may under conditions write" in text
    assert "inline policy everything of the user, statement 'All'" in text
    assert "role arn:aws:iam::123456789012:role/cleaner may delete (s3:DeleteObjectVersion)" in text
    admins = configure_access(measure_access(account))
    assert (admins.value, admins.standing) == ("2", Standing.STATED)
    assert "old-admin" in admins.explanation


def test_a_writer_that_may_delete_and_a_reader_that_may_write_are_findings(account: ArchiveSettings) -> None:
    client("iam").put_role_policy(
        RoleName="writer", PolicyName="more", PolicyDocument=policy("s3:DeleteObject")
    )
    client("iam").put_role_policy(
        RoleName="auditor", PolicyName="more", PolicyDocument=policy("s3:PutObject")
    )
    assert [finding.partition(" (")[0] for finding in measured(account).findings] == [
        "role arn:aws:iam::123456789012:role/audit/writer may delete",
        "role arn:aws:iam::123456789012:role/auditor may write",
    ]


def test_a_role_that_is_not_there_and_settings_that_name_nobody(account: ArchiveSettings) -> None:
    gone = measured(account, ComplianceSettings(write_roles=("writer", "gone")))
    assert gone.findings == ("role gone of compliance settings is not in account 123456789012",)
    unset = measured(account, ComplianceSettings())
    assert unset.standing is Standing.FINDING
    assert "nobody is named in compliance.write_roles" in unset.explanation


def test_another_account_may_be_named_by_its_arn(account: ArchiveSettings) -> None:
    stranger = "arn:aws:iam::444455556666:role/shipper"
    document = {
        "Effect": "Allow",
        "Action": "s3:PutObject",
        "Resource": f"{ARN}/*",
        "Principal": {"AWS": stranger},
    }
    client("s3").put_bucket_policy(
        Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [document]})
    )
    assert measured(account).standing is Standing.FINDING
    assert measured(account, ComplianceSettings(write_roles=("writer", stranger))).standing is Standing.GOOD


def test_a_prefix_is_the_archive_and_the_rest_of_the_bucket_is_not(account: ArchiveSettings) -> None:
    client("iam").create_user(UserName="neighbour")
    client("iam").put_user_policy(
        UserName="neighbour", PolicyName="p", PolicyDocument=policy("s3:*Object", Resource=f"{ARN}/other/*")
    )
    assert measured(account).standing is Standing.FINDING
    assert measured(ArchiveSettings(bucket=BUCKET, prefix="audit")).standing is Standing.GOOD


@pytest.mark.parametrize("figure_of", [lambda access: write_access(access, NAMED), configure_access])
def test_what_cannot_be_measured_says_why_and_is_never_0(figure_of: Any) -> None:
    figure = figure_of(Access(unknown="denied"))
    assert (figure.value, figure.standing, figure.explanation) == ("", Standing.OPEN, "denied")


def test_another_store_has_no_iam_and_aws_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    figure = measured(ArchiveSettings(bucket=BUCKET, endpoint_url="http://127.0.0.1:9"))
    assert figure.standing is Standing.OPEN
    assert "not in AWS" in figure.explanation


def test_what_is_denied_or_not_reachable_is_not_measured(
    account: ArchiveSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = measured(ArchiveSettings(bucket="not-there"))
    assert gone.standing is Standing.OPEN
    assert "NoSuchBucket" in gone.explanation
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")
    figure = measured(account)
    assert figure.standing is Standing.OPEN
    assert "not-to-be-shown" not in figure.explanation


def test_a_policy_that_is_not_understood_is_not_measured_but_named(account: ArchiveSettings) -> None:
    client("iam").create_user(UserName="odd")
    client("iam").put_user_policy(
        UserName="odd",
        PolicyName="odd",
        PolicyDocument=policy("s3:*", Condition={"StringEquals": {"a:b": "c"}}),
    )
    assert measured(account).standing is Standing.FINDING
