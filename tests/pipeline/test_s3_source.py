"""A day whose logs are in S3: sealed, late, changed, put again, gone."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from tests.pipeline.conftest import DAY, Archive
from tests.pipeline.test_late_data import verified

from audit_trail.archive.s3_store import make_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import IntegrityError
from audit_trail.evidence.manifest import Input
from audit_trail.verification.content_checks import read_manifest


class Bucket:
    """Where an application puts its logs."""

    def __init__(self, store: EmbeddedStore, archive: Archive, name: str) -> None:
        self.client: Any = make_client(archive.settings.archive)
        self.name = name
        self.client.create_bucket(Bucket=name)
        self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def put(self, key: str, body: bytes) -> str:
        return str(self.client.put_object(Bucket=self.name, Key=key, Body=body)["VersionId"])


@pytest.fixture
def sealed(make_archive: Callable[..., Archive], store: EmbeddedStore) -> tuple[Archive, Bucket]:
    name = f"logs-{uuid4().hex}"
    url = f"s3://{name}/app/{{date}}/*"
    source = {"name": "app", "kind": "api", "url": url, "endpoint_url": store.endpoint_url, "required": True}
    archive = make_archive(sources=[source])
    bucket = Bucket(store, archive, name)
    bucket.put(f"app/{DAY}/a.jsonl.gz", gzip.compress(b'{"n":1}\n{"n":2}\n', mtime=0))
    bucket.put(f"app/{DAY}/b.log", b"one\ntwo\n")
    archive.processor().process_daily_logs(DAY)
    return archive, bucket


def inputs(archive: Archive) -> list[Input]:
    context = archive.context()
    view = context.ledger()
    return [item for seal in view.seals_of(DAY) for item in read_manifest(context.store, view, seal).inputs]


def verdict(archive: Archive) -> str:
    (day,) = verified(archive).days
    return day.verdict


def test_a_day_is_sealed_with_the_versions_that_were_read(sealed: tuple[Archive, Bucket]) -> None:
    archive, bucket = sealed
    assert verdict(archive) == "sealed"
    first, second = inputs(archive)
    assert (first.uri, second.uri) == (
        f"s3://{bucket.name}/app/{DAY}/a.jsonl.gz",
        f"s3://{bucket.name}/app/{DAY}/b.log",
    )
    for item in (first, second):
        assert item.object_version is not None
        key, version_id = item.uri.removeprefix(f"s3://{bucket.name}/"), item.object_version.version_id
        pinned = bucket.client.get_object(Bucket=bucket.name, Key=key, VersionId=version_id)
        assert pinned["ETag"] == item.object_version.etag
        assert len(pinned["Body"].read()) == item.end
    # The same bytes put again, and under another name, are nothing new; nor are objects that are gone.
    bucket.put(f"app/{DAY}/b.log", b"one\ntwo\n")
    assert verdict(archive) == "sealed"
    bucket.put(f"app/{DAY}/renamed.log", b"one\ntwo\n")
    bucket.client.delete_object(Bucket=bucket.name, Key=f"app/{DAY}/b.log")
    assert verdict(archive) == "sealed"
    archive.processor().process_daily_logs(DAY)
    assert len(archive.context().ledger().seals_of(DAY)) == 1


def test_what_was_put_later_is_late_and_sealed_alone(sealed: tuple[Archive, Bucket]) -> None:
    archive, bucket = sealed
    version_id = bucket.put(f"app/{DAY}/b.log", b"one\ntwo\nthree\n")
    bucket.put(f"app/{DAY}/c.log", b"new\n")
    report = verified(archive)
    assert [day.verdict for day in report.days] == ["late"]
    assert "b.log: 14 bytes, 8 of them sealed" in report.checks.not_passed[0].found
    assert "c.log: 4 bytes, 0 of them sealed" in report.checks.not_passed[0].found
    archive.processor().process_daily_logs(DAY)
    assert verdict(archive) == "sealed"
    *_, longer, new = inputs(archive)
    assert (longer.start, longer.end, new.start, new.end) == (8, 14, 0, 4)
    assert longer.object_version is not None
    assert longer.object_version.version_id == version_id


def test_sealed_content_that_has_changed_is_named(sealed: tuple[Archive, Bucket]) -> None:
    archive, bucket = sealed
    for content in (b"one\nTWO\n", b"one\n", b"ONE\ntwo\nthree\n"):
        bucket.put(f"app/{DAY}/b.log", content)
        report = verified(archive)
        assert [day.verdict for day in report.days] == ["tampered"]
        (finding,) = report.checks.not_passed
        assert (finding.name, finding.where) == ("source.unchanged", f"s3://{bucket.name}/app/{DAY}/b.log")
        with pytest.raises(IntegrityError) as raised:
            archive.processor().process_daily_logs(DAY)
        assert raised.value.where == f"s3://{bucket.name}/app/{DAY}/b.log"
    # It is a required source: with nothing left, nothing can be said.
    for key in (f"app/{DAY}/a.jsonl.gz", f"app/{DAY}/b.log"):
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    report = verified(archive)
    assert [day.verdict for day in report.days] == ["unverifiable"]
    assert report.exit_code == 2
