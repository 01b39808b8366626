"""The memory that `line_hasher.py` gives and `merkle_kernel.py` uses: three lanes, and nodes."""

from __future__ import annotations

FEATURES = ("sha", "ssse3", "sse4.1")
"""Of an x86 processor, by LLVM's names: what the compiled code needs."""
NODE_BYTES = 32
ROOM = 1 << 13
"""Leaves written at a time: their nodes stay in the processor's cache."""
BLOCK_BYTES = 64

# A lane, in 64-bit numbers: where its next block is, how many blocks follow
# there one after another, the record, how far it is, where its node goes, and
# its own memory.
BLOCK, BLOCKS, RECORD, SIZE, STAGE, NODE, STATE, EDGE = 0, 1, 2, 3, 4, 5, 6, 7
LANE_LONGS = 8
IDLE, HEAD, MIDDLE, TAIL = 0, 1, 2, 3
# Behind the two lanes: where the next line begins, then the third lane: its state, its next
# block, and where its blocks end.
NEXT_LINE = 2 * LANE_LONGS
BESIDE = NEXT_LINE + 1
BESIDE_STATE, BESIDE_BLOCK, BESIDE_END = 0, 1, 2
ALL_LONGS = BESIDE + 3
# That memory: the state, then room for a first or two last blocks.
STATE_BYTES = 64
LANE_BYTES = STATE_BYTES + 2 * BLOCK_BYTES
