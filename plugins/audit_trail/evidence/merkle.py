"""Merkle tree over records, as in RFC 9162 section 2.1.

A leaf is SHA-256(0x00 || record), an inner node SHA-256(0x01 || left || right);
the tree over n leaves splits at the largest power of two below n.
https://www.rfc-editor.org/rfc/rfc9162#section-2.1
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()


class MerkleTree:
    """A tree that grows at its right edge and holds only O(log n) nodes."""

    __slots__ = ("_pending", "size")

    def __init__(self) -> None:
        self.size = 0
        # _pending[i] is the root of a full subtree of 2^i leaves that still
        # waits for its right neighbour.
        self._pending: list[bytes | None] = []

    def extend(self, records: Iterable[bytes]) -> None:
        """Append one leaf for each record (its bytes without the newline)."""
        nodes = [sha256(b"\x00" + record).digest() for record in records]
        self.size += len(nodes)
        level = 0
        while nodes:
            if level == len(self._pending):
                self._pending.append(None)
            waiting = self._pending[level]
            if waiting is not None:
                nodes.insert(0, waiting)
            self._pending[level] = nodes.pop() if len(nodes) % 2 else None
            pairs = iter(nodes)
            nodes = [
                sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)
            ]
            level += 1

    def root(self) -> bytes:
        """The tree head over all records so far, 32 bytes."""
        head: bytes | None = None
        for node in self._pending:
            if node is not None:
                head = node if head is None else sha256(b"\x01" + node + head).digest()
        return EMPTY_ROOT if head is None else head
