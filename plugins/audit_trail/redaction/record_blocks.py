"""Cutting bytes at the borders of records, copying as little as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from audit_trail.errors import ConfigurationError

PIECE_BYTES = 1024 * 1024
"""Redacted at a time from a stream: input and output stay in the processor's cache."""


def record_pieces(data: bytes, limit: int) -> Iterator[bytes]:
    """The data, or if there are more than `limit` bytes, pieces of whole records.

    Raises:
        ConfigurationError: One record has more than `limit` bytes.
    """
    if len(data) <= limit:
        yield data
        return
    start = 0
    while start < len(data):
        end = len(data) if len(data) - start <= limit else data.rfind(b"\n", start, start + limit) + 1
        if end <= start:
            raise ConfigurationError(
                "a log record is too long to be redacted",
                expected=f"at most {limit} bytes",
                found="more before the next newline",
                remedy="split the record where it is written, or leave the file out",
            )
        yield data[start:end]
        start = end


def whole_records(blocks: Iterable[bytes], piece_bytes: int) -> Iterator[bytes | memoryview]:
    """The same bytes in pieces that end at record borders, the last one perhaps not.

    Args:
        blocks: Cut anywhere.
        piece_bytes: Pieces have at least one record and, unless it is longer, at most this.

    Yields:
        Views of the blocks; copies only where a record lies across two of them.
    """
    held: list[bytes] = []
    for block in blocks:
        start = 0
        if held:
            start = block.find(b"\n") + 1
            held.append(block[:start] if start else block)
            if not start:
                del block
                continue
            yield b"".join(held)
            held = []
        cut = block.rfind(b"\n") + 1
        yield from _views(block, start, cut, piece_bytes)
        if cut < len(block):
            held = [block[max(cut, start) :]]
        del block  # or it would stay while the next one is read
    rest = b"".join(held)
    if rest:
        yield rest


def _views(block: bytes, start: int, end: int, piece_bytes: int) -> Iterator[memoryview]:
    view = memoryview(block)
    while start < end:
        cut = end
        if end - start > piece_bytes:
            cut = block.rfind(b"\n", start, start + piece_bytes) + 1 or block.find(b"\n", start) + 1
        yield view[start:cut]
        start = cut
