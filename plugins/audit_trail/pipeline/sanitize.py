"""Stage 2: redact a raw segment and compress it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256

from audit_trail.errors import IntegrityError
from audit_trail.evidence.segment import ZSTD_LEVEL
from audit_trail.pipeline.handoffs import RawSegment, SanitizedSegment
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import check_staged, raw_name, sanitized_name

log = logging.getLogger(__name__)

BLOCK_BYTES = 4 * 1024 * 1024
"""Redacted at a time; a record longer than this makes a longer block."""


def sanitize(context: StageContext, day: str, raw: RawSegment) -> SanitizedSegment:
    """Redact one segment's records into a single zstd frame.

    The same raw segment and policy give the same bytes. The file appears in
    staging only after all of the raw bytes turned out to be the collected ones.

    Raises:
        IntegrityError: The raw segment was changed since it was collected, or
            something is left after redaction.
        StorageError: Staging could not be read or written.
    """
    import zstandard

    staging = context.staging(day)
    work = _Work(context)
    raw_hash = sha256()
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()
    with staging.create(sanitized_name(raw.number)) as file:
        done = 0
        for block in _whole_records(staging.blocks(raw_name(raw.number), BLOCK_BYTES)):
            raw_hash.update(block)
            file.write(compressor.compress(work.redact(block, where=raw_name(raw.number))))
            done += len(block)
            context.on_progress("sanitize", done, raw.bytes)
        file.write(compressor.flush())
        check_staged(staging.folder / raw_name(raw.number), expected=raw.sha256, found=raw_hash.hexdigest())
        stored_sha256 = file.commit()
    log.info(
        "redacted segment=%d source=%s bytes=%d sha256=%s into bytes=%d sha256=%s, replaced %s",
        raw.number, raw.source, raw.bytes, raw.sha256,
        file.size, stored_sha256, dict(work.replacements) or "nothing",
    )  # fmt: skip
    return SanitizedSegment(
        number=raw.number,
        source=raw.source,
        suffix=raw.suffix,
        records=work.records,
        content_bytes=work.size,
        content_sha256=work.hash.hexdigest(),
        stored_bytes=file.size,
        stored_sha256=stored_sha256,
        policy_sha256=context.redactor.policy_sha256,
        replacements=dict(sorted(work.replacements.items())),
    )


class _Work:
    """Redacts blocks and keeps count of what came out."""

    def __init__(self, context: StageContext) -> None:
        self._redactor = context.redactor
        self.hash = sha256()
        self.size = 0
        self.records = 0
        self.replacements: Counter[str] = Counter()

    def redact(self, block: bytes, *, where: str) -> bytes:
        result = self._redactor.redact(block)
        records = block.count(b"\n")
        if result.data.count(b"\n") != records:
            raise IntegrityError("redaction moved a record border", where=where)
        # What is sealed can never be taken back: look again at what was made.
        left = self._redactor.redact(result.data).counts
        if left:
            raise IntegrityError(
                "redaction left something behind",
                where=where,
                expected="nothing found in redacted records",
                found=", ".join(f"{rule}: {count}" for rule, count in sorted(left.items())),
                remedy="nothing was sealed; report the rule",
            )
        self.hash.update(result.data)
        self.size += len(result.data)
        self.records += records + (not block.endswith(b"\n"))
        self.replacements.update(result.counts)
        return result.data


def _whole_records(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks that end at record borders, the last one perhaps not."""
    pieces: list[bytes] = []
    for block in blocks:
        cut = block.rfind(b"\n") + 1
        if not cut:
            pieces.append(block)
            continue
        yield b"".join([*pieces, block[:cut]])
        pieces = [block[cut:]] if cut < len(block) else []
    if pieces:
        yield b"".join(pieces)
