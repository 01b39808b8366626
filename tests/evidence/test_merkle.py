"""The Merkle tree against the definition in RFC 9162, written down as it stands there."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.evidence.line_hasher import ROOM, LineHasher, has_instructions
from audit_trail.evidence.merkle import EMPTY_ROOT, LineHashing, MerkleTree

# The entries and tree heads that Certificate Transparency implementations test with.
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
TREE_HEADS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]

HASHINGS: list[LineHashing | None] = [None, *([LineHasher()] if has_instructions() else [])]
each_hashing = pytest.mark.parametrize("hashing", HASHINGS, ids=["hashlib", "compiled"][: len(HASHINGS)])
records_lists = st.lists(st.binary(max_size=12), max_size=70)


def defined_root(records: list[bytes]) -> bytes:
    """MTH(D[n]) of RFC 9162 section 2.1.1."""
    if not records:
        return sha256(b"").digest()
    if len(records) == 1:
        return sha256(b"\x00" + records[0]).digest()
    split = 1
    while split * 2 < len(records):
        split *= 2
    return sha256(b"\x01" + defined_root(records[:split]) + defined_root(records[split:])).digest()


def root_of(*batches: list[bytes]) -> bytes:
    tree = MerkleTree()
    for batch in batches:
        tree.extend(batch)
    assert tree.size == sum(len(batch) for batch in batches)
    return tree.root()


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Compiling takes longer than any example may."""
    for hashing in HASHINGS:
        MerkleTree(hashing).extend_lines(b"record\n")


def root_of_lines(hashing: LineHashing | None, *blocks: bytes) -> tuple[int, bytes]:
    tree = MerkleTree(hashing)
    for block in blocks:
        tree.extend_lines(block)
    return tree.size, tree.root()


@pytest.mark.parametrize("size", range(9))
def test_known_tree_heads(size: int) -> None:
    assert root_of(ENTRIES[:size]).hex() == TREE_HEADS[size]


@pytest.mark.parametrize("size", [*range(34), 63, 64, 65, 127, 128, 129, 1000])
def test_every_shape_of_tree_is_the_defined_one(size: int) -> None:
    records = [b"%d" % number for number in range(size)]
    assert root_of(records) == defined_root(records)


@given(records=records_lists, cuts=st.lists(st.integers(0, 70), max_size=8))
def test_batches_do_not_matter(records: list[bytes], cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    batches = [records[start:end] for start, end in pairwise(edges)]
    assert root_of(*batches) == defined_root(records)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=40), st.data())
def test_every_record_and_its_place_is_in_the_root(records: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(records) - 1))
    changed = [*records[:place], records[place] + b"x", *records[place + 1 :]]
    removed = records[:place] + records[place + 1 :]
    assert len({root_of(records), root_of(changed), root_of(removed)}) == 3


def test_the_root_may_be_asked_for_at_any_time() -> None:
    tree = MerkleTree()
    assert tree.root() == EMPTY_ROOT
    for number in range(20):
        tree.extend([b"%d" % number])
        assert tree.root() == defined_root([b"%d" % earlier for earlier in range(number + 1)])


def test_a_leaf_cannot_be_passed_off_as_an_inner_node() -> None:
    """The prefixes of RFC 9162 separate them: two records are not one record of two hashes."""
    left, right = (sha256(b"\x00" + record).digest() for record in (b"a", b"b"))
    assert root_of([b"a", b"b"]) != root_of([left + right])


@each_hashing
@given(records=st.lists(st.binary(max_size=300).map(lambda record: record.replace(b"\n", b"")), max_size=40),
       cuts=st.lists(st.integers(0, 40), max_size=4), final_newline=st.booleans())  # fmt: skip
def test_lines_are_records_in_whatever_blocks_they_come(
    hashing: LineHashing | None, records: list[bytes], cuts: list[int], final_newline: bool
) -> None:
    edges = [0, *sorted(min(cut, len(records)) for cut in cuts), len(records)]
    blocks = [b"".join(record + b"\n" for record in records[start:end]) for start, end in pairwise(edges)]
    if not final_newline and blocks[-1] and records[-1]:
        blocks[-1] = blocks[-1][:-1]
    assert root_of_lines(hashing, *blocks) == (len(records), defined_root(records))


@each_hashing
def test_records_that_end_anywhere_in_their_last_block_beside_each_other(hashing: LineHashing | None) -> None:
    """A message ends in its last block of 64 bytes, or with its length in one more."""
    for short in range(0, 260):
        records = [b"r" * short, b"s" * (260 - short), b"", b"t" * short]
        lines = b"".join(record + b"\n" for record in records)
        assert root_of_lines(hashing, lines) == (4, defined_root(records)), short


@each_hashing
def test_a_long_record_beside_many_short_ones(hashing: LineHashing | None) -> None:
    records = [b"x" * 1_000_003, *(b"%d" % number for number in range(50)), b"y" * 70_000, b""]
    lines = b"\n".join(records) + b"\n"
    assert root_of_lines(hashing, lines) == (53, defined_root(records))


@each_hashing
@pytest.mark.parametrize("more", [-1, 0, 1, ROOM, ROOM + 1])
def test_more_lines_than_are_hashed_at_a_time(hashing: LineHashing | None, more: int) -> None:
    records = [b"%d" % number for number in range(ROOM + more)]
    lines = b"".join(record + b"\n" for record in records)
    assert root_of_lines(hashing, b"first\n", lines) == (len(records) + 1, defined_root([b"first", *records]))


@each_hashing
def test_lines_and_records_may_be_mixed_in_one_tree(hashing: LineHashing | None) -> None:
    tree = MerkleTree(hashing)
    tree.extend([b"a", b"b\nc"])
    tree.extend_lines(b"d\ne\nf")
    tree.extend_lines(b"")
    tree.extend([b"g"])
    assert tree.root() == defined_root([b"a", b"b\nc", b"d", b"e", b"f", b"g"])
