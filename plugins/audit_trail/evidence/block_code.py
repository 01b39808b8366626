"""Compiled code over large blocks of bytes: loaded where it pays, used only where it is right.

Where there is none, `hashlib` and `bytes.count` give the same.
"""

from __future__ import annotations

import logging
import struct
from array import array
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from audit_trail import kept_code
from audit_trail.evidence.lane_layout import BLOCK_BYTES
from audit_trail.memory import address

log = logging.getLogger(__name__)

WORTH_LOADING_BYTES = 64 << 20
"""From here on loading it (0.1 s) takes less time than it saves."""
_PACKAGE = Path(__file__).parents[1]
_KERNEL = ("block_kernel", "lane_layout", "sha256_lanes")
SOURCES = (
    str(_PACKAGE / "kept_code.py"),
    str(_PACKAGE / "native.py"),
    *(str(_PACKAGE / "evidence" / f"{name}.py") for name in _KERNEL),
)
_BEGINNING = (
    0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19
)  # fmt: skip
"""The initial hash value of FIPS 180-4, section 5.3.3."""
_LENGTH_BYTES = 8


class BlockCode(NamedTuple):
    """See `block_kernel.py`."""

    hash_one: Callable[[int, int, int], int]
    hash_two: Callable[[int, int, int, int, int], int]
    count_newlines: Callable[[int, int], int]


def block_code_for(content_bytes: int) -> BlockCode | None:
    """The compiled code where it can be had and pays for so much content, for any thread; else None."""
    return _tested_code() if content_bytes >= WORTH_LOADING_BYTES else None


def loaded_block_code() -> BlockCode | None:
    """The compiled code if this process has loaded it for something large."""
    return _tested_code() if _tested_code.cache_info().currsize else None


@cache
def _tested_code() -> BlockCode | None:
    try:
        from audit_trail.evidence.line_hasher import has_instructions

        if kept_code.is_interpreted() or not has_instructions():
            return None
        code = BlockCode(**kept_code.kept_functions("blocks", SOURCES, _compile))
    except ImportError as error:
        log.info("blocks are hashed without compiled code: %s", error)
        return None
    if not _is_right(code):
        log.warning("the compiled SHA-256 is wrong on this machine, hashlib is used; please report this")
        return None
    return code


def _compile() -> Iterable[kept_code.CompiledFunction]:
    from audit_trail import native
    from audit_trail.evidence import block_kernel, merkle_kernel

    if not merkle_kernel.can_compile():
        raise ImportError("numba may not use SHA-256 instructions: NUMBA_CPU_NAME, NUMBA_CPU_FEATURES")
    for name in BlockCode._fields:
        function = getattr(block_kernel, name)
        yield native.machine_code(function, function.py_func.__code__.co_argcount)


def initial_state() -> array[int]:
    """That of a message of which nothing has passed."""
    return array("I", _BEGINNING)


def last_blocks(rest: bytes, message_bytes: int) -> bytes:
    """A message's last, incomplete block, padded as FIPS 180-4 wants it: one block or two."""
    zeros = -(len(rest) + 1 + _LENGTH_BYTES) % BLOCK_BYTES
    return rest + b"\x80" + bytes(zeros) + struct.pack(">Q", 8 * message_bytes)


def digest_of(state: array[int]) -> bytes:
    """The digest, once the last blocks have passed."""
    return struct.pack(">8I", *state)


def _is_right(code: BlockCode) -> bool:
    """Whether it agrees with `hashlib` and `bytes.count` on messages that end in every way."""
    text = b"".join(b"%x\n" % (number * number) for number in range(1000))
    for size in (*range(3 * BLOCK_BYTES), 4095, 4096):
        for message in (text[:size], text[1 : 1 + size]):
            rest = size % BLOCK_BYTES
            padded = message[: size - rest] + last_blocks(message[size - rest :], size)
            one, two, other = initial_state(), initial_state(), initial_state()
            blocks = len(padded) // BLOCK_BYTES
            code.hash_one(address(one), address(padded), blocks)
            code.hash_two(address(two), address(padded), address(other), address(padded), blocks)
            if {digest_of(state) for state in (one, two, other)} != {sha256(message).digest()}:
                return False
            if code.count_newlines(address(message), size) != message.count(b"\n"):
                return False
    return True
