"""Changes of an archive's keys in memory: what the pipeline appends, and what a thief could."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.evidence.ledger_entry import KeyRevocation, KeyRotation


def ring(*parts: KeyRing, without: str = "") -> KeyRing:
    """The keys of several rings as one, but the one with the id `without`."""
    pairs = [pair for part in parts for pair in zip(part.public, part.signers, strict=True)]
    kept = [(key, signer) for key, signer in pairs if key.keyid != without]
    return KeyRing(public=tuple(key for key, _ in kept), signers=tuple(signer for _, signer in kept))


def only(keys: KeyRing, scheme: str) -> KeyRing:
    """The key of a ring with that scheme, alone."""
    (other,) = (key.keyid for key in keys.public if key.scheme != scheme)
    return ring(keys, without=other)


@dataclass(slots=True, kw_only=True)
class KeyChanges:
    """An archive whose keys change: appends what the pipeline would, and what a thief could.

    What is appended is put as it is, whoever believes it or not; the archive signs with the new keys
    from then on. `signed_by`: other signers than the format asks for.
    """

    archive: MemoryArchive

    def rotate(self, new: KeyRing, *, signed_by: KeyRing | None = None, **changes: Any) -> int:
        """Replace all keys; the entry's number."""
        entry = KeyRotation(**{**self.archive.linked(), "keys": new.public, **changes})
        old = [key.keyid for key in self.archive.keys.public]
        fresh = new
        for keyid in old:
            fresh = ring(fresh, without=keyid)
        self.archive.put(
            entry.sequence, self.archive.envelope(entry, signed_by or ring(self.archive.keys, fresh))
        )
        self.archive.keys = new
        return entry.sequence

    def revoke(
        self,
        keyid: str,
        *,
        first: int,
        new: KeyRing | None = None,
        signed_by: KeyRing | None = None,
        **changes: Any,
    ) -> int:
        """Take belief away from a key; `new`: what takes its place, when it signs now."""
        after = ring(self.archive.keys, without=keyid)
        for key in new.public if new else ():
            if key.scheme not in {kept.scheme for kept in after.public}:
                after = ring(after, only(new, key.scheme) if len(new.public) > 1 else new)
        fields = {"keyid": keyid, "from_sequence": first, "reason": "stolen", "keys": after.public}
        entry = KeyRevocation(**{**self.archive.linked(), **fields, **changes})
        self.archive.put(entry.sequence, self.archive.envelope(entry, signed_by or after))
        self.archive.keys = after
        return entry.sequence
