"""What founding, a day and an audit really ask of AWS; the table that says it; the roles that allow it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest
from tests.infra import recorded_run as run
from tests.infra.conftest import EVERYTHING, SOURCE_KEY, WORKERS
from tests.infra.deployed_stack import ACCOUNT, REGION, Stack, client
from tests.infra.iam_evaluation import decision
from tests.infra.permission_table import KINDS, Row, permission_table
from tests.infra.recorded_calls import Call, Recorder
from tests.infra.recorded_run import BUCKET, GROUP, NOW, PIN, PREFIX, SETTINGS, SOURCE, STAGING
from tests.signing.key_management_service import KeyManagementService

from audit_trail.archive.bucket import check_bucket, found_bucket
from audit_trail.archive.bucket_policy import required_statements
from audit_trail.archive.s3_store import S3Store, make_client
from audit_trail.archive.storage_processor import StorageProcessor
from audit_trail.settings import ArchiveSettings, load_settings

pytestmark = pytest.mark.filterwarnings("ignore:Tried to parse AWS")


@pytest.fixture(scope="module")
def table() -> list[Row]:
    return permission_table()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Who called what, and the class in which each object lies now."""

    founder: list[Call]
    writer: list[Call]
    reader: list[Call]
    classes: dict[str, str]

    @property
    def puts(self) -> list[Call]:
        """What was put into the archive."""
        return [
            call
            for call in self.writer
            if call.name == "s3:PutObject" and call.parameters["Bucket"] == BUCKET
        ]


@pytest.fixture(scope="module")
def key_service() -> Iterator[KeyManagementService]:
    """A KMS that signs as AWS says it does."""
    service = KeyManagementService()
    yield service
    service.close()


