"""The archive as the page shows it: read once in the background, then followed.

Nothing is kept but in memory, and nothing is believed that the ledger does not
prove: after a restart it is walked again, entry by entry, and from time to time
as well, because following it sees only what was appended.

A request never waits for the store longer than `WAIT_S`. It gets what was read
last and, if something went wrong since, what that was.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from audit_trail.errors import AuditTrailError, IntegrityError, StorageError
from audit_trail.verification.ledger_follow import follow_ledger, is_still_there
from audit_trail.verification.ledger_walk import LedgerView, read_ledger
from audit_trail.web.snapshot import Snapshot, take_snapshot

if TYPE_CHECKING:
    from audit_trail.pipeline.stage_context import StageContext

log = logging.getLogger(__name__)

LOOK_INTERVAL_S = 5.0
"""Between two looks at the store while somebody has the page open."""
WAIT_S = 0.1
"""How long a request waits for a look. Many are done by then; the others are in the next answer."""
WALK_INTERVAL_S = 6 * 3600.0
"""After so long the whole ledger is walked again: 15 s of computing for ten years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of the ledger has been read, in entries."""

    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a request gets to see.

    Attributes:
        snapshot: What was read last; None before the first time, and when the
            ledger cannot be believed any more.
        problem: Why the last attempt to read failed; None when it did not.
        progress: While the ledger is being walked.
        looking: Whether the store is being looked at: ask again soon.
    """

    snapshot: Snapshot | None
    problem: AuditTrailError | None
    progress: Progress | None
    looking: bool


@dataclass(slots=True, kw_only=True)
class ArchiveView:
    """One archive, shared by all requests of a process. Its methods may be called from any thread.

    Args:
        open_context: Reads the settings and opens what they name; called for every
            look at the store, so that changed settings take effect.
    """

    open_context: Callable[[], StageContext]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _idle: threading.Event = field(default_factory=threading.Event)
    _running: bool = False
    _looked_at: float | None = None
    _walked_at: float = 0.0
    _view: LedgerView | None = None
    _snapshot: Snapshot | None = None
    _problem: AuditTrailError | None = None
    _progress: Progress | None = None

    def look(self, *, wait_s: float = WAIT_S) -> Look:
        """What is known, after a look at the store if the last one is some seconds old.

        Args:
            wait_s: For how long to wait for that look.
        """
        with self._lock:
            due = self._looked_at is None or time.monotonic() - self._looked_at > LOOK_INTERVAL_S
            if due and not self._running:
                self._running = True
                self._idle.clear()
                # A daemon: an API server that is stopped does not wait for a bucket.
                threading.Thread(target=self._run, name="audit-trail-page", daemon=True).start()
            running = self._running
        if running:
            self._idle.wait(wait_s)
        with self._lock:
            return Look(
                snapshot=self._snapshot,
                problem=self._problem,
                progress=self._progress,
                looking=self._running,
            )

    def _run(self) -> None:
        problem: AuditTrailError | None = None
        snapshot = self._snapshot
        try:
            snapshot = self._read()
        except AuditTrailError as error:
            problem = error
        except Exception:
            # The page outlives whatever this was; the traceback goes to the log and to nobody else.
            log.exception("the page could not read the archive")
            problem = StorageError(
                "the archive could not be read",
                found="an unexpected error",
                remedy="the API server's log has it",
            )
        if problem is not None and not isinstance(problem, StorageError):
            # Another archive, or one that is not what it was: what was read before says nothing of it.
            snapshot = self._view = None
        with self._lock:
            self._snapshot, self._problem, self._progress = snapshot, problem, None
            self._looked_at = time.monotonic()
            self._running = False
            self._idle.set()

    def _read(self) -> Snapshot:
        context = self.open_context()
        # Before the ledger is listed: another writer may append and move the pin meanwhile.
        try:
            remembered, pin_problem = context.pin.read(), None
        except (IntegrityError, StorageError) as error:
            remembered, pin_problem = None, error
        view = self._followed(context) or self._walked(context)
        return take_snapshot(
            context, view, remembered=remembered, pin_problem=pin_problem, former=self._snapshot
        )

    def _followed(self, context: StageContext) -> LedgerView | None:
        view = self._view
        if (
            view is None
            or view.genesis_sha256 != context.genesis
            or time.monotonic() - self._walked_at > WALK_INTERVAL_S
            or not is_still_there(context.store, view)
        ):
            return None
        follow_ledger(context.store, view)
        return view

    def _walked(self, context: StageContext) -> LedgerView:
        self._note_progress(0, 0)
        view = read_ledger(context.store, context.genesis, on_progress=self._note_progress)
        self._view, self._walked_at = view, time.monotonic()
        return view

    def _note_progress(self, done: int, total: int) -> None:
        self._progress = Progress(done=done, total=total)
