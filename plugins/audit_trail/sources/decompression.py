"""Compressed logs as a stream of content, checked to the last byte, in bounded memory."""

from __future__ import annotations

import bz2
import lzma
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from audit_trail.errors import CollectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

# No honest log of one day is larger; a decompression bomb would run for weeks.
MAX_CONTENT_BYTES = 1 << 40
# `xz -9` needs 65 MiB; the format allows dictionaries of 4 GiB.
XZ_MEMORY_BYTES = 256 << 20
# zstd's decoder takes no output limit. A block gives up to 128 KiB for as few
# as 4 bytes (RFC 8878, 3.1.1.2), so this much input gives 32 MiB at the most.
ZSTD_STEP_BYTES = 1024


class _Member(Protocol):
    """The decoder of one gzip member, zstd frame, bzip2 or xz stream."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """A compression format.

    Attributes:
        padding: Zero bytes may stand between and after members in multiples
            of this (xz: 4, as its format says; gzip: 1, as on tapes); 0: never.
    """

    name: str
    member: Callable[[], _Member]
    padding: int = 0


class _GzipMember:
    def __init__(self) -> None:
        self._decoder = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        content = self._decoder.decompress(self._decoder.unconsumed_tail + data, max_length)
        self.needs_input = not self._decoder.unconsumed_tail
        return content


class _ZstdFrame:
    def __init__(self) -> None:
        import zstandard

        self._decoder = zstandard.ZstdDecompressor().decompressobj()
        self._error = zstandard.ZstdError
        self._input = memoryview(b"")

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return not self._input

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data + bytes(self._input)

    def decompress(self, data: bytes, max_length: int) -> bytes:
        del max_length  # see ZSTD_STEP_BYTES
        if data:
            self._input = memoryview(data)
        step, self._input = self._input[:ZSTD_STEP_BYTES], self._input[ZSTD_STEP_BYTES:]
        try:
            return self._decoder.decompress(step)
        except self._error as error:
            raise ValueError("zstd") from error


_CODECS = {
    ".gz": Codec(name="gzip", member=_GzipMember, padding=1),
    ".zst": Codec(name="zstd", member=_ZstdFrame),
    ".bz2": Codec(name="bzip2", member=bz2.BZ2Decompressor),
    ".xz": Codec(name="xz", member=lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, XZ_MEMORY_BYTES), padding=4),
}


def codec_of(uri: str) -> Codec | None:
    """The codec by the name's suffix, in any case; None for a plain file."""
    name = uri.lower()
    return next((codec for suffix, codec in _CODECS.items() if name.endswith(suffix)), None)


def decompressed(pieces: Iterable[bytes], codec: Codec, *, where: str, step_bytes: int) -> Iterator[bytes]:
    """Decompress one or more concatenated members.

    Args:
        pieces: The stored bytes, from the beginning of a member on.
        codec: Their format.
        where: URI, for errors.
        step_bytes: Upper limit of a piece of content (zstd: 32 MiB).

    Raises:
        CollectionError: Corrupt, ends inside a member, followed by something
            else, or more content than `MAX_CONTENT_BYTES`.
    """
    content_bytes = 0
    for content in _members(pieces, codec, where, step_bytes):
        content_bytes += len(content)
        if content_bytes > MAX_CONTENT_BYTES:
            raise CollectionError(
                "a compressed file holds too much content",
                where=where,
                expected=f"at most {MAX_CONTENT_BYTES} bytes",
                found="more",
                remedy="look at it: this may be a decompression bomb",
            )
        yield content


def _members(pieces: Iterable[bytes], codec: Codec, where: str, step_bytes: int) -> Iterator[bytes]:
    member: _Member | None = None
    padding_bytes = 0
    between_members = False
    for piece in pieces:
        data = piece
        while data or (member is not None and not member.needs_input):
            if member is None:
                if between_members and codec.padding:
                    padding_bytes += len(data) - len(data := data.lstrip(b"\0"))
                    if not data:
                        break
                _check_padding(padding_bytes, codec, where)
                member, padding_bytes = codec.member(), 0
            content = _step(member, data, codec, where, step_bytes)
            data = b""
            if content:
                yield content
            if member.eof:
                data, member, between_members = member.unused_data, None, True
    if member is not None:
        raise CollectionError(
            f"a {codec.name} file ends too early",
            where=where,
            remedy="it is truncated, or still being written: run again, or restore it",
        )
    _check_padding(padding_bytes, codec, where)


def _step(member: _Member, data: bytes, codec: Codec, where: str, step_bytes: int) -> bytes:
    try:
        return member.decompress(data, step_bytes)
    except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError, MemoryError) as error:
        raise _corrupt(codec, where) from error


def _check_padding(padding_bytes: int, codec: Codec, where: str) -> None:
    if padding_bytes and padding_bytes % codec.padding:
        raise _corrupt(codec, where)


def _corrupt(codec: Codec, where: str) -> CollectionError:
    return CollectionError(
        f"a {codec.name} file is corrupt, or followed by something that is not {codec.name}",
        where=where,
        remedy="restore it from where it came from, or correct its suffix",
    )
