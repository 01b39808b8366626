"""The template is one that CloudFormation takes, and what it makes is right."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.infra.conftest import AUDITORS, EVERYTHING, LOG_GROUP, SOURCE_KEY, WORKERS
from tests.infra.deployed_stack import TEMPLATE, Stack, client, template

from audit_trail.archive.bucket import check_bucket
from audit_trail.archive.bucket_points import State
from audit_trail.settings import ArchiveSettings, Settings

# moto makes neither bucket policies nor alarms of a template, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")
Deploy = Callable[..., Stack]
METRICS = {
    "DaysSealed",
    "SealLagHours",
    "VerificationFailures",
    "UnlockedObjects",
    "VerificationSuccesses",
    "RecordsSealed",
}


def archive_of(stack: Stack) -> ArchiveSettings:
    """The settings that somebody takes from the stack."""
    return ArchiveSettings(
        bucket=stack.outputs["BucketName"],
        prefix=stack.parameters["Prefix"].rstrip("/"),
        lock_mode=stack.parameters["LockMode"],
        retain_days=int(stack.parameters["RetainDays"]),
        kms_key_arn=stack.outputs.get("EncryptionKeyArn"),
    )


def as_text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def wrong(archive: ArchiveSettings) -> dict[str, str]:
    return {point.name: point.found for point in check_bucket(archive) if point.state is not State.RIGHT}


def make_what_moto_left_out(stack: Stack) -> None:
    """Set the bucket's properties through S3, where they have the same names but for a few."""
    s3 = client("s3")
    held = stack.properties("Bucket")
    bucket = held["BucketName"]
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=held["ObjectLockEnabled"])
    at = {"Bucket": bucket}
    s3.put_object_lock_configuration(**at, ObjectLockConfiguration=held["ObjectLockConfiguration"])
    s3.put_bucket_versioning(**at, VersioningConfiguration=held["VersioningConfiguration"])
    blocked = held["PublicAccessBlockConfiguration"]
    s3.put_public_access_block(**at, PublicAccessBlockConfiguration=blocked)
    s3.put_bucket_ownership_controls(**at, OwnershipControls=held["OwnershipControls"])
    rules = [
        {
            "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            "ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"],
        }
        for rule in held["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    ]
    s3.put_bucket_encryption(**at, ServerSideEncryptionConfiguration={"Rules": rules})
    lifecycle = [
        {"Filter": {"Prefix": ""}, **{"ID" if name == "Id" else name: value for name, value in rule.items()}}
        for rule in held["LifecycleConfiguration"]["Rules"]
    ]
    s3.put_bucket_lifecycle_configuration(**at, LifecycleConfiguration={"Rules": lifecycle})
    policy = stack.properties("BucketPolicy")
    assert policy["Bucket"] == bucket
    s3.put_bucket_policy(**at, Policy=json.dumps(policy["PolicyDocument"]))


def test_cfn_lint_finds_nothing() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--include-checks", "I", "--", TEMPLATE],
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "", "")


@pytest.mark.parametrize(
    "parameters",
    [{}, EVERYTHING, {"LockMode": "GOVERNANCE", "RetainDays": "30"}],
    ids=["as-it-comes", "with-everything", "governance"],
)
def test_the_bucket_is_one_that_the_project_itself_finds_right(
    deploy: Deploy, parameters: dict[str, str]
) -> None:
    stack = deploy(**parameters)
    assert stack.description["StackStatus"] == "CREATE_COMPLETE"
    archive = archive_of(stack)
    # What moto makes of the template is the bucket and its encryption, without a bucket key.
    assert wrong(archive).get("encryption") in {None, f"aws:kms with {archive.kms_key_arn}, no bucket key"}
    make_what_moto_left_out(stack)
    assert wrong(archive) == {}


def test_an_open_lock_configuration_is_a_finding(deploy: Deploy) -> None:
    stack = deploy(LockConfiguration="open")
    make_what_moto_left_out(stack)
    assert wrong(archive_of(stack)) == {"policy": "without DenyLockConfiguration"}


def test_what_is_deployed_is_what_is_worked_out_here(deploy: Deploy) -> None:
    stack = deploy(**EVERYTHING)
    for role, principal in (("WriteRole", WORKERS), ("ReadRole", AUDITORS)):
        policies = [
            stack.properties(name)["PolicyDocument"]
            for name, resource in stack.template["Resources"].items()
            if resource["Type"] == "AWS::IAM::Policy" and resource["Properties"]["Roles"] == [{"Ref": role}]
        ]
        assert len(policies) > 2
        assert sorted(map(as_text, stack.role_policies(role))) == sorted(map(as_text, policies))
        iam = client("iam")
        trust = iam.get_role(RoleName=stack.physical[role])["Role"]["AssumeRolePolicyDocument"]
        assert trust == stack.properties(role)["AssumeRolePolicyDocument"]
        assert trust["Statement"][0]["Principal"]["AWS"] == [principal]
    assert stack.outputs["WriteRoleArn"].endswith(stack.physical["WriteRole"])


def test_no_readers_no_read_role_and_no_keys_unless_asked_for(deploy: Deploy) -> None:
    stack = deploy()
    assert not {"ReadRole", "ReadPolicy", "EncryptionKey", "SigningKeyPair", "AlarmTopic"} & set(
        stack.physical
    )
    assert set(stack.outputs) == {"BucketName", "WriteRoleArn"}


def test_a_role_is_given_nothing_that_nobody_asked_for(deploy: Deploy) -> None:
    stack = deploy(ReaderPrincipals=AUDITORS, ColdStorage="yes")
    sids = {
        role: {statement["Sid"] for policy in stack.role_policies(role) for statement in policy["Statement"]}
        for role in ("WriteRole", "ReadRole")
    }
    assert sids == {
        "WriteRole": {
            "Write", "Read", "LookAtTheBucket", "Metrics", "MetricsThatAreThere", "Pin", "Restore",
        },
        "ReadRole": {"Read", "LookAtTheBucket"},
    }  # fmt: skip


def test_what_is_named_as_a_source_is_one_thing_and_not_all() -> None:
    """CloudFormation holds each item of a list against the pattern."""
    parameters = template()["Parameters"]
    for name, right, wrong in (
        ("SourceBuckets", "arn:aws:s3:::acme-app-logs", ["*", "arn:aws:s3:::*", "arn:aws:s3:::a/b", "acme"]),
        ("SourceObjects", "arn:aws:s3:::acme-app-logs/app/*", ["*", "arn:aws:s3:::*", "arn:aws:s3:::*/*"]),
        ("LogGroups", LOG_GROUP, ["*", LOG_GROUP[:-2], "arn:aws:logs:us-east-1:123456789012:log-group:*"]),
        ("SourceKeys", SOURCE_KEY, ["*", "arn:aws:kms:us-east-1:123456789012:key/*", "alias/logs"]),
    ):
        pattern = parameters[name]["AllowedPattern"]
        assert re.search(pattern, right), name
        assert re.search(pattern, parameters[name]["Default"]), name
        assert not [text for text in wrong if re.search(pattern, text)], name


def test_what_must_outlive_the_stack_does() -> None:
    kept = {
        name
        for name, resource in template()["Resources"].items()
        if resource.get("DeletionPolicy") == resource.get("UpdateReplacePolicy") == "Retain"
    }
    assert kept == {"Bucket", "BucketPolicy", "EncryptionKey", "SigningKeyPair"}


def test_every_period_has_its_limit_in_the_policy() -> None:
    held = template()
    periods = held["Parameters"]["RetainDays"]["AllowedValues"]
    assert held["Mappings"]["ShortestLock"] == {str(days): {"Days": str(days - 1)} for days in periods}


def test_the_defaults_are_those_of_the_settings() -> None:
    parameters = template()["Parameters"]
    archive = Settings.model_fields["archive"].default
    assert parameters["ArchiveName"]["Default"] == archive.name
    assert parameters["LockMode"]["Default"] == archive.lock_mode
    assert parameters["RetainDays"]["Default"] == archive.retain_days


def test_every_alarm_is_about_this_archive_and_reaches_somebody(deploy: Deploy) -> None:
    stack = deploy(AlarmEmail="audit@example.com", ArchiveName="acme")
    alarms = {
        name: stack.properties(name)
        for name, resource in stack.template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }
    assert {held["MetricName"] for held in alarms.values()} == METRICS
    for held in alarms.values():
        assert held["Namespace"] == "AuditTrail"
        assert held["Dimensions"] == [{"Name": "Archive", "Value": "acme"}]
        assert held["AlarmActions"] == [stack.physical["AlarmTopic"]]
    # Nobody reporting any more must not look like all being well.
    silent = {held["MetricName"] for held in alarms.values() if held["TreatMissingData"] == "breaching"}
    assert silent == {"DaysSealed", "SealLagHours", "VerificationSuccesses"}
    topic = client("sns").list_subscriptions_by_topic(TopicArn=stack.physical["AlarmTopic"])
    assert [item["Endpoint"] for item in topic["Subscriptions"]] == ["audit@example.com"]


def test_a_topic_that_is_there_is_used_and_none_is_no_action(deploy: Deploy) -> None:
    arn = "arn:aws:sns:us-east-1:123456789012:on-call"
    stack = deploy(AlarmTopicArn=arn, QuietDays="allowed")
    assert stack.properties("SealLagAlarm")["AlarmActions"] == [arn]
    assert not stack.has("QuietDayAlarm")
    stack.parameters["AlarmTopicArn"] = ""
    assert stack.properties("SealLagAlarm")["AlarmActions"] == []


def test_the_alarms_exist_as_cloudwatch_takes_them(deploy: Deploy) -> None:
    stack = deploy()
    cloudwatch: Any = client("cloudwatch")
    for name, resource in stack.template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            held = stack.properties(name)
            cloudwatch.put_metric_alarm(
                AlarmName=name, **held | {"Threshold": float(held["Threshold"]), "ActionsEnabled": True}
            )
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == len(METRICS)
