"""The Merkle tree over records alone."""

from __future__ import annotations

import time

from audit_trail.evidence.line_hashing import line_hashing_for
from audit_trail.evidence.merkle import MerkleTree

RECORD_BYTES = (140, 400)
_BLOCK_BYTES = 1 << 20
_TOTAL_BYTES = 1 << 28


def measure_tree() -> dict[int, float]:
    """MB/s by size of record, on one core, compiled hashing as a large segment has it."""
    hashing = line_hashing_for(_TOTAL_BYTES)
    return {size: _megabytes_per_s(size, MerkleTree(hashing)) for size in RECORD_BYTES}


def _megabytes_per_s(size: int, tree: MerkleTree) -> float:
    block = (b"x" * (size - 1) + b"\n") * (_BLOCK_BYTES // size)
    tree.extend_lines(block)  # loads compiled code
    begin, done = time.process_time(), 0
    while done < _TOTAL_BYTES:
        tree.extend_lines(block)
        done += len(block)
    return done / 1e6 / (time.process_time() - begin)
