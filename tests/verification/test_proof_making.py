"""A proof is made of sealed bytes only, and is good before it is given out."""

from __future__ import annotations

import pytest
from tests.verification.memory_archive import MemoryArchive

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.proof import parse_proof
from audit_trail.verification import proof_making
from audit_trail.verification.proof_making import make_proof
from audit_trail.verification.record_lookup import RecordLookup, RecordPlace

DAY = "2026-01-05"
CONTENT = b"one\ntwo\nthree\n"


def place_in(archive: MemoryArchive, number: int = 2) -> RecordPlace:
    view = archive.view
    place = RecordLookup(archive.store, view, lambda *_: None).by_place(view.seals[0].objects[0].key, number)
    assert isinstance(place, RecordPlace)
    return place


@pytest.fixture
def sealed(fresh: MemoryArchive) -> MemoryArchive:
    fresh.seal(DAY, CONTENT)
    return fresh


@pytest.mark.parametrize(
    "content", [b"one\ntwo\nTHREE\n", b"one\ntwo\n", b"one\ntwo\nthree", b"one\ntwo\nx\ny\n"]
)
def test_no_proof_from_changed_content_even_where_the_record_is_untouched(
    sealed: MemoryArchive, content: bytes
) -> None:
    import zstandard

    place, view = place_in(sealed), sealed.view
    sealed.store.change_bytes(place.sealed.key, zstandard.ZstdCompressor().compress(content))
    with pytest.raises(IntegrityError):
        make_proof(sealed.store, view, place, lambda *_: None)


@pytest.mark.parametrize("how", ["cut", "longer", "another-frame"])
def test_no_proof_from_changed_stored_bytes(sealed: MemoryArchive, how: str) -> None:
    import zstandard

    place, view = place_in(sealed), sealed.view
    stored = sealed.store.read(place.sealed.key, max_bytes=1 << 20)
    other = {
        "cut": stored[:-1],
        "longer": stored + b"\x00",
        "another-frame": zstandard.ZstdCompressor(level=19, write_checksum=True).compress(CONTENT),
    }[how]
    sealed.store.change_bytes(place.sealed.key, other)
    with pytest.raises(IntegrityError):
        make_proof(sealed.store, view, place, lambda *_: None)


def test_a_ledger_entry_exchanged_after_the_walk(sealed: MemoryArchive) -> None:
    place, view = place_in(sealed), sealed.view
    sealed.store.change_bytes(ledger_key(1), b"{}")
    with pytest.raises(IntegrityError, match="not the one read just now"):
        make_proof(sealed.store, view, place, lambda *_: None)


def test_a_segment_that_cannot_be_read(sealed: MemoryArchive) -> None:
    place, view = place_in(sealed), sealed.view
    sealed.store.unreadable.add(place.sealed.key)
    with pytest.raises(StorageError):
        make_proof(sealed.store, view, place, lambda *_: None)


def test_a_later_version_over_the_segment_changes_nothing(sealed: MemoryArchive) -> None:
    before = make_proof(sealed.store, sealed.view, place_in(sealed), lambda *_: None)
    sealed.store.put_version(place_in(sealed).sealed.key, b"rubbish")
    sealed.store.put_version(ledger_key(1), b"rubbish")
    assert make_proof(sealed.store, sealed.view, place_in(sealed), lambda *_: None) == before


def test_a_record_too_large_is_said_to_be(sealed: MemoryArchive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof_making, "MAX_RECORD_BYTES", 4)
    with pytest.raises(ConfigurationError, match="too large for a proof"):
        make_proof(sealed.store, sealed.view, place_in(sealed, 3), lambda *_: None)
    assert (
        parse_proof(
            make_proof(sealed.store, sealed.view, place_in(sealed, 2), lambda *_: None), where="x"
        ).record_bytes
        == b"two"
    )


def test_progress_is_of_content_bytes(sealed: MemoryArchive) -> None:
    shown: list[tuple[int, int]] = []
    make_proof(sealed.store, sealed.view, place_in(sealed), lambda *call: shown.append(call))
    assert shown[-1] == (len(CONTENT), len(CONTENT))
