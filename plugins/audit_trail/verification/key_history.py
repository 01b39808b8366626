"""Which keys an archive believes, entry by entry.

The genesis names the first ones. A rotation replaces some or all of them and
is signed by the old and the new; a revocation takes one away, also for entries
written before it. At any entry exactly one key of each algorithm that the
genesis allows is believed, and all of them sign.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope
from audit_trail.evidence.ledger_entry import Entry, Genesis, KeyRevocation, KeyRotation
from audit_trail.evidence.public_key import PublicKey
from audit_trail.signing.key_schemes import check_public_key
from audit_trail.signing.signatures import verify_envelope

Keys = tuple[PublicKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Era:
    """The keys that sign entries from `first` on, until the next era begins."""

    first: int
    keys: Keys


@dataclass(slots=True)
class KeyHistory:
    """The eras of an archive's keys, and which of them were revoked.

    Attributes:
        algorithms: The archive's allow-list.
        eras: In order; the last one is of now.
        revocations: By key id.
    """

    algorithms: tuple[str, ...]
    eras: list[Era] = field(default_factory=list)
    revocations: dict[str, KeyRevocation] = field(default_factory=dict)

    @classmethod
    def begin(cls, genesis: Genesis, *, where: str) -> KeyHistory:
        """The history of an archive that has just been founded.

        Raises:
            IntegrityError: A key is not what it says, or not one of each allowed algorithm.
        """
        history = cls(algorithms=genesis.policy.algorithms)
        history._check_set(genesis.keys, where=where)
        history.eras.append(Era(first=0, keys=genesis.keys))
        return history

    def copy(self) -> KeyHistory:
        """One that does not change with this one."""
        return replace(self, eras=self.eras.copy(), revocations=self.revocations.copy())

    @property
    def active(self) -> Keys:
        """The keys that must sign the next entry."""
        return self.eras[-1].keys

    def known(self) -> dict[str, PublicKey]:
        """Every key that was ever believed, by its id."""
        return {key.keyid: key for era in self.eras for key in era.keys}

    def era_at(self, sequence: int) -> Era:
        """The era in which an entry was written."""
        return next(era for era in reversed(self.eras) if era.first <= sequence)

    def signers_of(self, entry: Entry) -> Keys:
        """The keys that must have signed an entry which follows all seen so far."""
        believed = {key.keyid: key for key in self.active}
        if isinstance(entry, KeyRevocation):
            believed.pop(entry.keyid, None)
        if isinstance(entry, KeyRotation | KeyRevocation):
            believed |= {key.keyid: key for key in entry.keys}
        return tuple(believed.values())

    def check_entry(self, entry: Entry, envelope: Envelope, *, where: str) -> None:
        """Check the signatures of the next entry.

        Raises:
            IntegrityError: See `verify_envelope`; or keys that may not follow those of now.
        """
        if isinstance(entry, KeyRotation | KeyRevocation):
            self._check_change(entry, where=where)
        verify_envelope(envelope, keys=self.signers_of(entry), algorithms=self.algorithms, where=where)

    def accept(self, entry: Entry) -> None:
        """Take over what a checked entry says of keys."""
        if isinstance(entry, KeyRevocation):
            self.revocations[entry.keyid] = entry
        if isinstance(entry, KeyRotation | KeyRevocation) and entry.keys != self.active:
            self.eras.append(Era(first=entry.sequence + 1, keys=entry.keys))

    def check_document(self, envelope: Envelope, *, sequence: int, where: str) -> None:
        """Check the signatures of a document that entry `sequence` names.

        It was signed before that entry, so perhaps before a rotation: the keys
        of the entry's era or of an earlier one, but none of an earlier one that
        was not believed any more at that entry. Where that is so of the entry's
        own keys, the entry is `disbelieved` itself, and what it names with it;
        what the document says can still be compared.

        Raises:
            IntegrityError: See `verify_envelope`.
        """
        signed_by = {item.keyid for item in envelope.signatures}
        eras = [era for era in reversed(self.eras) if era.first <= sequence]
        for era in eras:
            if signed_by == {key.keyid for key in era.keys} and not self.revoked_among(signed_by, sequence):
                break
        else:
            era = eras[0]
        verify_envelope(envelope, keys=era.keys, algorithms=self.algorithms, where=where)

    def revoked_among(self, keyids: set[str], sequence: int) -> list[str]:
        """Those of the keys that are not believed at an entry."""
        return sorted(
            keyid
            for keyid in keyids
            if keyid in self.revocations and self.revocations[keyid].from_sequence <= sequence
        )

    def disbelieved(self, count: int) -> Iterator[tuple[int, KeyRevocation]]:
        """Entries of a ledger of `count` entries that carry a signature by a key revoked for them."""
        for revocation in self.revocations.values():
            for sequence in range(revocation.from_sequence, min(revocation.sequence, count)):
                # A rotation carries the signatures of the era that it begins, too.
                signed = (*self.era_at(sequence).keys, *self.era_at(sequence + 1).keys)
                if any(key.keyid == revocation.keyid for key in signed):
                    yield sequence, revocation

    def _check_change(self, entry: KeyRotation | KeyRevocation, *, where: str) -> None:
        self._check_set(entry.keys, where=where)
        before = {key.keyid for key in self.active}
        fresh = {key.keyid for key in entry.keys} - before
        if back := sorted(fresh & self.known().keys()):
            raise IntegrityError("a key that was given up comes back", where=where, found=back[0][:16])
        if isinstance(entry, KeyRotation):
            if not fresh:
                raise IntegrityError("a rotation brings no new key", where=where)
            return
        if entry.keyid not in self.known() or entry.keyid in self.revocations:
            raise IntegrityError(
                "a revocation of a key that is not believed", where=where, found=entry.keyid[:16]
            )
        if entry.from_sequence > entry.sequence:
            raise IntegrityError(
                "a revocation from an entry on that is still to come",
                where=where,
                expected=f"at most {entry.sequence}",
                found=str(entry.from_sequence),
            )
        kept = before - {entry.keyid}
        if not kept <= {key.keyid for key in entry.keys} or entry.keyid in {k.keyid for k in entry.keys}:
            raise IntegrityError("a revocation takes away another key than the one it names", where=where)
        if not kept:
            raise IntegrityError(
                "a revocation that no other believed key confirms",
                where=where,
                remedy="an archive whose only key is lost to others cannot be continued: found a new one",
            )

    def _check_set(self, keys: Keys, *, where: str) -> None:
        for key in keys:
            check_public_key(key, where=where)
        schemes = sorted(key.scheme for key in keys)
        if schemes != sorted(self.algorithms):
            raise IntegrityError(
                "the keys are not one of each algorithm that the archive was founded with",
                where=where,
                expected=", ".join(sorted(self.algorithms)),
                found=", ".join(schemes),
            )
