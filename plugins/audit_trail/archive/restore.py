"""Objects in a cold storage class: how they stand, and asking for copies that can be read.

A restored object keeps its class; only the header `x-amz-restore` of HEAD tells
that there is a copy, and until when. Of a copy that has expired Amazon S3 says
nothing any more: the object is archived, as if it had never been restored.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html (x-amz-restore)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum

from audit_trail.archive.object_store import (
    ArchivedError,
    ObjectReader,
    ObjectStore,
    RestoreAnswer,
    StoredObject,
    TierUnavailableError,
)
from audit_trail.archive.restore_estimate import COLD_CLASSES, tier_for
from audit_trail.errors import StorageError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.object_keys import day_of_key

WORKERS = 8
"""Requests in flight; S3 takes 1,000 restore requests a second of an account."""
Version = tuple[str, str]
"""A key below the archive's prefix, and the version that was sealed."""
_HEADER = re.compile(r'ongoing-request="(?:(true)|false", expiry-date="([^"]{1,40}))"')


class RestoreState(StrEnum):
    """Whether an object can be read, and what it waits for if not."""

    HOT = "hot"
    ARCHIVED = "archived"
    RESTORING = "restoring"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an object stands; `until` is when its restored copy goes, or went."""

    state: RestoreState
    until: datetime | None = None


def standing(there: StoredObject, *, now: datetime) -> Standing:
    """How an object stands, by its class and the header of its HEAD.

    Raises:
        StorageError: The header says something that Amazon S3 does not say.
    """
    if there.storage_class not in COLD_CLASSES:
        return Standing(state=RestoreState.HOT)
    if not there.restore:
        return Standing(state=RestoreState.ARCHIVED)
    until = parse_restore(there.restore, where=there.key)
    if until is None:
        return Standing(state=RestoreState.RESTORING)
    return Standing(state=RestoreState.RESTORED if now < until else RestoreState.ARCHIVED, until=until)


def parse_restore(header: str, *, where: str) -> datetime | None:
    """When the copy goes that a header `x-amz-restore` speaks of; None while it is on its way.

    Raises:
        StorageError: The header is anything else.
    """
    match = _HEADER.fullmatch(header)
    if match and match[1]:
        return None
    try:
        until = parsedate_to_datetime(match[2] if match else "").astimezone(UTC)
        if match and format_datetime(until, usegmt=True) == match[2]:
            return until
    except (ValueError, OverflowError):
        pass
    raise StorageError(
        "the store says of a restore what nobody understands",
        where=where,
        expected='ongoing-request="true", or ongoing-request="false" and an expiry-date',
        found=repr(header[:100]),
        remedy="look at the object's restore status in the store",
    )


def archived_error(there: StoredObject | None, *, key: str, where: str) -> ArchivedError:
    """What to tell somebody whose GET of a cold object was refused.

    Args:
        there: What HEAD said after the refusal.
        key: Its key below the archive's prefix.
        where: Its address.
    """
    day = day_of_key(key)
    command = f"audit-trail restore --from {day} --to {day}" if day else "the store's own tools"
    found, remedy = "not restored", f"restore it with {command}, or restore it again if it was restored"
    until = None
    try:
        header = there.restore if there else ""
        until = parse_restore(header, where=key) if header else None
        if header and until is None:
            found, remedy = "being restored", "verify again when that is done, typically within 48 hours"
        elif until is not None:
            found = f"its restored copy went at {format_timestamp(until)}"
            remedy = f"restore it again with {command}"
    except StorageError as error:
        found = f"{error.what}: {error.found}"
    return ArchivedError(
        "the object lies in a cold storage class and cannot be read now",
        where=where,
        expected="a hot class, or a restored copy",
        found=f"{there.storage_class if there else 'no such version'}, {found}",
        remedy=remedy,
    )


@dataclass(slots=True, kw_only=True)
class ColdObjects:
    """How some objects stand: those to ask for, to wait for, and those that can be read.

    `absent` and `unknown` are for the verification to speak of, which asks
    the store again.
    """

    archived: list[StoredObject] = field(default_factory=list)
    restoring: list[StoredObject] = field(default_factory=list)
    restored: list[tuple[StoredObject, datetime]] = field(default_factory=list)
    hot: int = 0
    absent: int = 0
    unknown: list[StorageError] = field(default_factory=list)

    def going_before(self, moment: datetime) -> list[StoredObject]:
        """Restored objects whose copies would be gone at a moment."""
        return [there for there, until in self.restored if until < moment]


def look_at(
    store: ObjectReader,
    versions: Iterable[Version],
    *,
    now: datetime,
    on_progress: Callable[[int], None] | None = None,
) -> ColdObjects:
    """How each of some objects stands: one HEAD each, nothing is asked for."""
    found = ColdObjects()
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="cold") as pool:
        answers = pool.map(lambda version: _looked_at(store, version, now), versions)
        for done, answer in enumerate(answers, 1):
            _sort_in(found, answer)
            if on_progress is not None:
                on_progress(done)
    return found


_Look = tuple[StoredObject, Standing] | StorageError | None


def _looked_at(store: ObjectReader, version: Version, now: datetime) -> _Look:
    try:
        there = store.head(*version)
        return None if there is None else (there, standing(there, now=now))
    except StorageError as error:
        return error


def _sort_in(found: ColdObjects, answer: _Look) -> None:
    if answer is None:
        found.absent += 1
    elif isinstance(answer, StorageError):
        found.unknown.append(answer)
    else:
        there, stands = answer
        if stands.state is RestoreState.HOT:
            found.hot += 1
        elif stands.state is RestoreState.ARCHIVED:
            found.archived.append(there)
        elif stands.state is RestoreState.RESTORING:
            found.restoring.append(there)
        elif stands.until is not None:
            found.restored.append((there, stands.until))


@dataclass(slots=True, kw_only=True)
class Asked:
    """What became of some requests for restores."""

    answers: dict[RestoreAnswer, int] = field(default_factory=dict)
    waiting: list[Version] = field(default_factory=list)
    refused: list[StorageError] = field(default_factory=list)


def ask_for(
    store: ObjectStore,
    objects: Sequence[StoredObject],
    *,
    tier: str,
    days: int,
    fall_back: bool,
) -> Asked:
    """Ask for a restored copy of each of some versions, and of no other version.

    The first one is asked for alone: whoever may not restore that one would be
    refused thousands of times. Asking again is harmless, see
    `ObjectStore.request_restore`; whoever was killed half-way looks again and
    asks for the rest.

    Args:
        store: Where they are.
        objects: As HEAD described them, each with its version.
        tier: `Bulk`, `Standard` or `Expedited`.
        days: That the copies are kept.
        fall_back: Ask for `Standard` where `Expedited` is not to be had.

    Raises:
        DeniedError: The first one was not allowed.
        ConfigurationError: A class has no such tier; see `tier_for`.
    """
    tiers = {there.storage_class: tier_for(there.storage_class, tier, fall_back) for there in objects}

    def ask(there: StoredObject) -> RestoreAnswer | StorageError:
        chosen = tiers[there.storage_class]
        try:
            try:
                return store.request_restore(there.key, there.version_id, tier=chosen, days=days)
            except TierUnavailableError:
                if not fall_back:
                    raise
                tiers[there.storage_class] = "Standard"  # for all that follow, too
                return store.request_restore(there.key, there.version_id, tier="Standard", days=days)
        except StorageError as error:
            return error

    asked = Asked()
    if not objects:
        return asked
    _note(asked, objects[0], ask(objects[0]))
    if asked.refused:
        raise asked.refused[0]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="restore") as pool:
        for there, answer in zip(objects[1:], pool.map(ask, objects[1:]), strict=True):
            _note(asked, there, answer)
    return asked


def _note(asked: Asked, there: StoredObject, answer: RestoreAnswer | StorageError) -> None:
    if isinstance(answer, StorageError):
        asked.refused.append(answer)
        return
    asked.answers[answer] = asked.answers.get(answer, 0) + 1
    if answer != "extended":
        asked.waiting.append((there.key, there.version_id))


def give_up_at(asked_at: datetime, longest: timedelta) -> datetime:
    """When waiting is in vain: Amazon S3 says how long a restore typically takes, and promises nothing."""
    return asked_at + longest * 1.5 + timedelta(hours=1)
