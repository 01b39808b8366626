"""Compiled hashing of lines as a Python object: blocks in, a tree's nodes out.

Works only where `has_instructions` says so; everybody else uses `hashlib`, which must give the
same (see `merkle.py`). Imports numba only to compile, once on a machine.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

from audit_trail import kept_code
from audit_trail.evidence.lane_layout import (
    ALL_LONGS,
    BESIDE,
    BESIDE_BLOCK,
    BESIDE_END,
    BESIDE_STATE,
    BLOCK_BYTES,
    EDGE,
    FEATURES,
    LANE_BYTES,
    LANE_LONGS,
    NEXT_LINE,
    NODE_BYTES,
    ROOM,
    STATE,
    STATE_BYTES,
)  # fmt: skip
from audit_trail.evidence.paired_hashing import PairedHash
from audit_trail.memory import address, numbers

_PACKAGE = Path(__file__).parents[1]
_KERNEL = ("lane_layout", "merkle_kernel", "sha256_lanes")
SOURCES = (
    str(_PACKAGE / "kept_code.py"),
    str(_PACKAGE / "native.py"),
    *(str(_PACKAGE / "evidence" / f"{name}.py") for name in _KERNEL),
)


def has_instructions() -> bool:
    """Whether this processor has SHA-256 instructions."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    from llvmlite import binding

    found = binding.get_host_cpu_features()
    return all(found.get(name, False) for name in FEATURES)


@cache
def _code() -> Mapping[str, Callable[..., int]]:
    """`hash_lines` and `grow`, compiled now or earlier."""
    return kept_code.kept_functions("merkle", SOURCES, _compile)


def _compile() -> Iterable[kept_code.CompiledFunction]:
    from audit_trail import native
    from audit_trail.evidence import merkle_kernel

    if not merkle_kernel.can_compile():
        raise ImportError("numba may not use SHA-256 instructions: NUMBA_CPU_NAME, NUMBA_CPU_FEATURES")
    for function, arguments in ((merkle_kernel.hash_lines, 4), (merkle_kernel.grow, 5)):
        yield native.machine_code(function, arguments)


class LineHasher:
    """Memory for hashing lines; for one thread at a time.

    Args:
        beside: A hash over the same bytes, which is brought along when it is updated before the lines
            are appended; some may still wait afterwards.

    Raises:
        ImportError: There is no compiled code, and numba is not there or may not make it.
    """

    def __init__(self, beside: PairedHash | None = None) -> None:
        self._beside = beside
        code = _code()
        self._hash_lines, self._grow = code["hash_lines"], code["grow"]
        self._lanes = numbers("q", ALL_LONGS)
        self._memory = numbers("B", 2 * LANE_BYTES)
        # A free place before the leaves, for the node that waits for them.
        self._nodes = numbers("B", (1 + ROOM) * NODE_BYTES)
        self._lane_address = address(self._lanes)
        self._leaves = address(self._nodes) + NODE_BYTES
        for lane in range(2):
            memory = address(self._memory) + lane * LANE_BYTES
            self._lanes[lane * LANE_LONGS + STATE] = memory
            self._lanes[lane * LANE_LONGS + EDGE] = memory + STATE_BYTES

    def append(self, block: bytes | memoryview, pending: bytearray, size: int) -> int:
        """Append each line of a block to a tree; the tree's new size.

        Args:
            block: Whole lines; the last one may lack its newline.
            pending: Root of a full subtree of 2^i leaves at place 32 * i,
                where bit i of `size` is set.
            size: Leaves in the tree.
        """
        source = address(block)
        waiting = address(pending)
        end = source + len(block)
        while source < end:
            self._take_along()
            leaves = self._hash_lines(source, end, self._lane_address, self._leaves)
            source = self._lanes[NEXT_LINE]
            self._grow(self._leaves, leaves, waiting, size, self._lane_address)
            size += leaves
            self._note_taken()
        return size

    def _take_along(self) -> None:
        beside = self._beside
        if beside is not None:
            blocks = beside.blocks()
            self._lanes[BESIDE + BESIDE_STATE] = beside.state_at
            self._lanes[BESIDE + BESIDE_BLOCK] = beside.data_at
            self._lanes[BESIDE + BESIDE_END] = beside.data_at + blocks * BLOCK_BYTES

    def _note_taken(self) -> None:
        if self._beside is not None:
            taken = self._lanes[BESIDE + BESIDE_BLOCK] - self._beside.data_at
            self._beside.skip(taken // BLOCK_BYTES)
