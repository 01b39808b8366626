"""What the rest of the package knows of an object store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from audit_trail.errors import StorageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """An Object Lock: nobody deletes or overwrites the version before `until`."""

    mode: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """One version of an object, as the store describes it.

    `sha256` is the checksum that the store keeps, None where it keeps none;
    `retention` is None where nothing is locked; `restore` is what the store says
    of a restored copy (the header `x-amz-restore`, see `archive.restore`), empty
    where it says nothing; `encryption` how it encrypts at rest, None where it does not say.
    """

    key: str
    version_id: str
    size: int
    sha256: str | None
    retention: Retention | None
    storage_class: str
    restore: str = ""
    encryption: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectVersion:
    """A line of a listing: a version, or a delete marker over older ones."""

    key: str
    version_id: str
    is_latest: bool
    is_delete_marker: bool
    size: int
    modified: datetime


class KeyTakenError(StorageError):
    """The key holds other bytes already; a put-once store does not replace them."""


class ArchivedError(StorageError):
    """The object is there, in a cold storage class: it can be read once it is restored."""


class DeniedError(StorageError):
    """The store knows who is asking, and does not allow it."""


class TierUnavailableError(StorageError):
    """The store has no capacity for Expedited retrievals now."""


RestoreAnswer = Literal["asked", "in-progress", "extended"]
"""Asked for now; asked for before and not here yet; here already, and kept for longer now."""


class ObjectReader(Protocol):
    """Reading. Safe to call from several threads; nothing is changed by it.

    Keys are relative to the archive's prefix. Transport failures are retried
    by the implementation and end as `StorageError`.
    """

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """Describe a version (the latest when None); None when there is none."""

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        """A small object whole, and what the store says of it, in one request.

        Raises:
            StorageError: There is none, it is larger than `max_bytes`, or the
                store could not be reached.
        """

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        """The bytes that `fetch` gives."""

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        """An object's bytes in blocks."""

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        """Every version and delete marker below a prefix, by key, newest first."""


class ObjectStore(ObjectReader, Protocol):
    """Reading, and putting once."""

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
        """Store an object that nobody can replace.

        Durable when it returns. The store compares the bytes with `sha256` and
        refuses others. The same key with the same bytes succeeds again and
        returns the version that is there (its lock lengthened to `retention`
        if it was shorter), so a caller killed at any instant may repeat it; of
        many writers racing for a key exactly one wins.

        Raises:
            KeyTakenError: The key holds other bytes.
            StorageError: The store refused or could not be reached.
        """

    def request_restore(self, key: str, version_id: str, *, tier: str, days: int) -> RestoreAnswer:
        """Ask for a copy of one version in a cold storage class that can be read for `days`.

        Idempotent: asking again while it is on its way changes nothing, asking
        again once it is there keeps the copy for `days` from now. Each call is
        billed as a request, the first one also for what it retrieves.

        Raises:
            DeniedError: These credentials lack `s3:RestoreObject`.
            TierUnavailableError: No capacity for `Expedited` now.
            StorageError: The store refused otherwise, or could not be reached.
        """
