"""Segments: redacted records, one per line, in a single zstd frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, cast

from audit_trail.errors import IntegrityError
from audit_trail.evidence.line_hashing import line_hashing_for
from audit_trail.evidence.merkle import MerkleTree
from audit_trail.evidence.paired_hashing import RunningHash, finish_waiting, hashing_for

ZSTD_LEVEL = 1
"""Logs become no smaller by levels 2 and 3, which take up to twice the time (docs/ARCHITECTURE.md)."""
INPUT_BLOCK_BYTES = 1024 * 1024
"""Stored bytes taken at a time: as many as a store or staging gives, which are then not cut and copied."""
OUTPUT_BLOCK_BYTES = 512 * 1024
"""Decompressed bytes handed on at once, whatever the frame claims to hold: few enough for a core's cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentDigests:
    """What a segment's stored bytes turn out to hold."""

    stored_bytes: int
    stored_sha256: str
    content_bytes: int
    content_sha256: str
    records: int
    merkle_root: str


def digest_segment(stored: Iterable[bytes], *, max_content_bytes: int, where: str) -> SegmentDigests:
    """Hash, decompress, count and hash again, in bounded memory.

    A frame that is cut off, or has another one behind it, shows in the digests
    and sizes returned: the caller compares all of them.

    Args:
        stored: The object's bytes in blocks of any size.
        max_content_bytes: What the manifest says it holds; more is refused, so
            that a decompression bomb ends here.
        where: The object's key, for errors.

    Raises:
        IntegrityError: Not zstd, or it holds more than `max_content_bytes`.
    """
    content_hash = hashing_for(max_content_bytes)()
    content = SegmentContent(
        stored, max_content_bytes=max_content_bytes, where=where, content_hash=content_hash
    )
    tree = MerkleTree(line_hashing_for(max_content_bytes, content_hash))
    for view in content.line_views():
        tree.extend_lines(view)
    return content.digests(records=tree.size, merkle_root=tree.root())


class SegmentContent:
    """A segment's content in blocks of whole lines, hashed as it passes.

    Args: as of `digest_segment`, and
        content_hash: A SHA-256 of nothing yet, to be taken over it; None makes one.

    Attributes:
        bytes: Content that has passed.
    """

    def __init__(
        self,
        stored: Iterable[bytes],
        *,
        max_content_bytes: int,
        where: str,
        content_hash: RunningHash | None = None,
    ) -> None:
        self._source = _HashingReader(stored)
        self._max_content_bytes = max_content_bytes
        self._where = where
        self._hash = sha256() if content_hash is None else content_hash
        self.bytes = 0

    def line_blocks(self) -> Iterator[bytes]:
        """Non-empty blocks that end with a newline; the last one may not. To be called once.

        Raises:
            IntegrityError: Not zstd, or it holds more than `max_content_bytes`.
        """
        return map(bytes, self.line_views())

    def line_views(self) -> Iterator[memoryview]:
        """As `line_blocks`, without a copy: a view holds until the next one is asked for."""
        open_record: list[bytes] = []
        for block in _decompressed(self._source, where=self._where):
            self._pass(block)
            start, cut = block.find(b"\n") + 1, block.rfind(b"\n") + 1
            if open_record and cut:
                yield memoryview(b"".join([*open_record, block[:start]]))
                open_record = []
            else:
                start = 0
            if start < cut:
                yield memoryview(block)[start:cut]
            if cut < len(block):
                open_record.append(block[cut:])
            finish_waiting(self._hash)
        if open_record:
            yield memoryview(b"".join(open_record))
        self._source.drain()

    def _pass(self, block: bytes) -> None:
        self.bytes += len(block)
        if self.bytes > self._max_content_bytes:
            raise IntegrityError(
                "segment holds more than it should",
                where=self._where,
                expected=f"{self._max_content_bytes} bytes",
                found="more",
            )
        self._hash.update(block)

    def digests(self, *, records: int, merkle_root: bytes) -> SegmentDigests:
        """What it turned out to hold, once all blocks have passed."""
        return SegmentDigests(
            stored_bytes=self._source.size,
            stored_sha256=self._source.hash.hexdigest(),
            content_bytes=self.bytes,
            content_sha256=self._hash.hexdigest(),
            records=records,
            merkle_root=merkle_root.hex(),
        )


def _decompressed(source: _HashingReader, *, where: str) -> Iterator[bytes]:
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(
            cast("IO[bytes]", source), read_size=INPUT_BLOCK_BYTES, read_across_frames=True
        ) as reader:
            while block := reader.read(OUTPUT_BLOCK_BYTES):
                yield block
    except zstandard.ZstdError as error:
        raise IntegrityError("segment is not zstd", where=where, found=str(error)[:200]) from error


class _HashingReader:
    """File-like view of an iterable of blocks that hashes and counts what passes."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._rest = b""
        self.hash = sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        if not self._rest:
            self._rest = self._next_block()
        if size < 0 or size >= len(self._rest):
            block, self._rest = self._rest, b""
        else:
            block, self._rest = self._rest[:size], self._rest[size:]
        return block

    def drain(self) -> None:
        """Hash whatever the decompressor had no use for."""
        while self._next_block():
            pass

    def _next_block(self) -> bytes:
        for block in self._blocks:
            if block:
                self.hash.update(block)
                self.size += len(block)
                return block
        return b""
