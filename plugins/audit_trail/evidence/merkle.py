"""Merkle tree over records, as in RFC 9162 section 2.1.

A leaf is SHA-256(0x00 || record), an inner node SHA-256(0x01 || left || right);
the tree over n leaves splits at the largest power of two below n.
https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

EMPTY_ROOT = sha256(b"").digest()
NODE_BYTES = 32
MAX_LEVELS = 63
"""No tree on Earth is higher."""


class LineHashing(Protocol):
    """Compiled hashing of many lines at once; `hashlib` gives the same."""

    def append(self, block: bytes | memoryview, pending: bytearray, size: int) -> int:
        """Append the lines of a block to a tree of `size` leaves; its new size.

        Args:
            block: Records with a newline each; the last one may lack it.
            pending: As `MerkleTree` keeps it; changed in place.
            size: Leaves so far.
        """


class MerkleTree:
    """A tree that grows at its right edge and holds only O(log n) nodes.

    Args:
        line_hashing: Hashes blocks of lines; None: `hashlib` does.
    """

    __slots__ = ("_line_hashing", "_pending", "size")

    def __init__(self, line_hashing: LineHashing | None = None) -> None:
        self.size = 0
        self._line_hashing = line_hashing
        # At place i, while bit i of the size is set: the root of a full
        # subtree of 2^i leaves that still waits for its right neighbour.
        self._pending = bytearray(MAX_LEVELS * NODE_BYTES)

    def extend(self, records: Iterable[bytes]) -> None:
        """Append one leaf for each record (its bytes without the newline)."""
        nodes = [sha256(b"\x00" + record).digest() for record in records]
        before, level = self.size, 0
        self.size += len(nodes)
        while nodes:
            place = slice(level * NODE_BYTES, (level + 1) * NODE_BYTES)
            if before >> level & 1:
                nodes.insert(0, bytes(self._pending[place]))
            if len(nodes) % 2:
                self._pending[place] = nodes.pop()
            pairs = iter(nodes)
            nodes = [
                sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)
            ]
            level += 1

    def extend_lines(self, block: bytes | memoryview) -> None:
        """Append one leaf for each line of a block; the last one may lack its newline."""
        if self._line_hashing is not None:
            self.size = self._line_hashing.append(block, self._pending, self.size)
            return
        records = bytes(block).split(b"\n")
        if not records[-1]:
            records.pop()
        self.extend(records)

    def root(self) -> bytes:
        """The tree head over all records so far, 32 bytes."""
        head: bytes | None = None
        for level in range(self.size.bit_length()):
            if self.size >> level & 1:
                node = bytes(self._pending[level * NODE_BYTES : (level + 1) * NODE_BYTES])
                head = node if head is None else sha256(b"\x01" + node + head).digest()
        return EMPTY_ROOT if head is None else head
