r"""Cutting a byte stream into blocks on record boundaries. A record ends with `\n`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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
    held: list[bytes] = []
    held_bytes = 0
    complete = False  # whether `held` has a record boundary
    for piece in pieces:
        held_bytes += len(piece)
        boundary = piece.rfind(b"\n") + 1
        if not (boundary or complete) or held_bytes < block_bytes:
            held.append(piece)
            complete = complete or boundary > 0
            continue
        block = b"".join((*held, piece)) if held else piece
        boundary = block.rfind(b"\n") + 1
        yield block if boundary == len(block) else block[:boundary]
        held = [block[boundary:]] if boundary < len(block) else []
        held_bytes = len(block) - boundary
        complete = False
    if rest := b"".join(held):
        yield rest
