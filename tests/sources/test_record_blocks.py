from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from audit_trail.sources.record_blocks import record_blocks, record_parts

PIECES = st.lists(st.binary(max_size=40).map(lambda data: data.replace(b"\x00", b"\n")), max_size=20)


@given(pieces=PIECES, block_bytes=st.integers(1, 100))
def test_blocks_are_the_stream_cut_on_record_boundaries(pieces: list[bytes], block_bytes: int) -> None:
    blocks = list(record_blocks(pieces, block_bytes))
    assert b"".join(blocks) == b"".join(pieces)
    assert all(blocks)
    assert all(block.endswith(b"\n") for block in blocks[:-1])


@given(records=st.lists(st.binary(max_size=9).map(lambda data: data.replace(b"\n", b"") + b"\n")))
def test_a_block_is_given_out_as_soon_as_it_is_large_enough(records: list[bytes]) -> None:
    blocks = list(record_blocks(records, 10))
    assert all(10 <= len(block) < 20 for block in blocks[:-1])


def test_a_record_longer_than_a_block_makes_the_block_longer() -> None:
    assert list(record_blocks([b"a" * 5] * 5 + [b"\nb", b"\nc"], 4)) == [b"a" * 25 + b"\n", b"b\nc"]


@given(pieces=PIECES, block_bytes=st.integers(1, 100))
def test_parts_of_a_block_are_pieces_that_nobody_copied(pieces: list[bytes], block_bytes: int) -> None:
    blocks = list(record_parts(pieces, block_bytes))
    assert [b"".join(parts) for parts in blocks] == list(record_blocks(pieces, block_bytes))
    for part in (part for parts in blocks for part in parts):
        assert len(part)
        assert any((part.obj if isinstance(part, memoryview) else part) is piece for piece in pieces)
