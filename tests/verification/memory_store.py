"""One stateful store in memory behind the real interface, and what may happen to a store."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256 as sha256_of
from pathlib import Path

from audit_trail.archive.object_store import KeyTakenError, ObjectVersion, Retention, StoredObject
from audit_trail.errors import StorageError

MODIFIED = datetime(2026, 1, 9, 1, tzinfo=UTC)
BLOCK_BYTES = 7
"""Small and odd, so that every reader meets records that span blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Version:
    described: StoredObject
    data: bytes
    is_delete_marker: bool = False
    modified: datetime = MODIFIED


class MemoryStore:
    """An `ObjectStore` of dictionaries: keys to versions, oldest first."""

    def __init__(self) -> None:
        self._versions: dict[str, list[_Version]] = {}
        self._numbered = 0
        self.unreadable: set[str] = set()
        self.reads: list[str] = []

    def copy(self) -> MemoryStore:
        """An independent store with the same objects."""
        return deepcopy(self)

    def keys(self, prefix: str) -> list[str]:
        """All keys below a prefix, in order."""
        return sorted(key for key in self._versions if key.startswith(prefix))

    # ObjectReader

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        self._check_readable(key)
        found = self._find(key, version_id)
        return found.described if found else None

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        data = self._get(key, version_id)
        if len(data) > max_bytes:
            raise StorageError("object is too large to be what it should be", where=key)
        found = self._find(key, version_id)
        assert found is not None
        return found.described, data

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        return self.fetch(key, version_id, max_bytes=max_bytes)[1]

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        data = self._get(key, version_id)
        for start in range(0, len(data), BLOCK_BYTES):
            yield data[start : start + BLOCK_BYTES]

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        self._check_readable(prefix)
        for key in self.keys(prefix):
            for age, version in enumerate(reversed(self._versions[key])):
                yield ObjectVersion(
                    key=key,
                    version_id=version.described.version_id,
                    is_latest=age == 0,
                    is_delete_marker=version.is_delete_marker,
                    size=len(version.data),
                    modified=version.modified,
                )

    # ObjectStore

    def put_once(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        retention: Retention,
        storage_class: str,
        content_type: str,
    ) -> StoredObject:
        data = body if isinstance(body, bytes) else body.read_bytes()
        there = self._find(key, None)
        if there is None:
            return self.put_version(key, data, retention=retention)
        if there.described.sha256 != sha256:
            raise KeyTakenError("the key holds other bytes already", where=key)
        return there.described

    # What an attacker, or the years, may do

    def put_version(self, key: str, data: bytes, *, retention: Retention | None = None) -> StoredObject:
        """Put a version on top of whatever the key holds."""
        described = StoredObject(
            key=key,
            version_id=self._next_version_id(),
            size=len(data),
            sha256=sha256_of(data).hexdigest(),
            retention=retention,
            storage_class="STANDARD",
        )
        self._versions.setdefault(key, []).append(_Version(described=described, data=data))
        return described

    def put_delete_marker(self, key: str) -> None:
        """Delete without naming a version: S3 lays a marker over the object."""
        described = StoredObject(
            key=key,
            version_id=self._next_version_id(),
            size=0,
            sha256=None,
            retention=None,
            storage_class="STANDARD",
        )
        self._versions.setdefault(key, []).append(
            _Version(described=described, data=b"", is_delete_marker=True)
        )

    def remove(self, key: str) -> None:
        """Take all versions away, as no API would allow under a lock."""
        del self._versions[key]

    def move(self, source: str, target: str) -> None:
        """Let one key's versions stand under another."""
        self._versions[target] = self._versions.pop(source)

    def swap(self, one: str, other: str) -> None:
        """Exchange what two keys hold."""
        versions = self._versions
        versions[one], versions[other] = versions[other], versions[one]

    def change_bytes(self, key: str, data: bytes, *, silently: bool = False) -> None:
        """Put other bytes in place of the newest version's.

        Args:
            key: Whose.
            data: The new bytes.
            silently: The store goes on describing the old ones: a lying store, or a rotten disk.
        """
        last = self._versions[key][-1]
        described = last.described
        if not silently:
            described = replace(described, size=len(data), sha256=sha256_of(data).hexdigest())
        self._versions[key][-1] = replace(last, data=data, described=described)

    def redescribe(self, key: str, **changes: object) -> None:
        """Let the store say something else of the newest version."""
        last = self._versions[key][-1]
        self._versions[key][-1] = replace(last, described=replace(last.described, **changes))

    def _next_version_id(self) -> str:
        self._numbered += 1
        return f"v{self._numbered}"

    def _find(self, key: str, version_id: str | None) -> _Version | None:
        versions = self._versions.get(key, [])
        if version_id is None:
            found = versions[-1] if versions else None
        else:
            found = next((v for v in versions if v.described.version_id == version_id), None)
        return None if found is None or found.is_delete_marker else found

    def _get(self, key: str, version_id: str | None) -> bytes:
        self._check_readable(key)
        self.reads.append(key)
        found = self._find(key, version_id)
        if found is None:
            raise StorageError("the store refused GetObject", where=key, found="NoSuchVersion")
        return found.data

    def _check_readable(self, key: str) -> None:
        if key in self.unreadable:
            raise StorageError("the store could not be reached", where=key)
