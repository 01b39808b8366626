"""SHA-256 in a thread beside the one that reads and writes the bytes."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from audit_trail.evidence.block_code import block_code_for
from audit_trail.evidence.paired_hashing import PairedHash, Pairing, RunningHash

MAX_RUNNING = 4
"""Updates that wait for the thread: the bytes of few blocks are held."""


def background_hashing_for(content_bytes: int) -> Callable[[], RunningHash]:
    """As `hashing_for`, in a thread of its own: who reads and writes the bytes goes on meanwhile."""
    code = block_code_for(content_bytes)
    return hashlib.sha256 if code is None else _Background(Pairing(code)).new_hash


class _Background:
    """One thread, in which all hashes of a pairing are taken in the order in which they were asked for."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._running: deque[Future[None]] = deque()

    def new_hash(self) -> _BackgroundHash:
        return _BackgroundHash(self, self._pairing.new_hash())

    def update(self, one: PairedHash, data: bytes | memoryview) -> None:
        self._running.append(self._thread.submit(one.update, data))
        while len(self._running) > MAX_RUNNING:
            self._running.popleft().result()

    def hexdigest(self, one: PairedHash) -> str:
        return self._thread.submit(one.hexdigest).result()


class _BackgroundHash:
    """A `RunningHash`."""

    def __init__(self, background: _Background, one: PairedHash) -> None:
        self._background = background
        self._one = one

    def update(self, data: bytes | memoryview, /) -> None:
        """See `RunningHash`."""
        self._background.update(self._one, data)

    def hexdigest(self) -> str:
        """See `RunningHash`."""
        return self._background.hexdigest(self._one)
