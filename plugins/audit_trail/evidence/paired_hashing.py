"""SHA-256 over nearly the same bytes at nearly the same time: an input's and its copy's."""

from __future__ import annotations

import hashlib
from array import array
from collections import deque
from collections.abc import Callable
from typing import Protocol

from audit_trail.evidence.block_code import (
    BlockCode,
    block_code_for,
    digest_of,
    initial_state,
    last_blocks,
)
from audit_trail.evidence.lane_layout import BLOCK_BYTES
from audit_trail.memory import address

MAX_WAITING_BYTES = 8 << 20
"""A hash that has so much to do does not wait for another one any longer."""


class RunningHash(Protocol):
    """What is used of a `hashlib` object."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """The digest of all bytes so far, in lower-case hex."""


def hashing_for(content_bytes: int) -> Callable[[], RunningHash]:
    """What makes SHA-256 hashes for one thread, of which any two are taken at once where that pays.

    They keep hold of bytes that they were given until others have passed: nobody may change them.
    """
    code = block_code_for(content_bytes)
    return hashlib.sha256 if code is None else Pairing(code).new_hash


def finish_waiting(running_hash: RunningHash) -> None:
    """Let a hash do what it has to do while that is in the processor's cache."""
    if isinstance(running_hash, PairedHash):
        running_hash.finish()


class Pairing:
    """Lets a hash wait until another one has something to do, too."""

    def __init__(self, code: BlockCode) -> None:
        self._code = code
        self._waiting: PairedHash | None = None

    def new_hash(self) -> PairedHash:
        """A SHA-256 of nothing yet."""
        return PairedHash(self)

    def advance(self, one: PairedHash) -> None:
        """One has something to do."""
        other = self._waiting
        if other is None or other is one:
            self._waiting = one
            if one.waiting_bytes > MAX_WAITING_BYTES:
                self.finish(one)
            return
        while blocks := min(one.blocks(), other.blocks()):
            self._code.hash_two(one.state_at, one.data_at, other.state_at, other.data_at, blocks)
            one.skip(blocks)
            other.skip(blocks)
        self._waiting = one if one.blocks() else other if other.blocks() else None

    def finish(self, one: PairedHash) -> None:
        """Do all that one has to do."""
        while blocks := one.blocks():
            self.hash_alone(one.state_at, one.data_at, blocks)
            one.skip(blocks)
        if self._waiting is one:
            self._waiting = None

    def hash_alone(self, state: int, data: int, blocks: int) -> None:
        """Take blocks into one state."""
        self._code.hash_one(state, data, blocks)


class PairedHash:
    """A `RunningHash`.

    Attributes:
        state_at: Address of its state.
        waiting_bytes: What it has been given and has not hashed.
    """

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        self._state = initial_state()
        self.state_at = address(self._state)
        self._bytes = 0
        self._edge = b""
        """Begin of a block whose rest has not come yet."""
        self._view = memoryview(b"")
        self._later: deque[memoryview] = deque()
        self.waiting_bytes = 0

    @property
    def data_at(self) -> int:
        """Address of the blocks that wait."""
        return address(self._view)

    def update(self, data: bytes | memoryview, /) -> None:
        """See `RunningHash`."""
        self._later.append(memoryview(data))
        self._bytes += len(data)
        self.waiting_bytes += len(data)
        self._pairing.advance(self)

    def hexdigest(self) -> str:
        """See `RunningHash`."""
        self.finish()
        state: array[int] = self._state[:]
        rest = last_blocks(self._edge + self._view, self._bytes)
        self._pairing.hash_alone(address(state), address(rest), len(rest) // BLOCK_BYTES)
        return digest_of(state).hex()

    def finish(self) -> None:
        """Do what waits, and wait no longer."""
        self._pairing.finish(self)

    def blocks(self) -> int:
        """How many blocks wait one after another; 0 if there is none."""
        while len(self._view) < BLOCK_BYTES and self._later:
            self._edge += self._view
            view = self._later.popleft()
            missing = -len(self._edge) % BLOCK_BYTES
            self._edge += view[:missing]
            self._view = view[missing:]
            if len(self._edge) == BLOCK_BYTES:
                self._pairing.hash_alone(self.state_at, address(self._edge), 1)
                self._edge = b""
                self.waiting_bytes -= BLOCK_BYTES
        return len(self._view) // BLOCK_BYTES

    def skip(self, blocks: int) -> None:
        """So many of them are done."""
        self._view = self._view[blocks * BLOCK_BYTES :]
        self.waiting_bytes -= blocks * BLOCK_BYTES
