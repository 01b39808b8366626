"""Leaves and inner nodes of the Merkle tree over blocks of lines, in machine code.

Records are short: hashing them one by one from Python costs more for the calls
than for the hashing, and holds the GIL. Here two records are always on their
way through the processor's SHA-256 instructions; as soon as one is done, its
lane takes the next.

Imports numba. Works only where `has_instructions` says so; everybody else uses
`hashlib`, which must give the same (see `merkle.py`).
"""

from __future__ import annotations

import platform
from typing import Any

import numpy
from numba import types
from numba.core.registry import cpu_target

from audit_trail import kept_code, native
from audit_trail.evidence import sha256_lanes
from audit_trail.evidence.sha256_lanes import compress, compress_two
from audit_trail.native import bytes_at, compiled, entry_point, ints_at, longs_at

NODE_BYTES = 32
ROOM = 1 << 13
"""Leaves written at a time: their nodes stay in the processor's cache."""

_BLOCK_BYTES = 64
_LENGTH_BYTES = 8
_NEWLINE = 10
_SOURCES = (__file__, sha256_lanes.__file__, kept_code.__file__, native.__file__)
_find_byte: Any = types.ExternalFunction("memchr", types.intp(types.intp, types.int32, types.intp))
_copy: Any = types.ExternalFunction("memcpy", types.intp(types.intp, types.intp, types.intp))
_fill: Any = types.ExternalFunction("memset", types.intp(types.intp, types.int32, types.intp))

# A lane, in 64-bit numbers: where its next block is, how many blocks follow
# there one after another, the record, how far it is, where its node goes, and
# its own memory.
_BLOCK, _BLOCKS, _RECORD, _SIZE, _STAGE, _NODE, _STATE, _EDGE = 0, 1, 2, 3, 4, 5, 6, 7
_LANE_LONGS = 8
_IDLE, _HEAD, _MIDDLE, _TAIL = 0, 1, 2, 3
# That memory: the state, then room for a first or two last blocks.
_STATE_BYTES = 64
_LANE_BYTES = _STATE_BYTES + 2 * _BLOCK_BYTES


