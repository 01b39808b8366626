"""Sanitizing and hashing segments on all cores, each as soon as it is collected."""

from __future__ import annotations

import copy
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.shared_progress import SharedProgress

if TYPE_CHECKING:
    from audit_trail.pipeline.handoffs import HashedSegment, RawSegment
    from audit_trail.pipeline.stage_context import Progress, StageContext


class SegmentTaker(Protocol):
    """Who is handed segments while their day is still being collected."""

    def prepare(self) -> None:
        """Segments will come: load what takes long to load."""

    def take(self, segment: RawSegment) -> None:
        """A segment is closed and will not change any more.

        Raises:
            AuditTrailError: The work on an earlier one has failed.
        """

    def stop(self) -> None:
        """The day will not be collected; on return nobody works in staging any more."""


class SegmentWork:
    """Threads that run `sanitize` and `hash_segment`, one segment each.

    Threads are enough: redaction, SHA-256 and zstd work without the
    interpreter's lock. Used as a context manager; at its end, also after an
    error or Ctrl-C, the threads stop at their next block and are waited for.

    Args:
        context: Of the stages; the threads share what it has opened.
        day: The day that is collected.
        workers: Threads; more than there are cores gain nothing.
    """

    def __init__(self, context: StageContext, day: str, *, workers: int) -> None:
        self._context = context
        self._day = day
        self._progress = SharedProgress(context.on_progress)
        self._stopped = Event()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="segment")
        self._pending: list[Future[HashedSegment]] = []

    def __enter__(self) -> SegmentWork:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def prepare(self) -> None:
        """See `SegmentTaker`. What goes wrong here goes wrong again where it is reported."""
        self._pool.submit(lambda: self._context.redactor.redact(b""))

    def take(self, segment: RawSegment) -> None:
        """See `SegmentTaker`."""
        self._raise_failure()
        progress = self._progress.part(segment.bytes)
        self._pending.append(self._pool.submit(self._run, segment, progress))

    def results(self) -> list[HashedSegment]:
        """All segments taken, in that order, when they are done.

        Raises:
            AuditTrailError: What ended the work on one of them.
        """
        wait(self._pending, return_when=FIRST_EXCEPTION)
        self._raise_failure()
        return [pending.result() for pending in self._pending]

    def stop(self) -> None:
        """See `SegmentTaker`."""
        self._stopped.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _raise_failure(self) -> None:
        for pending in self._pending:
            if pending.done():
                pending.result()

    def _run(self, segment: RawSegment, progress: Progress) -> HashedSegment:
        def progress_or_stop(stage: str, done: int, total: int) -> None:
            if self._stopped.is_set():
                raise _StoppedError
            progress(stage, done, total)

        # Before the copy, which then has them: they are slow to make.
        _ = self._context.redactor, self._context.staging(self._day)
        context = copy.copy(self._context)
        context.on_progress = progress_or_stop
        return hash_segment(context, self._day, sanitize(context, self._day, segment))


class _StoppedError(Exception):
    """Ends a thread whose result nobody wants any more."""
