"""Stage 3: read a redacted segment back and take every digest over it."""

from __future__ import annotations

from audit_trail.errors import IntegrityError
from audit_trail.evidence.object_keys import segment_key
from audit_trail.evidence.segment import SegmentDigests, digest_segment
from audit_trail.pipeline.evidence_log import fact, passed
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_commands
from audit_trail.pipeline.hand_commands import (
    ArchiveCommands,
    check_content,
    check_lines,
    compare_file,
    file_name,
)
from audit_trail.pipeline.handoffs import HashedSegment, SanitizedSegment
from audit_trail.pipeline.sealed_already import hashed_already
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import StagedFileGoneError, check_staged, sanitized_name


def hash_segment(context: StageContext, day: str, sanitized: SanitizedSegment) -> HashedSegment:
    """Digests and Merkle root of a segment, from the bytes that will be uploaded.

    Of a segment that is sealed by now, what the ledger says is handed on.

    Raises:
        IntegrityError: The file is not what `sanitize` reported.
        StorageError: It could not be read.
    """
    key = segment_key(
        source=sanitized.source,
        day=day,
        number=sanitized.number,
        stored_sha256=sanitized.stored_sha256,
        suffix=sanitized.suffix,
    )
    try:
        return _hash(context, day, sanitized, key)
    except StagedFileGoneError as gone:
        return hashed_already(context, day, sanitized, key, gone)


def _hash(context: StageContext, day: str, sanitized: SanitizedSegment, key: str) -> HashedSegment:
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
    _say(context, sanitized, found, key)
    context.on_progress("hash", sanitized.content_bytes, sanitized.content_bytes)
    return HashedSegment(
        **sanitized.model_dump(),
        content_sha256=found.content_sha256,
        merkle_root=found.merkle_root,
        key=key,
    )


def _say(context: StageContext, sanitized: SanitizedSegment, found: SegmentDigests, key: str) -> None:
    file, name = sanitized_name(sanitized.number), file_name(key)
    with group(f"Digests of {key}"):
        say(
            passed("staged.redacted", file, expected=sanitized.stored_sha256, found=found.stored_sha256),
            passed("segment.bytes", file, expected=sanitized.content_bytes, found=found.content_bytes),
            passed("segment.records", file, expected=sanitized.records, found=found.records),
            fact(
                "hashed",
                key=key,
                bytes=found.stored_bytes,
                sha256=found.stored_sha256,
                content_bytes=found.content_bytes,
                content_sha256=found.content_sha256,
                records=found.records,
                merkle_root=found.merkle_root,
            ),
        )
        # Staging is private and gone after the seal: the commands are for the archived object.
        say_commands(
            [
                ArchiveCommands(archive=context.settings.archive).fetch(key, None),
                compare_file(name, found.stored_sha256),
                *check_content(name, sha256=found.content_sha256, size=found.content_bytes),
                check_lines(name, found.records),
            ]
        )
    conclude(f"HASHED {key}: {found.records} records, Merkle root {found.merkle_root}")
