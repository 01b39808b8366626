"""The working area of a day: private files, whole or not there, gone after the seal."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from audit_trail.archive.storage_processor import READ_BLOCK_BYTES
from audit_trail.errors import IntegrityError, StorageError

COLLECTED = "collected.json"
INPUTS = "inputs.json"
MANIFEST = "manifest.dsse.json"


def raw_name(number: int) -> str:
    """File of a segment before redaction."""
    return f"raw-{number:05d}"


def sanitized_name(number: int) -> str:
    """File of a segment after redaction."""
    return f"segment-{number:05d}.zst"


class DayStaging:
    """Files of one day of one archive, for all runs that work on that day.

    What a stage writes depends on nothing but its input, so two runs write the
    same bytes to the same name; `locked` keeps two of them from collecting at
    once. Files appear by rename, so that one is whole or not there.
    """

    def __init__(self, root: Path, genesis: str, day: str) -> None:
        self.folder = root / genesis[:16] / day
        self._lock = root / genesis[:16] / f".{day}.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until no other process collects this day."""
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

    def create(self, name: str) -> StagedFile:
        """Begin a private file that appears under `name` when it is committed."""
        path = self.folder / name
        temporary = self.folder / f".{name}.{os.getpid()}.tmp"
        with _staging_errors(path):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return StagedFile(path, temporary, descriptor)

    def write(self, name: str, data: bytes) -> str:
        """Write a small file; its SHA-256 in hex."""
        with self.create(name) as file:
            file.write(data)
            return file.commit()

    def read(self, name: str, *, expected_sha256: str) -> bytes:
        """Read a small file.

        Raises:
            IntegrityError: Its bytes are not those that the stage before reported.
            StorageError: It is gone.
        """
        with _staging_errors(self.folder / name):
            data = (self.folder / name).read_bytes()
        check_staged(self.folder / name, expected=expected_sha256, found=sha256(data).hexdigest())
        return data

    def blocks(self, name: str, block_bytes: int = READ_BLOCK_BYTES) -> Iterator[bytes]:
        """A file's bytes."""
        with _staging_errors(self.folder / name), (self.folder / name).open("rb") as file:
            while block := file.read(block_bytes):
                yield block

    def digest(self, name: str) -> str:
        """SHA-256 of a file, hex."""
        digest = sha256()
        for block in self.blocks(name):
            digest.update(block)
        return digest.hexdigest()

    def clear(self) -> None:
        """Remove all files of this day; the lock stays with whoever holds it."""
        with _staging_errors(self.folder):
            shutil.rmtree(self.folder, ignore_errors=False, onerror=_unless_gone)

    def wipe(self) -> None:
        """Remove everything of this day, the lock too."""
        self.clear()
        with _staging_errors(self._lock):
            self._lock.unlink(missing_ok=True)


class StagedFile:
    """A file being written, hashed and counted on its way.

    Used as a context manager it is discarded at the end unless committed.
    """

    def __init__(self, path: Path, temporary: Path, descriptor: int) -> None:
        self._path = path
        self._temporary = temporary
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._hash = sha256()
        self.size = 0

    def __enter__(self) -> StagedFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, hex."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Append bytes."""
        with _staging_errors(self._path):
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) or 0 :]
        self._hash.update(data)
        self.size += len(data)

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
        raise StorageError(
            "a staged file is gone",
            where=str(path),
            remedy="another run has sealed the day, or staging was cleared: run it again from `collect`",
        ) from error
    except OSError as error:
        raise StorageError(
            "staging cannot be read or written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy="check space and permissions of staging_dir, then try again",
        ) from error


def check_staged(path: Path, *, expected: str, found: str) -> None:
    """Compare a staged file's digest with what the stage before reported.

    Raises:
        IntegrityError: They differ.
    """
    if found != expected:
        raise IntegrityError(
            "a staged file was changed between two stages",
            where=str(path),
            expected=expected,
            found=found,
            remedy="find out who changed it; then remove the day's staging folder and run the day again",
        )


def _unless_gone(
    function: object, path: str, info: tuple[type[BaseException], BaseException, object]
) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]
