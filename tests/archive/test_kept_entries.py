"""Entries kept on disk are given back as they were, and never stand in anybody's way."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.verification.memory_store import MODIFIED

from audit_trail.archive.kept_entries import KeptEntries
from audit_trail.archive.ledger import RawEntry
from audit_trail.archive.object_store import ObjectVersion
from audit_trail.evidence.object_keys import ledger_key


def entry(number: int, data: bytes = b'{"some":"entry"}', version: str = "") -> RawEntry:
    return RawEntry(
        sequence=number, key=ledger_key(number), version_id=version or f"v{number}", data=data + b" " * number
    )


def listed(entries: list[RawEntry]) -> list[ObjectVersion]:
    return [
        ObjectVersion(
            key=raw.key,
            version_id=raw.version_id,
            is_latest=True,
            is_delete_marker=False,
            size=len(raw.data),
            modified=MODIFIED,
        )
        for raw in entries
    ]


ENTRIES = [entry(number) for number in range(4)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "ledger" / "archive.entries"


def keep(path: Path, entries: list[RawEntry], *, known: int = 0) -> None:
    """What a task does: read what is there, then keep the rest."""
    kept = KeptEntries(path)
    assert len(list(kept.read(listed(entries)))) == known
    assert list(kept.keep(entries[known:])) == entries[known:]


def read(path: Path, entries: list[RawEntry]) -> list[RawEntry]:
    return list(KeptEntries(path).read(listed(entries)))


def test_nothing_is_kept_at_first(path: Path) -> None:
    assert read(path, ENTRIES) == []
    assert not path.parent.exists()


def test_what_was_kept_is_read(path: Path) -> None:
    keep(path, ENTRIES[:3])
    assert read(path, ENTRIES) == ENTRIES[:3]
    keep(path, ENTRIES, known=3)
    assert read(path, ENTRIES) == ENTRIES


def test_one_task_reads_and_keeps_more_than_once(path: Path) -> None:
    kept = KeptEntries(path)
    assert list(kept.keep(ENTRIES[:2])) == ENTRIES[:2]
    assert list(kept.keep(ENTRIES[2:3])) == ENTRIES[2:3]
    assert list(kept.read(listed(ENTRIES))) == list(kept.read(listed(ENTRIES))) == ENTRIES[:3]
    assert list(kept.keep(ENTRIES[3:])) == ENTRIES[3:]
    assert read(path, ENTRIES) == ENTRIES


def test_only_the_owner_can_read_it(path: Path) -> None:
    keep(path, ENTRIES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "changed",
    [entry(2, version="other"), entry(2, data=b'{"another":"entry"}'), entry(3)],
    ids=["version", "size", "number"],
)
def test_it_ends_where_the_store_lists_something_else(path: Path, changed: RawEntry) -> None:
    keep(path, ENTRIES)
    now = [*ENTRIES[:2], changed, *ENTRIES[3:]]
    assert read(path, now) == ENTRIES[:2]
    keep(path, now, known=2)
    assert read(path, now) == now


def test_a_line_cut_off_anywhere_is_not_there(path: Path) -> None:
    keep(path, ENTRIES)
    whole = path.read_bytes()
    ends = [0, *(number + 1 for number, byte in enumerate(whole) if byte == ord("\n"))]
    for size in range(len(whole) + 1):
        path.write_bytes(whole[:size])
        known = sum(end <= size for end in ends) - 1
        assert read(path, ENTRIES) == ENTRIES[:known]
        keep(path, ENTRIES, known=known)
        assert path.read_bytes() == whole


def test_an_entry_that_does_not_hold_is_not_kept(path: Path) -> None:
    """Whoever checks entries asks for no more after the first wrong one."""
    handed: Iterator[RawEntry] = KeptEntries(path).keep(ENTRIES)
    assert [next(handed), next(handed)] == ENTRIES[:2]
    handed.close()  # type: ignore[attr-defined]
    assert read(path, ENTRIES) == ENTRIES[:1]


def test_what_is_discarded_is_written_anew(path: Path) -> None:
    keep(path, ENTRIES)
    kept = KeptEntries(path)
    assert list(kept.read(listed(ENTRIES))) == ENTRIES
    kept.discard()
    others = [entry(0, data=b"{}"), entry(1, data=b"[]")]
    assert list(kept.keep(others)) == others
    assert read(path, others) == others


def test_an_entry_with_a_line_end_ends_what_is_kept(path: Path) -> None:
    odd = [ENTRIES[0], entry(1, data=b'{"two":\n"lines"}'), *ENTRIES[2:]]
    keep(path, odd)
    assert read(path, odd) == odd[:1]


def test_while_another_process_writes_nothing_is_kept(path: Path) -> None:
    keep(path, ENTRIES[:1])
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        keep(path, ENTRIES, known=1)
    assert read(path, ENTRIES) == ENTRIES[:1]


def test_what_another_process_kept_meanwhile_stays(path: Path) -> None:
    late = KeptEntries(path)
    assert list(late.read(listed(ENTRIES))) == []
    keep(path, ENTRIES)
    assert list(late.keep(ENTRIES[:2])) == ENTRIES[:2]
    assert read(path, ENTRIES) == ENTRIES


def test_what_is_cut_off_is_taken_away_once(path: Path) -> None:
    keep(path, ENTRIES[:2])
    path.write_bytes(path.read_bytes()[:-5])
    kept = KeptEntries(path)
    assert list(kept.read(listed(ENTRIES))) == ENTRIES[:1]
    assert list(kept.keep(ENTRIES[1:2])) == ENTRIES[1:2]
    keep(path, ENTRIES, known=2)  # by another process
    assert list(kept.keep([])) == []
    assert read(path, ENTRIES) == ENTRIES


def test_a_link_is_not_written_through(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("something")
    path.parent.mkdir(parents=True)
    path.symlink_to(victim)
    keep(path, ENTRIES)
    assert victim.read_text() == "something"


@pytest.mark.parametrize("obstacle", ["folder", "file-for-folder"])
def test_where_it_cannot_be_written_it_is_done_without(path: Path, obstacle: str) -> None:
    if obstacle == "folder":
        path.mkdir(parents=True)
    else:
        path.parent.parent.mkdir()
        path.parent.write_text("not a folder")
    keep(path, ENTRIES)
    assert read(path, ENTRIES) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_stops_nobody(tmp_path: Path) -> None:
    device = tmp_path / "full"
    try:
        os.mknod(device, stat.S_IFCHR | 0o600, os.makedev(1, 7))
        device.open("rb").close()
    except PermissionError:
        pytest.skip("making a device needs root")
    kept = KeptEntries(device)
    large = [entry(number, data=b"x" * 100_000) for number in range(5)]
    assert list(kept.keep(large)) == large
