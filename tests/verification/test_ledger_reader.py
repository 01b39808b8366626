"""Reading a ledger again costs what is new, and says what walking it would say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from tests.verification.conftest import DAYS
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.archive.kept_entries import KeptEntries
from audit_trail.archive.ledger import MAX_ENTRY_BYTES
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.verification.ledger_reader import LedgerReader
from audit_trail.verification.ledger_walk import LedgerView

Task = Callable[[], LedgerReader]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger" / "kept.entries"


@pytest.fixture
def new_task(archive: MemoryArchive, path: Path) -> Task:
    """A reader with an empty memory, and what earlier ones left on disk."""
    return lambda: LedgerReader(archive.store, archive.genesis, KeptEntries(path))


def without_locks(view: LedgerView) -> LedgerView:
    return replace(view, locks=[])


def entries_read(archive: MemoryArchive) -> list[str]:
    return [key for key in archive.store.reads if key.startswith("ledger/")]


def check(archive: MemoryArchive, reader: LedgerReader, *, reads: list[int]) -> LedgerView:
    """Read, and hold it against a walk."""
    archive.store.reads.clear()
    view = reader.read()
    assert sorted(entries_read(archive)) == [ledger_key(number) for number in reads]
    assert without_locks(view) == without_locks(archive.view)
    return view


def test_the_first_time_everything_is_read(archive: MemoryArchive, new_task: Task) -> None:
    assert check(archive, new_task(), reads=[0, 1, 2, 3]).locks == archive.view.locks


def test_in_one_task_only_the_head_and_what_is_new_are_read(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    check(archive, reader, reads=[3])
    archive.seal(DAYS[0], b"late\n")
    archive.append(archive.prepare_verification(DAYS[0]))  # type: ignore[arg-type]
    check(archive, reader, reads=[3, 4, 5])
    check(archive, new_task(), reads=[5])


def test_the_next_task_reads_only_the_head_and_what_is_new(archive: MemoryArchive, new_task: Task) -> None:
    new_task().read()
    assert check(archive, new_task(), reads=[3]).locks == [None] * 4
    archive.seal("2026-01-08", b"new\n")
    view = check(archive, new_task(), reads=[3, 4])
    assert view.locks[4] == archive.lock
    check(archive, new_task(), reads=[4])


def test_what_was_given_out_does_not_grow(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    before = reader.read()
    walked = archive.view
    archive.seal(DAYS[0], b"late\n")
    reader.read()
    assert before == walked


def test_what_lies_over_the_ledger_is_seen_each_time(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    archive.store.put_version(ledger_key(1), b"forged")
    archive.store.put_delete_marker(ledger_key(2))
    archive.store.put_version("ledger/stranger", b"x")
    for task in (reader, new_task()):
        view = check(archive, task, reads=[3])
        assert [item.key for item in view.overlaid] == [ledger_key(1), ledger_key(2)]
        assert [item.key for item in view.strangers] == ["ledger/stranger"]


def test_tokens_are_seen_each_time(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    archive.store.put_version(token_key(1), b"token")
    for task in (reader, new_task()):
        assert set(check(archive, task, reads=[3]).tokens) == {1}


def test_too_large_is_wrong_and_not_unreadable(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    archive.store.put_version(ledger_key(4), b"x" * (MAX_ENTRY_BYTES + 1))
    for task in (reader, new_task()):
        with pytest.raises(IntegrityError, match="too large"):
            task.read()


def test_damage_on_disk_is_never_held_against_the_ledger(
    archive: MemoryArchive, new_task: Task, path: Path
) -> None:
    new_task().read()
    whole = path.read_bytes()
    for place in range(0, len(whole), 997):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert without_locks(new_task().read()) == without_locks(archive.view)
    # Whoever noticed has written it anew.
    new_task().read()
    check(archive, new_task(), reads=[3])


def test_kept_entries_of_another_archive_are_not_believed(
    archive: MemoryArchive, new_task: Task, path: Path, foreign_keys: KeyRing
) -> None:
    other = MemoryArchive(keys=foreign_keys)
    for day, data in zip(DAYS, (b"one\n", b"two\n", b"three\n"), strict=True):
        other.seal(day, data)
    LedgerReader(other.store, other.genesis, KeptEntries(path)).read()
    check(archive, new_task(), reads=[0, 1, 2, 3])


def test_forged_kept_entries_are_not_believed(
    archive: MemoryArchive, new_task: Task, path: Path, foreign_keys: KeyRing
) -> None:
    """Linked and listed as they should be; only the signatures are somebody else's."""
    new_task().read()
    lines = path.read_bytes().splitlines(keepends=True)
    seal = archive.view.seals[-1]
    forged = archive.envelope(seal.model_copy(update={"date": "2025-12-24"}), foreign_keys)
    # Each envelope's size is another, so the store must list what the forger wants.
    archive.store.redescribe(ledger_key(3), size=len(forged))
    version = lines[3].split(b" ", 1)[0]
    path.write_bytes(b"".join(lines[:3]) + version + b" " + forged + b"\n")
    check(archive, new_task(), reads=[0, 1, 2, 3])


def test_a_removed_entry_is_missed(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    archive.store.remove(ledger_key(2))
    for task in (reader, new_task()):
        with pytest.raises(IntegrityError, match="missing"):
            task.read()


def test_an_entry_in_another_version_is_read(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    archive.store.remove(ledger_key(1))
    archive.store.put_version(ledger_key(1), b"forged")
    for task in (reader, new_task()):
        with pytest.raises(IntegrityError, match="canonical"):
            task.read()


def test_another_head_under_the_same_version_is_seen(archive: MemoryArchive, new_task: Task) -> None:
    reader = new_task()
    reader.read()
    there = archive.store.read(ledger_key(3), max_bytes=10**6)
    archive.store.change_bytes(ledger_key(3), there[:-1] + b" ", silently=True)
    for task in (reader, new_task()):
        with pytest.raises(IntegrityError, match="canonical"):
            task.read()


def test_a_shorter_ledger_is_read_as_it_is(archive: MemoryArchive, new_task: Task) -> None:
    """Whether it may be shorter is for the pin to say."""
    new_task().read()
    archive.store.remove(ledger_key(3))
    assert new_task().read().head.sequence == 2


def test_an_entry_that_does_not_hold_is_found_again_and_again(
    archive: MemoryArchive, new_task: Task, foreign_keys: KeyRing
) -> None:
    reader = new_task()
    reader.read()
    archive.put(4, archive.envelope(archive.prepare_seal("2026-01-08", 1), foreign_keys))
    for task in (reader, reader, new_task(), new_task()):
        with pytest.raises(IntegrityError, match="not signed by exactly"):
            task.read()


def test_a_store_that_cannot_be_reached_is_not_replaced_by_what_is_kept(
    archive: MemoryArchive, new_task: Task
) -> None:
    reader = new_task()
    reader.read()
    archive.store.unreadable.add(ledger_key(3))
    for task in (reader, new_task()):
        with pytest.raises(StorageError, match="reached"):
            task.read()


def test_threads_may_share_a_reader(archive: MemoryArchive, new_task: Task) -> None:
    reader, views = new_task(), []
    threads = [Thread(target=lambda: views.append(reader.read())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert views == [archive.view] * 8
