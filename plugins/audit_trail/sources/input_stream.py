"""One log file as blocks of content, with the bytes it came from pinned by their digest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.decompression import codec_of, decompressed
from audit_trail.sources.event_time import DaySelection
from audit_trail.sources.record_blocks import joined, record_parts
from audit_trail.sources.sealed_ranges import PinnedDigest, SealedRange
from audit_trail.sources.stored_file import StoredFile, open_stored, stored_pieces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from audit_trail.evidence.manifest import StoredVersion
    from audit_trail.evidence.paired_hashing import RunningHash
    from audit_trail.settings import EventTimeSettings
    from audit_trail.sources.record_blocks import Part

BLOCK_BYTES = 4 << 20  # large enough to hash at full speed, small beside a worker's memory
COMPRESSED_PIECE_BYTES = 64 << 10
_NEWLINE = ord("\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pin:
    end: int
    raw_sha256: str
    final_newline: bool
    first_event_time: datetime | None
    last_event_time: datetime | None
    version: StoredVersion | None


class InputStream:
    r"""Reads a file's new content for a day, and pins what was read.

    Iterating yields non-empty blocks of decompressed content that end with
    `\n`, the last one of the file perhaps not; the properties hold once the
    last block was taken. The *pinned stream*, in which `start`, `end` and the
    digests count, is the file's bytes as stored (compressed ones compressed);
    with `event_time` it is the decompressed records of `day`.

    The size is fixed when the file is opened. Where that cuts a record which
    is being written, reading goes on to its end. Sealed ranges are compared
    before anything is yielded. Each iteration reads the file anew. Memory is a
    few blocks (zstd: 32 MiB a step) and the longest record.

    Args:
        file_uri: As in `SourceFile.uri`.
        start: Offset in the pinned stream from which on content is new.
        event_time: How to read the time of a record; needs `day`.
        day: The UTC day whose records are selected.
        sealed: What earlier revisions sealed, joining up from 0 to `start`.
        block_bytes: Size of a block, but for a longer record.
        identity: `SourceFile.identity`: refuse another file of the same name.
        is_large: See `DaySelection`.
        open_file: As `SourceFile.open`.
        new_hash: Makes a SHA-256.

    Raises:
        ConfigurationError: `event_time` is wrong or has no day.
        IntegrityError: The sealed ranges do not join up; while iterating: the
            sealed bytes have changed or are gone.
        CollectionError: While iterating: the file vanished, was replaced,
            cannot be read, got shorter, is corrupt, or has no readable time.
    """

    def __init__(
        self,
        file_uri: str,
        *,
        start: int = 0,
        event_time: EventTimeSettings | None = None,
        day: date | None = None,
        sealed: Sequence[SealedRange] = (),
        block_bytes: int = BLOCK_BYTES,
        identity: str | None = None,
        is_large: bool = False,
        open_file: Callable[[], StoredFile] | None = None,
        new_hash: Callable[[], RunningHash] = hashlib.sha256,
    ) -> None:
        if event_time is not None and day is None:
            raise ConfigurationError(
                "records are selected by their time, but no day was given", where=file_uri
            )
        self.file_uri = file_uri
        self.start = start
        self._event_time = event_time
        self._day = day
        self._sealed = tuple(sealed)
        self._block_bytes = block_bytes
        self._identity = identity
        self._codec = codec_of(file_uri)
        self._pin: _Pin | None = None
        self._is_large = is_large
        self._open_file = open_file or (lambda: open_stored(file_uri))
        self._new_hash = new_hash
        # Wrong arguments fail here, before a file is opened.
        self._digest_and_selection(is_large=False)

    def __iter__(self) -> Iterator[bytes]:
        yield from map(joined, self.parts())

    def parts(self) -> Iterator[Sequence[Part]]:
        """The same blocks, not copied: each one is several pieces or views of them, none of them empty."""
        self._pin = None
        digest, selection = self._digest_and_selection(is_large=self._is_large)
        final_newline = True
        with self._open_file() as file:
            self._check_identity(file)
            for parts in self._blocks(file, digest, selection):
                final_newline = parts[-1][-1] == _NEWLINE
                yield parts
            digest.finish()
            if selection:
                selection.finish()
            self._check_whole(file, final_newline)
            version = file.version
        self._pin = _Pin(
            end=digest.position,
            raw_sha256=digest.sha256,
            final_newline=final_newline,
            first_event_time=selection.first_event_time if selection else None,
            last_event_time=selection.last_event_time if selection else None,
            version=version,
        )

    @property
    def end(self) -> int:
        """Offset in the pinned stream up to which it was read."""
        return self._pinned().end

    @property
    def raw_sha256(self) -> str:
        """SHA-256 of the pinned stream's bytes [start, end), in lower-case hex."""
        return self._pinned().raw_sha256

    @property
    def final_newline(self) -> bool:
        """Whether the last record is ended; True where nothing was yielded."""
        return self._pinned().final_newline

    @property
    def first_event_time(self) -> datetime | None:
        """Earliest time of the records yielded, UTC; None without `event_time`."""
        return self._pinned().first_event_time

    @property
    def last_event_time(self) -> datetime | None:
        """Latest time of the records yielded, UTC; None without `event_time`."""
        return self._pinned().last_event_time

    @property
    def version(self) -> StoredVersion | None:
        """Which content of an object was read; None where the store does not name it."""
        return self._pinned().version

    def _digest_and_selection(self, *, is_large: bool) -> tuple[PinnedDigest, DaySelection | None]:
        digest = PinnedDigest(self._sealed, start=self.start, where=self.file_uri, new_hash=self._new_hash)
        if self._event_time is None or self._day is None:
            return digest, None
        selection = DaySelection(
            self._event_time, day=self._day, start=self.start, where=self.file_uri, is_large=is_large
        )
        return digest, selection

    def _blocks(
        self, file: StoredFile, digest: PinnedDigest, selection: DaySelection | None
    ) -> Iterator[Sequence[Part]]:
        if selection is None:
            stored = (new for piece in self._stored(file) if (new := digest.accept(piece)))
            yield from record_parts(self._content(stored), self._block_bytes)
            return
        for parts in record_parts(self._content(self._stored(file)), self._block_bytes):
            if new := digest.accept(selection.select(joined(parts))):
                yield [new]

    def _stored(self, file: StoredFile) -> Iterator[bytes]:
        piece_bytes = self._block_bytes if self._codec is None else COMPRESSED_PIECE_BYTES
        return stored_pieces(file, piece_bytes, finish_record=self._codec is None)

    def _content(self, stored: Iterator[bytes]) -> Iterator[bytes]:
        if self._codec is None:
            return stored
        return decompressed(stored, self._codec, where=self.file_uri, step_bytes=self._block_bytes)

    def _check_identity(self, file: StoredFile) -> None:
        if self._identity not in (None, file.identity):
            raise CollectionError(
                "another file has taken its name since it was listed, likely by rotation",
                where=self.file_uri,
                remedy="run again",
            )

    def _check_whole(self, file: StoredFile, final_newline: bool) -> None:
        """Refuse a compressed file that is not finished: what follows cannot be cut at a record.

        An object whose content has a name of its own is never unfinished, but may be empty.
        """
        if self._codec is None or file.version is not None:
            return
        unfinished = not final_newline and file.size_now() > file.size_bytes
        if unfinished or (file.size_bytes == 0 and self.start == 0):
            raise CollectionError(
                f"a {self._codec.name} file is empty or still being written",
                where=self.file_uri,
                remedy="run again when it is whole",
            )

    def _pinned(self) -> _Pin:
        if self._pin is None:
            raise CollectionError(
                "what was read is pinned only at the end",
                where=self.file_uri,
                remedy="take every block first",
            )
        return self._pin
