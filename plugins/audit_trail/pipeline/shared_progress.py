"""One bar for a stage that works on several parts at once."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_trail.pipeline.stage_context import Progress


class SharedProgress:
    """Adds up how far several parts are. Safe to use from several threads.

    Args:
        tell: Told the sums, by one thread at a time.
    """

    def __init__(self, tell: Progress) -> None:
        self._tell = tell
        self._lock = Lock()
        self._expected_bytes = 0
        self._done_bytes: Counter[str] = Counter()

    def part(self, size_bytes: int) -> Progress:
        """A part of that size begins; what it has to call."""
        told: Counter[str] = Counter()

        def progress(stage: str, done: int, total: int) -> None:
            # A stage may count in bytes of its own, such as redacted ones.
            share = size_bytes * done // total if total else size_bytes
            with self._lock:
                self._done_bytes[stage] += share - told[stage]
                told[stage] = share
                self._tell(stage, self._done_bytes[stage], self._expected_bytes)

        with self._lock:
            self._expected_bytes += size_bytes
        return progress
