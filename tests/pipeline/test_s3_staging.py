"""Workers that share no disk: a day goes through a bucket, and nothing of it stays there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive

from audit_trail.archive.s3_store import make_client
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.handoffs import Collected, Signed, Uploaded
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.s3_staging import S3Staging
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.seal import seal
from audit_trail.pipeline.sign import sign
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import collected_name, raw_name
from audit_trail.pipeline.upload import upload
from audit_trail.pipeline.verify_sample import verify_sample

Staged = Callable[[], list[dict[str, Any]]]
RECORDS = b"".join(b'{"n":%d,"password":"hunter2 %d"}\n' % (n, n) for n in range(100))


@pytest.fixture
def bucket(archive: Archive, request: pytest.FixtureRequest) -> str:
    name = f"staging-{uuid.uuid4().hex[:20]}"
    client = make_client(archive.settings.archive)
    client.create_bucket(Bucket=name)
    if getattr(request, "param", "") == "with versions":
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


@pytest.fixture
def worker(archive: Archive, bucket: str, tmp_path: Path) -> Callable[[], StageContext]:
    """A new machine each time: it has the keys and the settings, and none of the others' files."""

    def start() -> StageContext:
        settings = archive.settings.model_copy(
            update={
                "staging_url": f"s3://{bucket}/days",
                "staging_dir": tmp_path / f"worker-{uuid.uuid4().hex}",
                "segment_target_bytes": 2048,
            }
        )
        return StageContext(settings=settings, now=lambda: NOW)

    return start


@pytest.fixture
def staged(archive: Archive, bucket: str) -> Staged:
    """All versions that the bucket holds."""
    client = make_client(archive.settings.archive)

    def found() -> list[dict[str, Any]]:
        answer = client.list_object_versions(Bucket=bucket)
        return [dict(item) for item in [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]]

    return found


def seal_day(worker: Callable[[], StageContext], collected: Collected | None = None) -> StageContext:
    """Every task on a machine of its own."""
    collected = collected or collect(worker(), DAY)
    hashed = [hash_segment(worker(), DAY, sanitize(worker(), DAY, item)) for item in collected.segments]
    signed: Signed = sign(worker(), DAY, collected, hashed)
    uploaded: list[Uploaded] = [upload(worker(), DAY, item) for item in signed.objects]
    last = worker()
    sealed = seal(last, DAY, signed, uploaded)
    verify_sample(last, DAY, sealed)
    return last


@pytest.mark.parametrize("bucket", ["plain", "with versions"], indirect=True)
def test_a_day_goes_from_worker_to_worker_and_leaves_nothing(
    archive: Archive, worker: Callable[[], StageContext], staged: Staged
) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    context = seal_day(worker)

    (entry,) = context.ledger().seals_of(DAY)
    assert entry.totals.records == 100
    assert staged() == []
    for folder in archive.home.parent.glob("worker-*"):
        assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_what_was_collected_is_sealed_whatever_happens_to_the_source(
    archive: Archive, worker: Callable[[], StageContext]
) -> None:
    source = archive.log(f"{DAY}.jsonl", RECORDS)
    first = collect(worker(), DAY)
    source.write_bytes(RECORDS + b'{"n":"late"}\n')
    assert collect(worker(), DAY) == first
    context = seal_day(worker)
    assert context.ledger().seals_of(DAY)[0].totals.records == 100


def test_a_staged_file_that_was_edited_is_not_believed(
    archive: Archive,
    worker: Callable[[], StageContext],
    bucket: str,
    staged: Staged,
) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    segment = collect(worker(), DAY).segments[0]
    key = next(item["Key"] for item in staged() if raw_name(segment.number) in item["Key"])
    make_client(archive.settings.archive).put_object(Bucket=bucket, Key=key, Body=b"other\n" * 100)
    with pytest.raises(IntegrityError, match="changed between two stages"):
        sanitize(worker(), DAY, segment)


def test_a_pin_whose_files_are_gone_is_collected_again(
    archive: Archive,
    worker: Callable[[], StageContext],
    bucket: str,
    staged: Staged,
) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    segment = collect(worker(), DAY).segments[0]
    client = make_client(archive.settings.archive)
    for item in staged():
        if raw_name(segment.number) in item["Key"]:
            client.delete_object(Bucket=bucket, Key=item["Key"], VersionId=item["VersionId"])
    with pytest.raises(StorageError, match="gone"):
        sanitize(worker(), DAY, segment)
    seal_day(worker)
    assert staged() == []


def test_of_two_that_collect_at_once_one_publishes(
    archive: Archive, worker: Callable[[], StageContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = archive.log(f"{DAY}.jsonl", RECORDS)
    publish = S3Staging.publish
    others: list[Collected] = []

    def overtaken(self: S3Staging, name: str, data: bytes) -> None:
        monkeypatch.setattr(S3Staging, "publish", publish)
        source.write_bytes(RECORDS + b'{"n":"late"}\n')
        others.append(collect(worker(), DAY))
        publish(self, name, data)

    monkeypatch.setattr(S3Staging, "publish", overtaken)
    with pytest.raises(StorageError, match="another run has collected"):
        collect(worker(), DAY)
    assert collect(worker(), DAY) == others[0]
    seal_day(worker)


def test_two_whole_runs_at_once_seal_the_day_once(
    archive: Archive, worker: Callable[[], StageContext], staged: Staged
) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)

    def run(_: int) -> str:
        try:
            seal_day(worker)
        except StorageError as error:
            return str(error)
        return "sealed"

    with ThreadPoolExecutor(2) as pool:
        ended = list(pool.map(run, range(2)))
    assert "sealed" in ended
    assert all(text == "sealed" or "run it again" in text for text in ended), ended
    seal_day(worker)
    assert len(worker().ledger().seals_of(DAY)) == 1
    assert staged() == []


def test_a_bucket_that_locks_objects_is_refused(archive: Archive, worker: Callable[[], StageContext]) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    context = worker()
    locked = context.settings.model_copy(update={"staging_url": f"s3://{archive.bucket}/staging"})
    with pytest.raises(ConfigurationError, match="locks objects"):
        collect(StageContext(settings=locked, now=lambda: NOW), DAY)


def test_a_bucket_that_is_not_there_is_named(archive: Archive, worker: Callable[[], StageContext]) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    lost = worker().settings.model_copy(update={"staging_url": "s3://no-such-bucket-anywhere"})
    with pytest.raises(StorageError, match="staging cannot be read or written") as caught:
        collect(StageContext(settings=lost, now=lambda: NOW), DAY)
    assert "no-such-bucket-anywhere" in str(caught.value)


def test_an_interrupted_collection_is_done_again(
    archive: Archive,
    worker: Callable[[], StageContext],
    staged: Staged,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    archive.log(f"{DAY}.jsonl", RECORDS)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(S3Staging, "publish", killed)
        collect(worker(), DAY)
    assert staged()
    assert all(collected_name(1) not in item["Key"] for item in staged())
    seal_day(worker)
    assert staged() == []
