"""Following a proof of one record from the genesis digest to the record.

Bytes in, a statement or an error out; nothing else is at hand: no store, no
network, no clock.

  1. The first entry's digest is the one that the verifier was given.
  2. The other entries are of this archive, in the order of their numbers: changes
     of keys, and one seal. Where two are neighbours, the later one names the earlier.
  3. Each is signed by exactly the keys that the entries before it introduced.
  4. None up to the seal is signed by a key that an entry revokes for it, and the
     seal keeps to its day. (How long the store locks the objects proves no record.)
  5. The manifest is the one that the seal names, signed by keys believed then.
  6. The segment is one of the manifest's, with as many records as the proof says.
  7. The record leads, along the inclusion path, to the segment's Merkle root.

What is left out can only be an entry that takes belief away: a later revocation,
or a rotation after which somebody went on with the old keys. No single proof can
rule that out, so `ProvenRecord.not_proven` says it, and how to: compare the seal.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.inclusion import check_inclusion
from audit_trail.evidence.input_records import SegmentRecord, input_record
from audit_trail.evidence.ledger_entry import (
    Genesis,
    KeyRevocation,
    KeyRotation,
    LinkedEntry,
    Seal,
    parse_entry,
)
from audit_trail.evidence.manifest import Manifest
from audit_trail.evidence.proof import Proof, parse_proof
from audit_trail.evidence.public_key import PublicKey
from audit_trail.verification.checks import CheckList
from audit_trail.verification.content_checks import parse_sealed_manifest
from audit_trail.verification.key_history import KeyHistory
from audit_trail.verification.seal_checks import check_day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenRecord:
    """What a proof proves.

    `number` and `records` count from 1 in the segment, `input_number` in the
    byte range [`start`, `end`) of the source file `uri`.
    """

    record: bytes
    archive: str
    genesis_sha256: str
    day: str
    revision: int
    source: str
    segment: str
    number: int
    records: int
    uri: str
    start: int
    end: int
    input_number: int
    sequence: int
    entry_sha256: str
    sealed_at: str
    manifest_key: str
    manifest_sha256: str
    keys: tuple[PublicKey, ...]
    last_key_change: int | None

    @property
    def not_proven(self) -> tuple[str, ...]:
        """What nobody can prove by one record alone, and what helps."""
        known = (
            f"key changes are known up to entry {self.last_key_change}"
            if self.last_key_change
            else "no change of keys is known"
        )
        return (
            f"that no other ledger entry revoked one of these keys: {known}; ask for the ledger's entries",
            f"that the ledger others see has the same seal: compare entry {self.sequence}, SHA-256 "
            f"{self.entry_sha256}, with a copy from somebody else",
            "the moment of sealing, for which there is the word of whoever had the keys; and that what the "
            "record says is true. It is proven as it was sealed, after redaction",
        )

    def to_json(self) -> dict[str, Any]:
        """For `--json`; the record as text too where it is UTF-8."""
        try:
            text = {"record_text": self.record.decode("utf-8")}
        except UnicodeDecodeError:
            text = {}
        return {
            "proven": True,
            "record": base64.b64encode(self.record).decode("ascii"),
            **text,
            "archive": {"name": self.archive, "genesis_sha256": self.genesis_sha256},
            "day": self.day,
            "revision": self.revision,
            "source": self.source,
            "segment": {"key": self.segment, "record": self.number, "records": self.records},
            "input": {
                "uri": self.uri,
                "start": self.start,
                "end": self.end,
                "record": self.input_number,
            },
            "seal": {"sequence": self.sequence, "sha256": self.entry_sha256, "at": self.sealed_at},
            "manifest": {"key": self.manifest_key, "sha256": self.manifest_sha256},
            "keys": [{"scheme": key.scheme, "keyid": key.keyid} for key in self.keys],
            "not_proven": list(self.not_proven),
        }


def check_proof(data: bytes, genesis_sha256: str, *, where: str) -> ProvenRecord:
    """Follow a proof; see the module's docstring.

    Args:
        data: The document.
        genesis_sha256: The archive's identity, from elsewhere than the proof.
        where: The document's file, for errors.

    Raises:
        IntegrityError: The first link that does not hold.
    """
    proof = parse_proof(data, where=where)
    chain = _believe(proof, genesis_sha256, where=where)
    seal, seal_sha256 = chain.only_seal(where=where)
    _check_seal(chain, seal)
    manifest = parse_sealed_manifest(proof.manifest_bytes, chain, seal)
    number = _segment_number(manifest, proof, where=where)
    segment = manifest.segments[number]
    check_inclusion(
        proof.record_bytes,
        index=proof.leaf_index,
        size=segment.records,
        path=proof.path_nodes,
        root=bytes.fromhex(segment.merkle_root),
        where=f"{where}, record {proof.leaf_index + 1} of {segment.key}",
    )
    origin = input_record(manifest, SegmentRecord(segment=number, index=proof.leaf_index))
    return ProvenRecord(
        record=proof.record_bytes,
        archive=chain.genesis.archive,
        genesis_sha256=genesis_sha256,
        day=seal.date,
        revision=seal.revision,
        source=segment.source,
        segment=segment.key,
        number=proof.leaf_index + 1,
        records=segment.records,
        uri=origin.input.uri,
        start=origin.input.start,
        end=origin.input.end,
        input_number=origin.index + 1,
        sequence=seal.sequence,
        entry_sha256=seal_sha256,
        sealed_at=seal.at,
        manifest_key=seal.manifest.key,
        manifest_sha256=seal.manifest.sha256,
        keys=chain.history.era_at(seal.sequence).keys,
        last_key_change=chain.last_key_change,
    )


@dataclass(slots=True, kw_only=True)
class _Chain:
    """The entries that a proof brings along, as far as they have been checked."""

    genesis: Genesis
    genesis_sha256: str
    history: KeyHistory
    sequence: int = 0
    sha256: str
    seals: list[tuple[Seal, str]] = field(default_factory=list)
    signed_by: dict[int, set[str]] = field(default_factory=dict)
    last_key_change: int | None = None

    def only_seal(self, *, where: str) -> tuple[Seal, str]:
        """The seal, and its digest."""
        if len(self.seals) != 1:
            raise IntegrityError(
                "a proof has one seal", where=where, expected="1 seal", found=f"{len(self.seals)}"
            )
        return self.seals[0]

    def accept(self, entry: LinkedEntry, envelope: Envelope, digest: str) -> None:
        """Take over a checked entry."""
        self.history.accept(entry)
        self.sequence, self.sha256 = entry.sequence, digest
        self.signed_by[entry.sequence] = {item.keyid for item in envelope.signatures}
        if isinstance(entry, Seal):
            self.seals.append((entry, digest))
        else:
            self.last_key_change = entry.sequence


def _believe(proof: Proof, genesis_sha256: str, *, where: str) -> _Chain:
    """Steps 1 to 3."""
    first, *rest = proof.entry_bytes
    chain = _begin(first, genesis_sha256, where=f"{where}, entries[0]")
    for number, data in enumerate(rest, 1):
        place = f"{where}, entries[{number}]"
        envelope = parse_envelope(data, where=place)
        entry = parse_entry(envelope.payload, where=place)
        if not isinstance(entry, Seal | KeyRotation | KeyRevocation):
            raise IntegrityError(
                "an entry that proves nothing of a record",
                where=place,
                expected="a seal or a change of keys",
                found=entry.kind,
            )
        _check_place(chain, entry, where=place)
        chain.history.check_entry(entry, envelope, where=place)
        chain.accept(entry, envelope, sha256(data).hexdigest())
    return chain


def _begin(data: bytes, genesis_sha256: str, *, where: str) -> _Chain:
    found = sha256(data).hexdigest()
    if found != genesis_sha256:
        raise IntegrityError(
            "this is a proof of another archive: its genesis is not the given one",
            where=where,
            expected=genesis_sha256,
            found=found,
        )
    envelope = parse_envelope(data, where=where)
    genesis = parse_entry(envelope.payload, where=where)
    if not isinstance(genesis, Genesis):
        raise IntegrityError("the first entry is not a genesis", where=where, found=genesis.kind)
    history = KeyHistory.begin(genesis, where=where)
    history.check_entry(genesis, envelope, where=where)
    return _Chain(genesis=genesis, genesis_sha256=genesis_sha256, history=history, sha256=found)


def _check_place(chain: _Chain, entry: LinkedEntry, *, where: str) -> None:
    for name, expected, found in (
        ("archive", chain.genesis.archive, entry.archive),
        ("genesis", chain.genesis_sha256, entry.genesis),
    ):
        if expected != found:
            raise IntegrityError(
                f"an entry's {name} is not the proof's", where=where, expected=expected, found=found
            )
    if entry.sequence <= chain.sequence:
        raise IntegrityError(
            "the entries are not in the order of their numbers",
            where=where,
            expected=f"an entry after {chain.sequence}",
            found=f"entry {entry.sequence}",
        )
    if entry.sequence == chain.sequence + 1 and entry.previous != chain.sha256:
        raise IntegrityError(
            "an entry does not follow the one before it",
            where=where,
            expected=chain.sha256,
            found=entry.previous,
            remedy="they are of different copies of the ledger; do not trust this proof",
        )


def _check_seal(chain: _Chain, seal: Seal) -> None:
    """Step 4. A change of keys that is not believed introduces none that are."""
    for sequence, keyids in chain.signed_by.items():
        if sequence <= seal.sequence and (revoked := chain.history.revoked_among(keyids, sequence)):
            revocation = chain.history.revocations[revoked[0]]
            raise IntegrityError(
                "signed by a key that was revoked for it",
                where=f"ledger entry {sequence}",
                expected="keys that no entry revokes",
                found=f"key {revoked[0][:16]}, not believed from entry {revocation.from_sequence} on: "
                f"{revocation.reason}",
                remedy="hold what the record says against another source before you rely on it",
            )
    checks = CheckList()
    check_day_of(seal, checks)
    for check in checks.not_passed:
        raise IntegrityError(
            f"the seal does not keep to its rules ({check.name})",
            where=check.where,
            expected=check.expected,
            found=check.found,
            remedy=check.remedy,
        )


def _segment_number(manifest: Manifest, proof: Proof, *, where: str) -> int:
    """Step 6."""
    keys = [segment.key for segment in manifest.segments]
    if proof.segment not in keys:
        raise IntegrityError("the sealed manifest has no such segment", where=where, found=proof.segment)
    number = keys.index(proof.segment)
    records = manifest.segments[number].records
    if records != proof.tree_size:
        raise IntegrityError(
            "the segment's tree is of another size",
            where=f"{where}, {proof.segment}",
            expected=f"{records} records",
            found=f"{proof.tree_size}",
        )
    return number
