"""Do the bytes say what the ledger says they say?"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

from audit_trail.archive.object_store import ObjectReader, StoredObject
from audit_trail.errors import AuditTrailError, IntegrityError, StorageError
from audit_trail.evidence.canonical import MAX_DOCUMENT_BYTES
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import Genesis, Seal, SealedObject, Totals
from audit_trail.evidence.manifest import Manifest, Segment, parse_manifest
from audit_trail.evidence.segment import digest_segment
from audit_trail.verification.checks import CheckList
from audit_trail.verification.key_history import KeyHistory
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.object_checks import check_described, check_object


class Believed(Protocol):
    """What a manifest is held against: a ledger, or the part of one that a proof brings along."""

    @property
    def genesis(self) -> Genesis:
        """Entry 0."""

    @property
    def genesis_sha256(self) -> str:
        """The archive's identity."""

    @property
    def history(self) -> KeyHistory:
        """Which keys were believed when."""


_TAMPERED = "the bytes are not the sealed ones; compare with the store's versions and access log"


def read_manifest(store: ObjectReader, view: LedgerView, seal: Seal) -> Manifest:
    """The manifest of a seal, after everything about it has been checked.

    Raises:
        IntegrityError: Other bytes, signatures, or contents than the ledger's.
        StorageError: It cannot be read.
    """
    return parse_sealed_manifest(fetch_manifest(store, seal)[1], view, seal)


def fetch_manifest(store: ObjectReader, seal: Seal) -> tuple[StoredObject, bytes]:
    """A seal's manifest as it is stored, unchecked."""
    return store.fetch(seal.manifest.key, seal.manifest.version_id, max_bytes=2 * MAX_DOCUMENT_BYTES)


def parse_sealed_manifest(data: bytes, view: Believed, seal: Seal) -> Manifest:
    """Check everything about the bytes of a seal's manifest.

    Raises:
        IntegrityError: Other bytes, signatures, or contents than the ledger's.
    """
    where = seal.manifest.key
    found = sha256(data).hexdigest()
    if found != seal.manifest.sha256:
        raise IntegrityError(
            "manifest is not the sealed one",
            where=where,
            expected=seal.manifest.sha256,
            found=found,
            remedy=_TAMPERED,
        )
    envelope = parse_envelope(data, where=where)
    view.history.check_document(envelope, sequence=seal.sequence, where=where)
    manifest = parse_manifest(envelope.payload, where=where)
    for name, expected, actual in (
        ("archive", view.genesis.archive, manifest.archive),
        ("genesis", view.genesis_sha256, manifest.genesis),
        ("date", seal.date, manifest.date),
        ("revision", str(seal.revision), str(manifest.revision)),
        ("segments", _listed(seal), [(s.key, s.stored_sha256, s.stored_bytes) for s in manifest.segments]),
        # What reports say of a day is what its seal says.
        ("totals", str(seal.totals), str(_totals(manifest))),
    ):
        if expected != actual:
            raise IntegrityError(
                f"the manifest's {name} is not the one its seal names",
                where=where,
                expected=str(expected),
                found=str(actual),
            )
    return manifest


def _totals(manifest: Manifest) -> Totals:
    return Totals(
        inputs=len(manifest.inputs),
        segments=len(manifest.segments),
        records=manifest.records,
        content_bytes=manifest.content_bytes,
        stored_bytes=sum(segment.stored_bytes for segment in manifest.segments),
    )


def _listed(seal: Seal) -> list[tuple[str, str, int]]:
    return [(item.key, item.sha256, item.bytes) for item in seal.objects]


def check_manifest(store: ObjectReader, view: LedgerView, seal: Seal, checks: CheckList) -> Manifest | None:
    """Check a seal's manifest, the object and what it says; None when it cannot be used."""
    return load_manifest(store, view, seal, checks)[1]


def load_manifest(
    store: ObjectReader, view: LedgerView, seal: Seal, checks: CheckList
) -> tuple[bytes | None, Manifest | None]:
    """What `check_manifest` gives, and the bytes as they are stored; None when they cannot be read."""
    item = seal.manifest
    try:
        described, data = fetch_manifest(store, seal)
    except StorageError as error:
        # Absent, unreadable, or grown beyond all measure: the description tells which.
        check_object(store, item, checks, day=seal.date)
        checks.add_error("manifest.signed", error, where=item.key, day=seal.date)
        return None, None
    check_described(described, item, checks, day=seal.date)
    try:
        manifest = parse_sealed_manifest(data, view, seal)
    except AuditTrailError as error:
        checks.add_error("manifest.signed", error, where=item.key, day=seal.date)
        return data, None
    checks.compare("manifest.signed", item.key, expected=item.sha256, found=item.sha256, day=seal.date)
    return data, manifest


def check_segment(
    store: ObjectReader, sealed: SealedObject, segment: Segment, checks: CheckList, *, day: str
) -> None:
    """Read a segment's bytes and recompute every digest over them."""
    check_segment_bytes(store.stream(sealed.key, sealed.version_id), sealed, segment, checks, day=day)


def check_segment_bytes(
    stored: Iterable[bytes], sealed: SealedObject, segment: Segment, checks: CheckList, *, day: str
) -> None:
    """Recompute every digest over a segment's bytes as they pass; they may not all be taken."""
    where = f"{sealed.key} version {sealed.version_id}"
    try:
        found = digest_segment(stored, max_content_bytes=segment.content_bytes, where=where)
    except AuditTrailError as error:
        checks.add_error("content.readable", error, where=where, day=day)
        return
    for name, expected, actual in (
        (
            "content.stored",
            f"{segment.stored_sha256} ({segment.stored_bytes} bytes)",
            f"{found.stored_sha256} ({found.stored_bytes} bytes)",
        ),
        (
            "content.records",
            f"{segment.content_sha256} ({segment.content_bytes} bytes, {segment.records} records)",
            f"{found.content_sha256} ({found.content_bytes} bytes, {found.records} records)",
        ),
        ("content.merkle-root", segment.merkle_root, found.merkle_root),
    ):
        checks.compare(name, where, expected=expected, found=actual, day=day, remedy=_TAMPERED)
