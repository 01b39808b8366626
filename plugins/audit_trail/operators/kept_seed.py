"""The seed of a sample that a task waits for, in Airflow's own memory of the task.

Other days are sealed while a task waits. Drawn anew, with the newest entry,
the sample would be another one, and every retry would pay for other objects.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from audit_trail.errors import IntegrityError
from audit_trail.evidence.fields import format_timestamp, parse_timestamp
from audit_trail.signing.pins import Head, format_head, parse_head

if TYPE_CHECKING:
    from airflow.sdk import Context

KEY = "audit_trail_sample"


class KeptSeed:
    """The ledger entry that a sample was drawn with, kept across deferral and retries.

    It lives in `task_state_store`, which Airflow 3.3 keeps for each task of a
    run. It is not believed: `begin_verification` holds it against the ledger.
    """

    def __init__(self, context: Context) -> None:
        self._store: Any = context["task_state_store"]

    def read(self, now: datetime) -> Head | None:
        """The seed, if one is kept and its restored copies are not gone by now.

        Raises:
            IntegrityError: What is kept was never written here.
        """
        kept = self._store.get(KEY)
        if kept is None:
            return None
        try:
            until, head = parse_timestamp(kept["until"]), parse_head(kept["head"], where=f"task state {KEY}")
        except (TypeError, KeyError, ValueError, AttributeError) as error:
            raise IntegrityError(
                "what is kept of a task's sample cannot be read",
                where=f"task state {KEY}",
                found=type(error).__name__,
                remedy="the task's stored state was edited; delete it and clear the task",
            ) from error
        return None if until < now else head

    def keep(self, seed: Head, *, now: datetime, days: int) -> None:
        """Keep a seed for as long as the restored copies are kept. Kept before anything is asked for."""
        until = format_timestamp(now + timedelta(days=days))
        self._store.set(KEY, {"head": format_head(seed), "until": until}, retention=timedelta(days=days))

    def forget(self) -> None:
        """The sample has been verified: the next one is drawn with the newest entry."""
        self._store.delete(KEY)
