"""Which record of a segment is which record of an input, and the other way round.

Inputs went into segments in the manifest's order, each whole part after the
part before it: `Input.parts` says how many records each segment took.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit_trail.evidence.manifest import Input, Manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRecord:
    """A record of an input's byte range, by its place there from 0."""

    input: Input
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRecord:
    """A record of a manifest's segment, both counted from 0."""

    segment: int
    index: int


def input_record(manifest: Manifest, place: SegmentRecord) -> InputRecord:
    """Where a segment's record came from.

    Raises:
        LookupError: The segment has no such record.
    """
    before = 0
    for item in manifest.inputs:
        taken = 0
        for part in item.parts:
            if part.segment == place.segment:
                if place.index < before + part.records:
                    return InputRecord(input=item, index=taken + place.index - before)
                before += part.records
            taken += part.records
    raise LookupError("no input gave this record")


def segment_record(manifest: Manifest, place: InputRecord) -> SegmentRecord:
    """Where an input's record went.

    Raises:
        LookupError: The input has no such record.
    """
    filled: dict[int, int] = {}
    for item in manifest.inputs:
        left = place.index
        for part in item.parts:
            if item is place.input and left < part.records:
                return SegmentRecord(segment=part.segment, index=filled.get(part.segment, 0) + left)
            left -= part.records
            filled[part.segment] = filled.get(part.segment, 0) + part.records
    raise LookupError("the input has no such record")


def record_count(item: Input) -> int:
    """Records of an input's byte range."""
    return sum(part.records for part in item.parts)
