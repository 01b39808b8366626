"""Attacks of whoever holds signing keys: other ones, old ones, revoked ones, or the archive's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit_trail.archive.ledger import put_entry
from audit_trail.demo.attacks.scene import Scene
from audit_trail.demo.attacks.victim import SealedArchive
from audit_trail.evidence.ledger_entry import (
    Entry,
    KeyRevocation,
    KeyRotation,
    LinkedEntry,
    Seal,
    encode_entry,
)
from audit_trail.pipeline.ledger_appends import revoke_key, rotate_keys
from audit_trail.signing.local_keys import held_keys
from audit_trail.signing.signatures import load_signers, sign_payload
from audit_trail.verification.verifier import Report


def replace_entry(scene: Scene) -> Report:
    """An entry of the past written anew and validly signed; what came after it is left as it is."""
    honest = scene.honest
    seal = honest.view.seals_of(scene.days[1])[0]
    totals = seal.totals.model_copy(update={"records": 1})
    data = _signed(honest, seal.model_copy(update={"totals": totals}))
    key = f"ledger/{seal.sequence:012d}.dsse.json"
    return scene.copied(lambda found, old: (found, data if found == key else old), remembered=False)


def substitute_key(scene: Scene) -> Report:
    """The next entry signed by keys that are as good, and not the archive's."""
    return _appended(scene.fresh(days=4), keys=scene.foreign_keys)


def sign_with_revoked_key(scene: Scene) -> Report:
    """A seal by a key that is revoked, together with one that is believed."""
    archive = scene.fresh(days=4)
    before = archive.view.keys
    revoke_key(archive.context(), before[0].keyid, reason="stolen")
    return _appended(archive, keyids=[key.keyid for key in before])


def revoked_for_the_past(scene: Scene) -> Report:
    """Entries that a stolen key signed before the theft was known."""
    archive = scene.fresh(days=4)
    revoke_key(archive.context(), archive.view.keys[0].keyid, reason="stolen", from_sequence=1)
    return archive.verify()


def sign_with_key_to_come(scene: Scene) -> Report:
    """A seal by keys that a later rotation brings in."""
    archive = scene.fresh(days=4)
    before = archive.view
    rotate_keys(archive.context())
    keyids = [key.keyid for key in archive.view.keys]
    entry = _next_seal(archive)
    entry = entry.model_copy(update={"sequence": before.head.sequence + 1, "previous": before.head.sha256})
    data = _signed(archive, entry, keyids=keyids)
    other = scene.fresh(days=4)
    put_entry(other.store, other.view.head.sequence + 1, data, other.context().storage.retention())
    return other.verify()


def rotation_by_new_keys_alone(scene: Scene) -> Report:
    """A rotation to foreign keys that the old ones did not sign."""
    archive = scene.fresh(days=4)
    foreign = archive.settings.model_copy(update={"keys_dir": scene.foreign_keys})
    keys = tuple(key.public_key for key in held_keys(foreign))
    return _put(archive, KeyRotation(**_linked(archive), keys=keys), keys=scene.foreign_keys)


def weaker_algorithm(scene: Scene) -> Report:
    """A rotation, signed by the archive's own keys, that drops one of two algorithms."""
    archive = scene.fresh(days=4)
    context = archive.context()
    rsa = [key for key in archive.view.keys if key.keytype == "rsa"]
    entry = KeyRotation(**_linked(archive), keys=tuple(rsa))
    data = sign_payload(encode_entry(entry), context.signers(archive.view.keys)).to_bytes()
    put_entry(archive.store, entry.sequence, data, context.storage.retention())
    return archive.verify()


def revocation_of_a_healthy_key(scene: Scene) -> Report:
    """A thief of one key revokes the other one, and puts his own in its place."""
    archive = scene.fresh(days=4)
    stolen, healthy = archive.view.keys
    foreign = archive.settings.model_copy(update={"keys_dir": scene.foreign_keys})
    own = {key.public_key.scheme: key.public_key for key in held_keys(foreign)}
    keys = tuple(sorted((own[stolen.scheme], own[healthy.scheme]), key=lambda key: key.keyid))
    linked = _linked(archive)
    entry = KeyRevocation(
        **linked, keyid=healthy.keyid, from_sequence=linked["sequence"], reason="x", keys=keys
    )
    signers = (*archive.context().signers([stolen]), *load_signers(foreign))
    data = sign_payload(encode_entry(entry), signers).to_bytes()
    put_entry(archive.store, entry.sequence, data, archive.context().storage.retention())
    return archive.verify()


def seal_twice(scene: Scene) -> Report:
    """A day sealed a second time as its first revision, with other content."""
    archive = scene.fresh(days=4)
    return _put(archive, _next_seal(archive, revision=1))


def back_date(scene: Scene) -> Report:
    """A seal that says that it was made before its day had ended."""
    archive = scene.fresh(days=4)
    seal = _next_seal(archive)
    return _put(archive, seal.model_copy(update={"at": f"{seal.date}T12:00:00Z"}))


def objects_of_another_day(scene: Scene) -> Report:
    """A seal whose objects lie in another day's folder."""
    archive = scene.fresh(days=4)
    other = archive.view.seals_of(scene.days[2])[0]
    return _put(archive, _next_seal(archive).model_copy(update={"objects": other.objects}))


def _next_seal(archive: SealedArchive, *, revision: int = 2) -> Seal:
    first = archive.view.seals[0]
    return first.model_copy(update={**_linked(archive), "revision": revision, "reason": "late data"})


def _linked(archive: SealedArchive) -> dict[str, Any]:
    view = archive.view
    return {
        "archive": view.genesis.archive,
        "genesis": view.genesis_sha256,
        "sequence": view.head.sequence + 1,
        "previous": view.head.sha256,
        "at": f"{archive.now:%Y-%m-%dT%H:%M:%SZ}",
    }


def _appended(
    archive: SealedArchive, *, keys: Path | None = None, keyids: Sequence[str] | None = None
) -> Report:
    return _put(archive, _next_seal(archive), keys=keys, keyids=keyids)


def _put(
    archive: SealedArchive,
    entry: LinkedEntry,
    *,
    keys: Path | None = None,
    keyids: Sequence[str] | None = None,
) -> Report:
    data = _signed(archive, entry, keys=keys, keyids=keyids)
    put_entry(archive.store, entry.sequence, data, archive.context().storage.retention())
    return archive.verify()


def _signed(
    archive: SealedArchive, entry: Entry, *, keys: Path | None = None, keyids: Sequence[str] | None = None
) -> bytes:
    settings = archive.settings.model_copy(update={"keys_dir": keys or archive.settings.keys})
    return sign_payload(encode_entry(entry), load_signers(settings, keyids)).to_bytes()
