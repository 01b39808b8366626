from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import IntegrityError
from audit_trail.sources.sealed_ranges import PinnedDigest, SealedRange

CONTENT = bytes(range(100))


def sealed(*bounds: int) -> list[SealedRange]:
    return [
        SealedRange(start=start, end=end, sha256=sha256(CONTENT[start:end]).hexdigest())
        for start, end in pairwise(bounds)
    ]


@given(cuts=st.lists(st.integers(0, 100)), bounds=st.lists(st.integers(0, 100), min_size=1))
def test_only_what_is_not_sealed_passes_and_is_hashed(cuts: list[int], bounds: list[int]) -> None:
    ranges = sealed(0, *sorted(bounds))
    start = max(bounds)
    digest = PinnedDigest(ranges, start=start, where="x")
    edges = [0, *sorted(cuts), 100]
    passed = [digest.accept(CONTENT[a:b]) for a, b in pairwise(edges)]
    digest.finish()
    assert b"".join(passed) == CONTENT[start:]
    assert digest.sha256 == sha256(CONTENT[start:]).hexdigest()
    assert digest.position == 100


@pytest.mark.parametrize(
    ("position", "changed"), [(0, "[0, 10)"), (9, "[0, 10)"), (10, "[10, 30)"), (29, "[10, 30)")]
)
def test_a_changed_byte_names_the_range_it_is_in(position: int, changed: str) -> None:
    content = bytearray(CONTENT)
    content[position] ^= 1
    digest = PinnedDigest(sealed(0, 10, 30), start=30, where="file:///a.log")
    with pytest.raises(IntegrityError) as raised:
        digest.accept(bytes(content))
    assert changed in str(raised.value)
    assert raised.value.where == "file:///a.log"


def test_a_change_behind_the_sealed_bytes_is_none() -> None:
    digest = PinnedDigest(sealed(0, 10), start=10, where="x")
    assert digest.accept(CONTENT[:10] + b"other") == b"other"


def test_a_stream_that_ends_inside_the_sealed_bytes_shrank() -> None:
    digest = PinnedDigest(sealed(0, 10, 30), start=30, where="x")
    digest.accept(CONTENT[:29])
    with pytest.raises(IntegrityError, match="at least 30 bytes, found 29 bytes"):
        digest.finish()


@pytest.mark.parametrize(
    ("ranges", "start"),
    [([], 1), (sealed(0, 5), 6), (sealed(0, 5), 0), (sealed(1, 5), 5), (sealed(0, 5) + sealed(6, 9), 9)],
)
def test_ranges_that_do_not_join_up_are_refused(ranges: list[SealedRange], start: int) -> None:
    with pytest.raises(IntegrityError, match="do not join up"):
        PinnedDigest(ranges, start=start, where="x")
