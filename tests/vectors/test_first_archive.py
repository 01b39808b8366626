"""The first archive and proof of version 1, made once: what they hold, and that the same is made today."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

import pytest
from tests.vectors.golden_archive import HERE, V1

from audit_trail.archive.object_store import ObjectReader, ObjectVersion, StoredObject
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import Genesis, Seal, Verification, parse_entry
from audit_trail.evidence.manifest import Manifest, encode_manifest, parse_manifest
from audit_trail.evidence.object_keys import manifest_key, segment_key
from audit_trail.evidence.proof import encode_proof, parse_proof
from audit_trail.evidence.segment import digest_segment
from audit_trail.signing.key_schemes import check_public_key
from audit_trail.signing.signatures import verify_envelope
from audit_trail.verification.ledger_walk import walk
from audit_trail.verification.proof_check import check_proof
from audit_trail.verification.proof_making import make_proof
from audit_trail.verification.record_lookup import RecordLookup, RecordPlace

V1_HEADS = [
    V1.genesis,
    "8a64b3bda80f7f979767fd970838c75c2b9161fe1317dae82a4f732ba1ae7ccb",
    "9137a80f9d47555dcadeb0499b2b73102d381bef5f931d72869b98ed2a6fea98",
    V1.head,
]
PROOF_V1 = HERE / "proof-v1" / "proof.json"
PROOF_V1_SHA256 = "81b307fae42705cdfd5d512a5f625572bd2ab111bc97438f12696436e7170b98"
V1_MERKLE_ROOTS = [
    "e8a4c44b66eea4bb4452452c4c7f9e6cf80e56d7dab03e9d3350606fada4515d",
    "94b0fb8c5b17dd119ad07787e824bffb756953e31d1848b7b5ff55f7909f7027",
]


class FolderReader:
    """The files as a store that keeps one version of each."""

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        raise NotImplementedError

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        data = V1.read(key)
        described = StoredObject(
            key=key, version_id="v", size=len(data), sha256=None, retention=None, storage_class="STANDARD"
        )
        return described, data

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        return V1.read(key)

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        yield V1.read(key)

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        raise NotImplementedError


def manifests() -> list[tuple[Seal, Manifest]]:
    view = V1.view()
    found = []
    for seal in view.seals:
        envelope = parse_envelope(V1.read(seal.manifest.key), where=seal.manifest.key)
        view.check_envelope(envelope, where=seal.manifest.key)
        found.append((seal, parse_manifest(envelope.payload, where=seal.manifest.key)))
    return found


def test_the_ledger_says_what_it_said() -> None:
    view = V1.view()
    assert view.heads == V1_HEADS
    payloads = [parse_envelope(raw.data, where=raw.key).payload for raw in V1.entries()]
    assert [type(parse_entry(payload, where="x")) for payload in payloads] == [
        Genesis,
        Seal,
        Seal,
        Verification,
    ]
    assert [seal.date for seal in view.seals] == ["2026-01-08", "2026-01-09"]
    assert [(entry.date, entry.failed) for entry in view.verifications] == [("2026-01-09", 1)]


def test_manifests_are_written_today_as_they_were_then() -> None:
    for seal, manifest in manifests():
        stored = V1.read(seal.manifest.key)
        statement = encode_manifest(manifest)
        assert parse_envelope(stored, where="x").payload == statement
        assert (seal.manifest.sha256, seal.manifest.bytes) == (sha256(stored).hexdigest(), len(stored))
        digest = sha256(statement).hexdigest()
        assert manifest_key(day=manifest.date, revision=1, statement_sha256=digest) == seal.manifest.key
        assert (manifest.genesis, manifest.archive) == (V1.genesis, "vectors")


def test_segments_have_the_keys_and_merkle_roots_that_they_had() -> None:
    roots = []
    for seal, manifest in manifests():
        assert [item.key for item in seal.objects] == [segment.key for segment in manifest.segments]
        assert seal.totals.records == manifest.records
        for number, segment in enumerate(manifest.segments):
            stored = V1.read(segment.key)
            found = digest_segment([stored], max_content_bytes=segment.content_bytes, where=segment.key)
            roots.append(found.merkle_root)
            assert segment.key == segment_key(
                source=segment.source,
                day=manifest.date,
                number=number,
                stored_sha256=found.stored_sha256,
                suffix=segment.key.split(".")[-2],
            )
    assert roots == V1_MERKLE_ROOTS


def test_keys_are_the_ones_beside_the_ledger() -> None:
    genesis = V1.view().genesis
    assert {key.scheme for key in genesis.keys} == {"rsassa-pss-sha256", "ml-dsa-65/1"}
    for key in genesis.keys:
        check_public_key(key, where="v1")
        assert key.public.encode("ascii") == V1.read(f"keys/test-only-{key.keytype}.pub.pem")


def test_a_signature_of_one_entry_does_not_fit_another() -> None:
    genesis = V1.view().genesis
    one, other = (parse_envelope(raw.data, where=raw.key) for raw in V1.entries()[1:3])
    mixed = type(one)(payload=one.payload, signatures=other.signatures)
    with pytest.raises(IntegrityError, match="does not verify"):
        verify_envelope(mixed, keys=genesis.keys, algorithms=genesis.policy.algorithms, where="x")


def test_a_ledger_without_its_newest_entry_is_shorter_than_the_one_remembered() -> None:
    shortened = walk(V1.entries()[:-1], V1.genesis)
    with pytest.raises(IntegrityError, match="shorter"):
        shortened.check_extends(V1.view().head)


def test_the_proof_of_a_record_is_believed() -> None:
    data = PROOF_V1.read_bytes()
    assert sha256(data).hexdigest() == PROOF_V1_SHA256
    proven = check_proof(data, V1.genesis, where="proof-v1")
    assert (proven.archive, proven.day, proven.revision, proven.source) == ("vectors", "2026-01-08", 1, "api")
    assert (proven.number, proven.sequence, proven.entry_sha256) == (2, 1, V1_HEADS[1])
    assert encode_proof(parse_proof(data, where="proof-v1")) == data


def test_the_same_proof_is_made_today() -> None:
    store: ObjectReader = FolderReader()
    view = V1.view()
    place = RecordLookup(store, view, lambda *_: None).by_place(view.seals[0].objects[0].key, 2)
    assert isinstance(place, RecordPlace)
    assert make_proof(store, view, place, lambda *_: None) == PROOF_V1.read_bytes()


def test_one_flipped_bit_in_the_proof_is_noticed() -> None:
    whole = PROOF_V1.read_bytes()
    for place in range(0, len(whole), len(whole) // 97):
        data = bytearray(whole)
        data[place] ^= 1
        with pytest.raises(IntegrityError):
            check_proof(bytes(data), V1.genesis, where="proof-v1")
