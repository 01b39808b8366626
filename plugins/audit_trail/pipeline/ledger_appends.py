"""What a person adds to the ledger: declared gaps, new keys, revoked keys."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from audit_trail.errors import ConfigurationError
from audit_trail.evidence.ledger_entry import Gap, KeyRevocation, KeyRotation, LinkedEntry
from audit_trail.evidence.public_key import PublicKey, Scheme
from audit_trail.pipeline.ledger_writer import append_entry, linked
from audit_trail.pipeline.stage_context import StageContext, check_day
from audit_trail.pipeline.timestamp_entries import stamp_entries
from audit_trail.signing.local_keys import next_key
from audit_trail.verification.ledger_walk import LedgerView

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """An entry that is in the ledger now; `new` is false when it was before."""

    entry: LinkedEntry
    sha256: str
    new: bool


def declare_gap(context: StageContext, day: str, reason: str) -> Appended:
    """Declare that a day has no logs; doing it again with the same reason changes nothing.

    Raises:
        ConfigurationError: Not a day that is over, no reason, or the day is sealed.
        StorageError: The ledger could not be read or written.
    """
    parsed: date = check_day(day, context.now())
    if not reason.strip():
        raise ConfigurationError("a gap needs a reason", where="--reason")

    def entry(view: LedgerView) -> Gap | None:
        if view.seals_of(day):
            raise ConfigurationError(
                "the day is sealed: it has no gap", where=day, remedy="nothing is to be declared"
            )
        there = view.gaps.get(day)
        if there is not None and there.reason == reason:
            return None
        return Gap(**linked(context, view), date=parsed.isoformat(), reason=reason)

    return _append(context, entry, lambda view: view.gaps[day])


def rotate_keys(context: StageContext, *, schemes: tuple[Scheme, ...] = ()) -> Appended:
    """Replace the signing keys, all of them or those of some schemes, by new ones.

    Where `signing.key_uris` serves a scheme, its key takes over; elsewhere a local one.
    Killed after the new keys were made and before the ledger has them, the
    next try takes the keys that are there.

    Raises:
        ConfigurationError: The keys of now are not held here, a scheme is
            not one of the archive's, or a key URI names a key that was believed before.
        StorageError: The ledger could not be read or written.
    """

    def entry(view: LedgerView) -> KeyRotation:
        chosen = schemes or tuple(key.scheme for key in view.keys)
        _check_schemes(view, chosen)
        keys = [_next_key(context, view, key.scheme) if key.scheme in chosen else key for key in view.keys]
        return KeyRotation(**linked(context, view), keys=_in_order(keys))

    return _append(context, entry, lambda view: view.key_changes[-1])


def revoke_key(
    context: StageContext, keyid: str, *, reason: str, from_sequence: int | None = None
) -> Appended:
    """Stop believing a key; where it signs now, a new one takes its place.

    Args:
        context: Of all stages.
        keyid: The key's id, or at least 8 digits it begins with.
        reason: Why, for the ledger.
        from_sequence: The entry from which on it is not believed: with an
            entry that is in the ledger already, that one and those after it
            show in every verification. None: from the next one on.

    Raises:
        ConfigurationError: No such key, revoked already, no reason, or the
            archive has no other key to confirm it.
        StorageError: The ledger could not be read or written.
    """
    if not reason.strip():
        raise ConfigurationError("a revocation needs a reason", where="--reason")

    def entry(view: LedgerView) -> KeyRevocation:
        revoked = _known_key(view, keyid)
        if revoked.keyid in {key.keyid for key in view.keys} and len(view.keys) == 1:
            raise ConfigurationError(
                "the archive has no other key that could confirm the revocation",
                where=revoked.keyid,
                remedy="found a new archive with two keys; rotate first if the key is only to be replaced",
            )
        keys = [
            _next_key(context, view, key.scheme) if key.keyid == revoked.keyid else key for key in view.keys
        ]
        fields = linked(context, view)
        first = fields["sequence"] if from_sequence is None else from_sequence
        if not 1 <= first <= fields["sequence"]:
            raise ConfigurationError(
                "no such entry", where="--from-entry", expected=f"1 to {fields['sequence']}", found=str(first)
            )
        return KeyRevocation(
            **fields, keyid=revoked.keyid, from_sequence=first, reason=reason, keys=_in_order(keys)
        )

    return _append(context, entry, lambda view: view.key_changes[-1])


def _append(
    context: StageContext,
    entry: Callable[[LedgerView], LinkedEntry | None],
    there: Callable[[LedgerView], LinkedEntry],
) -> Appended:
    made, view = append_entry(context, entry)
    if made is None:
        found = there(view)
        return Appended(entry=found, sha256=view.heads[found.sequence], new=False)
    stamp_entries(context, view)
    digest = view.heads[made.sequence]
    log.info("appended kind=%s entry=%d sha256=%s", made.kind, made.sequence, digest)
    return Appended(entry=made, sha256=digest, new=True)


def _next_key(context: StageContext, view: LedgerView, scheme: Scheme) -> PublicKey:
    """A key of the scheme that this archive has not seen."""
    seen = view.history.known().keys() | view.history.revocations.keys()
    return next_key(context.settings, scheme, seen=seen, clients=context.clients).public_key


def _check_schemes(view: LedgerView, schemes: tuple[Scheme, ...]) -> None:
    for scheme in schemes:
        if scheme not in view.history.algorithms:
            raise ConfigurationError(
                "not one of the archive's algorithms",
                where="--scheme",
                expected=", ".join(sorted(view.history.algorithms)),
                found=scheme,
            )


def _known_key(view: LedgerView, keyid: str) -> PublicKey:
    revoked = view.history.revocations
    believed = {known: key for known, key in view.history.known().items() if known not in revoked}
    found = [key for known, key in believed.items() if len(keyid) >= 8 and known.startswith(keyid)]
    if len(found) != 1:
        raise ConfigurationError(
            "not a key that this archive believes or believed, or revoked already",
            where="--key",
            expected=", ".join(known[:16] for known in believed),
            found=keyid[:64],
        )
    return found[0]


def _in_order(keys: list[PublicKey]) -> tuple[PublicKey, ...]:
    return tuple(sorted(keys, key=lambda key: key.keyid))
