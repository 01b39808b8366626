"""Records of inputs and of segments, against counting them one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.evidence.input_records import (
    InputRecord,
    SegmentRecord,
    input_record,
    record_count,
    segment_record,
)
from audit_trail.evidence.manifest import Input, InputPart, Manifest, Redaction, Segment

DIGEST = "0" * 64


def manifest_of(*inputs: list[tuple[int, int]]) -> Manifest:
    """A manifest whose inputs went into segments as (segment, records) say."""
    held: dict[int, int] = {}
    for parts in inputs:
        for segment, records in parts:
            held[segment] = held.get(segment, 0) + records
    return Manifest(
        archive="a",
        genesis=DIGEST,
        date="2026-01-05",
        revision=1,
        inputs=tuple(
            Input(
                source="app",
                uri=f"file:///{number}.log",
                start=0,
                end=1,
                sha256=DIGEST,
                final_newline=True,
                parts=tuple(InputPart(segment=segment, records=records) for segment, records in parts),
            )
            for number, parts in enumerate(inputs)
        ),
        segments=tuple(
            Segment(
                key=f"s{segment}",
                source="app",
                records=held[segment],
                content_bytes=0,
                content_sha256=DIGEST,
                stored_bytes=0,
                stored_sha256=DIGEST,
                merkle_root=DIGEST,
            )
            for segment in sorted(held)
        ),
        redaction=Redaction(policy_sha256=DIGEST, replacements={}),
    )


@given(st.data())
def test_every_record_is_found_from_both_sides(data: st.DataObject) -> None:
    """Packed as the pipeline packs: one input after another, each segment filled before the next."""
    sizes = data.draw(st.lists(st.integers(0, 7), min_size=1, max_size=6))
    room = data.draw(st.integers(1, 5))
    inputs: list[list[tuple[int, int]]] = []
    expected: list[tuple[tuple[int, int], tuple[int, int]]] = []
    done = 0
    for number, size in enumerate(sizes):
        parts: dict[int, int] = {}
        for index in range(size):
            segment, place = divmod(done, room)
            parts[segment] = parts.get(segment, 0) + 1
            expected.append(((number, index), (segment, place)))
            done += 1
        inputs.append(list(parts.items()))
    manifest = manifest_of(*inputs)
    assert [record_count(item) for item in manifest.inputs] == sizes
    for (number, index), (segment, place) in expected:
        in_input = InputRecord(input=manifest.inputs[number], index=index)
        in_segment = SegmentRecord(segment=segment, index=place)
        assert segment_record(manifest, in_input) == in_segment
        assert input_record(manifest, in_segment) == in_input


def test_a_record_that_is_not_there() -> None:
    manifest = manifest_of([(0, 2)], [(0, 1), (1, 3)])
    for place in (SegmentRecord(segment=0, index=3), SegmentRecord(segment=2, index=0)):
        with pytest.raises(LookupError):
            input_record(manifest, place)
    with pytest.raises(LookupError):
        segment_record(manifest, InputRecord(input=manifest.inputs[1], index=4))
