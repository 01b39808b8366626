"""Archives made once by earlier versions are read, verified and written today as they were then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail.archive.ledger import RawEntry
from audit_trail.archive.object_store import ObjectReader, ObjectVersion, StoredObject
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import Genesis, Seal, Verification, encode_entry, parse_entry
from audit_trail.evidence.manifest import Manifest, encode_manifest, parse_manifest
from audit_trail.evidence.object_keys import ledger_key, manifest_key, segment_key
from audit_trail.evidence.proof import encode_proof, parse_proof
from audit_trail.evidence.segment import digest_segment
from audit_trail.signing.key_schemes import check_public_key
from audit_trail.signing.signatures import verify_envelope
from audit_trail.verification.ledger_walk import LedgerView, walk
from audit_trail.verification.proof_check import check_proof
from audit_trail.verification.proof_making import make_proof
from audit_trail.verification.record_lookup import RecordLookup, RecordPlace

HERE = Path(__file__).parent

# Written down once more, so that the files and their digests cannot change together.
V1_GENESIS = "f409eb17b3a8f4724223bfa0ab4d700962d72e8ece035ff8e9a38511325a53fc"
V1_HEADS = [
    V1_GENESIS,
    "8a64b3bda80f7f979767fd970838c75c2b9161fe1317dae82a4f732ba1ae7ccb",
    "9137a80f9d47555dcadeb0499b2b73102d381bef5f931d72869b98ed2a6fea98",
    "46f8606253ace61a9336381081725fc2d09ec3ddda6988da3caa47d8ddc4bc77",
]
V1_SUMS = "c053a0c0c79b8517729bc18fedf03e2113e51a00ac459016de07c4edf04342f3"
PROOF_V1 = HERE / "proof-v1" / "proof.json"
PROOF_V1_SHA256 = "81b307fae42705cdfd5d512a5f625572bd2ab111bc97438f12696436e7170b98"
V1_MERKLE_ROOTS = [
    "e8a4c44b66eea4bb4452452c4c7f9e6cf80e56d7dab03e9d3350606fada4515d",
    "94b0fb8c5b17dd119ad07787e824bffb756953e31d1848b7b5ff55f7909f7027",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vectors:
    """A folder of golden bytes."""

    folder: Path

    def read(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()

    def raw_entries(self) -> list[RawEntry]:
        paths = sorted((self.folder / "ledger").glob("*.dsse.json"))
        return [
            RawEntry(sequence=number, key=f"ledger/{path.name}", version_id="v", data=path.read_bytes())
            for number, path in enumerate(paths)
        ]

    def view(self) -> LedgerView:
        return walk(self.raw_entries(), V1_GENESIS)

    def manifests(self) -> list[tuple[Seal, Manifest]]:
        view = self.view()
        found = []
        for seal in view.seals:
            envelope = parse_envelope(self.read(seal.manifest.key), where=seal.manifest.key)
            view.check_envelope(envelope, where=seal.manifest.key)
            found.append((seal, parse_manifest(envelope.payload, where=seal.manifest.key)))
        return found

    def sums(self) -> dict[str, str]:
        lines = (self.folder / "SHA256SUMS").read_text("ascii").splitlines()
        return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


class FolderReader:
    """The files as a store that keeps one version of each."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        raise NotImplementedError

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        data = self._vectors.read(key)
        described = StoredObject(
            key=key, version_id="v", size=len(data), sha256=None, retention=None, storage_class="STANDARD"
        )
        return described, data

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        return self._vectors.read(key)

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        yield self._vectors.read(key)

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        raise NotImplementedError


@pytest.fixture
def v1() -> Vectors:
    return Vectors(folder=HERE / "v1")


