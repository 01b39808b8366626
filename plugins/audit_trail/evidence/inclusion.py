"""Inclusion proofs: one record of a Merkle tree, as in RFC 9162 section 2.1.3.

The path of a leaf is the roots of the subtrees beside its way up. Index and
size of the tree are known beforehand, so one pass over the leaves grows one of
these subtrees after the other and keeps nothing but their roots.
https://www.rfc-editor.org/rfc/rfc9162#section-2.1.3
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from audit_trail.errors import IntegrityError
from audit_trail.evidence.merkle import LineHashing, MerkleTree


def sibling_ranges(index: int, size: int) -> list[range]:
    """The leaves below each node of PATH(index, D[size]), from the leaf's sibling up.

    RFC 9162, section 2.1.3.1, with the recursion from the root downwards made a loop.

    Raises:
        ValueError: The tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no leaf of the tree has this index")
    ranges: list[range] = []
    first, end = 0, size
    while end - first > 1:
        split = first + (1 << ((end - first - 1).bit_length() - 1))
        if index < split:
            ranges.append(range(split, end))
            end = split
        else:
            ranges.append(range(first, split))
            first = split
    ranges.reverse()
    return ranges


class PathCollector:
    """Collects the path of one leaf while all leaves of the tree pass by, in O(log n) memory.

    Args:
        index: Of the leaf, from 0.
        size: Leaves of the whole tree.
        line_hashing: Hashes blocks of lines; None: `hashlib` does.

    Attributes:
        size: Leaves that have passed; more than the tree has are counted and nothing else.
        record: The leaf's record, once it has passed.
    """

    __slots__ = ("_line_hashing", "_parts", "_ranges", "_roots", "_tree", "record", "size")

    def __init__(self, index: int, size: int, line_hashing: LineHashing | None = None) -> None:
        self._ranges = sibling_ranges(index, size)
        leaf = range(index, index + 1)
        # What is still to come, the next part last.
        self._parts = sorted([*self._ranges, leaf], key=lambda part: part.start, reverse=True)
        self._roots: dict[range, bytes] = {}
        self._line_hashing = line_hashing
        self._tree = MerkleTree(line_hashing)
        self.size = 0
        self.record: bytes | None = None

    def extend_lines(self, block: bytes) -> None:
        """Take the next lines; only the last one of all may lack its newline."""
        start = 0
        while start < len(block):
            lines = block.count(b"\n", start) + (not block.endswith(b"\n"))
            if not self._parts:
                self.size += lines
                return
            wanted = self._parts[-1].stop - self.size
            end = len(block) if lines <= wanted else _end_of_lines(block, start, wanted)
            self._take(block[start:end], min(lines, wanted))
            start = end

    def path(self) -> tuple[bytes, ...]:
        """The path, from the leaf's sibling up, 32 bytes each.

        Raises:
            ValueError: Not all leaves have passed yet.
        """
        if self._parts:
            raise ValueError("the tree has more leaves than have passed")
        return tuple(self._roots[part] for part in self._ranges)

    def _take(self, lines: bytes, count: int) -> None:
        part = self._parts[-1]
        self._tree.extend_lines(lines)
        self.size += count
        if self.size < part.stop:
            return
        self._parts.pop()
        if part in self._ranges:
            self._roots[part] = self._tree.root()
        else:
            self.record = lines.removesuffix(b"\n")
        self._tree = MerkleTree(self._line_hashing)


def root_of_path(record: bytes, *, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root of the tree in which `path` leads up from `record`.

    RFC 9162, section 2.1.3.2, with its names; the caller compares the root.

    Raises:
        ValueError: The tree has no such leaf, or the path is too short or too long for it.
    """
    if not 0 <= index < size:
        raise ValueError("no leaf of the tree has this index")
    fn, sn = index, size - 1
    root = sha256(b"\x00" + record).digest()
    for node in path:
        if sn == 0:
            raise ValueError("the path is too long")
        if fn & 1 or fn == sn:
            root = sha256(b"\x01" + node + root).digest()
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            root = sha256(b"\x01" + root + node).digest()
        fn >>= 1
        sn >>= 1
    if sn:
        raise ValueError("the path is too short")
    return root


def check_inclusion(
    record: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes, where: str
) -> None:
    """Check that a tree holds a record at a place.

    Raises:
        IntegrityError: It does not, or this path does not show it.
    """
    try:
        found = root_of_path(record, index=index, size=size, path=path)
    except ValueError as error:
        raise IntegrityError(
            "not an inclusion path of this place",
            where=where,
            expected=f"a path of leaf {index} in a tree of {size}",
            found=str(error),
        ) from error
    if found != root:
        raise IntegrityError(
            "the record is not at its place in the segment",
            where=where,
            expected=f"Merkle root {root.hex()}",
            found=found.hex(),
            remedy="record, place or path was changed; ask for the proof again",
        )


def _end_of_lines(block: bytes, start: int, count: int) -> int:
    for _ in range(count):
        start = block.index(b"\n", start) + 1
    return start
