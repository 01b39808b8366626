"""Waits until objects in a cold storage class have been restored."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent
from asgiref.sync import sync_to_async

from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError

if TYPE_CHECKING:
    from audit_trail.archive.s3_store import S3Store

MAX_POLL_INTERVAL_S = 1800.0
SHARE_OF_THE_WAIT = 0.1
"""The next look comes after a tenth of the time that was waited so far: few looks, and little lost."""
MAX_NAMED = 100
"""Missing keys that an event names; of more it says how many."""


class RestoreTrigger(BaseTrigger):
    """Fires when every version can be read or is no longer on its way, or at the deadline.

    What it knows stands in its arguments and in the store, so a triggerer that
    is started again goes on where the last one was. It looks at one version
    until that one is done, and then at the next: one HEAD each, and one for
    each time that it has looked in vain. It knows no secret: settings and
    credentials are those of the triggerer, which needs to read the bucket.

    The event's `status` is `done`, `late` (the deadline has passed) or `error`
    (it cannot look at all); with the versions that are still `missing`.

    Args:
        archive: The archive's address, `s3://bucket/prefix/`: the triggerer's own settings must name it, too.
        versions: Pairs of key and version.
        asked_at: When they were asked for, RFC 3339.
        deadline: When waiting is in vain, RFC 3339.
        poll_interval_s: Least seconds between two looks; they become fewer the longer it takes.
    """

    def __init__(
        self,
        *,
        archive: str,
        versions: Sequence[Sequence[str]],
        asked_at: str,
        deadline: str,
        poll_interval_s: float,
    ) -> None:
        super().__init__()
        self.archive = archive
        self.versions = [(key, version) for key, version in versions]
        self.asked_at = asked_at
        self.deadline = deadline
        self.poll_interval_s = poll_interval_s

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Plain values only; see `BaseTrigger.serialize`."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "archive": self.archive,
                "versions": [list(version) for version in self.versions],
                "asked_at": self.asked_at,
                "deadline": self.deadline,
                "poll_interval_s": self.poll_interval_s,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, sleep, look again; requests are made in threads, so the event loop is never held up."""
        missing = deque(self.versions)
        asked_at, deadline = datetime.fromisoformat(self.asked_at), datetime.fromisoformat(self.deadline)
        try:
            # Not `to_thread`: Airflow looks a connection up over the event loop that waits here.
            store = await sync_to_async(self._open_store)()
            while missing:
                await asyncio.to_thread(self._take_done, store, missing)
                now = datetime.now(UTC)
                if not missing or now >= deadline:
                    break
                pause = self._pause((now - asked_at).total_seconds(), (deadline - now).total_seconds())
                self.log.info(
                    "%d of %d restored; next look in %.0f s",
                    len(self.versions) - len(missing), len(self.versions), pause,
                )  # fmt: skip
                await asyncio.sleep(pause)
            if missing:
                missing = deque(await asyncio.to_thread(self._still_restoring, store, missing))
        except AuditTrailError as error:
            yield self._event("error", missing, error=str(error))
            return
        yield self._event("late" if missing else "done", missing)

    def _pause(self, waited_s: float, left_s: float) -> float:
        wanted = max(self.poll_interval_s, min(waited_s * SHARE_OF_THE_WAIT, MAX_POLL_INTERVAL_S))
        return max(0.0, min(wanted, left_s))

    def _open_store(self) -> S3Store:
        from audit_trail.archive.s3_store import S3Store, archive_uri, make_client
        from audit_trail.hooks.aws_connection import ConnectionClients
        from audit_trail.settings import load_settings

        settings = load_settings()
        archive = settings.archive
        if archive_uri(archive) != self.archive:
            raise ConfigurationError(
                "the triggerer's settings name another archive than the worker's",
                where="archive.bucket, archive.prefix",
                expected=self.archive,
                found=archive_uri(archive),
                remedy="give the triggerer the same AUDIT_TRAIL_CONFIG and environment",
            )
        return S3Store(archive, make_client(archive, ConnectionClients(settings)))

    def _take_done(self, store: S3Store, missing: deque[tuple[str, str]]) -> None:
        """Take versions off the front until one of them is still on its way."""
        while missing and not self._is_restoring(store, missing[0]):
            missing.popleft()

    def _still_restoring(self, store: S3Store, missing: deque[tuple[str, str]]) -> list[tuple[str, str]]:
        return [version for version in missing if self._is_restoring(store, version)]

    def _is_restoring(self, store: S3Store, version: tuple[str, str]) -> bool:
        """Whether to go on waiting for a version; one that is gone or archived again is not on its way.

        Raises:
            DeniedError: The triggerer may not look.
        """
        from audit_trail.archive.object_store import DeniedError
        from audit_trail.archive.restore import RestoreState, standing

        try:
            there = store.head(*version)
            return there is not None and (
                standing(there, now=datetime.now(UTC)).state is RestoreState.RESTORING
            )
        except DeniedError as error:
            error.remedy = f"allow the triggerer's credentials s3:GetObjectVersion on {self.archive}*"
            raise
        except StorageError as error:
            self.log.warning("could not look, will try again: %s", error)
            return True

    def _event(self, status: str, missing: Sequence[tuple[str, str]], *, error: str = "") -> TriggerEvent:
        return TriggerEvent(
            {
                "status": status,
                "missing_total": len(missing),
                "missing": [list(version) for version in list(missing)[:MAX_NAMED]],
                "error": error,
            }
        )
