"""Following a ledger gives what walking it again would give, for one listing an entry."""

from __future__ import annotations

import pytest
from tests.verification.conftest import DAYS
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.archive.ledger import MAX_ENTRY_BYTES
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.verification.ledger_follow import follow_ledger, is_still_there


def test_nothing_was_appended(archive: MemoryArchive) -> None:
    view = archive.view
    assert follow_ledger(archive.store, view) == 0
    assert view == archive.view


def test_what_was_appended_is_taken_over_as_a_walk_would(archive: MemoryArchive) -> None:
    view = archive.view
    archive.seal(DAYS[0], b"late\n")
    archive.append(archive.prepare_verification(DAYS[0]))  # type: ignore[arg-type]
    assert follow_ledger(archive.store, view) == 2
    assert view == archive.view
    assert [seal.revision for seal in view.seals_of(DAYS[0])] == [1, 2]


def test_only_what_is_new_is_read(archive: MemoryArchive) -> None:
    view = archive.view
    archive.seal("2026-01-08", b"new\n")
    archive.store.reads.clear()
    follow_ledger(archive.store, view)
    assert [key for key in archive.store.reads if key.startswith("ledger/")] == [ledger_key(4)]


def test_an_entry_that_does_not_hold_ends_the_view_before_it(
    archive: MemoryArchive, foreign_keys: KeyRing
) -> None:
    view = archive.view
    archive.seal("2026-01-08", b"good\n")
    forged = archive.prepare_seal("2026-01-09", 1)
    archive.put(5, archive.envelope(forged, foreign_keys))
    with pytest.raises(IntegrityError):
        follow_ledger(archive.store, view)
    assert view.head.sequence == 4
    assert view.seals_of("2026-01-09") == []


def test_an_entry_of_another_place_is_refused(archive: MemoryArchive) -> None:
    view = archive.view
    archive.put(4, archive.store.read(ledger_key(3), max_bytes=10**6))
    with pytest.raises(IntegrityError, match="not what its place demands"):
        follow_ledger(archive.store, view)
    assert view.head.sequence == 3


def test_too_large_is_wrong_and_not_unreadable(archive: MemoryArchive) -> None:
    view = archive.view
    archive.put(4, bytes(MAX_ENTRY_BYTES + 1))
    with pytest.raises(IntegrityError, match="too large"):
        follow_ledger(archive.store, view)


def test_what_lies_over_a_new_entry_is_noted_and_its_first_version_counts(archive: MemoryArchive) -> None:
    view = archive.view
    archive.seal("2026-01-08", b"new\n")
    archive.store.put_version(ledger_key(4), b"other")
    archive.store.put_delete_marker(ledger_key(4))
    assert follow_ledger(archive.store, view) == 1
    assert len(view.overlaid) == 2


def test_a_token_that_came_with_an_entry_is_seen(archive: MemoryArchive) -> None:
    view = archive.view
    archive.seal("2026-01-08", b"new\n")
    archive.store.put_version(token_key(4), b"token")
    follow_ledger(archive.store, view)
    assert list(view.tokens) == [4]


def test_the_head_is_still_there(archive: MemoryArchive) -> None:
    assert is_still_there(archive.store, archive.view)


def test_a_head_that_is_gone_or_changed_is_noticed(archive: MemoryArchive) -> None:
    view = archive.view
    gone = archive.store.copy()
    gone.remove(ledger_key(3))
    assert not is_still_there(gone, view)
    archive.replace(3, b"other bytes")
    assert not is_still_there(archive.store, view)


def test_a_head_that_cannot_be_asked_for_is_unknown(archive: MemoryArchive) -> None:
    view = archive.view
    archive.store.unreadable.add(ledger_key(3))
    with pytest.raises(StorageError):
        is_still_there(archive.store, view)
