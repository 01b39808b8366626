"""The working area of a day: what the stages may ask of it, wherever it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Protocol

from audit_trail.archive.storage_processor import READ_BLOCK_BYTES
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.paired_hashing import RunningHash

INPUTS = "inputs.json"
MANIFEST = "manifest.dsse.json"
GONE_REMEDY = "staging was cleared before the day was sealed: run it again from `collect`"


class StagedFileGoneError(StorageError):
    """A staged file is not there: its day is sealed, or somebody cleared staging."""


def collected_name(revision: int) -> str:
    """File that says what a revision consists of; with it, the day counts as collected."""
    return f"collected-r{revision:04d}.json"


def raw_name(number: int) -> str:
    """File of a segment before redaction."""
    return f"raw-{number:05d}"


def sanitized_name(number: int) -> str:
    """File of a segment after redaction."""
    return f"segment-{number:05d}.zst"


class StagedFile(Protocol):
    """A file being written, hashed and counted on its way.

    Used as a context manager it is discarded at the end unless committed.
    """

    size: int

    @property
    def sha256(self) -> str:
        """Digest of what was written so far, hex."""

    def write(self, data: bytes | memoryview) -> None:
        """Append bytes."""

    def commit(self) -> str:
        """Let the file appear under its name; its SHA-256 in hex."""

    def discard(self) -> None:
        """Drop the file unless it was committed."""

    def __enter__(self) -> StagedFile: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class DayStaging(Protocol):
    """Private files of one day of one archive, for all runs that work on that day.

    A file is whole or not there, and gone after the seal. What a stage writes
    depends on nothing but its input, so two runs write the same bytes. Whoever
    reads a file says which digest it has, and compares: what lies in staging is
    not believed. All methods raise `StorageError` where staging cannot be
    reached, and `StagedFileGoneError` where a file is not there.
    """

    def where(self, name: str) -> str:
        """A file's place, for messages."""

    def check(self) -> None:
        """Is this a place for raw logs?

        Raises:
            ConfigurationError: What is put there could not be removed after the seal.
        """

    def locked(self) -> AbstractContextManager[None]:
        """Wait until no other process collects this day, where that can be known."""

    def start_over(self) -> None:
        """Forget what an interrupted collection left, where nobody else can be using it."""

    def create(self, name: str, running_hash: RunningHash | None = None) -> StagedFile:
        """Begin a private file that appears under `name` when it is committed.

        Args:
            name: Of the file.
            running_hash: A SHA-256 of nothing yet, to be taken over it; None makes one.
        """

    def write(self, name: str, data: bytes) -> str:
        """Write a small file; its SHA-256 in hex."""

    def publish(self, name: str, data: bytes) -> None:
        """Write a small file that is found without its digest, once.

        Raises:
            StorageError: Another run has published other bytes meanwhile.
        """

    def published(self, name: str) -> bytes:
        """A file that was published."""

    def withdraw(self, name: str) -> None:
        """Remove a published file, if it is there."""

    def read(self, name: str, *, expected_sha256: str) -> bytes:
        """Read a small file.

        Raises:
            IntegrityError: Its bytes are not those that the stage before reported.
        """

    def blocks(self, name: str, sha256: str, block_bytes: int = READ_BLOCK_BYTES) -> Iterator[bytes]:
        """The bytes of the file that should have this digest; the caller compares."""

    def digest(self, name: str, sha256: str) -> str:
        """The digest that this file really has, hex."""

    def local_copy(self, name: str, sha256: str) -> AbstractContextManager[Path]:
        """The file as a path, for as long as the context lasts.

        Raises:
            IntegrityError: Its bytes are not those of the digest.
        """

    def wipe(self) -> None:
        """Remove everything of this day."""


def check_staged(where: str | Path, *, expected: str, found: str) -> None:
    """Compare a staged file's digest with what the stage before reported.

    Raises:
        IntegrityError: They differ.
    """
    if found != expected:
        raise IntegrityError(
            "a staged file was changed between two stages",
            where=str(where),
            expected=expected,
            found=found,
            remedy="find out who changed it; then remove the day's staging folder and run the day again",
        )
