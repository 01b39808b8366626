"""Staging in a local or shared folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from audit_trail.archive.storage_processor import READ_BLOCK_BYTES
from audit_trail.errors import StorageError
from audit_trail.evidence.paired_hashing import RunningHash
from audit_trail.pipeline.hashed_file import HashedFile
from audit_trail.pipeline.staging import GONE_REMEDY, StagedFileGoneError, check_staged


class LocalStaging:
    """A `DayStaging` in a folder that all tasks of a day see.

    `locked` keeps two runs from collecting at once. Files appear by rename.
    """

    def __init__(self, root: Path, genesis: str, day: str) -> None:
        self.folder = root / genesis[:16] / day
        self._lock = root / genesis[:16] / f".{day}.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `DayStaging.locked`."""
        with _staging_errors(self._lock):
            descriptor = self._acquire()
        try:
            yield
        finally:
            os.close(descriptor)

    def _acquire(self) -> int:
        while True:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._lock, os.O_WRONLY | os.O_CREAT, 0o600)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # Whoever held it may have removed the file: a lock on that locks nobody out.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(descriptor), self._lock.stat()):
                    return descriptor
            os.close(descriptor)

    def where(self, name: str) -> str:
        """See `DayStaging.where`."""
        return str(self.folder / name)

    def check(self) -> None:
        """See `DayStaging.check`: files can always be removed."""

    def create(self, name: str, running_hash: RunningHash | None = None) -> LocalFile:
        """See `DayStaging.create`."""
        path = self.folder / name
        temporary = self.folder / f".{name}.{os.getpid()}.tmp"
        with _staging_errors(path):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return LocalFile(path, temporary, descriptor, running_hash)

    def write(self, name: str, data: bytes) -> str:
        """See `DayStaging.write`."""
        with self.create(name) as file:
            file.write(data)
            return file.commit()

    def read(self, name: str, *, expected_sha256: str) -> bytes:
        """See `DayStaging.read`."""
        with _staging_errors(self.folder / name):
            data = (self.folder / name).read_bytes()
        check_staged(self.folder / name, expected=expected_sha256, found=hashlib.sha256(data).hexdigest())
        return data

    def publish(self, name: str, data: bytes) -> None:
        """See `DayStaging.publish`: whoever holds the lock is alone."""
        self.write(name, data)

    def published(self, name: str) -> bytes:
        """See `DayStaging.published`."""
        with _staging_errors(self.folder / name):
            return (self.folder / name).read_bytes()

    def withdraw(self, name: str) -> None:
        """See `DayStaging.withdraw`."""
        with _staging_errors(self.folder / name):
            (self.folder / name).unlink(missing_ok=True)

    def blocks(self, name: str, sha256: str, block_bytes: int = READ_BLOCK_BYTES) -> Iterator[bytes]:
        """See `DayStaging.blocks`; a name stands for one file here, whatever its digest."""
        with _staging_errors(self.folder / name), (self.folder / name).open("rb") as file:
            while block := file.read(block_bytes):
                yield block

    def digest(self, name: str, sha256: str) -> str:
        """See `DayStaging.digest`."""
        digest = hashlib.sha256()
        for block in self.blocks(name, sha256):
            digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def local_copy(self, name: str, sha256: str) -> Iterator[Path]:
        """See `DayStaging.local_copy`: the file itself."""
        check_staged(self.folder / name, expected=sha256, found=self.digest(name, sha256))
        yield self.folder / name

    def start_over(self) -> None:
        """Remove all files of this day; the lock stays with whoever holds it."""
        with _staging_errors(self.folder):
            shutil.rmtree(self.folder, ignore_errors=False, onerror=_unless_gone)

    def wipe(self) -> None:
        """See `DayStaging.wipe`; the lock goes too."""
        self.start_over()
        with _staging_errors(self._lock):
            self._lock.unlink(missing_ok=True)


class LocalFile(HashedFile):
    """A `StagedFile` beside the place where it will appear."""

    def __init__(
        self, path: Path, temporary: Path, descriptor: int, running_hash: RunningHash | None = None
    ) -> None:
        super().__init__(descriptor, running_hash)
        self._path = path
        self._temporary = temporary

    def __enter__(self) -> LocalFile:
        return self

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes."""
        with _staging_errors(self._path):
            self.append(data)

    def commit(self) -> str:
        """Let the file appear under its name; its SHA-256 in hex."""
        with _staging_errors(self._path):
            self._file.close()
            self._temporary.replace(self._path)
        return self.sha256

    def discard(self) -> None:
        """Drop the file unless it was committed."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


@contextmanager
def _staging_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise StagedFileGoneError(
            "a staged file is gone",
            where=str(path),
            remedy=GONE_REMEDY,
        ) from error
    except OSError as error:
        raise StorageError(
            "staging cannot be read or written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy="check space and permissions of staging_dir, then try again",
        ) from error


def _unless_gone(
    function: object, path: str, info: tuple[type[BaseException], BaseException, object]
) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]
