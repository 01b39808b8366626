"""What founders, workers and auditors do, each with the settings that they have for it."""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.infra.deployed_stack import REGION, client

from audit_trail.archive.storage_processor import StorageProcessor
from audit_trail.cli.command_line import main
from audit_trail.errors import StorageError
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.reporting.compliance.figures import Standing
from audit_trail.reporting.compliance.measurement import Period
from audit_trail.reporting.compliance.report_document import make_report
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase
from audit_trail.signing.pins import Head
from audit_trail.signing.ssm_pin import SsmPin
from audit_trail.verification.verifier import Verifier

DAYS = ("2026-03-13", "2026-03-14")
NOW = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)
BUCKET, PREFIX = "acme-audit-trail", "company/logs/"
STAGING, SOURCE = "acme-staging", "acme-app-logs"
GROUP = "/aws/lambda/orders"
PIN, SETTINGS = "/audit-trail/head", "/audit-trail/settings"
LARGE = 8 * 1024 * 1024 + 1
"""One byte more than a range of a source, and than boto3 puts in one request."""


def an_account() -> None:
    """What is there before: logs, staging, settings in Parameter Store, and a user with a policy of AWS's."""
    s3: Any = client("s3")
    for bucket in (STAGING, SOURCE):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": "Enabled"})
    line = b"x" * 4095 + b"\n"
    for day, content in zip(DAYS, (b"one\ntwo\n", line * (LARGE // len(line) + 1)), strict=True):
        s3.put_object(Bucket=SOURCE, Key=f"app/{day}/app.log", Body=content)
    client("logs").create_log_group(logGroupName=GROUP)
    client("ssm").put_parameter(Name=f"{SETTINGS}/archive/retain_days", Value="3650", Type="String")
    iam: Any = client("iam")
    iam.create_user(UserName="reader")
    iam.attach_user_policy(UserName="reader", PolicyArn="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")


def workers_settings(home: Path, key_uri: str) -> Settings:
    """Of Airflow's workers: everything of AWS that there is."""
    _write(
        home,
        archive={"bucket": BUCKET, "prefix": PREFIX.rstrip("/"), "storage_class": "GLACIER"},
        sources=[
            {"name": "app", "kind": "application", "url": f"s3://{SOURCE}/app/{{date}}/*"},
            {"name": "orders", "kind": "application", "url": f"cloudwatch-logs://{GROUP}"},
        ],
        staging_url=f"s3://{STAGING}",
        signing={"key_uris": [key_uri], "post_quantum": False},
        metrics={"sink": "cloudwatch"},
        pin=f"ssm:{PIN}",
        collect_journal=False,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIT_TRAIL_SSM_PREFIX", SETTINGS)
        settings = load_settings(home=home)
    assert settings.archive.retain_days == 3650
    make_passphrase(settings)
    generate_keys(settings)
    return settings


def auditors_settings(home: Path, genesis: str) -> Settings:
    """Of somebody who was given the archive's identity, and remembers the head himself."""
    _write(home, archive={"bucket": BUCKET, "prefix": PREFIX.rstrip("/"), "genesis_sha256": genesis})
    return load_settings(home=home)


def _write(home: Path, **fields: Any) -> None:
    (home / "audit-trail.yaml").write_text(yaml.safe_dump(fields), "utf-8")


def command(settings: Settings, *arguments: str) -> int:
    """A command as it is typed; its exit status."""
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setenv("AUDIT_TRAIL_HOME", str(settings.home))
        return main(arguments)


def some_days(settings: Settings) -> str:
    """Found the archive in its bucket, seal two days, and one again when all is there; its identity."""
    with AuditTrailProcessor(settings, now=lambda: NOW) as processor:
        genesis = found_archive(processor.context).genesis_sha256
        for day in (*DAYS, DAYS[-1]):
            processor.process_daily_logs(day)
        processor.context.ledger()
    # An upload that was killed after its PUT, and is repeated a day later.
    path = settings.home / "again.log"
    path.write_bytes(b"again\n")
    for days in (0, 1):
        later = NOW + timedelta(days=days)
        StorageProcessor(settings, now=lambda at=later: at).upload_file(path, "again.log")
    return genesis


def two_writers_of_the_head() -> None:
    """One moves the head between another's reading and writing."""
    pins = [SsmPin(PIN, "ab" * 32, region=REGION) for _ in range(2)]

    def overtake(**_: Any) -> None:
        pins[0]._client.meta.events.unregister("before-send.ssm.PutParameter", overtake)
        pins[1].advance(Head(sequence=9, sha256="9" * 64))

    pins[0]._client.meta.events.register("before-send.ssm.PutParameter", overtake)
    pins[0].advance(Head(sequence=5, sha256="5" * 64))
    assert pins[0].read() == Head(sequence=9, sha256="9" * 64)


def large_files_in_staging(settings: Settings, owner: Any) -> None:
    """One is put in parts; while another is, the bucket's owner takes it away."""
    context = StageContext(settings=settings)
    staging: Any = context.staging(DAYS[0])
    whole = _staged(staging)
    assert staging.digest("large", whole) == whole
    staging.wipe()

    def interrupt(**_: Any) -> None:
        staging._client.meta.events.unregister("before-send.s3.UploadPart", interrupt)
        owner.delete_bucket(Bucket=STAGING)

    staging._client.meta.events.register("before-send.s3.UploadPart", interrupt)
    with pytest.raises(StorageError, match="could not be put into staging"):
        _staged(staging)


def _staged(staging: Any) -> str:
    with staging.create("large") as file:
        file.write(b"x" * LARGE)
        return str(file.commit())


def an_audit(settings: Settings) -> None:
    """Somebody who knows the genesis verifies all bytes of a day."""
    context = StageContext(settings=settings, now=lambda: NOW)
    verifier = Verifier(context.store, genesis=context.genesis, remembered=None, times=context.time_trust)
    report = verifier.verify("content", day=DAYS[0], now=NOW, due_hours=24)
    assert report.exit_code == 0


def a_report(settings: Settings) -> None:
    """The same person measures the archive, and who may change it."""
    context = StageContext(settings=settings, now=lambda: NOW)
    made = make_report(
        context.store,
        Period(first=None, last=None),
        settings,
        genesis=context.genesis,
        remembered=context.pin.read(),
        now=NOW,
        times=context.time_trust,
    )
    standings = {figure.name: figure.standing for figure in made.figures}
    assert standings["write-access"] is Standing.GOOD
    assert standings["days-covered"] is Standing.GOOD
