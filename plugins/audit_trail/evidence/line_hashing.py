"""Choosing how a segment's records are hashed: by compiled code, or by `hashlib`.

Both give the same digests, and the compiled code has to show it whenever it is
loaded. Whoever verifies an archive needs neither it nor numba.
"""

from __future__ import annotations

import logging
import sys
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from audit_trail import kept_code
from audit_trail.evidence.merkle import LineHashing, MerkleTree

if TYPE_CHECKING:
    from audit_trail.evidence.line_hasher import LineHasher

log = logging.getLogger(__name__)

WORTH_LOADING_BYTES = 64 << 20
"""Content from which on loading compiled code (about 0.1 s) costs less than `hashlib` does ..."""
WORTH_USING_BYTES = 4 << 20
"""... and where what it needs is loaded already."""
_BLOCK_BYTES = 64
_TESTED_SIZES = (*range(0, 3 * _BLOCK_BYTES), 1000, 4096)
"""Every way in which a record can end within its last block."""


def line_hashing_for(content_bytes: int) -> LineHashing | None:
    """The compiled hashing where it can be had and pays, for one thread; else None."""
    worth = WORTH_USING_BYTES if "llvmlite" in sys.modules else WORTH_LOADING_BYTES
    hasher = _tested_hasher() if content_bytes >= worth else None
    return None if hasher is None else hasher()


@cache
def _tested_hasher() -> type[LineHasher] | None:
    try:
        from audit_trail.evidence.line_hasher import LineHasher, has_instructions

        if kept_code.is_interpreted() or not has_instructions():
            return None
        hashing = LineHasher()
    except ImportError as error:
        log.info("records are hashed without compiled code: %s", error)
        return None
    if not _is_right(hashing):
        log.warning("the compiled SHA-256 is wrong on this machine, hashlib is used; please report this")
        return None
    return LineHasher


def _is_right(hashing: LineHashing) -> bool:
    """Whether it agrees with `hashlib` on records of all sizes that matter."""
    records = [sha256(b"%d" % size).hexdigest().encode() * (size // 64 + 1) for size in _TESTED_SIZES]
    lines = b"".join(record[:size] + b"\n" for record, size in zip(records, _TESTED_SIZES, strict=True))
    expected, found = MerkleTree(), MerkleTree(hashing)
    for tree in (expected, found):
        tree.extend_lines(lines)
        tree.extend_lines(lines[:-1])
    return (expected.size, expected.root()) == (found.size, found.root())
