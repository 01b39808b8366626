"""The proof of one record: everything that leads from a genesis digest to it, in one document.

Ledger entries and manifest are in it as the bytes that are stored in the
archive, because those are what was signed and hashed. Nothing in it is
believed for being there: `verification.proof_check` follows it link by link.
"""

from __future__ import annotations

import base64
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from audit_trail.evidence import canonical
from audit_trail.evidence.envelope import decode_base64
from audit_trail.evidence.fields import Count, Document, Sha256, Text
from audit_trail.evidence.merkle import MAX_LEVELS

MAX_PROOF_BYTES = 192 * 1024 * 1024
"""A manifest of 100,000 inputs is about 30 MB, and is in base64 twice; then there is the record."""
MAX_RECORD_BYTES = 32 * 1024 * 1024
"""A record of AuditLogger ends at 1 MiB; a longer line than this is a file of its own."""
MAX_ENTRIES = 1000
"""Genesis, seal, and a change of keys every week for 19 years."""


def _check_base64(text: str) -> str:
    decode_base64(text)
    return text


Base64 = Annotated[str, AfterValidator(_check_base64)]


class Proof(Document):
    """One record, its place, and what has to be believed of it.

    Attributes:
        entries: Ledger entries in the order of their numbers: the genesis, every change
            of keys, and the seal that names the manifest.
        manifest: The manifest's envelope.
        segment: The key of the segment that holds the record.
        tree_size: Records in the segment.
        leaf_index: The record's place in it, from 0.
        path: Inclusion path of RFC 9162, from the leaf's sibling up.
        record: The redacted record, without its newline.
    """

    version: Literal[1] = 1
    kind: Literal["record-proof"] = "record-proof"
    entries: Annotated[tuple[Base64, ...], Field(min_length=2, max_length=MAX_ENTRIES)]
    manifest: Base64
    segment: Text
    tree_size: Annotated[Count, Field(ge=1)]
    leaf_index: Count
    path: Annotated[tuple[Sha256, ...], Field(max_length=MAX_LEVELS)]
    record: Annotated[Base64, Field(max_length=-(-MAX_RECORD_BYTES // 3) * 4)]

    @property
    def entry_bytes(self) -> tuple[bytes, ...]:
        """The ledger entries as they are stored."""
        return tuple(decode_base64(entry) for entry in self.entries)

    @property
    def manifest_bytes(self) -> bytes:
        """The manifest's envelope as it is stored."""
        return decode_base64(self.manifest)

    @property
    def record_bytes(self) -> bytes:
        """The record as it stands in the segment."""
        return decode_base64(self.record)

    @property
    def path_nodes(self) -> tuple[bytes, ...]:
        """The inclusion path, 32 bytes each."""
        return tuple(bytes.fromhex(node) for node in self.path)


def to_base64(data: bytes) -> str:
    """Bytes as the document holds them."""
    return base64.b64encode(data).decode("ascii")


def encode_proof(proof: Proof) -> bytes:
    """The document's canonical bytes."""
    return canonical.encode(proof.to_json())


def parse_proof(data: bytes, *, where: str) -> Proof:
    """Read a proof; nothing in it is believed yet.

    Raises:
        IntegrityError: Too large, not canonical JSON, unknown or missing fields, wrong types.
    """
    return Proof.parse(canonical.decode(data, where=where, max_bytes=MAX_PROOF_BYTES), where=where)
