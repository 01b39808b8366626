"""Is every sealed object there, in its sealed version, locked, and nothing else?"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from audit_trail.archive.object_store import ObjectReader, ObjectVersion, Retention, StoredObject
from audit_trail.errors import AuditTrailError
from audit_trail.evidence.fields import format_timestamp, parse_timestamp
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.object_keys import day_of_key, ledger_key, token_key
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.days import Grace
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.seal_checks import STRONG_ENOUGH

_TAMPERED = (
    "somebody changed the archive; restore is impossible, but who and when is in the store's access log"
)

_PLANTED = "the sealed version is still readable by its id; find out who put this here"
_EARLY = "look again when the day's run has ended; what is still here then was planted"


def check_object(store: ObjectReader, sealed: SealedObject, checks: CheckList, *, day: str) -> None:
    """Compare one sealed object with what the store says of it now."""
    try:
        there = store.head(sealed.key, sealed.version_id)
    except AuditTrailError as error:
        where = f"{sealed.key} version {sealed.version_id}"
        checks.add_error("object.present", error, where=where, day=day)
        return
    check_described(there, sealed, checks, day=day)


def check_described(there: StoredObject | None, sealed: SealedObject, checks: CheckList, *, day: str) -> None:
    """Compare one sealed object with what the store has said of it."""
    where = f"{sealed.key} version {sealed.version_id}"
    if not checks.compare(
        "object.present",
        where,
        expected="present",
        found="present" if there else "absent",
        day=day,
        remedy=_TAMPERED,
    ):
        return
    assert there is not None  # noqa: S101 - narrowed by the comparison above
    checks.compare("object.size", where, expected=sealed.bytes, found=there.size, day=day, remedy=_TAMPERED)
    checks.compare(
        "object.checksum", where, expected=sealed.sha256, found=there.sha256, day=day, remedy=_TAMPERED
    )
    _check_lock(
        "object.lock",
        there.retention,
        checks,
        mode=sealed.lock_mode,
        until=parse_timestamp(sealed.retain_until),
        where=where,
        day=day,
    )


def check_entry(view: LedgerView, sequence: int, checks: CheckList, *, day: str = "") -> None:
    """Compare the lock of a ledger entry, and of its token, with what the genesis promised.

    An entry cannot name its own lock, so the policy and the entry's time do:
    it was put after `at`, under a lock of at least `retain_days`, and so was its token.
    """
    policy = view.genesis.policy
    until = parse_timestamp(view.times[sequence]) + timedelta(days=policy.retain_days)
    where = f"{ledger_key(sequence)} version {view.versions[sequence]}"
    held = view.locks[sequence]
    _check_lock("ledger.lock", held, checks, mode=policy.lock_mode, until=until, where=where, day=day)
    if sequence in view.token_locks:
        where = f"{token_key(sequence)} version {view.tokens[sequence].version_id}"
        held = view.token_locks[sequence]
        _check_lock("ledger.lock", held, checks, mode=policy.lock_mode, until=until, where=where, day=day)


def _check_lock(
    name: str,
    held: Retention | None,
    checks: CheckList,
    *,
    mode: str,
    until: datetime,
    where: str,
    day: str,
) -> None:
    locked = held is not None and held.mode in STRONG_ENOUGH[mode] and held.until >= until
    checks.add(
        Check(
            name=name,
            where=where,
            outcome=Outcome.PASS if locked else Outcome.FAIL,
            expected=f"{mode} until {format_timestamp(until)}",
            found=f"{held.mode} until {format_timestamp(held.until)}" if held else "no lock",
            remedy="" if locked else "the lock was weakened; lock the version again and find out who could",
            day=day,
        )
    )


def check_listing(
    versions: Iterable[ObjectVersion],
    seals: Iterable[Seal],
    checks: CheckList,
    *,
    where: str,
    grace: Grace | None = None,
) -> None:
    """Nothing lies over a sealed object, and nothing lies beside it that nobody sealed.

    Args:
        versions: All versions and delete markers below the prefixes of the seals' days.
        seals: The seals whose objects are meant to be there.
        checks: Where results go.
        where: What was listed, for the passed check.
        grace: Days without a seal that are not due yet may have objects already;
            and what was put shortly ago may be late data on its way to its seal:
            it is unverifiable then, not wrong. None: no grace.
    """
    sealed: dict[str, set[str]] = {}
    days: dict[str, str] = {}
    for seal in seals:
        for item in (seal.manifest, *seal.objects):
            sealed.setdefault(item.key, set()).add(item.version_id)
            days[item.key] = seal.date
    clean = True
    for version in versions:
        problem = _problem(version, sealed)
        if problem is None:
            continue
        name, found = problem
        early = False
        if name == "listing.unsealed" and grace is not None:
            if grace.is_open(_day_of(version.key)):
                continue
            early = day_of_key(version.key) is not None and grace.is_young(version)
        clean = False
        checks.add(
            Check(
                name=name,
                where=f"{version.key} version {version.version_id}",
                outcome=Outcome.UNVERIFIABLE if early else Outcome.FAIL,
                expected="only what the ledger names",
                found=f"{found} yet, put at {format_timestamp(version.modified)}" if early else found,
                remedy=_EARLY if early else _PLANTED,
                day=days.get(version.key, _day_of(version.key)),
            )
        )
    if clean:
        checks.add(Check(name="listing.clean", where=where, outcome=Outcome.PASS))


def _problem(version: ObjectVersion, sealed: dict[str, set[str]]) -> tuple[str, str] | None:
    if version.key not in sealed:
        return (
            "listing.unsealed",
            "a delete marker" if version.is_delete_marker else "an object that no entry names",
        )
    if version.is_delete_marker:
        return "listing.delete-marker", "a delete marker over the sealed version"
    if version.version_id not in sealed[version.key]:
        return "listing.overlaid", "another version of a sealed object"
    return None


def _day_of(key: str) -> str:
    for part in key.split("/"):
        if part.startswith("date="):
            return part.removeprefix("date=")
    return ""
