"""The Merkle tree against the definition in RFC 9162, written down as it stands there."""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.evidence.merkle import EMPTY_ROOT, MerkleTree

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
