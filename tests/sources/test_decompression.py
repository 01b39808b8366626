from __future__ import annotations

import bz2
import gzip
import lzma
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import CollectionError
from audit_trail.sources import decompression
from audit_trail.sources.decompression import ZSTD_STEP_BYTES, codec_of, decompressed


def zstd(content: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(write_checksum=True).compress(content)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstd,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"notes"

each_format = pytest.mark.parametrize("suffix", COMPRESS)


def in_pieces(stored: bytes, piece_bytes: int) -> Iterator[bytes]:
    return (stored[i : i + piece_bytes] for i in range(0, len(stored), piece_bytes))


def content_of(stored: bytes, suffix: str, *, piece_bytes: int = 7, step_bytes: int = 100) -> bytes:
    codec = codec_of(f"file:///a.log{suffix}")
    assert codec is not None
    pieces = in_pieces(stored, piece_bytes)
    return b"".join(decompressed(pieces, codec, where=f"file:///a.log{suffix}", step_bytes=step_bytes))


def incompressible(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def test_the_suffix_decides_in_any_case() -> None:
    codec = codec_of("file:///A.LOG.GZ")
    assert codec is not None
    assert codec.name == "gzip"
    assert codec_of("file:///a.gz.log") is None


@each_format
@given(members=st.lists(st.binary(max_size=2000), min_size=1, max_size=4), sizes=st.data())
def test_concatenated_members_give_their_content(
    suffix: str, members: list[bytes], sizes: st.DataObject
) -> None:
    stored = b"".join(COMPRESS[suffix](member) for member in members)
    piece_bytes = sizes.draw(st.integers(1, 300))
    step_bytes = sizes.draw(st.integers(1, 300))
    assert content_of(stored, suffix, piece_bytes=piece_bytes, step_bytes=step_bytes) == b"".join(members)


@each_format
def test_a_truncated_archive_is_an_error_wherever_it_ends(suffix: str) -> None:
    first, second = COMPRESS[suffix](b"first\n"), COMPRESS[suffix](b"second\n")
    whole = first + second
    for end in range(1, len(whole)):
        if end == len(first):
            continue
        with pytest.raises(CollectionError) as raised:
            content_of(whole[:end], suffix)
        assert raised.value.where == f"file:///a.log{suffix}"


@each_format
def test_a_changed_byte_in_the_content_is_an_error(suffix: str) -> None:
    stored = bytearray(COMPRESS[suffix](incompressible(500)))
    stored[len(stored) // 2] ^= 0x40
    with pytest.raises(CollectionError):
        content_of(bytes(stored), suffix)


@each_format
@pytest.mark.parametrize("garbage", [b"x", b"garbage", b"\0x", b"garbage" * 100])
def test_trailing_garbage_is_an_error(suffix: str, garbage: bytes) -> None:
    with pytest.raises(CollectionError):
        content_of(COMPRESS[suffix](b"content\n") + garbage, suffix)


@each_format
def test_what_is_not_compressed_at_all_is_an_error(suffix: str) -> None:
    with pytest.raises(CollectionError, match="corrupt"):
        content_of(b"2026-01-09 plain text in a file of that name\n" * 10, suffix)


def test_padding_is_accepted_where_the_format_has_it() -> None:
    for suffix, padding in ((".gz", b"\0" * 3), (".xz", b"\0" * 8)):
        stored = COMPRESS[suffix](b"a") + padding + COMPRESS[suffix](b"b") + padding
        assert content_of(stored, suffix) == b"ab"
    for suffix, padding in ((".xz", b"\0" * 3), (".zst", b"\0" * 4), (".bz2", b"\0" * 4)):
        with pytest.raises(CollectionError):
            content_of(COMPRESS[suffix](b"a") + padding, suffix)


def test_zstd_frames_without_content_are_passed_over() -> None:
    frame = COMPRESS[".zst"]
    assert content_of(SKIPPABLE_FRAME + frame(b"a") + SKIPPABLE_FRAME + frame(b"b"), ".zst") == b"ab"


@each_format
def test_a_bomb_is_opened_in_bounded_steps_and_stopped_at_the_limit(
    suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decompression, "MAX_CONTENT_BYTES", 40 << 20)
    bomb = COMPRESS[suffix](bytes(50 << 20))
    codec = codec_of(suffix)
    assert codec is not None
    largest_bytes = 0
    with pytest.raises(CollectionError, match="too much content"):
        for content in decompressed([bomb], codec, where="x", step_bytes=1 << 20):
            largest_bytes = max(largest_bytes, len(content))
    assert largest_bytes <= (1 << 20 if suffix != ".zst" else ZSTD_STEP_BYTES // 4 * (128 << 10))


def test_exactly_the_limit_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "MAX_CONTENT_BYTES", 10)
    assert content_of(gzip.compress(b"0123456789"), ".gz") == b"0123456789"


def test_an_xz_dictionary_beyond_the_memory_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "XZ_MEMORY_BYTES", 1 << 20)
    with pytest.raises(CollectionError):
        content_of(lzma.compress(b"a"), ".xz")