def has_instructions() -> bool:
    """Whether the code that numba makes here may use the processor's SHA-256 instructions."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    # What numba compiles for, which may be less than what the processor can do.
    _, _, features = cpu_target.target_context.codegen().magic_tuple()
    return {"+sha", "+ssse3", "+sse4.1"} <= set(features.split(","))


class LineHasher:
    """Memory for hashing lines; for one thread at a time."""

    def __init__(self) -> None:
        self._lanes = numpy.zeros(2 * _LANE_LONGS + 1, dtype=numpy.int64)
        self._memory = numpy.zeros(2 * _LANE_BYTES, dtype=numpy.uint8)
        # A free place before the leaves, for the node that waits for them.
        self._nodes = numpy.empty((1 + ROOM) * NODE_BYTES, dtype=numpy.uint8)
        self._lane_address = self._lanes.ctypes.data
        self._leaves = self._nodes.ctypes.data + NODE_BYTES
        for lane in range(2):
            memory = self._memory.ctypes.data + lane * _LANE_BYTES
            self._lanes[lane * _LANE_LONGS + _STATE] = memory
            self._lanes[lane * _LANE_LONGS + _EDGE] = memory + _STATE_BYTES

    def append(self, block: bytes, pending: bytearray, size: int) -> int:
        """Append each line of a block to a tree; the tree's new size.

        Args:
            block: Whole lines; the last one may lack its newline.
            pending: Root of a full subtree of 2^i leaves at place 32 * i,
                where bit i of `size` is set.
            size: Leaves in the tree.
        """
        source = numpy.frombuffer(block, dtype=numpy.uint8).ctypes.data if block else 0
        waiting = numpy.frombuffer(pending, dtype=numpy.uint8).ctypes.data
        end = source + len(block)
        while source < end:
            leaves = _hash_lines(source, end, self._lane_address, self._leaves)
            source = int(self._lanes[-1])
            _grow(self._leaves, leaves, waiting, size, self._lane_address)
            size += leaves
        return size


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
    blocks = 1 if used + 1 + _LENGTH_BYTES <= _BLOCK_BYTES else 2
    size = blocks * _BLOCK_BYTES
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
    lane[_RECORD], lane[_SIZE], lane[_NODE] = record, size, node
    _begin(lane[_STATE])
    edge = lane[_EDGE]
    bytes_at(edge)[0] = 0
    lane[_BLOCK] = edge
    if size + 1 < _BLOCK_BYTES:
        _copy(edge + 1, record, size)
        lane[_BLOCKS] = _pad(edge, size + 1, size + 1)
        lane[_STAGE] = _TAIL
    else:
        _copy(edge + 1, record, _BLOCK_BYTES - 1)
        lane[_BLOCKS] = 1
        lane[_STAGE] = _HEAD


@compiled
def _go_on(lane: Any) -> None:
    """A lane has no blocks left where it is: on to the next ones, or the message is done."""
    message_bytes = lane[_SIZE] + 1
    if lane[_STAGE] == _HEAD and message_bytes >= 2 * _BLOCK_BYTES:
        # These lie in the record as they are, one byte off.
        lane[_BLOCK] = lane[_RECORD] + _BLOCK_BYTES - 1
        lane[_BLOCKS] = message_bytes // _BLOCK_BYTES - 1
        lane[_STAGE] = _MIDDLE
    elif lane[_STAGE] != _TAIL:
        rest = message_bytes % _BLOCK_BYTES
        edge = lane[_EDGE]
        _copy(edge, lane[_RECORD] + lane[_SIZE] - rest, rest)
        lane[_BLOCK] = edge
        lane[_BLOCKS] = _pad(edge, rest, message_bytes)
        lane[_STAGE] = _TAIL
    else:
        _end(lane[_STATE], lane[_NODE])
        lane[_STAGE] = _IDLE


@compiled
def _run_both(one: Any, other: Any) -> None:
    blocks = min(one[_BLOCKS], other[_BLOCKS])
    for block in range(blocks):
        offset = block * _BLOCK_BYTES
        compress_two(one[_STATE], one[_BLOCK] + offset, other[_STATE], other[_BLOCK] + offset)
    one[_BLOCK] += blocks * _BLOCK_BYTES
    one[_BLOCKS] -= blocks
    other[_BLOCK] += blocks * _BLOCK_BYTES
    other[_BLOCKS] -= blocks


@compiled
def _run_alone(lane: Any) -> None:
    for block in range(lane[_BLOCKS]):
        compress(lane[_STATE], lane[_BLOCK] + block * _BLOCK_BYTES)
    lane[_BLOCKS] = 0


@entry_point(*_SOURCES)
def _hash_lines(source: int, end: int, lanes: int, leaves: int) -> int:
    """Write up to ROOM leaves; where the next line begins goes behind the lanes."""
    one, other = longs_at(lanes), longs_at(lanes + 8 * _LANE_LONGS)
    written = 0
    one[_STAGE] = other[_STAGE] = _IDLE
    while True:
        for lane in (one, other):
            if lane[_STAGE] != _IDLE and lane[_BLOCKS] == 0:
                _go_on(lane)
            if lane[_STAGE] == _IDLE and source < end and written < ROOM:
                newline = _find_byte(source, _NEWLINE, end - source)
                size = (newline if newline else end) - source
                _take(lane, source, size, leaves + written * NODE_BYTES)
                written += 1
                source += size + 1
        if one[_STAGE] != _IDLE and other[_STAGE] != _IDLE:
            _run_both(one, other)
        elif one[_STAGE] != _IDLE:
            _run_alone(one)
        elif other[_STAGE] != _IDLE:
            _run_alone(other)
        else:
            break
    longs_at(lanes)[2 * _LANE_LONGS] = source
    return written


@compiled
def _fill_pair(lane: Any, pair: int) -> None:
    """The message of an inner node: a byte of one and two nodes, always two blocks."""
    _begin(lane[_STATE])
    bytes_at(lane[_EDGE])[0] = 1
    _copy(lane[_EDGE] + 1, pair, 2 * NODE_BYTES)
    _pad(lane[_EDGE] + _BLOCK_BYTES, 1, 2 * NODE_BYTES + 1)


@compiled
def _hash_pairs(nodes: int, pairs: int, out: int, one: Any, other: Any) -> None:
    """`out` may lie in `nodes`, as long as it begins within the first pair."""
    pair = 0
    while pair + 1 < pairs:
        _fill_pair(one, nodes + pair * 2 * NODE_BYTES)
        _fill_pair(other, nodes + (pair + 1) * 2 * NODE_BYTES)
        for offset in (0, _BLOCK_BYTES):
            compress_two(one[_STATE], one[_EDGE] + offset, other[_STATE], other[_EDGE] + offset)
        _end(one[_STATE], out + pair * NODE_BYTES)
        _end(other[_STATE], out + (pair + 1) * NODE_BYTES)
        pair += 2
    if pair < pairs:
        _fill_pair(one, nodes + pair * 2 * NODE_BYTES)
        compress(one[_STATE], one[_EDGE])
        compress(one[_STATE], one[_EDGE] + _BLOCK_BYTES)
        _end(one[_STATE], out + pair * NODE_BYTES)


@entry_point(*_SOURCES)
def _grow(nodes: int, count: int, pending: int, size: int, lanes: int) -> None:
    """Append `count` leaves to a tree of `size`; there is a free place before them."""
    one, other = longs_at(lanes), longs_at(lanes + 8 * _LANE_LONGS)
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
        _hash_pairs(nodes, count, nodes + NODE_BYTES, one, other)
        nodes += NODE_BYTES
        level += 1
