"""Processor time by what it is spent on, over all threads, each moment counted once."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any


class ExclusiveClock:
    """Counts the processor time of nested calls: what an inner one takes is not the outer one's."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock = threading.Lock()
        self._thread = threading.local()

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """What runs inside, in this thread, is spent on `name`."""
        running: list[str] = self._thread.__dict__.setdefault("running", [])
        self._account(running)
        running.append(name)
        try:
            yield
        finally:
            self._account(running)
            running.pop()

    def wrapped(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function with all its calls counted."""

        @wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.of(name):
                return function(*args, **kwargs)

        return counted

    def iterated(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A generator function with each of its steps counted."""

        @wraps(function)
        def counted(*args: Any, **kwargs: Any) -> Iterator[Any]:
            items = iter(function(*args, **kwargs))
            while True:
                with self.of(name):
                    item = next(items, self)
                if item is self:
                    return
                yield item

        return counted

    def _account(self, running: list[str]) -> None:
        now = time.thread_time()
        since = self._thread.__dict__.get("since", now)
        self._thread.since = now
        if running:
            with self._lock:
                self.seconds[running[-1]] += now - since
