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
    EDGE,
    FEATURES,
    LANE_BYTES,
    LANE_LONGS,
    NODE_BYTES,
    ROOM,
    STATE,
    STATE_BYTES,
)  # fmt: skip
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

    Raises:
        ImportError: There is no compiled code, and numba is not there or may not make it.
    """

    def __init__(self) -> None:
        code = _code()
        self._hash_lines, self._grow = code["hash_lines"], code["grow"]
        self._lanes = numbers("q", 2 * LANE_LONGS + 1)
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
            leaves = self._hash_lines(source, end, self._lane_address, self._leaves)
            source = self._lanes[-1]
            self._grow(self._leaves, leaves, waiting, size, self._lane_address)
            size += leaves
        return size
