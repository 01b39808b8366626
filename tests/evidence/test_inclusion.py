"""Inclusion paths against the definition in RFC 9162, written down as it stands there."""

from __future__ import annotations

import tracemalloc
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import IntegrityError
from audit_trail.evidence.inclusion import PathCollector, check_inclusion, root_of_path, sibling_ranges
from audit_trail.evidence.line_hasher import LineHasher, has_instructions
from audit_trail.evidence.merkle import LineHashing, MerkleTree

MAX_SIZE = 70
RECORDS = [b"record %d" % number for number in range(MAX_SIZE)]
HASHINGS: list[LineHashing | None] = [None, *([LineHasher()] if has_instructions() else [])]
each_hashing = pytest.mark.parametrize("hashing", HASHINGS, ids=["hashlib", "compiled"][: len(HASHINGS)])


def split_of(size: int) -> int:
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def defined_root(records: list[bytes]) -> bytes:
    """MTH(D[n]) of RFC 9162 section 2.1.1."""
    if len(records) == 1:
        return sha256(b"\x00" + records[0]).digest()
    split = split_of(len(records))
    return sha256(b"\x01" + defined_root(records[:split]) + defined_root(records[split:])).digest()


def defined_path(index: int, records: list[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 9162 section 2.1.3.1."""
    if len(records) == 1:
        return []
    split = split_of(len(records))
    if index < split:
        return [*defined_path(index, records[:split]), defined_root(records[split:])]
    return [*defined_path(index - split, records[split:]), defined_root(records[:split])]


def collected(index: int, size: int, *blocks: bytes, hashing: LineHashing | None = None) -> PathCollector:
    collector = PathCollector(index, size, hashing)
    for block in blocks:
        collector.extend_lines(block)
    return collector


def lines(records: list[bytes]) -> bytes:
    return b"".join(record + b"\n" for record in records)


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Compiling takes longer than any example may."""
    for hashing in HASHINGS:
        MerkleTree(hashing).extend_lines(b"record\n")


@pytest.mark.parametrize("size", range(1, MAX_SIZE + 1))
def test_every_path_of_every_shape_is_the_defined_one_and_leads_to_the_root(size: int) -> None:
    records = RECORDS[:size]
    root = defined_root(records)
    for index in range(size):
        collector = collected(index, size, lines(records))
        path = collector.path()
        assert list(path) == defined_path(index, records)
        assert (collector.record, collector.size) == (records[index], size)
        assert root_of_path(records[index], index=index, size=size, path=path) == root


@each_hashing
@given(data=st.data())
def test_it_does_not_matter_in_which_blocks_the_lines_come(
    hashing: LineHashing | None, data: st.DataObject
) -> None:
    line = st.binary(max_size=80).map(lambda record: record.replace(b"\n", b""))
    records = data.draw(st.lists(line, min_size=1, max_size=MAX_SIZE))
    index = data.draw(st.integers(0, len(records) - 1))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=5)))
    edges = [0, *cuts, len(records)]
    blocks = [lines(records[start:end]) for start, end in pairwise(edges)]
    if records[-1] and data.draw(st.booleans()):
        blocks[-1] = blocks[-1].removesuffix(b"\n")
    collector = collected(index, len(records), *blocks, hashing=hashing)
    assert list(collector.path()) == defined_path(index, records)
    assert (collector.record, collector.size) == (records[index], len(records))


@given(data=st.data())
def test_no_other_place_size_record_or_path_leads_to_the_root(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, MAX_SIZE))
    index = data.draw(st.integers(0, size - 1))
    records = RECORDS[:size]
    root, path = defined_root(records), defined_path(index, records)
    true = (records[index], index, size, path)
    assert leads_to(root, *true)
    others = st.integers(-1, 2 * MAX_SIZE)
    other_index = data.draw(others.filter(lambda number: number != index))
    assert not leads_to(root, records[index], other_index, size, path)
    flipped = data.draw(st.integers(0, len(path)))
    for record, wrong in (
        (records[index] + b"\n", path),
        (records[index], [*path, bytes(32)]),
        (records[index], path[:-1] if path else [root]),
        (records[index], [*path[:flipped], bytes(32), *path[flipped + 1 :]]),
        (records[index], [*path[1:], *path[:1]] if len(set(path)) > 1 else [root]),
    ):
        assert not leads_to(root, record, index, size, wrong)


def leads_to(root: bytes, record: bytes, index: int, size: int, path: list[bytes]) -> bool:
    try:
        check_inclusion(record, index=index, size=size, path=path, root=root, where="x")
    except IntegrityError:
        return False
    return True


def test_a_tree_of_another_size_has_a_path_of_another_length_or_root() -> None:
    """Where both have the same shape along the way, the signed size tells; see `proof_check`."""
    for size in range(1, MAX_SIZE):
        records = RECORDS[: size + 1]
        root, path = defined_root(records), defined_path(size, records)
        assert not leads_to(root, records[size], size, size, path)
        assert not leads_to(defined_root(records[:size]), records[0], 0, size + 1, defined_path(0, records))


def test_an_inner_node_cannot_be_passed_off_as_a_record() -> None:
    left, right = (sha256(b"\x00" + record).digest() for record in RECORDS[:2])
    path = defined_path(0, RECORDS[:4])
    root = defined_root(RECORDS[:4])
    for forged in (left + right, b"\x01" + left + right, b"\x00" + left + right):
        assert not leads_to(root, forged, 0, 4, path[1:])
        assert not leads_to(root, forged, 0, 2, path[1:])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (-1, 3), (70, 70)])
def test_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no leaf"):
        sibling_ranges(index, size)
    with pytest.raises(ValueError, match="no leaf"):
        root_of_path(b"", index=index, size=size, path=[])


def test_too_few_lines_give_no_path_and_more_are_counted() -> None:
    with pytest.raises(ValueError, match="more leaves"):
        collected(0, 3, b"a\nb\n").path()
    assert collected(2, 3, b"a\nb\n").record is None
    collector = collected(0, 3, b"a\nb\nc\nd\n", b"e")
    assert collector.size == 5
    assert list(collector.path()) == defined_path(0, [b"a", b"b", b"c"])


def test_memory_does_not_grow_with_the_tree() -> None:
    block = lines([b"%d" % number for number in range(1000)])
    collector = PathCollector(23_456, 50_000)
    tracemalloc.start()
    for _ in range(50):
        collector.extend_lines(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert collector.record == b"456"
    assert len(collector.path()) == 16
    assert peak < 1_000_000


@pytest.mark.parametrize(("nodes", "said"), [(0, "too short"), (2, "too short"), (4, "too long")])
def test_a_path_of_another_length_is_refused_whatever_root_it_leads_to(nodes: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        root_of_path(b"record", index=2, size=8, path=[bytes(32)] * nodes)
