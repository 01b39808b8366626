"""A small archive on a real store, sealed by the pipeline, and what an attacker makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.archive.object_store import ObjectReader, ObjectVersion, Retention, StoredObject
from audit_trail.archive.s3_store import S3Store
from audit_trail.archive.storage_processor import StorageProcessor
from audit_trail.pipeline.processor import AuditTrailProcessor, DayResult
from audit_trail.settings import ArchiveSettings, Settings
from audit_trail.signing.pins import Head
from audit_trail.verification.ledger_walk import LedgerView, read_ledger
from audit_trail.verification.verifier import Level, Report, Verifier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)
MAX_BYTES = 64 * 1024 * 1024
DUE_HOURS = 24 * 365
"""No day is due unless a test says so."""

Change = Callable[[str, bytes], "tuple[str, bytes] | None"]
"""What a copying attacker does to an object: another key or other bytes, or None to leave it out."""


def nothing_changed(key: str, data: bytes) -> tuple[str, bytes] | None:
    """The honest copy."""
    return key, data


@dataclass(kw_only=True)
class SealedArchive:
    """An archive founded in a prefix of its own, with a folder of logs as its source."""

    settings: Settings
    logs: Path
    genesis: str
    client: S3Client
    """The S3 API with the administrator's credentials."""

    @cached_property
    def store(self) -> S3Store:
        """The archive as its own code sees it."""
        return S3Store(self.settings.archive, self.client)

    @property
    def bucket(self) -> str:
        return self.settings.archive.bucket

    def full_key(self, key: str) -> str:
        """A key as the S3 API knows it."""
        return f"{self.settings.archive.prefix}/{key}"

    @property
    def view(self) -> LedgerView:
        """The ledger as it is now."""
        return read_ledger(self.store, self.genesis)

    def write_log(self, day: str, name: str, data: bytes) -> Path:
        """Write a log file of a day, or append to it."""
        path = self.logs / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)
        return path

    def seal(self, day: str) -> DayResult:
        """Run the whole workflow for a day."""
        with AuditTrailProcessor(self.settings, now=lambda: NOW) as processor:
            # One client for all archives: making one costs more than sealing a small day.
            processor.context.storage = StorageProcessor(self.settings, store=self.store, now=lambda: NOW)
            return processor.process_daily_logs(day)

    def verify(
        self,
        level: Level = "content",
        *,
        store: ObjectReader | None = None,
        remembered: Head | None = None,
        now: datetime = NOW,
        due_hours: int = DUE_HOURS,
    ) -> Report:
        """Verify this archive, or another store in its place, against its genesis."""
        verifier = Verifier(store or self.store, genesis=self.genesis, remembered=remembered)
        return verifier.verify(level, now=now, due_hours=due_hours)

    # What an administrator can do through the API

    def put_over(self, key: str, data: bytes, **extra: Any) -> str:
        """Put an object without asking whether the key is taken; its version id."""
        answer = self.client.put_object(Bucket=self.bucket, Key=self.full_key(key), Body=data, **extra)
        return answer["VersionId"]

    def delete(self, key: str) -> None:
        """Delete without naming a version: a marker is laid over the object."""
        self.client.delete_object(Bucket=self.bucket, Key=self.full_key(key))

    def read(self, key: str) -> bytes:
        """The newest version of an object."""
        return self.store.read(key, max_bytes=MAX_BYTES)


class CopiedStore:
    """What an attacker with the storage itself makes: every object copied, with a change applied.

    The seals name version ids, which the attacker cannot sign anew. `renamed`
    gives each copy the version id that its key had in the original, as whoever
    runs the store could: then only the content is left to tell the difference.
    """

    def __init__(self, copy: S3Store, originals: dict[str, str] | None = None) -> None:
        self._copy = copy
        self._originals = originals or {}
        self._copies: dict[str, str] = {}
        for version in copy.list_versions(""):
            if version.key in self._originals:
                self._copies[version.key] = version.version_id

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """See `ObjectReader.head`."""
        there = self._copy.head(key, self._actual(key, version_id))
        return replace(there, version_id=self._shown(key, there.version_id)) if there else None

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        """See `ObjectReader.fetch`."""
        there, data = self._copy.fetch(key, self._actual(key, version_id), max_bytes=max_bytes)
        return replace(there, version_id=self._shown(key, there.version_id)), data

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        """See `ObjectReader.read`."""
        return self.fetch(key, version_id, max_bytes=max_bytes)[1]

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        """See `ObjectReader.stream`."""
        return self._copy.stream(key, self._actual(key, version_id))

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        """See `ObjectReader.list_versions`."""
        for version in self._copy.list_versions(prefix):
            yield replace(version, version_id=self._shown(version.key, version.version_id))

    def _actual(self, key: str, version_id: str | None) -> str | None:
        if version_id is not None and version_id == self._originals.get(key):
            return self._copies.get(key, version_id)
        return version_id

    def _shown(self, key: str, version_id: str) -> str:
        return self._originals[key] if version_id == self._copies.get(key) else version_id


def copy_archive(
    archive: SealedArchive,
    *,
    target: ArchiveSettings,
    change: Change = nothing_changed,
    lock: Callable[[str, Retention], Retention | None] = lambda _, retention: retention,
    renamed: bool = True,
) -> CopiedStore:
    """Copy an archive to another place under the same keys and locks, with a change applied.

    Args:
        archive: The original, which is left alone.
        target: An existing bucket that can lock objects, and an empty prefix.
        change: What becomes of each object.
        lock: What becomes of each object's lock; None puts it without.
        renamed: Show the original version ids, as the owner of a store could.
    """
    originals: dict[str, str] = {}
    for version in list(archive.store.list_versions("")):
        data = archive.store.read(version.key, version.version_id, max_bytes=MAX_BYTES)
        described = archive.store.head(version.key, version.version_id)
        changed = change(version.key, data)
        if changed is None or described is None or described.retention is None:
            continue
        key, data = changed
        retention = lock(key, described.retention)
        locked: dict[str, Any] = {}
        if retention is not None:
            locked = {"ObjectLockMode": retention.mode, "ObjectLockRetainUntilDate": retention.until}
        archive.client.put_object(
            Bucket=target.bucket,
            Key=f"{target.prefix}/{key}",
            Body=data,
            ChecksumAlgorithm="SHA256",
            **locked,
        )
        originals[version.key] = version.version_id
    return CopiedStore(S3Store(target, archive.client), originals if renamed else None)


def failed_checks(report: Report) -> set[str]:
    """Names of the checks that did not pass."""
    return {check.name for check in report.checks.not_passed}
