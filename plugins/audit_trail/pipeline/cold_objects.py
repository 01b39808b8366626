"""Asking for what a content verification has to read and cannot yet, and what to wait for then."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit_trail.archive.object_store import StoredObject
from audit_trail.archive.restore import ColdObjects, Version, ask_for, give_up_at, look_at
from audit_trail.archive.restore_estimate import LONGEST, RestoreEstimate, estimate_restore
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.pipeline.stage_context import StageContext

log = logging.getLogger(__name__)

MAX_WAITED = 5000
"""Versions that one task waits for: their names go into one row of Airflow's database, 200 bytes each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What is on its way, since when, and until when it is worth waiting for."""

    versions: tuple[Version, ...]
    asked_at: datetime
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Requested:
    """What became of asking: what to wait for, None where nothing is on its way; and what was refused."""

    wait: Wait | None
    refused: tuple[StorageError, ...]


def request_cold(context: StageContext, versions: Sequence[Version], *, tier: str) -> Requested:
    """Ask for a restore of those of some versions that cannot be read, after logging what it amounts to.

    Run again, it asks for nothing that is on its way or there already: what was
    asked for is remembered by the store alone.

    Args:
        context: What the stage works with.
        versions: The sealed versions that are to be read; no other version is asked for.
        tier: `Bulk`, `Standard` or `Expedited`.

    Raises:
        ConfigurationError: A class has no such tier, or these are too many to wait for.
    """
    if len(versions) > MAX_WAITED:
        raise ConfigurationError(
            "more objects than one task waits for",
            where="verification.sample_size",
            expected=f"at most {MAX_WAITED} objects, manifests included",
            found=str(len(versions)),
            remedy="lower it, or spread the objects over more tasks",
        )
    now = context.now()
    cold = look_at(context.store, versions, now=now)
    estimate, kept_longer = estimate_cold(context, cold, tier=tier, now=now)
    _log_standing(cold, estimate)
    wanted = [*cold.archived, *kept_longer]
    if wanted and timedelta(days=context.settings.restore.days) < _longest(cold, estimate):
        log.warning("copies kept for restore.days may be gone before the slowest one is here")
    refused: tuple[StorageError, ...] = ()
    waiting = [(there.key, there.version_id) for there in cold.restoring]
    if wanted:
        chosen = context.settings.restore
        try:
            asked = ask_for(context.store, wanted, tier=tier, days=chosen.days, fall_back=chosen.fall_back)
        except StorageError as denied:
            refused = (denied,)
        else:
            refused = tuple(asked.refused)
            waiting += asked.waiting
            for answer, count in sorted(asked.answers.items()):
                log.info("restore of %d objects: %s", count, answer)
        for error in refused[:10]:
            log.error("restore refused: %s", error)
    if not waiting:
        return Requested(wait=None, refused=refused)
    deadline = give_up_at(now, _longest(cold, estimate))
    return Requested(wait=Wait(versions=tuple(waiting), asked_at=now, deadline=deadline), refused=refused)


def estimate_cold(
    context: StageContext, cold: ColdObjects, *, tier: str, now: datetime, days: int | None = None
) -> tuple[RestoreEstimate, list[StoredObject]]:
    """What asking for the archived ones amounts to, and which copies have to be kept for longer meanwhile.

    Raises:
        ConfigurationError: A class has no such tier.
    """
    settings = context.settings.restore
    kept_for = days or settings.days
    first = estimate_restore(cold.archived, tier=tier, days=kept_for, settings=settings)
    longest = _longest(cold, first)
    kept_longer = cold.going_before(now + longest) if timedelta(days=kept_for) > longest else []
    estimate = estimate_restore(cold.archived, kept_longer, tier=tier, days=kept_for, settings=settings)
    return estimate, kept_longer


def _longest(cold: ColdObjects, estimate: RestoreEstimate) -> timedelta:
    # Nobody knows by which tier somebody else has asked for what is on its way.
    others = [
        span for there in cold.restoring for (held, _), span in LONGEST.items() if held == there.storage_class
    ]
    return max([estimate.longest, *others])


def _log_standing(cold: ColdObjects, estimate: RestoreEstimate) -> None:
    log.info(
        "cold storage: %d objects can be read, %d are being restored, %d have to be restored, "
        "%d are absent or unknown",
        cold.hot + len(cold.restored), len(cold.restoring), len(cold.archived),
        cold.absent + len(cold.unknown),
    )  # fmt: skip
    if estimate.requests:
        log.info("restore: %s", estimate)
