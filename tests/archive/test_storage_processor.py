"""StorageProcessor: files into immutable storage."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audit_trail.archive.object_store import KeyTakenError, Retention
from audit_trail.archive.s3_store import S3Store
from audit_trail.archive.storage_processor import MAX_SINGLE_PUT_BYTES, StorageProcessor, file_sha256
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import ArchiveSettings, load_settings

Processor = Callable[..., StorageProcessor]


@pytest.fixture
def processor(archive: ArchiveSettings, tmp_path: Path) -> Processor:
    def make(now: Callable[[], datetime] | None = None, **overrides: Any) -> StorageProcessor:
        settings = load_settings(home=tmp_path, archive=archive.model_dump() | overrides)
        return StorageProcessor(settings, now=now)

    return make


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "report.json"
    path.write_bytes(b"report of " + str(tmp_path).encode())
    return path


def test_a_file_is_uploaded_under_lock_and_again_harmlessly(processor: Processor, file: Path) -> None:
    storage = processor()
    there = storage.upload_file(file, f"reports/{file.parent.name}")
    digest = sha256(file.read_bytes()).hexdigest()
    assert (there.sha256, there.size) == (digest, file.stat().st_size)
    assert there.retention == storage.retention()
    assert storage.upload_file(str(file), there.key) == there
    assert storage.is_stored(there.key, digest)
    assert not storage.is_stored(there.key, "0" * 64)
    assert not storage.is_stored("another/key", digest)


def test_a_changed_file_does_not_replace_the_stored_one(processor: Processor, file: Path) -> None:
    storage = processor()
    key = f"changed/{file.parent.name}"
    there = storage.upload_file(file, key)
    file.write_bytes(b"changed")
    with pytest.raises(KeyTakenError):
        storage.upload_file(file, key)
    assert storage.store.head(key) == there


def test_a_file_that_is_not_its_digest_is_refused_by_the_store(processor: Processor, file: Path) -> None:
    storage = processor()
    with pytest.raises(StorageError, match="refused PutObject"):
        storage.upload_file(file, f"wrong/{file.parent.name}", sha256="0" * 64)
    assert storage.store.head(f"wrong/{file.parent.name}") is None


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 1, 9, 0, 0, 0, tzinfo=UTC),
        datetime(2026, 1, 9, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 1, 10, 1, 30, tzinfo=timezone(timedelta(hours=2))),
    ],
)
def test_a_lock_ends_at_midnight_after_as_many_whole_days(processor: Processor, now: datetime) -> None:
    """Never a second short of `retain_days`, and the same for all objects of a day."""
    lock = processor(lambda: now, retain_days=30, lock_mode="COMPLIANCE").retention()
    assert lock == Retention(mode="COMPLIANCE", until=datetime(2026, 2, 9, tzinfo=UTC))
    assert lock.until - now >= timedelta(days=30)


def test_a_missing_file_is_a_storage_error(processor: Processor, tmp_path: Path) -> None:
    for digest in (None, "0" * 64):
        with pytest.raises(StorageError, match="cannot be read") as caught:
            processor().upload_file(tmp_path / "missing", "key", sha256=digest)
        assert caught.value.where == str(tmp_path / "missing")


def test_a_folder_is_no_file(processor: Processor, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        processor().upload_file(tmp_path, "key")


def test_a_file_too_large_for_one_put_is_refused_before_it_is_sent(
    processor: Processor, tmp_path: Path
) -> None:
    path = tmp_path / "sparse"
    path.touch()
    os.truncate(path, MAX_SINGLE_PUT_BYTES + 1)
    with pytest.raises(ConfigurationError, match="one PUT") as caught:
        processor().upload_file(path, "key", sha256="0" * 64)
    assert "segment_target_bytes" in caught.value.remedy


def test_another_store_may_be_brought(archive: ArchiveSettings, tmp_path: Path, file: Path) -> None:
    store = S3Store(archive)
    storage = StorageProcessor(load_settings(home=tmp_path), store=store)
    there = storage.upload_file(file, f"brought/{file.parent.name}")
    assert store.head(there.key) == there


def test_the_digest_of_a_file_is_the_one_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"abc", b"x" * (2 * 1024 * 1024 + 1)):
        path.write_bytes(content)
        assert file_sha256(path) == sha256(content).hexdigest()
