"""Is exactly this file sealed, where, and in which revision?"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.verification.memory_archive import MemoryArchive, SourceFile

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.verification.file_lookup import FileLookup, look_up_file

DAY = "2026-01-05"
URI = "file:///logs/app.log"
HEAD, TAIL = b"first\nsecond\n", b"third\n"


def looked_up(archive: MemoryArchive, folder: Path, data: bytes, *, day: str | None = None) -> FileLookup:
    path = folder / "file"
    path.write_bytes(data)
    return look_up_file(archive.store, archive.view, path, day=day)


@pytest.fixture
def grown(fresh: MemoryArchive) -> MemoryArchive:
    """A file sealed in two revisions, as it grew."""
    fresh.seal(DAY, files=(SourceFile(uri=URI, data=HEAD),))
    fresh.seal(DAY, files=(SourceFile(uri=URI, data=HEAD + TAIL, start=len(HEAD)),))
    return fresh


def test_a_source_as_it_was_before_redaction(archive: MemoryArchive, tmp_path: Path) -> None:
    found = looked_up(archive, tmp_path, b"six\n" * 40)
    seal = archive.view.seals[1]
    assert found.is_sealed
    (match,) = (item for item in found.matches if item.what == "source")
    assert (match.day, match.revision, match.sealed_bytes) == (seal.date, 1, 160)
    assert match.name == "file:///logs/2026-01-06/1-0.log"
    assert match.manifest_key == seal.manifest.key
    assert (match.sequence, match.entry_sha256) == (2, archive.view.heads[2])
    assert (match.sealed_at, match.keyids) == (seal.at, tuple(key.keyid for key in archive.keys.public))
    assert match.to_json()["sealed_bytes"] == 160


def test_a_stored_segment_and_its_records(archive: MemoryArchive, tmp_path: Path) -> None:
    key = archive.view.seals[0].objects[1].key
    stored = looked_up(archive, tmp_path, archive.store.read(key, max_bytes=1 << 20))
    assert stored.is_sealed
    assert [(item.what, item.name) for item in stored.matches] == [("segment", key)]
    records = looked_up(archive, tmp_path, b"four\nfive\n")
    assert ("records", key) in [(item.what, item.name) for item in records.matches]


@pytest.mark.parametrize("data", [b"unknown\n", b"one\ntwo\nthree", b"one\ntwo\nthre\n", b"one\ntwo\n", b""])
def test_an_unknown_file_even_one_byte_off(archive: MemoryArchive, tmp_path: Path, data: bytes) -> None:
    found = looked_up(archive, tmp_path, data)
    assert not found.is_sealed
    assert found.matches == ()


def test_a_file_that_has_grown_since(archive: MemoryArchive, tmp_path: Path) -> None:
    found = looked_up(archive, tmp_path, b"one\ntwo\nthree\nlater\n")
    assert not found.is_sealed
    assert [(item.what, item.sealed_bytes) for item in found.matches] == [("source", 14)]


def test_a_file_sealed_in_two_revisions(grown: MemoryArchive, tmp_path: Path) -> None:
    found = looked_up(grown, tmp_path, HEAD + TAIL)
    assert found.is_sealed
    assert [(item.revision, item.sealed_bytes) for item in found.matches] == [(2, len(HEAD + TAIL))]


def test_an_older_copy_of_it_is_sealed_by_the_revision_that_had_it(
    grown: MemoryArchive, tmp_path: Path
) -> None:
    found = looked_up(grown, tmp_path, HEAD)
    sources = [item for item in found.matches if item.what == "source"]
    assert found.is_sealed
    assert [(item.revision, item.sequence, item.sealed_bytes) for item in sources] == [(1, 1, len(HEAD))]


def test_a_changed_tail_leaves_the_head_sealed(grown: MemoryArchive, tmp_path: Path) -> None:
    found = looked_up(grown, tmp_path, HEAD + TAIL.upper())
    assert not found.is_sealed
    assert [(item.revision, item.sealed_bytes) for item in found.matches] == [(1, len(HEAD))]


def test_a_changed_head_leaves_nothing_sealed(grown: MemoryArchive, tmp_path: Path) -> None:
    assert looked_up(grown, tmp_path, HEAD.upper() + TAIL).matches == ()


def test_a_file_that_was_empty_when_its_day_was_first_sealed(fresh: MemoryArchive, tmp_path: Path) -> None:
    fresh.seal(DAY, files=(SourceFile(uri=URI, data=b""),))
    empty = looked_up(fresh, tmp_path, b"")
    assert [(item.what, item.revision, item.sealed_bytes) for item in empty.matches] == [("source", 1, 0)]
    assert empty.is_sealed

    fresh.seal(DAY, files=(SourceFile(uri=URI, data=HEAD),))
    filled = looked_up(fresh, tmp_path, HEAD)
    assert ("source", 2, len(HEAD)) in [(m.what, m.revision, m.sealed_bytes) for m in filled.matches]
    assert looked_up(fresh, tmp_path, b"").is_sealed


def test_the_same_bytes_on_two_days_are_found_on_both(fresh: MemoryArchive, tmp_path: Path) -> None:
    for day in (DAY, "2026-01-06"):
        fresh.seal(day, files=(SourceFile(uri=URI, data=HEAD),))
    found = looked_up(fresh, tmp_path, HEAD)
    assert sorted(item.day for item in found.matches if item.what == "source") == [DAY, "2026-01-06"]
    one = looked_up(fresh, tmp_path, HEAD, day="2026-01-06")
    assert {item.day for item in one.matches} == {"2026-01-06"}
    assert not looked_up(fresh, tmp_path, HEAD, day="2026-01-09").matches


def test_a_tampered_manifest_answers_nothing(archive: MemoryArchive, tmp_path: Path) -> None:
    archive.store.change_bytes(archive.view.seals[2].manifest.key, b"{}")
    with pytest.raises(IntegrityError):
        looked_up(archive, tmp_path, b"six\n" * 40)


def test_an_unreadable_manifest_answers_nothing(archive: MemoryArchive, tmp_path: Path) -> None:
    archive.store.unreadable.add(archive.view.seals[2].manifest.key)
    with pytest.raises(StorageError):
        looked_up(archive, tmp_path, b"six\n" * 40)


@pytest.mark.parametrize("name", ["absent", "."])
def test_a_file_that_cannot_be_read(archive: MemoryArchive, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        look_up_file(archive.store, archive.view, tmp_path / name)
