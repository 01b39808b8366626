r"""Cutting a byte stream into blocks on record boundaries. A record ends with `\n`."""

from __future__ import annotations

from typing import TYPE_CHECKING

Part = bytes | memoryview

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def record_blocks(pieces: Iterable[bytes], block_bytes: int) -> Iterator[bytes]:
    r"""Regroup pieces so that no record is in two blocks.

    Args:
        pieces: A byte stream in pieces of any size.
        block_bytes: Size from which on a block is given out; one with a longer
            record is longer, and a piece is never divided but on a record
            boundary.

    Yields:
        Non-empty blocks that end with `\n`; the last one may not. Together
        they are the stream. At most a block, a piece and a record are held.
    """
    return map(joined, record_parts(pieces, block_bytes))


def joined(parts: Sequence[Part]) -> bytes:
    """A block in one."""
    return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)


def record_parts(pieces: Iterable[bytes], block_bytes: int) -> Iterator[Sequence[Part]]:
    """As `record_blocks`, not copied: each block is a few pieces or views of them, none of them empty."""
    held: list[Part] = []
    held_bytes = 0
    complete = False  # whether `held` has a record boundary
    for piece in filter(None, pieces):
        held.append(piece)
        held_bytes += len(piece)
        complete = complete or b"\n" in piece
        if complete and held_bytes >= block_bytes:
            block, held = _cut(held)
            yield block
            held_bytes = sum(map(len, held))
            complete = False
    if held:
        yield held


def _cut(held: list[Part]) -> tuple[list[Part], list[Part]]:
    """Divide parts behind their last record boundary; there is one, and not in a view."""
    for place in reversed(range(len(held))):
        last = held[place]
        if isinstance(last, bytes) and (boundary := last.rfind(b"\n") + 1):
            break
    if boundary == len(last):
        return held[: place + 1], held[place + 1 :]
    view = memoryview(last)
    return [*held[:place], view[:boundary]], [view[boundary:], *held[place + 1 :]]
