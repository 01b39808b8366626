from __future__ import annotations

import bz2
import gzip
import lzma
import os
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.errors import CollectionError, ConfigurationError, IntegrityError
from audit_trail.settings import EventTimeSettings, SourceSettings
from audit_trail.sources import InputStream, SealedRange, list_files

DAY = date(2026, 1, 9)
BY_START = EventTimeSettings(pattern=r"^(\d\S+)")
YESTERDAY = b"2026-01-08T12:00:00Z a\n"
TODAY = [b"2026-01-09T01:00:00Z b\n  trace\n", b"2026-01-09T02:00:00Z c\n", b"2026-01-09T03:00:00Z d\n"]
TOMORROW = b"2026-01-10T00:00:00Z e\n"


def zstd(content: bytes) -> bytes:
    import zstandard

    return zstandard.compress(content)


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".zst": zstd,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
each_format = pytest.mark.parametrize("suffix", COMPRESS)


def stored(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return f"file://{path}"


def append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)


def seal(stream: InputStream) -> SealedRange:
    return SealedRange(start=stream.start, end=stream.end, sha256=stream.raw_sha256)


def pinned(stream: InputStream) -> tuple[bytes, int, int, str]:
    """Content, start, end and digest of a stream read to its end."""
    content = b"".join(stream)
    return content, stream.start, stream.end, stream.raw_sha256


@given(
    content=st.binary(max_size=400).map(lambda data: data.replace(b"\x00", b"\n")),
    block_bytes=st.integers(1, 500),
)
def test_blocks_are_the_content_cut_on_record_boundaries(content: bytes, block_bytes: int) -> None:
    import fsspec

    uri = f"memory://{uuid4().hex}/a.log"
    with fsspec.open(uri, "wb") as file:
        file.write(content)
    stream = InputStream(uri, block_bytes=block_bytes)
    blocks = list(stream)
    assert b"".join(blocks) == content
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    assert (stream.start, stream.end) == (0, len(content))
    assert stream.raw_sha256 == sha256(content).hexdigest()
    assert stream.final_newline == (content.endswith(b"\n") or not content)
    assert stream.first_event_time is stream.last_event_time is None


@pytest.mark.parametrize("content", [b"", b"\n", b"no newline", b"a\r\nb\0\xff\n"])
def test_local_files_pass_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    uri = stored(tmp_path / "a.log", content)
    assert pinned(InputStream(uri)) == (content, 0, len(content), sha256(content).hexdigest())
    assert pinned(InputStream(str(tmp_path / "a.log"))) == pinned(InputStream(uri))


def test_nothing_is_pinned_before_the_last_block_is_taken(tmp_path: Path) -> None:
    stream = InputStream(stored(tmp_path / "a.log", b"a\nb\n"), block_bytes=2)
    assert next(iter(stream)) == b"a\n"
    with pytest.raises(CollectionError, match="take every block first"):
        _ = stream.end
    assert pinned(stream)[0] == b"a\nb\n"


@each_format
def test_of_a_compressed_file_the_stored_bytes_are_pinned(tmp_path: Path, suffix: str) -> None:
    archive = COMPRESS[suffix](b"a\nb") + COMPRESS[suffix](b"b\nc")
    stream = InputStream(stored(tmp_path / f"a.log{suffix.upper()}", archive), block_bytes=2)
    assert list(stream) == [b"a\n", b"bb\n", b"c"]
    assert (stream.end, stream.raw_sha256) == (len(archive), sha256(archive).hexdigest())
    assert not stream.final_newline


@each_format
def test_a_truncated_or_empty_archive_names_the_file(tmp_path: Path, suffix: str) -> None:
    archive = COMPRESS[suffix](b"a\nb\n")
    for broken in (archive[:-1], archive + archive[:5], b""):
        uri = stored(tmp_path / f"a.log{suffix}", broken)
        with pytest.raises(CollectionError) as raised:
            list(InputStream(uri))
        assert raised.value.where == uri


