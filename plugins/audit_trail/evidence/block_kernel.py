"""SHA-256 of two messages at once, and counting lines, in machine code.

`hashlib` takes one message after the other, and so waits for the processor most of the time;
`bytes.count` stops at each newline, and records are short.

Imports numba. Called by `block_code.py`, which keeps what is compiled here.
"""

from __future__ import annotations

from audit_trail.evidence.lane_layout import BLOCK_BYTES
from audit_trail.evidence.sha256_lanes import compress, compress_two
from audit_trail.native import bytes_at, compiled

_NEWLINE = 10


@compiled
def hash_one(state: int, data: int, blocks: int) -> int:
    """Take blocks of 64 bytes into a state of eight 32-bit words. Returns 0."""
    for block in range(blocks):
        compress(state, data + block * BLOCK_BYTES)
    return 0


@compiled
def hash_two(state: int, data: int, other_state: int, other_data: int, blocks: int) -> int:
    """Take as many blocks each into two states. Returns 0."""
    for block in range(blocks):
        offset = block * BLOCK_BYTES
        compress_two(state, data + offset, other_state, other_data + offset)
    return 0


@compiled
def count_newlines(data: int, size: int) -> int:
    r"""How many of the bytes are `\n`."""
    source, found = bytes_at(data), 0
    for place in range(size):
        found += source[place] == _NEWLINE
    return found
