"""One journal file: appended to by one process, one whole line at a time."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from audit_trail.errors import StorageError

_OPEN_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)


class JournalFile:
    """An open file of one kind and day.

    Not safe for threads by itself; the logger holds its lock around every call.
    A record is on its way to the disk when `append` returns; with `durable` it
    is on it. A crash can lose what the kernel had not written, never tear
    a line that `append` had returned from.

    Args:
        folder: `{journal_dir}/{kind}/{date}`; made with mode 0700.
        writer: `{host}-{pid}`, the beginning of the file's name.
        started_at: Aware UTC time of creation, for the name.
        durable: Call `fsync` after each record.

    Raises:
        StorageError: The file cannot be made.
    """

    def __init__(self, folder: Path, *, writer: str, started_at: datetime, durable: bool) -> None:
        self.folder = folder
        self.records = 0
        self._durable = durable
        self._size = 0
        try:
            for path in (folder.parent.parent, folder.parent, folder):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path, self._descriptor = _create(folder, writer, started_at)
            if durable:
                _sync_folder(folder)
        except OSError as error:
            raise _unwritable(folder, error) from error

    def append(self, line: bytes) -> None:
        r"""Append one record, given with its `\n`, whole or not at all.

        Raises:
            StorageError: It could not be written; nothing of it is in the file.
        """
        try:
            written = os.write(self._descriptor, line)
            while written < len(line):  # a full disk or a signal cut it short
                written += os.write(self._descriptor, line[written:])
            if self._durable:
                os.fsync(self._descriptor)
        except OSError as error:
            self._cut_back()
            raise _unwritable(self.path, error) from error
        self._size += len(line)
        self.records += 1

    def close(self) -> None:
        """Close the file. Harmless when it is closed already."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _cut_back(self) -> None:
        """Remove what a failed write left, so that the next record starts a line."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            # The torn line stays the last one of this file: whatever is
            # written next fails too, and the logger opens another file.
            self.close()

    @property
    def usable(self) -> bool:
        """False once closed, or when a torn line could not be removed."""
        return self._descriptor >= 0


def _create(folder: Path, writer: str, started_at: datetime) -> tuple[Path, int]:
    while True:
        path = folder / f"{writer}-{started_at:%Y%m%dT%H%M%S%fZ}.jsonl"
        try:
            return path, os.open(path, _OPEN_FLAGS, 0o600)
        except FileExistsError:
            # Another logger of this process began in the same microsecond.
            started_at += timedelta(microseconds=1)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(
        "the journal cannot be written, and the record was not",
        where=str(path),
        expected="a writable folder with free space",
        found=error.strerror or type(error).__name__,
        remedy="check owner, mode and free space of the journal folder",
    )