def test_what_is_appended_while_reading_waits_for_the_next_revision(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    stream = InputStream(stored(path, b"a\nb\n"), block_bytes=2)
    blocks = iter(stream)
    read = [next(blocks)]
    append(path, b"c\n")
    assert [*read, *blocks] == [b"a\n", b"b\n"]
    later = InputStream(f"file://{path}", start=stream.end, sealed=[seal(stream)])
    assert pinned(later) == (b"c\n", 4, 6, sha256(b"c\n").hexdigest())


@pytest.mark.parametrize("rest", [b"b\nc\nd", b"b" * 200_000 + b"\nc\n"])
def test_a_record_being_written_is_read_to_its_end_and_no_further(tmp_path: Path, rest: bytes) -> None:
    path = tmp_path / "a.log"
    stream = InputStream(stored(path, b"a\nb"), block_bytes=2)
    blocks = iter(stream)
    read = [next(blocks)]
    append(path, rest)
    content = b"a\nb" + rest[: rest.index(b"\n") + 1]
    assert b"".join([*read, *blocks]) == content
    assert (stream.end, stream.raw_sha256) == (len(content), sha256(content).hexdigest())
    assert stream.final_newline


def test_revisions_of_a_file_growing_at_full_speed_join_up_without_a_gap(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    uri = stored(path, b"")
    stop = threading.Event()

    def write() -> None:
        with path.open("ab", buffering=1000) as file:  # flushes within records
            # Bounded: on a busy machine, twenty readings of all that was written meanwhile fill the memory.
            for _ in range(200_000):
                if stop.is_set():
                    break
                file.write(b"0123456789" * 7 + b"\n")

    writer = threading.Thread(target=write)
    writer.start()
    sealed: list[SealedRange] = []
    records: list[bytes] = []
    try:
        for _ in range(20):
            start = sealed[-1].end if sealed else 0
            stream = InputStream(uri, start=start, sealed=sealed, block_bytes=4096)
            for block in stream:
                records += block.splitlines(keepends=True)
            sealed.append(seal(stream))
    finally:
        stop.set()
        writer.join()
    content = path.read_bytes()
    assert b"".join(records) == content[: sealed[-1].end]


def test_a_file_cut_while_being_read_asks_for_another_run(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    blocks = iter(InputStream(stored(path, b"a\nb\nc\n"), block_bytes=2))
    next(blocks)
    path.write_bytes(b"a\n")
    with pytest.raises(CollectionError, match="expected 6 bytes, found 2 bytes"):
        list(blocks)


def test_a_file_cut_behind_the_reader_asks_for_another_run(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    blocks = iter(InputStream(stored(path, b"a\nb\n"), block_bytes=2))
    assert [next(blocks), next(blocks)] == [b"a\n", b"b\n"]
    path.write_bytes(b"")
    with pytest.raises(CollectionError, match="got shorter"):
        next(blocks)


def test_renaming_or_deleting_an_open_file_changes_nothing(tmp_path: Path) -> None:
    for move in (lambda path: path.rename(tmp_path / "a.log.1"), Path.unlink):
        path = tmp_path / "a.log"
        blocks = iter(InputStream(stored(path, b"a\nb\n"), block_bytes=2))
        first = next(blocks)
        move(path)
        path.write_bytes(b"new\n")
        assert [first, *blocks] == [b"a\n", b"b\n"]


def test_a_file_that_vanished_since_listing_was_likely_rotated(tmp_path: Path) -> None:
    for uri in (f"file://{tmp_path}/a.log", f"memory://{uuid4().hex}/a.log"):
        with pytest.raises(CollectionError, match=r"likely rotated.*run again") as raised:
            list(InputStream(uri))
        assert raised.value.where == uri


def test_another_file_under_the_listed_name_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    uri = stored(path, b"a\n")
    (file,) = list_files(SourceSettings(name="a", kind="api", url=uri), DAY).files
    assert list(InputStream(uri, identity=file.identity)) == [b"a\n"]
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(b"b\n")
    with pytest.raises(CollectionError, match="taken its name"):
        list(InputStream(uri, identity=file.identity))


def test_a_fifo_or_directory_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "directory").mkdir()
    for name, found in (("fifo", "FIFO"), ("directory", "directory")):
        with pytest.raises(CollectionError) as raised:
            list(InputStream(f"file://{tmp_path}/{name}"))
        assert raised.value.found == found


def test_a_missing_permission_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = stored(tmp_path / "a.log", b"secret\n")
    (tmp_path / "a.log").chmod(0o200)

    def denied(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", denied)  # root, who may run the tests, is never denied
    with pytest.raises(CollectionError, match="no permission") as raised:
        list(InputStream(uri))
    assert raised.value.where == uri
    assert f"user id {os.geteuid()}" in raised.value.expected
    assert "mode 0200" in raised.value.found


def test_a_failing_disk_is_a_collection_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = stored(tmp_path / "a.log", b"a\n")

    def failing(*_: Any) -> bytes:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("audit_trail.sources.stored_file.os.read", failing)
        with pytest.raises(CollectionError) as raised:
            list(InputStream(uri))
    assert raised.value.found == "Input/output error"


def test_no_descriptor_stays_open(tmp_path: Path) -> None:
    uri = stored(tmp_path / "a.log", b"a\nb\n")
    gz = stored(tmp_path / "a.gz", b"broken")
    before = len(list(Path("/proc/self/fd").iterdir()))
    list(InputStream(uri))
    abandoned = iter(InputStream(uri, block_bytes=2))
    next(abandoned)
    abandoned.close()  # type: ignore[attr-defined]
    for broken in (gz, f"file://{tmp_path}"):
        with pytest.raises(CollectionError):
            list(InputStream(broken))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
def test_only_what_follows_the_sealed_bytes_is_yielded(tmp_path: Path, suffix: str) -> None:
    compress = COMPRESS.get(suffix, bytes)
    path = tmp_path / f"a.log{suffix}"
    uri = stored(path, compress(b"a\nb\n"))
    sealed: list[SealedRange] = []
    for content in (b"a\nb\n", b"c\n", b"", b"d"):
        if sealed and content:
            append(path, compress(content))
        stream = InputStream(uri, start=sealed[-1].end if sealed else 0, sealed=sealed)
        assert b"".join(stream) == content
        assert stream.end == path.stat().st_size
        sealed.append(seal(stream))
    assert sealed[2].start == sealed[2].end
    assert sealed[2].sha256 == sha256().hexdigest()


def test_a_change_in_sealed_bytes_stops_before_anything_is_yielded(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    first = InputStream(stored(path, b"a\nb\n"))
    list(first)
    path.write_bytes(b"a\nX\nc\n" * 3)
    with pytest.raises(IntegrityError, match=r"range \[0, 4\)") as raised:
        next(iter(InputStream(f"file://{path}", start=4, sealed=[seal(first)], block_bytes=1)))
    assert raised.value.where == f"file://{path}"


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
def test_a_sealed_file_that_shrank_is_an_integrity_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.log{suffix}"
    first = InputStream(stored(path, COMPRESS.get(suffix, bytes)(b"a\nb\n")))
    list(first)
    for size in (first.end - 1, 0):
        os.truncate(path, size)
        with pytest.raises(IntegrityError, match="shorter"):
            list(InputStream(f"file://{path}", start=first.end, sealed=[seal(first)]))


def test_wrong_arguments_fail_before_a_file_is_opened() -> None:
    with pytest.raises(ConfigurationError, match="no day"):
        InputStream("file:///nowhere/a.log", event_time=BY_START)
    with pytest.raises(ConfigurationError, match="wrong"):
        InputStream("file:///nowhere/a.log", event_time=EventTimeSettings(pattern="("), day=DAY)
    with pytest.raises(IntegrityError, match="join up"):
        InputStream("file:///nowhere/a.log", start=5)


@pytest.mark.parametrize("suffix", ["", *COMPRESS])
@pytest.mark.parametrize("block_bytes", [1, 40, 4096])
def test_with_event_time_the_day_s_records_are_pinned(tmp_path: Path, suffix: str, block_bytes: int) -> None:
    content = YESTERDAY + TODAY[0] + TODAY[1] + TOMORROW + TODAY[2]
    uri = stored(tmp_path / f"a.log{suffix}", COMPRESS.get(suffix, bytes)(content))
    stream = InputStream(uri, event_time=BY_START, day=DAY, block_bytes=block_bytes)
    selected = b"".join(TODAY)
    assert pinned(stream) == (selected, 0, len(selected), sha256(selected).hexdigest())
    assert stream.first_event_time == datetime(2026, 1, 9, 1, tzinfo=UTC)
    assert stream.last_event_time == datetime(2026, 1, 9, 3, tzinfo=UTC)


def test_with_event_time_sealed_ranges_count_in_the_selected_records(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    uri = stored(path, YESTERDAY + TODAY[0] + TODAY[1][:-4])
    first = InputStream(uri, event_time=BY_START, day=DAY)
    list(first)
    assert not first.final_newline
    append(path, TODAY[1][-4:] + TOMORROW + TODAY[2])
    sealed = [seal(first)]
    second = InputStream(uri, event_time=BY_START, day=DAY, start=first.end, sealed=sealed, block_bytes=1)
    assert b"".join(second) == TODAY[1][-4:] + TODAY[2]
    assert second.first_event_time == second.last_event_time == datetime(2026, 1, 9, 3, tzinfo=UTC)
    sealed.append(seal(second))
    third = InputStream(uri, event_time=BY_START, day=DAY, start=second.end, sealed=sealed)
    assert pinned(third) == (b"", second.end, second.end, sha256().hexdigest())
    path.write_bytes(b"not a time any more\n")
    with pytest.raises(IntegrityError, match="shorter"):
        list(InputStream(uri, event_time=BY_START, day=DAY, start=second.end, sealed=sealed))


def test_with_event_time_a_file_without_a_readable_time_is_an_error(tmp_path: Path) -> None:
    uri = stored(tmp_path / "a.log", b"one\ntwo\n")
    with pytest.raises(CollectionError, match="no record of the file has a readable time") as raised:
        list(InputStream(uri, event_time=BY_START, day=DAY))
    assert raised.value.where == uri
    assert list(InputStream(stored(tmp_path / "b.log", b""), event_time=BY_START, day=DAY)) == []


def test_an_archive_that_grows_and_ends_within_a_record_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    blocks = iter(InputStream(stored(path, gzip.compress(b"a\nb")), block_bytes=2))
    assert next(blocks) == b"a\n"
    append(path, gzip.compress(b"c\n"))
    with pytest.raises(CollectionError, match="still being written"):
        list(blocks)