def test_no_file_was_added_changed_or_lost(v1: Vectors) -> None:
    there = {
        path.relative_to(v1.folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in v1.folder.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert there == v1.sums()
    assert sha256(v1.read("SHA256SUMS")).hexdigest() == V1_SUMS


def test_the_ledger_is_believed_from_its_genesis_to_its_head(v1: Vectors) -> None:
    view = v1.view()
    assert view.heads == V1_HEADS
    assert [raw.key for raw in v1.raw_entries()] == [ledger_key(number) for number in range(4)]
    assert [seal.date for seal in view.seals] == ["2026-01-08", "2026-01-09"]
    assert [(entry.date, entry.failed) for entry in view.verifications] == [("2026-01-09", 1)]


def test_entries_are_written_today_as_they_were_then(v1: Vectors) -> None:
    kinds = []
    for raw in v1.raw_entries():
        envelope = parse_envelope(raw.data, where=raw.key)
        entry = parse_entry(envelope.payload, where=raw.key)
        assert encode_entry(entry) == envelope.payload
        assert envelope.to_bytes() == raw.data
        kinds.append(type(entry))
    assert kinds == [Genesis, Seal, Seal, Verification]


def test_manifests_are_written_today_as_they_were_then(v1: Vectors) -> None:
    for seal, manifest in v1.manifests():
        stored = v1.read(seal.manifest.key)
        statement = encode_manifest(manifest)
        assert parse_envelope(stored, where="x").payload == statement
        assert (seal.manifest.sha256, seal.manifest.bytes) == (sha256(stored).hexdigest(), len(stored))
        digest = sha256(statement).hexdigest()
        assert manifest_key(day=manifest.date, revision=1, statement_sha256=digest) == seal.manifest.key
        assert (manifest.genesis, manifest.archive) == (V1_GENESIS, "vectors")


def test_segments_hold_what_their_manifests_say(v1: Vectors) -> None:
    roots = []
    for seal, manifest in v1.manifests():
        assert [item.key for item in seal.objects] == [segment.key for segment in manifest.segments]
        assert seal.totals.records == manifest.records
        for number, segment in enumerate(manifest.segments):
            stored = v1.read(segment.key)
            found = digest_segment([stored], max_content_bytes=segment.content_bytes, where=segment.key)
            for name in ("records", "content_bytes", "content_sha256", "stored_bytes", "stored_sha256"):
                assert getattr(found, name) == getattr(segment, name)
            assert found.merkle_root == segment.merkle_root
            roots.append(found.merkle_root)
            assert segment.key == segment_key(
                source=segment.source,
                day=manifest.date,
                number=number,
                stored_sha256=found.stored_sha256,
                suffix=segment.key.split(".")[-2],
            )
    assert roots == V1_MERKLE_ROOTS


def test_keys_are_the_ones_beside_the_ledger(v1: Vectors) -> None:
    genesis = v1.view().genesis
    assert {key.scheme for key in genesis.keys} == {"rsassa-pss-sha256", "ml-dsa-65/1"}
    for key in genesis.keys:
        check_public_key(key, where="v1")
        assert key.public.encode("ascii") == v1.read(f"keys/test-only-{key.keytype}.pub.pem")


@pytest.mark.parametrize("number", range(4))
def test_one_flipped_bit_in_any_entry_is_noticed(v1: Vectors, number: int) -> None:
    entries = v1.raw_entries()
    whole = entries[number]
    for place in range(0, len(whole.data), len(whole.data) // 11):
        data = bytearray(whole.data)
        data[place] ^= 1
        entries[number] = RawEntry(sequence=number, key=whole.key, version_id="v", data=bytes(data))
        with pytest.raises(IntegrityError):
            walk(entries, V1_GENESIS)


def test_a_signature_of_one_entry_does_not_fit_another(v1: Vectors) -> None:
    genesis = v1.view().genesis
    one, other = (parse_envelope(raw.data, where=raw.key) for raw in v1.raw_entries()[1:3])
    mixed = type(one)(payload=one.payload, signatures=other.signatures)
    with pytest.raises(IntegrityError, match="does not verify"):
        verify_envelope(mixed, keys=genesis.keys, algorithms=genesis.policy.algorithms, where="x")


def test_a_ledger_without_its_newest_entry_is_shorter_than_the_one_remembered(v1: Vectors) -> None:
    shortened = walk(v1.raw_entries()[:-1], V1_GENESIS)
    with pytest.raises(IntegrityError, match="shorter"):
        shortened.check_extends(v1.view().head)


def test_the_proof_of_a_record_is_believed() -> None:
    data = PROOF_V1.read_bytes()
    assert sha256(data).hexdigest() == PROOF_V1_SHA256
    proven = check_proof(data, V1_GENESIS, where="proof-v1")
    assert (proven.archive, proven.day, proven.revision, proven.source) == ("vectors", "2026-01-08", 1, "api")
    assert (proven.number, proven.sequence, proven.entry_sha256) == (2, 1, V1_HEADS[1])
    assert encode_proof(parse_proof(data, where="proof-v1")) == data


def test_the_same_proof_is_made_today(v1: Vectors) -> None:
    store: ObjectReader = FolderReader(v1)
    view = v1.view()
    place = RecordLookup(store, view, lambda *_: None).by_place(view.seals[0].objects[0].key, 2)
    assert isinstance(place, RecordPlace)
    assert make_proof(store, view, place, lambda *_: None) == PROOF_V1.read_bytes()


def test_one_flipped_bit_in_the_proof_is_noticed() -> None:
    whole = PROOF_V1.read_bytes()
    for place in range(0, len(whole), len(whole) // 97):
        data = bytearray(whole)
        data[place] ^= 1
        with pytest.raises(IntegrityError):
            check_proof(bytes(data), V1_GENESIS, where="proof-v1")