@pytest.fixture(scope="module")
def recorded(
    aws_server: str,
    key_service: KeyManagementService,
    _clean_session: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Recorded:
    """A bucket is founded, days are sealed, and all of it is audited, each by whoever is there for it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": aws_server,
            "AWS_ENDPOINT_URL_S3": "http://s3.us-east-1.amazonaws.com",
            "AWS_ENDPOINT_URL_KMS": key_service.url,
            "AWS_DEFAULT_REGION": REGION,
            "HTTP_PROXY": aws_server,
            "NO_PROXY": "127.0.0.1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        }.items():
            patch.setenv(name, value)
        urllib.request.urlopen(f"{aws_server}/moto-api/reset", data=b"").close()
        run.an_account()
        owner = client("s3")
        recorder = Recorder()
        recorder.register(patch)
        key_uri = f"awskms:{key_service.add_rsa()}"
        with recorder.phase() as preparing:
            workers = run.workers_settings(tmp_path_factory.mktemp("workers"), key_uri)
        with recorder.phase() as founding:
            found_bucket(workers.archive)
        with recorder.phase() as looking:
            found_bucket(workers.archive)
        with recorder.phase() as reading:
            check_bucket(workers.archive)
        # moto takes the policy's conditional denials for unconditional ones. By another name
        # than AWS's own, the bucket is not given the policy again.
        client("s3").delete_bucket_policy(Bucket=BUCKET)
        patch.delenv("AWS_ENDPOINT_URL_S3")
        with recorder.phase() as writing:
            genesis = run.some_days(workers)
            run.two_writers_of_the_head()
            assert run.command(workers, "metrics", "--push") == 0
            assert run.command(workers, "restore", "--from", run.DAYS[0], "--yes") == 0
            run.large_files_in_staging(workers, owner)
        auditors = run.auditors_settings(tmp_path_factory.mktemp("auditors"), genesis)
        with recorder.phase() as verifying:
            run.an_audit(auditors)
            assert run.command(auditors, "restore", "--from", run.DAYS[1], "--yes") == 0
            run.a_report(auditors)
        versions = client("s3").list_object_versions(Bucket=BUCKET)["Versions"]
    return Recorded(
        founder=founding,
        writer=preparing + looking + writing,
        reader=reading + verifying,
        classes={item["Key"]: item["StorageClass"] for item in versions},
    )


def test_the_table_is_what_is_really_called_and_who_calls_it(recorded: Recorded, table: list[Row]) -> None:
    for who, calls in (("f", recorded.founder), ("w", recorded.writer), ("r", recorded.reader)):
        assert places(calls) == {(row.call, row.place) for row in table if who in row.who}, who


def test_a_version_is_named_where_the_permission_for_versions_is_needed(
    recorded: Recorded, table: list[Row]
) -> None:
    """Without it a role reads the newest version and no other, and deletes none."""
    for who, calls in (("w", recorded.writer), ("r", recorded.reader)):
        named = places([call for call in calls if "VersionId" in call.parameters])
        needs = {
            (row.call, row.place) for row in table if who in row.who and "s3:GetObjectVersion" in row.needs
        }
        # Restores and locks of a version have no permission of their own.
        assert {found for found in named if found[0] in {"s3:GetObject", "s3:HeadObject"}} == needs


def places(calls: list[Call]) -> set[tuple[str, str]]:
    """What was called, and where: each bucket is a place, and so is each other service."""
    return {
        (call.name, PLACES.get(call.parameters.get("Bucket", ""), call.name.partition(":")[0]))
        for call in calls
    }


PLACES = {BUCKET: "archive", STAGING: "staging", SOURCE: "source"}
RESOURCES = {
    "bucket": [f"arn:aws:s3:::{BUCKET}"],
    "objects": [
        f"arn:aws:s3:::{BUCKET}/{PREFIX}{key}"
        for key in (
            "ledger/000000000000.dsse.json",
            "logs/source=app/date=2026-03-14/part-00000-0.log.zst",
            "",
        )
    ],
    "staging bucket": [f"arn:aws:s3:::{STAGING}"],
    "staging objects": [f"arn:aws:s3:::{STAGING}/0123456789abcdef/2026-03-14/part-00000.1234"],
    "source bucket": [f"arn:aws:s3:::{SOURCE}"],
    "source objects": [f"arn:aws:s3:::{SOURCE}/app/2026-03-14/app.log"],
    "source key": [SOURCE_KEY],
    "log group": [f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"],
    "parameter": [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{PIN}/0123"],
    "settings": [
        f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{SETTINGS}{end}" for end in ("", "/", "/archive/bucket")
    ],
    "policies of AWS": ["arn:aws:iam::aws:policy/AmazonS3FullAccess"],
    "namespace": ["*"],
    "account": ["*"],
}
ANYTHING = ("namespace", "account")
CONTEXT = {"cloudwatch:namespace": "AuditTrail"}


def resources_of(stack: Stack, kind: str) -> list[str]:
    if kind == "encryption key":
        return [stack.outputs["EncryptionKeyArn"]]
    return [stack.outputs["SigningKeyArn"]] if kind == "signing key" else RESOURCES[kind]


@pytest.mark.parametrize(("role", "who"), [("WriteRole", "w"), ("ReadRole", "r")])
def test_a_role_is_allowed_the_table_and_of_all_other_actions_none(
    deploy: Callable[..., Stack], table: list[Row], role: str, who: str
) -> None:
    stack = deploy(**EVERYTHING)
    policies = stack.role_policies(role)
    needed = {(need, row.on) for row in table if who in row.who for need in row.needs}
    for need, kind in needed:
        for resource in resources_of(stack, kind):
            assert decision(policies, need, resource, CONTEXT) == "allow", (need, resource)
    granted = {action for policy in policies for item in policy["Statement"] for action in item["Action"]}
    assert granted == {need for need, _ in needed}
    known = json.loads(files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json").read_text("utf-8"))
    lower = {(need.lower(), kind) for need, kind in needed}
    for service in ("s3", "kms", "ssm", "cloudwatch", "logs", "iam", "sts"):
        for name in known[service]["Actions"]:
            action = f"{service}:{name}".lower()
            # What may be done on anything (metrics) may be done on each of these, too.
            if any((action, kind) in lower for kind in ANYTHING):
                continue
            for kind in KINDS:
                if (action, kind) not in lower:
                    for resource in resources_of(stack, kind):
                        assert decision(policies, action, resource, CONTEXT) == "none", (action, resource)
    outside = [
        f"arn:aws:s3:::{BUCKET}/other/key",
        "arn:aws:s3:::another/company/logs/key",
        f"arn:aws:s3:::{SOURCE}/billing/2026-03-14/app.log",
        f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}-of-others:*",
        f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/other/head",
        f"arn:aws:iam::{ACCOUNT}:policy/ours",
    ]
    for need, _ in needed:
        if not any((need, kind) in needed for kind in ANYTHING):
            assert {decision(policies, need, resource, CONTEXT) for resource in outside} == {"none"}, need
    assert decision(policies, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/S3"}) == "none"


def test_no_permission_is_a_pattern(deploy: Callable[..., Stack]) -> None:
    stack = deploy(**EVERYTHING)
    for role in ("WriteRole", "ReadRole"):
        for policy in stack.role_policies(role):
            for statement in policy["Statement"]:
                assert statement["Effect"] == "Allow"
                assert not [action for action in statement["Action"] if "*" in action]


def test_nobody_but_the_write_role_signs_and_nobody_ends_a_key(deploy: Callable[..., Stack]) -> None:
    stack = deploy(**EVERYTHING)
    key = stack.outputs["SigningKeyArn"]
    policy = stack.properties("SigningKeyPair")["KeyPolicy"]
    writer, admin = stack.outputs["WriteRoleArn"], f"arn:aws:iam::{ACCOUNT}:role/admin"
    for who, found in ((writer, "allow"), (admin, "deny"), (WORKERS, "deny")):
        assert decision([policy], "kms:Sign", key, {"aws:PrincipalArn": who}) == found
    for name in ("SigningKeyPair", "EncryptionKey"):
        policy = stack.properties(name)["KeyPolicy"]
        for action in ("kms:ScheduleKeyDeletion", "kms:DisableKey"):
            assert decision([policy], action, key, {"aws:PrincipalArn": writer}) == "deny"
        assert decision([policy], "kms:PutKeyPolicy", key, {"aws:PrincipalArn": admin}) == "allow"


def context_of(call: Call, changes: dict[str, str | None]) -> dict[str, str]:
    """What S3 tells a policy about a PUT."""
    parameters = call.parameters
    context: dict[str, str | None] = {
        "aws:SecureTransport": "true",
        "s3:ObjectCreationOperation": "true",
        "s3:if-none-match": parameters.get("IfNoneMatch"),
        "s3:object-lock-mode": parameters.get("ObjectLockMode"),
        "s3:object-lock-remaining-retention-days": str((parameters["ObjectLockRetainUntilDate"] - NOW).days),
    }
    return {key: value for key, value in (context | changes).items() if value is not None}


KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0b2f0c4e-8f1a-4a53-9a52-000000000001"
SSE = "s3:x-amz-server-side-encryption"
FAIR: list[dict[str, str | None]] = [
    {},
    {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": KEY},
    # Midnight has passed where S3 is, and not yet where the writer is.
    {"s3:object-lock-remaining-retention-days": "3649"},
]
WEAKER: list[dict[str, str | None]] = [
    {"aws:SecureTransport": "false"},
    {"s3:if-none-match": None},
    {"s3:object-lock-mode": None},
    {"s3:object-lock-mode": "GOVERNANCE"},
    {"s3:object-lock-remaining-retention-days": "3648"},
    {f"{SSE}-customer-algorithm": "AES256"},
    {SSE: "AES256"},
    {SSE: "aws:kms", f"{SSE}-aws-kms-key-id": f"{KEY[:-1]}2"},
    # A part of a multipart upload.
    {"s3:ObjectCreationOperation": "false", "s3:if-none-match": None, "s3:object-lock-mode": None},
]


def test_the_policy_lets_the_puts_of_a_day_pass_and_no_weaker_ones(recorded: Recorded) -> None:
    statements = required_statements(
        bucket_arn=f"arn:aws:s3:::{BUCKET}",
        prefix=PREFIX,
        lock_mode="COMPLIANCE",
        retain_days=3650,
        kms_key_arn=KEY,
    )
    policy = {"Statement": list(statements)}
    secure = {"aws:SecureTransport": "true"}
    assert len(recorded.puts) > 4
    for call in recorded.puts:
        resource = f"arn:aws:s3:::{BUCKET}/{call.parameters['Key']}"
        for changes in FAIR:
            assert decision([policy], "s3:PutObject", resource, context_of(call, changes)) == "none", changes
        for changes in WEAKER:
            assert decision([policy], "s3:PutObject", resource, context_of(call, changes)) == "deny", changes
        for action in ("s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"):
            assert decision([policy], action, resource, secure) == "deny"
        for action in ("s3:PutObjectRetention", "s3:GetObjectVersion", "s3:RestoreObject"):
            assert decision([policy], action, resource, secure) == "none"


def test_segments_alone_go_into_the_class_of_the_settings(recorded: Recorded) -> None:
    asked = {call.parameters["Key"]: call.parameters["StorageClass"] for call in recorded.puts}
    assert asked == recorded.classes
    assert {key.removeprefix(PREFIX).partition("/")[0] for key in asked} >= {"ledger", "logs", "manifests"}
    for key, storage_class in asked.items():
        is_hot = key.startswith((f"{PREFIX}ledger/", f"{PREFIX}manifests/"))
        assert storage_class == ("STANDARD" if is_hot else "GLACIER"), key


def test_every_class_of_the_settings_is_one_that_s3_knows(aws: str, tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path, archive={"bucket": BUCKET})
    s3 = make_client(settings.archive)
    found_bucket(settings.archive, s3)
    processor = StorageProcessor(settings, store=S3Store(settings.archive, s3))
    path = tmp_path / "segment"
    path.write_bytes(b"a segment")
    for storage_class in get_args(ArchiveSettings.model_fields["storage_class"].annotation):
        stored = processor.upload_file(path, f"logs/{storage_class}.zst", storage_class=storage_class)
        assert stored.storage_class == storage_class
        assert stored.retention is not None
        # Presence, checksum and lock are said without a restore.
        assert processor.is_stored(f"logs/{storage_class}.zst", stored.sha256 or "")
