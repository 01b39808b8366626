"""Stage 3: read a redacted segment back and take every digest over it."""

from __future__ import annotations

import logging

from audit_trail.errors import IntegrityError
from audit_trail.evidence.object_keys import segment_key
from audit_trail.evidence.segment import digest_segment
from audit_trail.pipeline.handoffs import HashedSegment, SanitizedSegment
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import check_staged, sanitized_name

log = logging.getLogger(__name__)


def hash_segment(context: StageContext, day: str, sanitized: SanitizedSegment) -> HashedSegment:
    """Digests and Merkle root of a segment, from the bytes that will be uploaded.

    Raises:
        IntegrityError: The file is not what `sanitize` reported.
        StorageError: It could not be read.
    """
    staging = context.staging(day)
    name = sanitized_name(sanitized.number)
    where = staging.where(name)
    found = digest_segment(
        staging.blocks(name, sanitized.stored_sha256),
        max_content_bytes=sanitized.content_bytes,
        where=where,
    )
    check_staged(where, expected=sanitized.stored_sha256, found=found.stored_sha256)
    if (found.content_bytes, found.records) != (sanitized.content_bytes, sanitized.records):
        raise IntegrityError(
            "a segment does not decompress to what was compressed",
            where=where,
            expected=f"{sanitized.content_bytes} bytes, {sanitized.records} records",
            found=f"{found.content_bytes} bytes, {found.records} records",
        )
    key = segment_key(
        source=sanitized.source,
        day=day,
        number=sanitized.number,
        stored_sha256=found.stored_sha256,
        suffix=sanitized.suffix,
    )
    log.info(
        "hashed key=%s records=%d sha256=%s content_sha256=%s merkle_root=%s",
        key, found.records, found.stored_sha256, found.content_sha256, found.merkle_root,
    )  # fmt: skip
    context.on_progress("hash", sanitized.content_bytes, sanitized.content_bytes)
    return HashedSegment(
        **sanitized.model_dump(),
        content_sha256=found.content_sha256,
        merkle_root=found.merkle_root,
        key=key,
    )
