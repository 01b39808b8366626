"""`StorageProcessor`: upload to immutable storage, for applications and scripts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.archive.object_store import Retention, StoredObject
from audit_trail.errors import ConfigurationError, StorageError

if TYPE_CHECKING:
    from audit_trail.archive.object_store import ObjectStore
    from audit_trail.settings import Settings

READ_BLOCK_BYTES = 1024 * 1024
MAX_SINGLE_PUT_BYTES = 5 * 1024**3
"""S3's limit for one PUT: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""


class StorageProcessor:
    """Puts files where nobody can change them.

    Args:
        settings: None reads them from the environment and the YAML file.
        store: None opens the bucket that the settings name.
        now: The clock that locks are counted from; None is the real one.
        clients: Opens clients of AWS.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        store: ObjectStore | None = None,
        now: Callable[[], datetime] | None = None,
        clients: ClientFactory = open_client,
    ) -> None:
        from audit_trail.archive.s3_store import S3Store, make_client
        from audit_trail.settings import load_settings

        self.settings = settings or load_settings()
        archive = self.settings.archive
        self.store: ObjectStore = store or S3Store(archive, make_client(archive, clients))
        self._now = now or (lambda: datetime.now(UTC))

    def retention(self) -> Retention:
        """The lock that an object put now gets: until midnight UTC after `retain_days`."""
        archive = self.settings.archive
        day = self._now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return Retention(mode=archive.lock_mode, until=day + timedelta(days=archive.retain_days + 1))

    def upload_file(
        self, path: str | Path, key: str, *, sha256: str | None = None, storage_class: str | None = None
    ) -> StoredObject:
        """Upload a file under lock; doing it again is harmless.

        Verification of a whole archive reports objects that no seal names, so
        give files of your own a prefix or bucket of their own.

        Args:
            path: The file.
            key: Its key below the archive's prefix.
            sha256: Its digest if known; the store refuses other bytes.
            storage_class: None takes the one of the settings.

        Raises:
            KeyTakenError: The key holds other bytes.
            StorageError: The file or the store could not be read or reached.
        """
        path = Path(path)
        try:
            size = path.stat().st_size
            digest = sha256 or file_sha256(path)
        except OSError as error:
            raise StorageError(
                "the file to upload cannot be read",
                where=str(path),
                found=error.strerror or type(error).__name__,
            ) from error
        if size > MAX_SINGLE_PUT_BYTES:
            raise ConfigurationError(
                "file is too large for one PUT",
                where=str(path),
                expected=f"at most {MAX_SINGLE_PUT_BYTES} bytes",
                found=f"{size} bytes",
                remedy="lower segment_target_bytes",
            )
        return self.store.put_once(
            key,
            path,
            sha256=digest,
            retention=self.retention(),
            storage_class=storage_class or self.settings.archive.storage_class,
            content_type=_content_type(path.name),
        )

    def is_stored(self, key: str, sha256: str) -> bool:
        """Whether the store says that the key holds exactly these bytes, under lock."""
        there = self.store.head(key)
        return there is not None and there.sha256 == sha256 and there.retention is not None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, hex.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(READ_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _content_type(name: str) -> str:
    return "application/zstd" if name.endswith(".zst") else "application/vnd.in-toto+json"
