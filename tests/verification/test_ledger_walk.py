"""Every way in which a ledger can be something else than what its writers appended."""

from __future__ import annotations

from hashlib import sha256

import pytest
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.archive.ledger import MAX_ENTRY_BYTES, RawEntry
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence import canonical
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.ledger_entry import Gap, parse_entry
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.signing.pins import Head
from audit_trail.verification.ledger_walk import read_ledger, walk


def entry_bytes(archive: MemoryArchive, sequence: int) -> bytes:
    return archive.store.read(ledger_key(sequence), max_bytes=MAX_ENTRY_BYTES)


def refused(archive: MemoryArchive) -> IntegrityError:
    """The error that reading the archive's ledger ends in."""
    with pytest.raises(IntegrityError) as caught:
        read_ledger(archive.store, archive.genesis)
    return caught.value


class TestHonestLedger:
    def test_says_what_was_sealed(self, archive: MemoryArchive) -> None:
        archive.put(4, archive.envelope(archive.prepare_verification("2026-01-05")))
        view = archive.view
        assert [seal.date for seal in view.seals] == ["2026-01-05", "2026-01-06", "2026-01-07"]
        assert [entry.date for entry in view.verifications] == ["2026-01-05"]
        assert view.genesis_sha256 == view.heads[0] == archive.genesis
        assert view.head == Head(sequence=4, sha256=view.heads[4])
        assert view.overlaid == view.strangers == ()

    def test_days_may_be_sealed_in_any_order(self, fresh: MemoryArchive) -> None:
        for day in ("2026-01-07", "2026-01-05", "2026-01-06"):
            fresh.seal(day, b"x\n")
        assert [seal.date for seal in fresh.view.seals] == ["2026-01-07", "2026-01-05", "2026-01-06"]

    def test_revisions_of_a_day_stay_together(self, archive: MemoryArchive) -> None:
        archive.seal("2026-01-05", b"late\n")
        assert [seal.revision for seal in archive.view.seals_of("2026-01-05")] == [1, 2]
        assert archive.view.seals_of("2026-02-01") == []

    def test_says_of_every_entry_when_it_was_written_which_version_it_is_and_its_lock(
        self, archive: MemoryArchive
    ) -> None:
        view = archive.view
        stored = [archive.store.head(key) for key in archive.store.keys("ledger/")]
        assert [item.version_id for item in stored if item] == [view.versions[number] for number in range(4)]
        assert view.times == ["2026-01-10T03:00:00Z"] * 4
        assert view.locks == [archive.lock] * 4
        assert view.tokens == {}

    def test_says_which_days_are_gaps(self, archive: MemoryArchive) -> None:
        gap = Gap(**archive.linked(), date="2026-01-04", reason="nobody was there")
        archive.put(4, archive.envelope(gap))
        assert archive.view.gaps == {"2026-01-04": gap}

    def test_keeps_the_tokens_over_its_entries(self, archive: MemoryArchive) -> None:
        put = archive.store.put_version(token_key(2), b"a token")
        tokens = archive.view.tokens
        assert {number: version.version_id for number, version in tokens.items()} == {2: put.version_id}

    def test_checks_what_was_signed_just_now(
        self, archive: MemoryArchive, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        """An entry that nobody believes, once locked, would end the ledger for good."""
        view = archive.view
        assert view.keys == keys.public
        seal = archive.prepare_seal("2026-01-08", 1)
        view.check_envelope(parse_envelope(archive.envelope(seal), where="x"), where="x")
        foreign = parse_envelope(archive.envelope(seal, foreign_keys), where="x")
        with pytest.raises(IntegrityError, match="not signed by exactly the keys"):
            view.check_envelope(foreign, where="x")


class TestMissingEntries:
    @pytest.mark.parametrize("sequence", [0, 1, 2])
    def test_one_missing_before_the_last_is_named(self, archive: MemoryArchive, sequence: int) -> None:
        archive.store.remove(ledger_key(sequence))
        error = refused(archive)
        assert error.what == "a ledger entry is missing"
        assert error.where == f"ledger entry {sequence}"

    def test_a_run_of_them_is_found(self, archive: MemoryArchive) -> None:
        archive.store.remove(ledger_key(1))
        archive.store.remove(ledger_key(2))
        assert refused(archive).found == "entry 3"

    def test_a_cut_tail_is_found_by_a_remembered_head(self, archive: MemoryArchive) -> None:
        remembered = archive.head
        archive.store.remove(ledger_key(3))
        with pytest.raises(IntegrityError, match="shorter than it was"):
            archive.view.check_extends(remembered)

    def test_a_cut_tail_alone_is_a_shorter_true_ledger(self, archive: MemoryArchive) -> None:
        """Why the head is remembered outside the bucket: nothing inside tells."""
        archive.store.remove(ledger_key(3))
        view = archive.view
        view.check_extends(None)
        assert view.head.sequence == 2

    def test_everything_deleted_is_a_failure(self, archive: MemoryArchive) -> None:
        for key in archive.store.keys(""):
            archive.store.remove(key)
        assert refused(archive).what == "the ledger is empty"

    def test_a_missing_entry_renumbered_over_is_found(self, archive: MemoryArchive) -> None:
        """Deleting day 2 and closing the gap: entry 3 says itself that it is not entry 2."""
        archive.store.remove(ledger_key(2))
        archive.store.move(ledger_key(3), ledger_key(2))
        assert "sequence" in refused(archive).what

    def test_extending_the_remembered_head_is_no_failure(self, archive: MemoryArchive) -> None:
        remembered = archive.head
        archive.seal("2026-01-08", b"x\n")
        archive.view.check_extends(remembered)

    def test_another_history_of_the_same_length_is_found(self, archive: MemoryArchive) -> None:
        with pytest.raises(IntegrityError, match="not the one seen before"):
            archive.view.check_extends(Head(sequence=3, sha256="0" * 64))


class TestMovedEntries:
    def test_swapped_entries(self, archive: MemoryArchive) -> None:
        archive.store.swap(ledger_key(1), ledger_key(2))
        error = refused(archive)
        assert "sequence" in error.what
        assert error.where == ledger_key(1)

    def test_an_entry_replayed_under_the_next_number(self, archive: MemoryArchive) -> None:
        archive.put(4, entry_bytes(archive, 1))
        error = refused(archive)
        assert (error.expected, error.found) == ("4", "1")

    def test_the_genesis_replayed(self, archive: MemoryArchive) -> None:
        archive.put(4, entry_bytes(archive, 0))
        assert refused(archive).what == "a second genesis"

    def test_a_wrong_previous(self, archive: MemoryArchive) -> None:
        seal = archive.prepare_seal("2026-01-08", 1, previous="0" * 64)
        archive.put(4, archive.envelope(seal))
        assert "previous" in refused(archive).what

    def test_a_changed_entry_breaks_the_next_even_when_validly_signed(self, archive: MemoryArchive) -> None:
        """Whoever has the keys can replace an entry, but not without replacing all after it."""
        entry = archive.view.seals[0].model_copy(update={"reason": "another story"})
        archive.replace(1, archive.envelope(entry))
        error = refused(archive)
        assert "previous" in error.what
        assert error.where == ledger_key(2)

    def test_the_same_entry_signed_again_is_another_entry(self, archive: MemoryArchive) -> None:
        archive.replace(2, archive.envelope(archive.view.seals[1]))
        assert refused(archive).where == ledger_key(3)

    @pytest.mark.parametrize(
        ("field", "value"), [("archive", "elsewhere"), ("genesis", "f" * 64), ("sequence", 5)]
    )
    def test_an_entry_that_says_it_belongs_elsewhere(
        self, archive: MemoryArchive, field: str, value: object
    ) -> None:
        archive.put(4, archive.envelope(archive.prepare_seal("2026-01-08", 1, **{field: value})))
        assert f"entry's {field} " in refused(archive).what

    def test_an_entry_of_another_archive_with_the_same_keys(
        self, archive: MemoryArchive, keys: KeyRing
    ) -> None:
        other = MemoryArchive(keys=keys, name="other")
        for day in ("2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"):
            other.seal(day, b"x\n")
        archive.put(4, entry_bytes(other, 4))
        assert "archive" in refused(archive).what

    @pytest.mark.parametrize("revision", [1, 3])
    def test_revisions_out_of_order(self, archive: MemoryArchive, revision: int) -> None:
        archive.put(4, archive.envelope(archive.prepare_seal("2026-01-05", revision)))
        error = refused(archive)
        assert error.expected == "revision 2 of 2026-01-05"

    def test_a_first_revision_that_is_not_1(self, archive: MemoryArchive) -> None:
        archive.put(4, archive.envelope(archive.prepare_seal("2026-01-08", 2)))
        assert refused(archive).expected == "revision 1 of 2026-01-08"


class TestGenesis:
    def test_another_archive_in_its_place(self, archive: MemoryArchive, foreign_keys: KeyRing) -> None:
        other = MemoryArchive(keys=foreign_keys)
        other.genesis = archive.genesis
        assert "genesis is not the pinned one" in refused(other).what

    @pytest.mark.parametrize("kept", [slice(0, 1), slice(1, 2)])
    def test_the_pinned_one_with_a_signature_too_few(self, keys: KeyRing, kept: slice) -> None:
        """A digest is pinned by whoever was given it: the keys of the genesis must have signed it, too."""
        archive = MemoryArchive(keys=keys)
        whole = parse_envelope(entry_bytes(archive, 0), where="")
        data = Envelope(payload=whole.payload, signatures=whole.signatures[kept]).to_bytes()
        archive.replace(0, data)
        archive.genesis = sha256(data).hexdigest()
        assert "not signed by exactly the keys" in refused(archive).what

    def test_the_pinned_one_signed_by_others(self, keys: KeyRing, foreign_keys: KeyRing) -> None:
        archive = MemoryArchive(keys=KeyRing(public=keys.public, signers=foreign_keys.signers))
        assert "not signed by exactly the keys" in refused(archive).what

    def test_an_entry_0_that_is_a_seal(self, archive: MemoryArchive) -> None:
        data = entry_bytes(archive, 1)
        raw = RawEntry(sequence=0, key=ledger_key(0), version_id="v1", data=data)
        with pytest.raises(IntegrityError, match="entry 0 is not a genesis"):
            walk([raw], raw.sha256)

    def test_a_genesis_whose_own_policy_refuses_its_keys(self, keys: KeyRing) -> None:
        weak = MemoryArchive(keys=keys, algorithms=("rsassa-pss-sha256",))
        assert "not one of each algorithm" in refused(weak).what

    def test_a_genesis_with_another_key_under_a_believed_id(
        self, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        pairs = zip(keys.public, foreign_keys.public, strict=True)
        mixed = tuple(mine.model_copy(update={"public": theirs.public}) for mine, theirs in pairs)
        forged = MemoryArchive(keys=KeyRing(public=mixed, signers=keys.signers))
        assert "public key is not the one" in refused(forged).what


class TestSignatures:
    def test_an_entry_signed_by_foreign_keys(self, archive: MemoryArchive, foreign_keys: KeyRing) -> None:
        archive.put(4, archive.envelope(archive.prepare_seal("2026-01-08", 1), foreign_keys))
        assert "not signed by exactly the keys" in refused(archive).what

    def test_foreign_signatures_under_believed_key_ids(
        self, archive: MemoryArchive, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        envelope = parse_envelope(
            archive.envelope(archive.prepare_seal("2026-01-08", 1), foreign_keys), where=""
        )
        by_scheme = {key.keyid: key.scheme for key in (*keys.public, *foreign_keys.public)}
        mine = {key.scheme: key.keyid for key in keys.public}
        renamed = [type(s)(keyid=mine[by_scheme[s.keyid]], sig=s.sig) for s in envelope.signatures]
        forged = Envelope(
            payload=envelope.payload, signatures=tuple(sorted(renamed, key=lambda item: item.keyid))
        )
        archive.put(4, forged.to_bytes())
        assert refused(archive).what == "signature does not verify"

    @pytest.mark.parametrize("stripped", [0, 1])
    def test_one_of_two_signatures_stripped(self, archive: MemoryArchive, stripped: int) -> None:
        envelope = parse_envelope(entry_bytes(archive, 3), where="")
        kept = (envelope.signatures[1 - stripped],)
        archive.replace(3, Envelope(payload=envelope.payload, signatures=kept).to_bytes())
        assert "not signed by exactly the keys" in refused(archive).what

    def test_a_third_signature_added(self, archive: MemoryArchive, foreign_keys: KeyRing) -> None:
        envelope = parse_envelope(entry_bytes(archive, 3), where="")
        foreign = parse_envelope(archive.envelope(archive.view.seals[2], foreign_keys), where="")
        both = sorted((*envelope.signatures, foreign.signatures[0]), key=lambda item: item.keyid)
        archive.replace(3, Envelope(payload=envelope.payload, signatures=tuple(both)).to_bytes())
        assert "not signed by exactly the keys" in refused(archive).what

    @pytest.mark.parametrize("damaged", [0, 1])
    @pytest.mark.parametrize("how", ["flipped", "cut", "emptied"])
    def test_a_damaged_signature(self, archive: MemoryArchive, damaged: int, how: str) -> None:
        envelope = parse_envelope(entry_bytes(archive, 3), where="")
        signatures = list(envelope.signatures)
        sig = signatures[damaged].sig
        other = {"flipped": sig[:-1] + bytes([sig[-1] ^ 1]), "cut": sig[:-1], "emptied": b""}[how]
        signatures[damaged] = type(signatures[damaged])(keyid=signatures[damaged].keyid, sig=other)
        archive.replace(3, Envelope(payload=envelope.payload, signatures=tuple(signatures)).to_bytes())
        assert refused(archive).what == "signature does not verify"

    def test_every_field_of_a_seal_is_signed(self, archive: MemoryArchive) -> None:
        """Change any one field under the old signatures: the last entry fails, whatever it was."""
        envelope = parse_envelope(entry_bytes(archive, 3), where="")
        statement = canonical.decode(envelope.payload, where="")
        for name, value in statement["predicate"].items():
            changed = {**statement["predicate"], name: _other(value)}
            payload = canonical.encode({**statement, "predicate": changed})
            forged = Envelope(payload=payload, signatures=envelope.signatures).to_bytes()
            archive.replace(3, forged)
            assert refused(archive).where == ledger_key(3), name

    def test_a_weaker_algorithm_is_no_entry_at_all(self, keys: KeyRing) -> None:
        genesis = canonical.decode(
            parse_envelope(entry_bytes(MemoryArchive(keys=keys), 0), where="").payload, where=""
        )
        genesis["predicate"]["policy"]["algorithms"].append("rsa-pkcs1v15-sha1")
        with pytest.raises(IntegrityError, match="algorithms"):
            parse_entry(canonical.encode(genesis), where="ledger")


def _other(value: object) -> object:
    if isinstance(value, str):
        return value[:-1] + ("0" if value[-1] != "0" else "1")
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict):
        first = sorted(value)[0]
        return {**value, first: _other(value[first])}
    assert isinstance(value, list)
    return value[:-1]


class TestStrangeObjects:
    def test_a_later_version_over_an_entry_changes_nothing_and_is_noted(self, archive: MemoryArchive) -> None:
        head = archive.head
        put = archive.store.put_version(ledger_key(2), b"rubbish")
        view = archive.view
        assert view.head == head
        assert [version.version_id for version in view.overlaid] == [put.version_id]

    def test_a_delete_marker_over_an_entry_changes_nothing_and_is_noted(self, archive: MemoryArchive) -> None:
        head = archive.head
        archive.store.put_delete_marker(ledger_key(3))
        assert archive.view.head == head
        assert [version.key for version in archive.view.overlaid] == [ledger_key(3)]

    @pytest.mark.parametrize("name", ["readme.txt", "4.dsse.json", "000000000004.dsse.json.bak"])
    def test_an_object_that_is_no_entry_is_noted(self, archive: MemoryArchive, name: str) -> None:
        archive.store.put_version(f"ledger/{name}", b"{}")
        assert [version.key for version in archive.view.strangers] == [f"ledger/{name}"]

    @pytest.mark.parametrize("data", [b"", b"\x00\xff", b"{}", b"[]", b'{"payload":"","signatures":[]}'])
    def test_rubbish_under_the_next_number_is_refused(self, archive: MemoryArchive, data: bytes) -> None:
        archive.put(4, data)
        assert refused(archive).where == ledger_key(4)

    def test_an_entry_too_large_to_be_one_is_wrong_not_unreadable(self, archive: MemoryArchive) -> None:
        """Trying again will not make it smaller."""
        archive.put(4, bytes(MAX_ENTRY_BYTES + 1))
        error = refused(archive)
        assert error.where == ledger_key(4)
        assert error.what == "a ledger object is too large to be an entry"

    def test_one_just_as_large_as_an_entry_may_be_is_read(self, archive: MemoryArchive) -> None:
        assert MAX_ENTRY_BYTES == 8 * 1024 * 1024
        archive.put(4, bytes(MAX_ENTRY_BYTES))
        assert "canonical JSON" in refused(archive).what

    def test_an_entry_that_cannot_be_read_is_not_called_wrong(self, archive: MemoryArchive) -> None:
        archive.store.unreadable.add(ledger_key(2))
        with pytest.raises(StorageError):
            read_ledger(archive.store, archive.genesis)
