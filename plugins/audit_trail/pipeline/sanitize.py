"""Stage 2: redact a raw segment and compress it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING

from audit_trail.errors import IntegrityError
from audit_trail.evidence.segment import ZSTD_LEVEL
from audit_trail.pipeline.evidence_log import fact, passed
from audit_trail.pipeline.evidence_writer import conclude, group, say
from audit_trail.pipeline.handoffs import RawSegment, SanitizedSegment
from audit_trail.pipeline.record_count import count_newlines
from audit_trail.pipeline.sealed_already import sanitized_already
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import StagedFileGoneError, check_staged, raw_name, sanitized_name

if TYPE_CHECKING:
    from audit_trail.redaction import Redaction

BLOCK_BYTES = 1024 * 1024
"""Redacted at a time: this, and what is made of it, stays in a core's own cache.

A record longer than this makes a longer block.
"""


def sanitize(context: StageContext, day: str, raw: RawSegment) -> SanitizedSegment:
    """Redact one segment's records into a single zstd frame.

    The same raw segment and policy give the same bytes. The file appears in
    staging only after all of the raw bytes turned out to be the collected ones.
    Of a segment that is sealed by now, what the ledger says is handed on.

    Raises:
        IntegrityError: The raw segment was changed since it was collected, a
            record border moved, or something is left after redaction.
        StorageError: Staging could not be read or written.
    """
    try:
        return _sanitize(context, day, raw)
    except StagedFileGoneError as gone:
        return sanitized_already(context, day, raw, gone)


def _sanitize(context: StageContext, day: str, raw: RawSegment) -> SanitizedSegment:
    import zstandard

    staging = context.staging(day)
    name = raw_name(raw.number)
    source = _RawBlocks(context, day, raw)
    work = _Work(where=name)
    # No SHA-256 over the content here: nobody can change it between the redactor and
    # the compressor, and that the compressor lost nothing is told by the frame's own
    # checksum when `hash` reads it back, and takes the digest that is sealed.
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_checksum=True).compressobj()
    with staging.create(sanitized_name(raw.number)) as file:
        for redaction in context.redactor.redact_blocks(source, look_again=True):
            file.write(compressor.compress(work.checked(redaction)))
        file.write(compressor.flush())
        check_staged(staging.where(name), expected=raw.sha256, found=source.sha256)
        if work.records != raw.records:
            raise IntegrityError(
                "redaction moved a record border",
                where=name,
                expected=f"{raw.records} records",
                found=f"{work.records} records",
                remedy="nothing was sealed; report the policy's rules",
            )
        stored_sha256 = file.commit()
    sanitized = SanitizedSegment(
        number=raw.number,
        source=raw.source,
        suffix=raw.suffix,
        records=work.records,
        content_bytes=work.size,
        stored_bytes=file.size,
        stored_sha256=stored_sha256,
        policy_sha256=context.redactor.policy_sha256,
        replacements=dict(sorted(work.replacements.items())),
    )
    _say(raw, sanitized, found_sha256=source.sha256)
    return sanitized


def _say(raw: RawSegment, made: SanitizedSegment, *, found_sha256: str) -> None:
    """Say what was read, replaced and written; never what was in it."""
    where = f"segment {raw.number:05d} of {raw.source}"
    replaced = sum(made.replacements.values())
    with group(f"Redaction of {where}"):
        say(
            fact("read", file=raw_name(raw.number), place="staging", bytes=raw.bytes, sha256=raw.sha256),
            passed("staged.raw", raw_name(raw.number), expected=raw.sha256, found=found_sha256),
            fact("policy", sha256=made.policy_sha256),
            *(fact("replaced", rule=rule, times=times) for rule, times in made.replacements.items()),
            passed("redaction.records", where, expected=raw.records, found=made.records),
            passed(
                "redaction.rescan", where, expected="nothing left to replace", found="nothing left to replace"
            ),
            fact(
                "wrote",
                file=sanitized_name(made.number),
                place="staging",
                bytes=made.stored_bytes,
                content_bytes=made.content_bytes,
                records=made.records,
                sha256=made.stored_sha256,
            ),
        )
    conclude(
        f"REDACTED {where}: {made.records} records, {replaced} values replaced, "
        f"{made.stored_bytes} bytes, {made.stored_sha256}"
    )


class _RawBlocks:
    """A raw segment's bytes, hashed as they pass."""

    def __init__(self, context: StageContext, day: str, raw: RawSegment) -> None:
        self._context = context
        self._staging = context.staging(day)
        self._raw = raw
        self._hash = sha256()

    def __iter__(self) -> Iterator[bytes]:
        done = 0
        for block in self._staging.blocks(raw_name(self._raw.number), self._raw.sha256, BLOCK_BYTES):
            self._hash.update(block)
            yield block
            done += len(block)
            self._context.on_progress("sanitize", done, self._raw.bytes)

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _Work:
    """Refuses what redaction left something in, and keeps count of the rest."""

    def __init__(self, *, where: str) -> None:
        self._where = where
        self._newlines = 0
        self._ended = True
        self.size = 0
        self.replacements: Counter[str] = Counter()

    @property
    def records(self) -> int:
        return self._newlines + (not self._ended)

    def checked(self, redaction: Redaction) -> bytes:
        data, left = redaction.data, redaction.left
        if left:
            raise IntegrityError(
                "redaction left something behind",
                where=self._where,
                expected="nothing found in redacted records",
                found=", ".join(f"{rule}: {count}" for rule, count in sorted(left.items())),
                remedy="nothing was sealed; report the rule",
            )
        self._newlines += count_newlines(data)
        self._ended = data.endswith(b"\n") if data else self._ended
        self.size += len(data)
        self.replacements.update(redaction.counts)
        return data
