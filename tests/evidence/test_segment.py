"""Segment digests against a naive computation over the whole content."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence import line_hashing
from audit_trail.evidence.merkle import MerkleTree
from audit_trail.evidence.segment import OUTPUT_BLOCK_BYTES, SegmentDigests, digest_segment

MIB = 1024 * 1024


def blocks_of(stored: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(stored), size):
        yield stored[start : start + size]


def digests(stored: bytes, *, block: int = 65536, limit: int = 10**7) -> SegmentDigests:
    return digest_segment(blocks_of(stored, block), max_content_bytes=limit, where="logs/part-00000")


def naive(stored: bytes, content: bytes) -> SegmentDigests:
    records = content.split(b"\n")
    if not records[-1]:
        records.pop()
    tree = MerkleTree()
    tree.extend(records)
    return SegmentDigests(
        stored_bytes=len(stored),
        stored_sha256=sha256(stored).hexdigest(),
        content_bytes=len(content),
        content_sha256=sha256(content).hexdigest(),
        records=len(records),
        merkle_root=tree.root().hex(),
    )


def frame(content: bytes, **options: bool) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=3, **options).compress(content)


@given(
    records=st.lists(st.binary(max_size=30).map(lambda record: record.replace(b"\n", b""))),
    final_newline=st.booleans(),
    block=st.integers(1, 200),
)
def test_digests_are_the_naive_ones_for_any_records_and_blocks(
    records: list[bytes], final_newline: bool, block: int
) -> None:
    content = b"\n".join(records) + (b"\n" if records and final_newline else b"")
    stored = frame(content)
    assert digests(stored, block=block) == naive(stored, content)


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"\n\n\n", 3),
        (b"a", 1),
        (b"a\n", 1),
        (b"a\nb", 2),
        (b"a\n\nb\n", 3),
        (b"a\r\nb\r\n", 2),
        (b"\x00\xff\n\x00", 2),
    ],
)
def test_records_are_what_stands_between_newlines(content: bytes, records: int) -> None:
    stored = frame(content)
    found = digests(stored)
    assert found == naive(stored, content)
    assert found.records == records


@pytest.mark.parametrize("edge", [OUTPUT_BLOCK_BYTES - 1, OUTPUT_BLOCK_BYTES, OUTPUT_BLOCK_BYTES + 1])
@pytest.mark.parametrize("tail", [b"", b"\n", b"\n\n", b"\nb", b"b\n"])
def test_a_newline_at_the_edge_of_a_block_is_one_newline(edge: int, tail: bytes) -> None:
    content = b"a" * edge + tail
    stored = frame(content)
    assert digests(stored) == naive(stored, content)


def test_a_record_of_many_blocks_is_one_record() -> None:
    content = b"short\n" + b"x" * (5 * MIB + 7) + b"\nshort"
    stored = frame(content)
    found = digests(stored)
    assert found == naive(stored, content)
    assert found.records == 3


@pytest.mark.parametrize("worth", [0, 1 << 40], ids=["compiled", "hashlib"])
def test_digests_are_the_same_with_and_without_compiled_code(
    monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    monkeypatch.setattr(line_hashing, "WORTH_LOADING_BYTES", worth)
    monkeypatch.setattr(line_hashing, "WORTH_USING_BYTES", worth)
    content = b"".join(b"%d " % number * (number % 90) + b"\n" for number in range(30_000)) + b"open end"
    stored = frame(content)
    assert digests(stored) == naive(stored, content)


def test_empty_blocks_are_not_the_end() -> None:
    content = b"a\nb\n"
    stored = frame(content)
    blocks = [b"", stored[:5], b"", b"", stored[5:], b""]
    assert digest_segment(blocks, max_content_bytes=4, where="x") == naive(stored, content)


def test_a_frame_without_its_content_size_or_with_a_checksum_is_read() -> None:
    content = b"a\nb\n"
    for stored in (frame(content, write_content_size=False), frame(content, write_checksum=True)):
        assert digests(stored) == naive(stored, content)


def test_no_bytes_at_all_are_no_records() -> None:
    assert digests(b"") == naive(b"", b"")


def test_trailing_garbage_is_refused() -> None:
    stored = frame(b"a\nb\n")
    with pytest.raises(IntegrityError, match="not zstd"):
        digests(stored + b"garbage")


@pytest.mark.parametrize("block", [1, 7, 65536])
def test_garbage_shorter_than_a_frame_header_shows_in_the_stored_digest(block: int) -> None:
    """Whether zstd complains or waits for more, the manifest's digests do not come out."""
    stored = frame(b"a\nb\n")
    for garbage in (b"\x00", b"\x28", b"\x28\xb5", b"\x28\xb5\x2f"):
        try:
            found = digests(stored + garbage, block=block)
        except IntegrityError:
            continue
        assert found.stored_bytes == len(stored) + len(garbage)
        assert found.stored_sha256 == sha256(stored + garbage).hexdigest()


