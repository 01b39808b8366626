"""A proof of one record says what was sealed, and every way to make it say something else fails."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from tests.verification.key_changes import KeyChanges
from tests.verification.memory_archive import KeyRing, MemoryArchive, SourceFile

from audit_trail.archive.ledger import MAX_ENTRY_BYTES
from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.ledger_entry import KeyRotation, encode_entry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.proof import parse_proof, to_base64
from audit_trail.signing.signatures import sign_payload
from audit_trail.verification.proof_check import ProvenRecord, check_proof
from audit_trail.verification.proof_making import make_proof
from audit_trail.verification.record_lookup import RecordLookup, RecordPlace

DAY, LATER, LAST = "2026-01-05", "2026-01-06", "2026-01-07"
CONTENT = b"one\ntwo\nthree\nfour\nfive\n"


def ignore(*_: object) -> None:
    """No progress is shown."""


def entry_bytes(archive: MemoryArchive, sequence: int) -> bytes:
    return archive.store.read(ledger_key(sequence), max_bytes=MAX_ENTRY_BYTES)


def proof_of(archive: MemoryArchive, sequence: int, record: int) -> bytes:
    """The proof of a record, from 1, of the first segment that an entry seals."""
    view = archive.view
    (seal,) = (seal for seal in view.seals if seal.sequence == sequence)
    place = RecordLookup(archive.store, view, ignore).by_place(seal.objects[0].key, record)
    assert isinstance(place, RecordPlace)
    return make_proof(archive.store, view, place, ignore)


def checked(archive: MemoryArchive, data: bytes) -> ProvenRecord:
    return check_proof(data, archive.genesis, where="proof.json")


def changed(data: bytes, **fields: Any) -> bytes:
    return canonical.encode(canonical.decode(data, where="x") | fields)


def refused(archive: MemoryArchive, data: bytes) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        checked(archive, data)
    return caught.value


@pytest.fixture
def sealed(fresh: MemoryArchive) -> MemoryArchive:
    """Entry 1 seals five records; entry 2 another day."""
    fresh.seal(DAY, CONTENT)
    fresh.seal(LATER, b"six\n")
    return fresh


@pytest.fixture
def rotated(sealed: MemoryArchive, foreign_keys: KeyRing) -> MemoryArchive:
    """As `sealed`; entry 3 is a rotation, entry 4 seals a day with the new keys."""
    KeyChanges(archive=sealed).rotate(foreign_keys)
    sealed.seal(LAST, b"seven\neight\n")
    return sealed


class TestHonestProof:
    @pytest.mark.parametrize("number", range(1, 6))
    def test_says_what_where_when_and_by_whom(self, sealed: MemoryArchive, number: int) -> None:
        proven = checked(sealed, proof_of(sealed, 1, number))
        seal = sealed.view.seals[0]
        assert proven.record == CONTENT.split(b"\n")[number - 1]
        assert (proven.archive, proven.genesis_sha256) == ("memory", sealed.genesis)
        assert (proven.day, proven.revision, proven.source) == (DAY, 1, "app")
        assert (proven.segment, proven.number, proven.records) == (seal.objects[0].key, number, 5)
        assert (proven.uri, proven.start, proven.end) == (f"file:///logs/{DAY}/1-0.log", 0, len(CONTENT))
        assert proven.input_number == number
        assert (proven.sequence, proven.sealed_at) == (1, seal.at)
        assert proven.entry_sha256 == sealed.view.heads[1]
        assert (proven.manifest_key, proven.manifest_sha256) == (seal.manifest.key, seal.manifest.sha256)
        assert proven.keys == sealed.keys.public
        assert proven.to_json()["record_text"] == proven.record.decode()

    def test_says_all_of_it_in_json_too(self, rotated: MemoryArchive) -> None:
        """The names are in other people's scripts."""
        proven = checked(rotated, proof_of(rotated, 4, 2))
        seal, view = rotated.view.seals[-1], rotated.view
        assert proven.to_json() == {
            "proven": True,
            "record": "ZWlnaHQ=",
            "record_text": "eight",
            "archive": {"name": "memory", "genesis_sha256": rotated.genesis},
            "day": LAST,
            "revision": 1,
            "source": "app",
            "segment": {"key": seal.objects[0].key, "record": 2, "records": 2},
            "input": {"uri": f"file:///logs/{LAST}/1-0.log", "start": 0, "end": 12, "record": 2},
            "seal": {"sequence": 4, "sha256": view.heads[4], "at": seal.at},
            "manifest": {"key": seal.manifest.key, "sha256": seal.manifest.sha256},
            "keys": [{"scheme": key.scheme, "keyid": key.keyid} for key in view.keys],
            "not_proven": list(proven.not_proven),
        }

    def test_says_what_it_does_not_prove(self, rotated: MemoryArchive) -> None:
        proven = checked(rotated, proof_of(rotated, 4, 2))
        text = " ".join(proven.not_proven)
        assert "revoked" in text
        assert "up to entry 3" in text
        assert f"entry 4, SHA-256 {rotated.view.heads[4]}" in text
        assert "the moment of sealing" in text

    def test_holds_the_stored_bytes_of_the_entries_it_needs_and_no_others(
        self, rotated: MemoryArchive
    ) -> None:
        for sequence, needed in ((1, (0, 1, 3)), (4, (0, 3, 4))):
            proof = parse_proof(proof_of(rotated, sequence, 1), where="x")
            assert proof.entry_bytes == tuple(entry_bytes(rotated, number) for number in needed)

    def test_is_the_same_each_time_it_is_made(self, rotated: MemoryArchive) -> None:
        assert proof_of(rotated, 1, 3) == proof_of(rotated, 1, 3)

    def test_before_and_after_a_rotation(self, rotated: MemoryArchive, keys: KeyRing) -> None:
        assert checked(rotated, proof_of(rotated, 1, 1)).keys == keys.public
        assert checked(rotated, proof_of(rotated, 4, 1)).keys == rotated.keys.public

    def test_a_manifest_signed_before_a_rotation_and_sealed_after_it(
        self, sealed: MemoryArchive, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        source = SourceFile(uri="file:///late.log", data=b"late\n")
        pairs = [sealed._store_segment(LAST, 0, source)]
        seal = sealed.prepare_seal(LAST, 1, (source,), pairs)
        KeyChanges(archive=sealed).rotate(foreign_keys)
        place = {"sequence": 4, "previous": sealed.head.sha256}
        sealed.append(seal.model_copy(update=place))
        assert checked(sealed, proof_of(sealed, 4, 1)).record == b"late"

    def test_after_a_revocation_that_spares_it(self, sealed: MemoryArchive, foreign_keys: KeyRing) -> None:
        KeyChanges(archive=sealed).revoke(sealed.keys.public[0].keyid, first=3, new=foreign_keys)
        assert checked(sealed, proof_of(sealed, 1, 5)).record == b"five"

    @pytest.mark.parametrize("content", [b"\n", b"a", b"\n\nb\n", b"\x00\xff\r\n"])
    def test_any_bytes_are_records(self, fresh: MemoryArchive, content: bytes) -> None:
        fresh.seal(DAY, content)
        proven = checked(fresh, proof_of(fresh, 1, 1))
        assert proven.record == content.split(b"\n")[0]
        assert ("record_text" in proven.to_json()) == (b"\xff" not in content)


def leaves_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from leaves_of(item, (*path, key))
    else:
        yield path, value


def other_values(value: Any) -> list[Any]:
    if isinstance(value, int):
        return [value + 1, value - 1, value + 2**40]
    middle = len(value) // 2
    flipped = value[:middle] + ("0" if value[middle : middle + 1] != "0" else "1") + value[middle + 1 :]
    return [flipped, value[:-4], value + "0000", ""]


class TestTampering:
    def test_every_value_in_the_document(self, rotated: MemoryArchive) -> None:
        data = proof_of(rotated, 1, 4)
        for path, value in leaves_of(canonical.decode(data, where="x")):
            for other in other_values(value):
                document = canonical.decode(data, where="x")
                target = document
                for step in path[:-1]:
                    target = target[step]
                target[path[-1]] = other
                refused(rotated, canonical.encode(document))

    def test_every_byte_of_a_record(self, sealed: MemoryArchive) -> None:
        data = proof_of(sealed, 1, 3)
        for place in range(5):
            record = bytearray(b"three")
            record[place] ^= 1
            assert "not at its place" in refused(sealed, changed(data, record=to_base64(bytes(record)))).what

    @pytest.mark.parametrize("record", [b"three\n", b"three\r", b"", b"two", b"\x00three"])
    def test_another_record(self, sealed: MemoryArchive, record: bytes) -> None:
        refused(sealed, changed(proof_of(sealed, 1, 3), record=to_base64(record)))

    def test_the_path_or_index_of_another_record(self, sealed: MemoryArchive) -> None:
        mine, others = proof_of(sealed, 1, 3), (proof_of(sealed, 1, number) for number in (1, 2, 4, 5))
        for other in others:
            foreign = parse_proof(other, where="x")
            refused(sealed, changed(mine, path=list(foreign.path)))
            refused(sealed, changed(mine, leaf_index=foreign.leaf_index))
            refused(sealed, changed(mine, record=foreign.record))

    def test_an_inner_node_as_a_record_of_a_smaller_tree(self, sealed: MemoryArchive) -> None:
        left, right = (sha256(b"\x00" + record).digest() for record in (b"one", b"two"))
        proof = parse_proof(proof_of(sealed, 1, 1), where="x")
        for size in (2, 3, 4, 5):
            refused(
                sealed,
                changed(
                    proof_of(sealed, 1, 1),
                    record=to_base64(left + right),
                    path=list(proof.path[1:]),
                    tree_size=size,
                ),
            )

    def test_a_tree_of_another_size_in_which_the_path_leads_to_the_root_too(
        self, sealed: MemoryArchive
    ) -> None:
        """The way of the first leaf looks alike in trees of 5 to 8: only the signed size tells."""
        error = refused(sealed, changed(proof_of(sealed, 1, 1), tree_size=6))
        assert "of another size" in error.what

    def test_another_segment(self, fresh: MemoryArchive) -> None:
        fresh.seal(DAY, b"one\ntwo\n", b"four\nfive\n")
        other = fresh.view.seals[0].objects[1].key
        assert "not at its place" in refused(fresh, changed(proof_of(fresh, 1, 1), segment=other)).what
        assert "no such segment" in refused(fresh, changed(proof_of(fresh, 1, 1), segment="x")).what

    def test_the_manifest_of_another_day(self, sealed: MemoryArchive) -> None:
        other = parse_proof(proof_of(sealed, 2, 1), where="x")
        error = refused(sealed, changed(proof_of(sealed, 1, 1), manifest=other.manifest))
        assert error.what == "manifest is not the sealed one"


class TestOtherArchives:
    def test_another_genesis_is_given(self, sealed: MemoryArchive) -> None:
        with pytest.raises(IntegrityError, match="genesis is not the given one"):
            check_proof(proof_of(sealed, 1, 1), "0" * 64, where="x")

    def test_a_whole_forged_archive(self, sealed: MemoryArchive, foreign_keys: KeyRing) -> None:
        forged = MemoryArchive(keys=foreign_keys)
        forged.seal(DAY, CONTENT)
        assert "genesis is not the given one" in refused(sealed, proof_of(forged, 1, 1)).what

    def test_a_genesis_in_front_of_a_forged_archive(
        self, sealed: MemoryArchive, foreign_keys: KeyRing
    ) -> None:
        forged = MemoryArchive(keys=foreign_keys)
        forged.seal(DAY, CONTENT)
        proof = parse_proof(proof_of(forged, 1, 1), where="x")
        refused(
            sealed,
            changed(proof_of(forged, 1, 1), entries=[to_base64(entry_bytes(sealed, 0)), proof.entries[1]]),
        )

    def test_entries_of_another_archive_with_the_same_keys(
        self, sealed: MemoryArchive, keys: KeyRing
    ) -> None:
        """Whoever uses keys twice must not have one archive speak for the other."""
        other = MemoryArchive(keys=keys, name="other")
        other.seal(DAY, b"forged\n")
        data = proof_of(other, 1, 1)
        entries = [to_base64(entry_bytes(sealed, 0)), to_base64(entry_bytes(other, 1))]
        assert "is not the proof's" in refused(sealed, changed(data, entries=entries)).what

    @pytest.mark.parametrize("field", ["archive", "genesis"])
    def test_an_entry_that_names_another_one_under_the_right_signatures(
        self, sealed: MemoryArchive, field: str
    ) -> None:
        seal = sealed.view.seals[0].model_copy(update={field: "0" * 64})
        entries = [to_base64(entry_bytes(sealed, 0)), to_base64(sealed.envelope(seal))]
        error = refused(sealed, changed(proof_of(sealed, 1, 1), entries=entries))
        assert error.what == f"an entry's {field} is not the proof's"

    def test_a_genesis_that_its_own_keys_did_not_sign(
        self, sealed: MemoryArchive, foreign_keys: KeyRing
    ) -> None:
        genesis = sealed.envelope(sealed.view.genesis, foreign_keys)
        data = changed(proof_of(sealed, 1, 1), entries=[to_base64(genesis)] * 2)
        with pytest.raises(IntegrityError, match="not signed by exactly the keys"):
            check_proof(data, sha256(genesis).hexdigest(), where="x")

    def test_an_entry_0_that_is_a_seal(self, sealed: MemoryArchive) -> None:
        seal = entry_bytes(sealed, 1)
        data = changed(proof_of(sealed, 1, 1), entries=[to_base64(seal)] * 2)
        with pytest.raises(IntegrityError, match="not a genesis"):
            check_proof(data, sha256(seal).hexdigest(), where="x")


class TestWords:
    """Where in the document it is that something does not hold."""

    def test_a_record(self, sealed: MemoryArchive) -> None:
        data = changed(proof_of(sealed, 1, 3), record=to_base64(b"x"))
        key = sealed.view.seals[0].objects[0].key
        assert refused(sealed, data).where == f"proof.json, record 3 of {key}"

    @pytest.mark.parametrize("number", [0, 1, 2])
    def test_an_entry(self, rotated: MemoryArchive, number: int) -> None:
        data = proof_of(rotated, 1, 1)
        entries = canonical.decode(data, where="x")["entries"]
        entries[number] = to_base64(b"no envelope")
        genesis = sha256(b"no envelope").hexdigest() if number == 0 else rotated.genesis
        with pytest.raises(IntegrityError) as caught:
            check_proof(changed(data, entries=entries), genesis, where="proof.json")
        assert caught.value.where == f"proof.json, entries[{number}]"


class TestEntries:
    def entries(self, archive: MemoryArchive, *numbers: int) -> list[str]:
        return [to_base64(entry_bytes(archive, number)) for number in numbers]

    @pytest.mark.parametrize(
        ("numbers", "what"),
        [
            ((0, 3, 1), "order of their numbers"),
            ((0, 1, 1), "order of their numbers"),
            ((0, 1, 3, 3), "order of their numbers"),
            ((0, 0, 1), "second genesis|order of their numbers|proves nothing"),
            ((0, 3), "one seal"),
            ((0, 1, 2), "one seal"),
            ((0, 1, 3, 4), "one seal"),
            ((1, 0), "genesis is not the given one"),
        ],
    )
    def test_reordered_repeated_missing_or_too_many(
        self, rotated: MemoryArchive, numbers: tuple[int, ...], what: str
    ) -> None:
        data = changed(proof_of(rotated, 1, 1), entries=self.entries(rotated, *numbers))
        with pytest.raises(IntegrityError, match=what):
            checked(rotated, data)

    def test_an_entry_of_another_kind(self, sealed: MemoryArchive) -> None:
        sealed.put(3, sealed.envelope(sealed.prepare_verification(DAY)))
        data = changed(proof_of(sealed, 1, 1), entries=self.entries(sealed, 0, 1, 3))
        assert "proves nothing" in refused(sealed, data).what

    def test_neighbours_that_do_not_name_each_other(self, sealed: MemoryArchive) -> None:
        """Signed by those who have the keys, but of another copy of the ledger."""
        seal = sealed.view.seals[0].model_copy(update={"previous": "0" * 64})
        data = changed(
            proof_of(sealed, 1, 1), entries=[self.entries(sealed, 0)[0], to_base64(sealed.envelope(seal))]
        )
        assert "does not follow" in refused(sealed, data).what

    def test_a_seal_and_a_rotation_at_one_place(self, rotated: MemoryArchive, keys: KeyRing) -> None:
        seal = rotated.view.seals[0].model_copy(update={"sequence": 3, "previous": rotated.view.heads[2]})
        entries = self.entries(rotated, 0, 3)
        data = proof_of(rotated, 1, 1)
        for order in (
            [entries[0], to_base64(rotated.envelope(seal, keys)), entries[1]],
            [entries[0], entries[1], to_base64(rotated.envelope(seal))],
        ):
            assert "order of their numbers" in refused(rotated, changed(data, entries=order)).what


class TestKeys:
    """What somebody can do who has keys of another time."""

    def seal_at(
        self, archive: MemoryArchive, sequence: int, keys: KeyRing | None, **changes: Any
    ) -> tuple[bytes, str]:
        """A proof whose seal is signed anew, under another number: the document, and the seal."""
        data = proof_of(archive, 1, 1)
        seal = archive.view.seals[0].model_copy(update={"sequence": sequence, **changes})
        return data, to_base64(archive.envelope(seal, keys))

    def test_new_keys_do_not_sign_before_they_were_introduced(self, rotated: MemoryArchive) -> None:
        data, seal = self.seal_at(rotated, 2, None)
        entries = [to_base64(entry_bytes(rotated, 0)), seal, to_base64(entry_bytes(rotated, 3))]
        assert "not signed by exactly the keys" in refused(rotated, changed(data, entries=entries)).what

    def test_old_keys_do_not_sign_after_they_were_given_up(
        self, rotated: MemoryArchive, keys: KeyRing
    ) -> None:
        data, seal = self.seal_at(rotated, 5, keys)
        entries = [to_base64(entry_bytes(rotated, 0)), to_base64(entry_bytes(rotated, 3)), seal]
        assert "not signed by exactly the keys" in refused(rotated, changed(data, entries=entries)).what

    def test_keys_that_an_omitted_rotation_introduced(self, rotated: MemoryArchive) -> None:
        proof = parse_proof(proof_of(rotated, 4, 1), where="x")
        without = [proof.entries[0], proof.entries[2]]
        error = refused(rotated, changed(proof_of(rotated, 4, 1), entries=without))
        assert "not signed by exactly the keys" in error.what

    def test_a_rotation_that_old_keys_did_not_sign(
        self, sealed: MemoryArchive, foreign_keys: KeyRing
    ) -> None:
        rotation = KeyRotation(**sealed.linked(), keys=foreign_keys.public)
        payload = encode_entry(rotation)
        data = proof_of(sealed, 1, 1)
        entries = canonical.decode(data, where="x")["entries"]
        entries.append(to_base64(sign_payload(payload, foreign_keys.signers).to_bytes()))
        assert "not signed by exactly the keys" in refused(sealed, changed(data, entries=entries)).what

    def test_a_seal_that_a_later_revocation_takes_back(
        self, sealed: MemoryArchive, foreign_keys: KeyRing
    ) -> None:
        KeyChanges(archive=sealed).revoke(sealed.keys.public[0].keyid, first=2, new=foreign_keys)
        assert checked(sealed, proof_of(sealed, 1, 1)).record == b"one", "written before"
        with pytest.raises(IntegrityError, match="revoked for it") as caught:
            proof_of(sealed, 2, 1)
        assert "stolen" in caught.value.found
        assert caught.value.where == "ledger entry 2"

    def test_keys_that_a_revoked_key_introduced(self, rotated: MemoryArchive, keys: KeyRing) -> None:
        """The thief of entry 3 on made the rotation: whom it introduced is not believed either."""
        KeyChanges(archive=rotated).revoke(keys.public[0].keyid, first=3)
        assert checked(rotated, proof_of(rotated, 1, 1)).record == b"one"
        with pytest.raises(IntegrityError, match="revoked for it") as caught:
            proof_of(rotated, 4, 1)
        assert caught.value.where == "ledger entry 3"

    def test_an_omitted_revocation_is_what_one_proof_cannot_show(
        self, sealed: MemoryArchive, foreign_keys: KeyRing
    ) -> None:
        """And so the proof says it."""
        before = proof_of(sealed, 2, 1)
        KeyChanges(archive=sealed).revoke(sealed.keys.public[0].keyid, first=2, new=foreign_keys)
        proven = checked(sealed, before)
        assert "no change of keys is known" in proven.not_proven[0]

    def test_old_keys_and_an_omitted_rotation_are_what_one_proof_cannot_show(
        self, rotated: MemoryArchive, keys: KeyRing
    ) -> None:
        """Whoever stole them can sign a seal that no ledger has; comparing it finds that out."""
        data, seal = self.seal_at(rotated, 5, keys)
        forged = changed(data, entries=[to_base64(entry_bytes(rotated, 0)), seal])
        proven = checked(rotated, forged)
        assert proven.entry_sha256 not in rotated.view.heads
        assert proven.entry_sha256 in " ".join(proven.not_proven)

    def test_a_seal_under_an_earlier_number_than_that_of_a_revocation(
        self, sealed: MemoryArchive, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        """Signing before the number from which on a key is not believed needs all the other keys, too."""
        alone = KeyRing(public=keys.public[:1], signers=keys.signers[:1])
        data, seal = self.seal_at(sealed, 1, alone)
        entries = [to_base64(entry_bytes(sealed, 0)), seal]
        assert "not signed by exactly the keys" in refused(sealed, changed(data, entries=entries)).what


class TestRules:
    """What whoever has the keys must keep to, as in a verification of the archive."""

    @pytest.mark.parametrize(
        ("changes", "rule"),
        [
            ({"at": f"{DAY}T12:00:00Z"}, "seal.interval"),
            ({"interval_end": "2026-01-07T00:00:00Z"}, "seal.interval"),
        ],
    )
    def test_a_seal_that_breaks_them(self, sealed: MemoryArchive, changes: dict[str, str], rule: str) -> None:
        seal = sealed.view.seals[0].model_copy(update=changes)
        data = proof_of(sealed, 1, 1)
        entries = [to_base64(entry_bytes(sealed, 0)), to_base64(sealed.envelope(seal))]
        assert rule in refused(sealed, changed(data, entries=entries)).what

    def test_a_manifest_of_another_revision_than_its_seal(self, sealed: MemoryArchive) -> None:
        seal = sealed.view.seals[0]
        key = seal.manifest.key.replace("r0001", "r0002")
        moved = seal.model_copy(
            update={"revision": 2, "reason": "x", "manifest": seal.manifest.model_copy(update={"key": key})}
        )
        data = proof_of(sealed, 1, 1)
        entries = [to_base64(entry_bytes(sealed, 0)), to_base64(sealed.envelope(moved))]
        assert "revision" in refused(sealed, changed(data, entries=entries)).what
