"""An archive copied by whoever owns the storage: every object afresh, with a change applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from audit_trail.archive.object_store import ObjectVersion, Retention, StoredObject
from audit_trail.archive.s3_store import S3Store
from audit_trail.demo.attacks.victim import MAX_BYTES, SealedArchive
from audit_trail.settings import ArchiveSettings

Change = Callable[[str, bytes], "tuple[str, bytes] | None"]
"""What a copying attacker does to an object: another key or other bytes, or None to leave it out."""


def nothing_changed(key: str, data: bytes) -> tuple[str, bytes] | None:
    """The honest copy."""
    return key, data


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
