"""Leaves and inner nodes of the Merkle tree over blocks of lines, in machine code.

Records are short: hashing them one by one from Python costs more for the calls
than for the hashing, and holds the GIL. Here two records are always on their
way through the processor's SHA-256 instructions; as soon as one is done, its
lane takes the next. What else is to be hashed, the content as a whole, goes along
as a third lane, for less than half of what it would take alone.

Imports numba. Called by `line_hasher.py`, which keeps what is compiled here.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.registry import cpu_target

from audit_trail.evidence.lane_layout import (
    BESIDE,
    BESIDE_BLOCK,
    BESIDE_END,
    BESIDE_STATE,
    BLOCK,
    BLOCK_BYTES,
    BLOCKS,
    EDGE,
    FEATURES,
    HEAD,
    IDLE,
    LANE_LONGS,
    MIDDLE,
    NEXT_LINE,
    NODE,
    NODE_BYTES,
    RECORD,
    ROOM,
    SIZE,
    STAGE,
    STATE,
    TAIL,
)  # fmt: skip
from audit_trail.evidence.sha256_lanes import compress, compress_three, compress_two
from audit_trail.native import bytes_at, compiled, ints_at, longs_at

_LENGTH_BYTES = 8
_NEWLINE = 10
_find_byte: Any = types.ExternalFunction("memchr", types.intp(types.intp, types.int32, types.intp))
_copy: Any = types.ExternalFunction("memcpy", types.intp(types.intp, types.intp, types.intp))
_fill: Any = types.ExternalFunction("memset", types.intp(types.intp, types.int32, types.intp))


def can_compile() -> bool:
    """Whether numba may use SHA-256 instructions: it can be told to use fewer than there are."""
    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return set(features.split(",")) >= {f"+{name}" for name in FEATURES}


@compiled
def _begin(state: int) -> None:
    """The initial hash value of FIPS 180-4, section 5.3.3."""
    words = ints_at(state)
    words[0], words[1], words[2], words[3] = 0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A
    words[4], words[5], words[6], words[7] = 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19


@compiled
def _end(state: int, node: int) -> None:
    words, out = ints_at(state), bytes_at(node)
    for place in range(8):
        word = words[place]
        out[4 * place] = (word >> 24) & 255
        out[4 * place + 1] = (word >> 16) & 255
        out[4 * place + 2] = (word >> 8) & 255
        out[4 * place + 3] = word & 255


@compiled
def _pad(block: int, used: int, message_bytes: int) -> int:
    """End a message whose last `used` bytes are at `block`; how many blocks they make."""
    blocks = 1 if used + 1 + _LENGTH_BYTES <= BLOCK_BYTES else 2
    size = blocks * BLOCK_BYTES
    _fill(block + used, 0, size - used)
    out = bytes_at(block)
    out[used] = 0x80
    bits = message_bytes * 8
    for place in range(_LENGTH_BYTES):
        out[size - 1 - place] = (bits >> (8 * place)) & 255
    return blocks


@compiled
def _take(lane: Any, record: int, size: int, node: int) -> None:
    """Give a lane a record to hash: its message is a zero byte and the record."""
    lane[RECORD], lane[SIZE], lane[NODE] = record, size, node
    _begin(lane[STATE])
    edge = lane[EDGE]
    bytes_at(edge)[0] = 0
    lane[BLOCK] = edge
    if size + 1 < BLOCK_BYTES:
        _copy(edge + 1, record, size)
        lane[BLOCKS] = _pad(edge, size + 1, size + 1)
        lane[STAGE] = TAIL
    else:
        _copy(edge + 1, record, BLOCK_BYTES - 1)
        lane[BLOCKS] = 1
        lane[STAGE] = HEAD


@compiled
def _go_on(lane: Any) -> None:
    """A lane has no blocks left where it is: on to the next ones, or the message is done."""
    message_bytes = lane[SIZE] + 1
    if lane[STAGE] == HEAD and message_bytes >= 2 * BLOCK_BYTES:
        # These lie in the record as they are, one byte off.
        lane[BLOCK] = lane[RECORD] + BLOCK_BYTES - 1
        lane[BLOCKS] = message_bytes // BLOCK_BYTES - 1
        lane[STAGE] = MIDDLE
    elif lane[STAGE] != TAIL:
        rest = message_bytes % BLOCK_BYTES
        edge = lane[EDGE]
        _copy(edge, lane[RECORD] + lane[SIZE] - rest, rest)
        lane[BLOCK] = edge
        lane[BLOCKS] = _pad(edge, rest, message_bytes)
        lane[STAGE] = TAIL
    else:
        _end(lane[STATE], lane[NODE])
        lane[STAGE] = IDLE


@compiled
def _compress_beside(state: int, block: int, other_state: int, other_block: int, beside: Any) -> None:
    """A block each of two lanes, and one of the third if it has any."""
    third = beside[BESIDE_BLOCK]
    if third < beside[BESIDE_END]:
        compress_three(state, block, other_state, other_block, beside[BESIDE_STATE], third)
        beside[BESIDE_BLOCK] = third + BLOCK_BYTES
    else:
        compress_two(state, block, other_state, other_block)


@compiled
def _run_both(one: Any, other: Any, beside: Any) -> None:
    blocks = min(one[BLOCKS], other[BLOCKS])
    for block in range(blocks):
        offset = block * BLOCK_BYTES
        _compress_beside(one[STATE], one[BLOCK] + offset, other[STATE], other[BLOCK] + offset, beside)
    one[BLOCK] += blocks * BLOCK_BYTES
    one[BLOCKS] -= blocks
    other[BLOCK] += blocks * BLOCK_BYTES
    other[BLOCKS] -= blocks


@compiled
def _run_alone(lane: Any) -> None:
    for block in range(lane[BLOCKS]):
        compress(lane[STATE], lane[BLOCK] + block * BLOCK_BYTES)
    lane[BLOCKS] = 0


@compiled
def hash_lines(source: int, end: int, lanes: int, leaves: int) -> int:
    """Write up to ROOM leaves; where the next line begins goes behind the lanes."""
    one, other = longs_at(lanes), longs_at(lanes + 8 * LANE_LONGS)
    beside = longs_at(lanes + 8 * BESIDE)
    written = 0
    one[STAGE] = other[STAGE] = IDLE
    while True:
        for lane in (one, other):
            if lane[STAGE] != IDLE and lane[BLOCKS] == 0:
                _go_on(lane)
            if lane[STAGE] == IDLE and source < end and written < ROOM:
                newline = _find_byte(source, _NEWLINE, end - source)
                size = (newline if newline else end) - source
                _take(lane, source, size, leaves + written * NODE_BYTES)
                written += 1
                source += size + 1
        if one[STAGE] != IDLE and other[STAGE] != IDLE:
            _run_both(one, other, beside)
        elif one[STAGE] != IDLE:
            _run_alone(one)
        elif other[STAGE] != IDLE:
            _run_alone(other)
        else:
            break
    longs_at(lanes)[NEXT_LINE] = source
    return written


@compiled
def _fill_pair(lane: Any, pair: int) -> None:
    """The message of an inner node: a byte of one and two nodes, always two blocks."""
    _begin(lane[STATE])
    bytes_at(lane[EDGE])[0] = 1
    _copy(lane[EDGE] + 1, pair, 2 * NODE_BYTES)
    _pad(lane[EDGE] + BLOCK_BYTES, 1, 2 * NODE_BYTES + 1)


@compiled
def _hash_pairs(nodes: int, pairs: int, out: int, one: Any, other: Any, beside: Any) -> None:  # noqa: PLR0917 - as above
    """`out` may lie in `nodes`, as long as it begins within the first pair."""
    pair = 0
    while pair + 1 < pairs:
        _fill_pair(one, nodes + pair * 2 * NODE_BYTES)
        _fill_pair(other, nodes + (pair + 1) * 2 * NODE_BYTES)
        for offset in (0, BLOCK_BYTES):
            _compress_beside(one[STATE], one[EDGE] + offset, other[STATE], other[EDGE] + offset, beside)
        _end(one[STATE], out + pair * NODE_BYTES)
        _end(other[STATE], out + (pair + 1) * NODE_BYTES)
        pair += 2
    if pair < pairs:
        _fill_pair(one, nodes + pair * 2 * NODE_BYTES)
        compress(one[STATE], one[EDGE])
        compress(one[STATE], one[EDGE] + BLOCK_BYTES)
        _end(one[STATE], out + pair * NODE_BYTES)


@compiled
def grow(nodes: int, count: int, pending: int, size: int, lanes: int) -> int:
    """Append `count` leaves to a tree of `size`; there is a free place before them. Returns 0."""
    one, other = longs_at(lanes), longs_at(lanes + 8 * LANE_LONGS)
    beside = longs_at(lanes + 8 * BESIDE)
    level = 0
    while count > 0:
        waiting = pending + level * NODE_BYTES
        if (size >> level) & 1:
            nodes -= NODE_BYTES
            _copy(nodes, waiting, NODE_BYTES)
            count += 1
        if count & 1:
            count -= 1
            _copy(waiting, nodes + count * NODE_BYTES, NODE_BYTES)
        count //= 2
        # One place further on, so that there is a free one before them again.
        _hash_pairs(nodes, count, nodes + NODE_BYTES, one, other, beside)
        nodes += NODE_BYTES
        level += 1
    return 0
