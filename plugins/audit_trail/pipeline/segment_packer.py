"""Packing inputs into raw segments: small ones together, a big one split at record borders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

from audit_trail.errors import CollectionError
from audit_trail.evidence.manifest import InputPart
from audit_trail.evidence.paired_hashing import RunningHash
from audit_trail.pipeline.handoffs import RawSegment
from audit_trail.pipeline.record_count import count_newlines
from audit_trail.pipeline.staging import DayStaging, StagedFile, raw_name
from audit_trail.sources.record_blocks import Part

_NEWLINE = ord("\n")
MAX_DOUBLINGS = 9
"""Targets double so that a day of any size fits: 1,000 segments of 256 MiB grow to 2.5 TiB."""


class SegmentPacker:
    """Writes raw segments into staging. Use `add` for each input, then `finish`.

    Where segments are cut depends on nothing but the records: the target
    doubles whenever half of the numbers that are left have been used.

    Args:
        staging: Where they are written.
        target_bytes: Size from which on a segment is closed.
        max_segments: How many there may be.
        on_segment: Called with each segment when it is closed.
        new_hash: Makes a SHA-256.
    """

    def __init__(
        self,
        staging: DayStaging,
        *,
        target_bytes: int,
        max_segments: int,
        on_segment: Callable[[RawSegment], None] | None = None,
        new_hash: Callable[[], RunningHash] = sha256,
    ) -> None:
        self._staging = staging
        self._target_bytes = target_bytes
        self._max_segments = max_segments
        self._on_segment = on_segment
        self._new_hash = new_hash
        self._open: _OpenSegment | None = None
        self.segments: list[RawSegment] = []

    def add(self, source: str, suffix: str, blocks: Iterable[Sequence[Part]]) -> tuple[InputPart, ...]:
        """Append one input's blocks of whole records.

        Args:
            source: Segments hold records of one source only.
            suffix: `jsonl` or `log`.
            blocks: Each in parts, none empty; it ends with a newline, except possibly the input's last.

        Returns:
            How many of the input's records went into which segment.
        """
        parts: dict[int, int] = {}
        for block in blocks:
            segment = self._segment_for(source, suffix)
            parts[segment.number] = parts.get(segment.number, 0) + segment.append(block)
        return tuple(InputPart(segment=number, records=records) for number, records in parts.items())

    def finish(self) -> tuple[RawSegment, ...]:
        """Close the last segment; all segments in order."""
        self._close()
        return tuple(self.segments)

    def abandon(self) -> None:
        """Drop the segment that is being written, after an error."""
        if self._open is not None:
            self._open.discard()
            self._open = None

    def _segment_for(self, source: str, suffix: str) -> _OpenSegment:
        current = self._open
        if current and (
            current.source != source or current.suffix != suffix or current.size >= self._target()
        ):
            self._close()
        if self._open is None:
            number = len(self.segments)
            if number >= self._max_segments:
                raise CollectionError(
                    "the day does not fit into its segments",
                    where="max_segments",
                    expected=f"at most {self._max_segments} segments",
                    found="more",
                    remedy="raise segment_target_bytes, or merge sources",
                )
            self._open = _OpenSegment(number, source, suffix, self._new_file(number))
        return self._open

    def _new_file(self, number: int) -> StagedFile:
        return self._staging.create(raw_name(number), self._new_hash())

    def _target(self) -> int:
        left, doublings = self._max_segments - len(self.segments), 0
        while doublings < MAX_DOUBLINGS and left <= self._max_segments >> (doublings + 1):
            doublings += 1
        return self._target_bytes << doublings

    def _close(self) -> None:
        if self._open is not None:
            self.segments.append(self._open.close())
            self._open = None
            if self._on_segment is not None:
                self._on_segment(self.segments[-1])


class _OpenSegment:
    def __init__(self, number: int, source: str, suffix: str, file: StagedFile) -> None:
        self.number, self.source, self.suffix = number, source, suffix
        self._ended = True
        self._records = 0
        self._file = file

    @property
    def size(self) -> int:
        return self._file.size

    def append(self, block: Sequence[Part]) -> int:
        """Write a block; how many records it has."""
        if not self._ended:
            # The input before had no last newline: keep its record apart from this one.
            self._file.write(b"\n")
        for part in block:
            self._file.write(part)
        self._ended = block[-1][-1] == _NEWLINE
        records = sum(map(count_newlines, block)) + (not self._ended)
        self._records += records
        return records

    def close(self) -> RawSegment:
        digest = self._file.commit()
        return RawSegment(
            number=self.number,
            source=self.source,
            suffix=self.suffix,
            bytes=self.size,
            records=self._records,
            sha256=digest,
        )

    def discard(self) -> None:
        self._file.discard()