def test_a_second_frame_shows_in_every_digest() -> None:
    first, second = frame(b"a\n"), frame(b"b\n")
    assert digests(first + second) == naive(first + second, b"a\nb\n")
    with pytest.raises(IntegrityError, match="more than it should"):
        digests(first + second, limit=2)


def test_an_empty_or_skippable_second_frame_shows_in_the_stored_digest() -> None:
    first = frame(b"a\n")
    skippable = b"\x50\x2a\x4d\x18" + (6).to_bytes(4, "little") + b"hidden"
    for second in (frame(b""), skippable):
        found = digests(first + second)
        assert found.content_sha256 == sha256(b"a\n").hexdigest()
        assert found.stored_sha256 == sha256(first + second).hexdigest() != sha256(first).hexdigest()


def test_a_frame_cut_anywhere_never_gives_the_whole_digests() -> None:
    content = b"".join(b"record %d\n" % number for number in range(300))
    stored = frame(content, write_checksum=True)
    whole = naive(stored, content)
    for length in range(len(stored)):
        try:
            found = digests(stored[:length])
        except IntegrityError:
            continue
        assert found.stored_bytes == length != whole.stored_bytes
        assert found.stored_sha256 != whole.stored_sha256


def test_every_flipped_bit_shows_in_the_stored_digest_or_is_refused() -> None:
    content = b"a\nbb\nccc\n"
    stored = frame(content, write_checksum=True)
    for place in range(len(stored)):
        damaged = stored[:place] + bytes([stored[place] ^ 0x10]) + stored[place + 1 :]
        try:
            found = digests(damaged, limit=len(content))
        except IntegrityError as error:
            assert error.where == "logs/part-00000"
            continue
        assert found.stored_sha256 == sha256(damaged).hexdigest()


@pytest.mark.parametrize("stored", [b"plain text\n", b"\x1f\x8b\x08\x00" + b"\x00" * 20, b"\x00" * 100])
def test_what_is_not_zstd_is_refused(stored: bytes) -> None:
    with pytest.raises(IntegrityError, match="not zstd") as caught:
        digests(stored)
    assert caught.value.where == "logs/part-00000"


def test_exactly_as_much_as_expected_is_read_and_one_byte_more_is_not() -> None:
    stored = frame(b"a\nb\n")
    assert digests(stored, limit=4).content_bytes == 4
    with pytest.raises(IntegrityError, match="more than it should") as caught:
        digests(stored, limit=3)
    assert caught.value.expected == "3 bytes"


@pytest.mark.parametrize(
    "line", [b"\x00" * MIB, b"\n" * 1000 + b"x" * (MIB - 1000)], ids=["one line", "lines"]
)
def test_a_bomb_ends_at_the_limit_in_bounded_memory(line: bytes) -> None:
    """1 GiB in about 100 kB: what is held stays near the limit, and the rest is never decompressed."""
    import zstandard

    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    bomb = b"".join(compressor.compress(line) for _ in range(1024)) + compressor.flush()
    assert len(bomb) < MIB
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError, match="more than it should"):
            digests(bomb, limit=2 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 24 * MIB


def test_a_store_that_fails_half_way_is_not_called_an_integrity_failure() -> None:
    def failing() -> Iterator[bytes]:
        yield frame(b"a\n" * 1000)[:10]
        raise StorageError("connection lost")

    with pytest.raises(StorageError, match="connection lost"):
        digest_segment(failing(), max_content_bytes=10**6, where="x")
