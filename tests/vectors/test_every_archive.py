"""Archives made once by earlier versions are read, believed and written today as they were then."""

from __future__ import annotations

from hashlib import sha256

import pytest
from tests.vectors.golden_archive import ARCHIVES, HERE, SUMS, GoldenArchive

from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import encode_entry, parse_entry
from audit_trail.evidence.segment import digest_segment
from audit_trail.verification.content_checks import parse_sealed_manifest
from audit_trail.verification.ledger_walk import walk

DIGESTED = ("records", "content_bytes", "content_sha256", "stored_bytes", "stored_sha256", "merkle_root")
every_archive = pytest.mark.parametrize("archive", ARCHIVES, ids=lambda archive: archive.name)


def test_every_folder_with_sums_is_read_here() -> None:
    assert {path.parent.name for path in HERE.glob(f"*/{SUMS}")} == {archive.name for archive in ARCHIVES}


@every_archive
def test_no_file_was_added_changed_or_lost(archive: GoldenArchive) -> None:
    assert archive.there() == archive.listed()
    assert sha256(archive.read(SUMS)).hexdigest() == archive.sums


@every_archive
def test_the_ledger_is_believed_from_its_genesis_to_its_head(archive: GoldenArchive) -> None:
    heads = archive.view().heads
    assert len(heads) == archive.count == len(list((archive.folder / "ledger").glob("*.dsse.json")))
    assert (heads[0], heads[-1]) == (archive.genesis, archive.head)


@every_archive
def test_entries_are_written_today_as_they_were_then(archive: GoldenArchive) -> None:
    for raw in archive.entries():
        envelope = parse_envelope(raw.data, where=raw.key)
        assert encode_entry(parse_entry(envelope.payload, where=raw.key)) == envelope.payload
        assert envelope.to_bytes() == raw.data


@every_archive
def test_segments_hold_what_their_manifests_say(archive: GoldenArchive) -> None:
    view, records = archive.view(), 0
    for seal in view.seals:
        for segment in parse_sealed_manifest(archive.read(seal.manifest.key), view, seal).segments:
            stored = [archive.read(segment.key)]
            found = digest_segment(stored, max_content_bytes=segment.content_bytes, where=segment.key)
            for name in DIGESTED:
                assert getattr(found, name) == getattr(segment, name)
            records += found.records
    assert records == archive.records


@pytest.mark.parametrize(
    ("archive", "number"),
    [
        pytest.param(archive, number, id=f"{archive.name}-{number}")
        for archive in ARCHIVES
        for number in range(archive.count)
    ],
)
def test_one_flipped_bit_in_any_entry_is_noticed(archive: GoldenArchive, number: int) -> None:
    size = len(archive.entries()[number].data)
    for place in range(0, size, size // 11):

        def flip(data: bytes, place: int = place) -> bytes:
            return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

        with pytest.raises(IntegrityError):
            walk(archive.entries(number, flip), archive.genesis)
