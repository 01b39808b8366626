"""Making the proof of a record that has been found: read its segment once, keep the path."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

from audit_trail.archive.ledger import MAX_ENTRY_BYTES
from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.inclusion import PathCollector, root_of_path
from audit_trail.evidence.ledger_entry import SealedObject
from audit_trail.evidence.line_hashing import line_hashing_for
from audit_trail.evidence.manifest import Segment
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.proof import MAX_RECORD_BYTES, Proof, encode_proof, to_base64
from audit_trail.evidence.segment import SegmentContent, SegmentDigests
from audit_trail.verification.content_checks import fetch_manifest
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.proof_check import check_proof
from audit_trail.verification.record_lookup import RecordPlace

OnBytes = Callable[[int, int], None]
"""Called with content bytes read, and their total."""


def make_proof(store: ObjectReader, view: LedgerView, place: RecordPlace, on_bytes: OnBytes) -> bytes:
    """The document that proves a record.

    It is checked as its reader will check it before it is given out, and every
    digest of the segment with it.

    Raises:
        ConfigurationError: The record is too large for a proof.
        IntegrityError: Something that the proof would rest on is not what was sealed.
        StorageError: Something could not be read.
    """
    segment = place.segment
    path = _collect_path(store, place, on_bytes)
    record = path.record or b""
    if len(record) > MAX_RECORD_BYTES:
        raise ConfigurationError(
            "the record is too large for a proof",
            where=f"record {place.index + 1} of {segment.key}",
            expected=f"at most {MAX_RECORD_BYTES} bytes",
            found=f"{len(record)} bytes",
            remedy="hand over the whole segment: `audit-trail verify --log-file` finds it",
        )
    numbers = {0, place.seal.sequence, *(entry.sequence for entry in view.key_changes)}
    proof = Proof(
        entries=tuple(to_base64(_entry(store, view, number)) for number in sorted(numbers)),
        manifest=to_base64(fetch_manifest(store, place.seal)[1]),
        segment=segment.key,
        tree_size=segment.records,
        leaf_index=place.index,
        path=tuple(node.hex() for node in path.path()),
        record=to_base64(record),
    )
    data = encode_proof(proof)
    check_proof(data, view.genesis_sha256, where=f"the proof of record {place.index + 1} of {segment.key}")
    return data


def _collect_path(store: ObjectReader, place: RecordPlace, on_bytes: OnBytes) -> PathCollector:
    sealed, segment = place.sealed, place.segment
    where = f"{sealed.key} version {sealed.version_id}"
    content = SegmentContent(
        store.stream(sealed.key, sealed.version_id), max_content_bytes=segment.content_bytes, where=where
    )
    collector = PathCollector(place.index, segment.records, line_hashing_for(segment.content_bytes))
    for block in content.line_blocks():
        collector.extend_lines(block)
        on_bytes(content.bytes, segment.content_bytes)
    if collector.size == segment.records:
        root = root_of_path(
            collector.record or b"", index=place.index, size=segment.records, path=collector.path()
        )
    else:
        root = b""
    _check_digests(segment, sealed, content.digests(records=collector.size, merkle_root=root), where=where)
    return collector


def _check_digests(segment: Segment, sealed: SealedObject, found: SegmentDigests, *, where: str) -> None:
    for name, expected, actual in (
        ("stored bytes are", (sealed.sha256, sealed.bytes), (found.stored_sha256, found.stored_bytes)),
        (
            "content is",
            (segment.content_sha256, segment.content_bytes, segment.records),
            (found.content_sha256, found.content_bytes, found.records),
        ),
        ("Merkle root is", (segment.merkle_root,), (found.merkle_root,)),
    ):
        if expected != actual:
            raise IntegrityError(
                f"the segment's {name} not what was sealed",
                where=where,
                expected=", ".join(map(str, expected)),
                found=", ".join(map(str, actual)),
                remedy="nothing can be proven with these bytes; compare with the store's versions",
            )


def _entry(store: ObjectReader, view: LedgerView, sequence: int) -> bytes:
    """A ledger entry's stored bytes, the ones that were walked."""
    key = ledger_key(sequence)
    data = store.read(key, view.versions[sequence], max_bytes=MAX_ENTRY_BYTES)
    found = sha256(data).hexdigest()
    if found != view.heads[sequence]:
        raise IntegrityError(
            "a ledger entry is not the one read just now",
            where=key,
            expected=view.heads[sequence],
            found=found,
        )
    return data
