"""The beginning of a ledger, kept on this machine so that it need not be fetched for every task.

Nothing is believed of it: whoever reads it checks signatures and links as if the
store had given the bytes. Lost, damaged or edited, the ledger is read from the store again.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO

from audit_trail.archive.ledger import MAX_ENTRY_BYTES, RawEntry
from audit_trail.archive.object_store import ObjectVersion
from audit_trail.evidence.object_keys import ledger_sequence

log = logging.getLogger(__name__)

MAX_LINE_BYTES = MAX_ENTRY_BYTES + 2048
"""An entry, and a version id of at most 1,024 bytes before it."""


class KeptEntries:
    """A file of one entry a line: its version id, a blank, and its bytes, which have no line end.

    One process at a time appends, the others go without; killed anywhere, the
    last line is cut off, and whoever appends next begins in its place. A file
    that cannot be read or written is one that is not there.

    Args:
        path: Made when there is something to keep, for its owner alone.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0
        self._is_cut = False

    def read(self, versions: Iterable[ObjectVersion]) -> Generator[RawEntry, None, None]:
        """The kept entries from the first one on, as long as they are of the versions that the store lists.

        Their locks are not known: these can change.
        """
        self._end, self._is_cut = 0, False
        try:
            with self._path.open("rb") as file:
                for version in versions:
                    line = file.readline(MAX_LINE_BYTES)
                    raw = _entry(line, version)
                    if raw is None:
                        self._is_cut = bool(line)
                        return
                    self._end += len(line)
                    yield raw
        except OSError as error:
            log.debug("no kept ledger at %s: %s", self._path, error)

    def discard(self) -> None:
        """What was read is not what it should be: the next `keep` begins anew."""
        self._end, self._is_cut = 0, True

    def keep(self, entries: Iterable[RawEntry]) -> Generator[RawEntry, None, None]:
        """Hand on the entries that follow those read; each is kept once the next one is asked for.

        So an entry that does not hold is not kept: whoever checks them asks for no more.
        """
        file = self._opened()
        try:
            for raw in entries:
                yield raw
                if file is not None and not self._append(file, raw):
                    _close(file)
                    file = None
        finally:
            if file is not None:
                _close(file)

    def _opened(self) -> BinaryIO | None:
        """The file at its end, for this process alone; None where another one writes or has written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            file = os.fdopen(os.open(self._path, flags, 0o600), "r+b")
        except OSError as error:
            log.debug("the ledger is not kept at %s: %s", self._path, error)
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if self._is_cut:
                file.truncate(self._end)
            if file.seek(0, os.SEEK_END) == self._end:
                self._is_cut = False
                return file
        except OSError as error:
            log.debug("the ledger is not kept at %s: %s", self._path, error)
        _close(file)
        return None

    def _append(self, file: BinaryIO, raw: RawEntry) -> bool:
        line = b"%b %b\n" % (raw.version_id.encode(), raw.data)
        try:
            file.write(line)
        except OSError as error:
            log.debug("the ledger is not kept at %s: %s", self._path, error)
            return False
        self._end += len(line)
        return True


def _entry(line: bytes, version: ObjectVersion) -> RawEntry | None:
    """The entry of a line; None where it is cut off, or not of that version."""
    version_id, _, data = line.partition(b" ")
    sequence = ledger_sequence(version.key)
    if (
        sequence is None
        or version_id != version.version_id.encode()
        or len(data) != version.size + len(b"\n")
    ):
        return None
    return RawEntry(sequence=sequence, key=version.key, version_id=version.version_id, data=data[:-1])


def _close(file: BinaryIO) -> None:
    try:
        file.close()
    except OSError as error:
        # A full disk, for instance: the last line is cut off, and will be read as such.
        log.debug("the ledger is not kept: %s", error)
