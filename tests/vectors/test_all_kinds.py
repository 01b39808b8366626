"""An archive with every kind of ledger entry, and time-stamp tokens, made once by version 1."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail.archive.ledger import RawEntry
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import encode_entry, parse_entry
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.evidence.segment import digest_segment
from audit_trail.signing.timestamps import check_token, read_anchors
from audit_trail.verification.content_checks import parse_sealed_manifest
from audit_trail.verification.ledger_walk import LedgerView, walk

FOLDER = Path(__file__).parent / "v1-all-kinds"
# Written down once more, so that the files and their digests cannot change together.
SUMS = "bbb6af71ce4012ce6f54e066578d414c5c6a9c21c89e61bafb8ce6fcad670f81"
GENESIS = "78965bfb0aab78250d305576eb8d47ac0ae4a58839c1e36da9b6c6d2cccf721f"
HEAD = "b33b2c8300ebd2a7d28b4643aed8d3cd4924d68ba6427ea040414da949c831af"
KINDS = [
    "genesis", "seal", "gap", "key-rotation", "seal", "key-revocation", "seal", "verification",
]  # fmt: skip
STAMPED = (0, 1, 3, 7)


def entries() -> list[RawEntry]:
    return [
        RawEntry(
            sequence=number,
            key=ledger_key(number),
            version_id="v",
            data=(FOLDER / ledger_key(number)).read_bytes(),
        )
        for number in range(len(KINDS))
    ]


@pytest.fixture(scope="module")
def view() -> LedgerView:
    return walk(entries(), GENESIS)


def test_no_file_was_added_changed_or_lost() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    there = {
        path.relative_to(FOLDER).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert there == listed
    assert sha256((FOLDER / "SHA256SUMS").read_bytes()).hexdigest() == SUMS


def test_every_entry_is_believed_and_written_today_as_it_was_then(view: LedgerView) -> None:
    assert view.head.sha256 == HEAD
    kinds = []
    for raw in entries():
        envelope = parse_envelope(raw.data, where=raw.key)
        entry = parse_entry(envelope.payload, where=raw.key)
        assert encode_entry(entry) == envelope.payload
        assert envelope.to_bytes() == raw.data
        kinds.append(entry.kind)
    assert kinds == KINDS
    assert view.gaps["2026-11-21"].reason == "the service did not exist: ä€😀"
    assert [(seal.date, seal.revision) for seal in view.seals] == [
        ("2026-11-20", 1),
        ("2026-11-20", 2),
        ("2026-11-22", 1),
    ]


def test_keys_are_believed_from_where_they_came_to_where_they_went(view: LedgerView) -> None:
    assert [era.first for era in view.history.eras] == [0, 4, 6]
    assert all({key.keytype for key in era.keys} == {"rsa", "ml-dsa"} for era in view.history.eras)
    (revocation,) = view.history.revocations.values()
    assert (revocation.sequence, revocation.from_sequence) == (5, 5)
    assert list(view.history.disbelieved(len(view.heads))) == []


def test_manifests_and_segments_are_the_sealed_ones(view: LedgerView) -> None:
    records = 0
    for seal in view.seals:
        manifest = parse_sealed_manifest((FOLDER / seal.manifest.key).read_bytes(), view, seal)
        for segment in manifest.segments:
            data = (FOLDER / segment.key).read_bytes()
            found = digest_segment([data], max_content_bytes=segment.content_bytes, where=segment.key)
            assert (found.stored_sha256, found.content_sha256, found.merkle_root, found.records) == (
                segment.stored_sha256,
                segment.content_sha256,
                segment.merkle_root,
                segment.records,
            )
            records += found.records
    assert records == 7


@pytest.mark.parametrize("number", STAMPED)
def test_tokens_are_over_their_entries(view: LedgerView, number: int) -> None:
    anchors = read_anchors(FOLDER / "authority.pem")
    data = (FOLDER / token_key(number)).read_bytes()
    token = check_token(data, sha256=view.heads[number], anchors=anchors, where="x")
    assert token.time.isoformat().startswith("2026-11-25T15:")
    with pytest.raises(IntegrityError):
        check_token(data, sha256=view.heads[number - 1], anchors=anchors, where="x")


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_one_flipped_bit_in_any_entry_is_noticed(number: int) -> None:
    found = entries()
    whole = found[number]
    for place in range(0, len(whole.data), len(whole.data) // 7):
        data = bytearray(whole.data)
        data[place] ^= 1
        found[number] = RawEntry(sequence=number, key=whole.key, version_id="v", data=bytes(data))
        with pytest.raises(IntegrityError):
            walk(found, GENESIS)
