"""Event ids: UUID version 7 of RFC 9562, so that ids sort by the time they were made."""

from __future__ import annotations

import os
import threading
import time
import uuid
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VERSION = 7
_RANDOM_BITS = 74
# RFC 9562, 6.2, method 2: within a millisecond the random part grows by a
# random step, so an id stays unguessable from the one before it.
_STEP_BYTES = 4


class EventIds:
    """Makes ids that only grow, also when the clock steps back. Safe for threads and forks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_ms = 0
        self._random = 0
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_anew)

    def next_id(self) -> str:
        """The next id, in the usual 8-4-4-4-12 form."""
        with self._lock:
            now_ms = time.time_ns() // 1_000_000
            if now_ms > self._last_ms:
                self._last_ms = now_ms
                # The highest bit starts at zero, to leave room for the steps.
                self._random = int.from_bytes(os.urandom(10), "big") >> (80 - _RANDOM_BITS + 1)
            else:
                self._random += 1 + int.from_bytes(os.urandom(_STEP_BYTES), "big")
                if self._random >> _RANDOM_BITS:
                    self._last_ms += 1
                    self._random &= (1 << _RANDOM_BITS) - 1
            return _format(self._last_ms, self._random)

    def _start_anew(self) -> None:
        # A child would otherwise continue its parent's sequence, under a lock
        # that another thread of the parent may have held.
        self._lock = threading.Lock()
        self._last_ms = 0


def _format(unix_ms: int, random: int) -> str:
    rand_a, rand_b = random >> 62, random & ((1 << 62) - 1)
    value = (unix_ms & ((1 << 48) - 1)) << 80 | 0x7 << 76 | rand_a << 64 | 0b10 << 62 | rand_b
    return str(uuid.UUID(int=value))


_EVENT_IDS = EventIds()


def new_event_id() -> str:
    """A UUIDv7 greater than every one this process made before."""
    return _EVENT_IDS.next_id()


def day_of_event_id(event_id: str) -> date | None:
    """The UTC day on which an id was made; None for anything but a UUIDv7."""
    try:
        value = uuid.UUID(event_id)
        moment = _EPOCH + timedelta(milliseconds=value.int >> 80)
    except (ValueError, OverflowError):
        return None
    return moment.date() if value.version == _VERSION else None
