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
from audit_trail.evidence.paired_hashing import PairedHash, RunningHash, hashing_for

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


def line_hashing_for(content_bytes: int, beside: RunningHash | None = None) -> LineHashing | None:
    """The compiled hashing where it can be had and pays, for one thread; else None.

    Args:
        content_bytes: How much there is to hash.
        beside: A hash from `hashing_for` over the same bytes; updated first, it is brought along.
    """
    worth = WORTH_USING_BYTES if "llvmlite" in sys.modules else WORTH_LOADING_BYTES
    hasher = _tested_hasher() if content_bytes >= worth else None
    return None if hasher is None else hasher(beside if isinstance(beside, PairedHash) else None)


@cache
def _tested_hasher() -> type[LineHasher] | None:
    try:
        from audit_trail.evidence.line_hasher import LineHasher, has_instructions

        if kept_code.is_interpreted() or not has_instructions():
            return None
        is_right = _is_right(LineHasher)
    except ImportError as error:
        log.info("records are hashed without compiled code: %s", error)
        return None
    if not is_right:
        log.warning("the compiled SHA-256 is wrong on this machine, hashlib is used; please report this")
        return None
    return LineHasher


def _is_right(hasher: type[LineHasher]) -> bool:
    """Whether it agrees with `hashlib` on records of all sizes that matter, and on what is beside them."""
    records = [sha256(b"%d" % size).hexdigest().encode() * (size // 64 + 1) for size in _TESTED_SIZES]
    lines = b"".join(record[:size] + b"\n" for record, size in zip(records, _TESTED_SIZES, strict=True))
    content = hashing_for(WORTH_LOADING_BYTES)()
    beside = content if isinstance(content, PairedHash) else None
    expected, found = MerkleTree(), MerkleTree(hasher(beside))
    for part in (lines, lines[:-1]):
        content.update(part)
        expected.extend_lines(part)
        found.extend_lines(part)
    return (expected.size, expected.root(), sha256(lines + lines[:-1]).hexdigest()) == (
        found.size,
        found.root(),
        content.hexdigest(),
    )
