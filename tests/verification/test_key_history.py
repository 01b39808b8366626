"""Who is believed at which entry: every rule of section 5 of docs/FORMAT.md, kept and broken."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.verification.key_changes import KeyChanges, only, ring
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.archive.ledger import MAX_ENTRY_BYTES
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.ledger_entry import KeyRevocation, KeyRotation, encode_entry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.signing.signatures import sign_payload
from audit_trail.verification.key_history import KeyHistory
from audit_trail.verification.ledger_walk import read_ledger
from audit_trail.verification.verifier import Report

RSA, MLDSA = "rsassa-pss-sha256", "ml-dsa-65/1"
DAY, LATER, LAST = "2026-01-05", "2026-01-06", "2026-01-07"


@pytest.fixture(scope="session")
def third_keys(make_keys: Callable[[], KeyRing]) -> KeyRing:
    """What comes after the keys that came after the first ones."""
    return make_keys()


@pytest.fixture
def sealed(fresh: MemoryArchive) -> MemoryArchive:
    """Entries 1 and 2 seal a day each, with the first keys."""
    fresh.seal(DAY, b"one\n")
    fresh.seal(LATER, b"two\n")
    return fresh


@pytest.fixture
def changes(sealed: MemoryArchive) -> KeyChanges:
    return KeyChanges(archive=sealed)


@pytest.fixture
def rsa_only(keys: KeyRing) -> KeyChanges:
    """An archive that was founded with one algorithm."""
    return KeyChanges(archive=MemoryArchive(keys=only(keys, RSA)))


def key(keys: KeyRing, scheme: str) -> PublicKey:
    return next(item for item in keys.public if item.scheme == scheme)


def replaced(keys: KeyRing, scheme: str, by: KeyRing) -> KeyRing:
    """A ring whose key of one scheme is that of another ring."""
    return ring(ring(keys, without=key(keys, scheme).keyid), only(by, scheme))


def refused(archive: MemoryArchive) -> IntegrityError:
    """The error that reading the ledger ends in; it names the last entry."""
    with pytest.raises(IntegrityError) as caught:
        read_ledger(archive.store, archive.genesis)
    assert caught.value.where == archive.store.keys("ledger/")[-1]
    return caught.value


def disbelieved(archive: MemoryArchive) -> list[int]:
    view = archive.view
    return sorted(sequence for sequence, _ in view.history.disbelieved(len(view.heads)))


def found(report: Report) -> set[tuple[str, str]]:
    """Name and day of every finding."""
    return {(check.name, check.day) for check in report.checks.not_passed}


class TestRotation:
    def test_new_keys_sign_from_the_next_entry_on(self, changes: KeyChanges, foreign_keys: KeyRing) -> None:
        first = changes.archive.keys
        assert changes.rotate(foreign_keys) == 3
        view = changes.archive.view
        assert [(era.first, era.keys) for era in view.history.eras] == [
            (0, first.public),
            (4, foreign_keys.public),
        ]
        assert view.keys == foreign_keys.public
        assert [entry.kind for entry in view.key_changes] == ["key-rotation"]

    def test_an_era_begins_exactly_behind_its_rotation(
        self, changes: KeyChanges, foreign_keys: KeyRing
    ) -> None:
        first = changes.archive.keys
        changes.rotate(foreign_keys)
        history = changes.archive.view.history
        assert [history.era_at(sequence).keys for sequence in (0, 3)] == [first.public] * 2
        assert [history.era_at(sequence).keys for sequence in (4, 99)] == [foreign_keys.public] * 2

    def test_old_keys_sign_nothing_any_more(self, changes: KeyChanges, foreign_keys: KeyRing) -> None:
        first = changes.archive.keys
        changes.rotate(foreign_keys)
        archive = changes.archive
        archive.put(4, archive.envelope(archive.prepare_seal(LAST, 1), first))
        assert "not signed by exactly the keys" in refused(archive).what

    @pytest.mark.parametrize("scheme", [RSA, MLDSA])
    def test_one_key_alone_is_replaced_and_three_sign(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, scheme: str
    ) -> None:
        changes.rotate(replaced(keys, scheme, foreign_keys))
        archive = changes.archive
        data = archive.store.read(ledger_key(3), max_bytes=MAX_ENTRY_BYTES)
        assert len(parse_envelope(data, where="x").signatures) == 3
        archive.seal(LAST, b"three\n")
        assert {item.keyid for item in archive.view.keys} == {
            key(keys, ({RSA, MLDSA} - {scheme}).pop()).keyid,
            key(foreign_keys, scheme).keyid,
        }
        assert archive.verify().exit_code == 0

    @pytest.mark.parametrize("who", ["old", "new", "all but one old", "all but one new"])
    def test_old_and_new_keys_must_all_sign(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, who: str
    ) -> None:
        signers = {
            "old": keys,
            "new": foreign_keys,
            "all but one old": ring(keys, foreign_keys, without=keys.public[0].keyid),
            "all but one new": ring(keys, foreign_keys, without=foreign_keys.public[0].keyid),
        }
        changes.rotate(foreign_keys, signed_by=signers[who])
        assert "not signed by exactly the keys" in refused(changes.archive).what

    def test_nobody_else_signs(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys, signed_by=ring(keys, foreign_keys, third_keys))
        assert "not signed by exactly the keys" in refused(changes.archive).what

    @pytest.mark.parametrize("scheme", [RSA, MLDSA])
    def test_an_algorithm_cannot_be_dropped(
        self, changes: KeyChanges, foreign_keys: KeyRing, scheme: str
    ) -> None:
        changes.rotate(only(foreign_keys, scheme))
        error = refused(changes.archive)
        assert "not one of each algorithm" in error.what
        assert (error.expected, error.found) == (f"{MLDSA}, {RSA}", scheme)

    def test_an_algorithm_cannot_be_added(self, rsa_only: KeyChanges, foreign_keys: KeyRing) -> None:
        rsa_only.rotate(foreign_keys)
        assert "not one of each algorithm" in refused(rsa_only.archive).what

    def test_an_algorithm_has_one_key(
        self, changes: KeyChanges, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(ring(foreign_keys, only(third_keys, RSA)))
        assert "not one of each algorithm" in refused(changes.archive).what

    def test_two_keys_of_one_algorithm_are_not_one_of_each(
        self, changes: KeyChanges, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(ring(only(foreign_keys, RSA), only(third_keys, RSA)))
        assert "not one of each algorithm" in refused(changes.archive).what

    def test_a_key_that_is_not_what_it_says_is_not_believed(
        self, changes: KeyChanges, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        """Else whoever rotates could name one key and believe another."""
        pairs = zip(foreign_keys.public, third_keys.public, strict=True)
        mixed = tuple(one.model_copy(update={"public": other.public}) for one, other in pairs)
        changes.rotate(KeyRing(public=mixed, signers=foreign_keys.signers))
        assert "public key is not the one" in refused(changes.archive).what

    def test_the_keys_of_now_again_are_no_rotation(self, changes: KeyChanges, keys: KeyRing) -> None:
        changes.rotate(keys)
        assert refused(changes.archive).what == "a rotation brings no new key"

    def test_the_keys_of_now_in_another_order_are_no_rotation(
        self, changes: KeyChanges, keys: KeyRing
    ) -> None:
        changes.rotate(KeyRing(public=keys.public[::-1], signers=keys.signers[::-1]))
        assert refused(changes.archive).what == "a rotation brings no new key"

    def test_keys_that_were_given_up_do_not_come_back(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.rotate(keys)
        error = refused(changes.archive)
        assert error.what == "a key that was given up comes back"
        assert error.found == min(item.keyid for item in keys.public)[:16]

    def test_one_key_does_not_come_back_beside_a_new_one(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.rotate(replaced(third_keys, RSA, keys))
        error = refused(changes.archive)
        assert error.what == "a key that was given up comes back"
        assert error.found == key(keys, RSA).keyid[:16]

    def test_keys_do_not_come_back_from_before_the_last_ones(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.rotate(third_keys)
        changes.rotate(keys)
        assert refused(changes.archive).what == "a key that was given up comes back"

    def test_rotations_follow_each_other_at_once(
        self, changes: KeyChanges, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.rotate(third_keys)
        changes.archive.seal(LAST, b"three\n")
        assert [era.first for era in changes.archive.view.history.eras] == [0, 4, 5]
        assert changes.archive.verify().exit_code == 0


class TestRevocation:
    @pytest.mark.parametrize("scheme", [RSA, MLDSA])
    def test_what_is_left_and_what_is_new_sign_it(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, scheme: str
    ) -> None:
        gone = key(keys, scheme)
        changes.revoke(gone.keyid, first=3, new=foreign_keys)
        changes.archive.seal(LAST, b"three\n")
        view = changes.archive.view
        assert [era.first for era in view.history.eras] == [0, 4]
        assert gone.keyid not in {item.keyid for item in view.keys}
        assert list(view.history.revocations) == [gone.keyid]
        assert [entry.kind for entry in view.key_changes] == ["key-revocation"]
        assert changes.archive.verify().exit_code == 0

    @pytest.mark.parametrize("who", ["with the revoked", "without what is left", "without the new", "old"])
    def test_others_do_not_sign_it(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, who: str
    ) -> None:
        left, fresh = only(keys, MLDSA), only(foreign_keys, RSA)
        signers = {
            "with the revoked": ring(keys, fresh),
            "without what is left": fresh,
            "without the new": left,
            "old": keys,
        }
        changes.revoke(key(keys, RSA).keyid, first=3, new=foreign_keys, signed_by=signers[who])
        assert "not signed by exactly the keys" in refused(changes.archive).what

    def test_an_algorithm_cannot_be_given_up_with_its_key(self, changes: KeyChanges, keys: KeyRing) -> None:
        changes.revoke(key(keys, RSA).keyid, first=3)
        assert "not one of each algorithm" in refused(changes.archive).what

    def test_a_key_of_an_earlier_era(self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing) -> None:
        changes.rotate(foreign_keys)
        changes.revoke(keys.public[0].keyid, first=4)
        changes.archive.seal(LAST, b"three\n")
        view = changes.archive.view
        assert [era.first for era in view.history.eras] == [0, 4], "no new era where nothing changes"
        assert view.keys == foreign_keys.public
        assert changes.archive.verify().exit_code == 0

    def test_a_key_that_nobody_ever_believed(self, changes: KeyChanges, foreign_keys: KeyRing) -> None:
        changes.revoke(foreign_keys.public[0].keyid, first=3)
        error = refused(changes.archive)
        assert error.what == "a revocation of a key that is not believed"
        assert error.found == foreign_keys.public[0].keyid[:16]

    def test_a_key_is_revoked_once(self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing) -> None:
        """A second one could move the number from which it is not believed."""
        changes.revoke(key(keys, RSA).keyid, first=2, new=foreign_keys)
        changes.revoke(key(keys, RSA).keyid, first=4)
        assert refused(changes.archive).what == "a revocation of a key that is not believed"

    @pytest.mark.parametrize("first", [1, 2, 3])
    def test_it_reaches_back_up_to_its_own_number(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, first: int
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=first, new=foreign_keys)
        assert disbelieved(changes.archive) == list(range(first, 3))

    def test_it_does_not_reach_beyond_its_own_number(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=4, new=foreign_keys)
        error = refused(changes.archive)
        assert "still to come" in error.what
        assert (error.expected, error.found) == ("at most 3", "4")

    def test_it_does_not_take_another_key_away(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        """Else one stolen key would be enough to replace all others."""
        gone = key(keys, RSA).keyid
        changes.revoke(
            gone,
            first=3,
            keys=foreign_keys.public,
            signed_by=ring(keys, foreign_keys, without=gone),
        )
        assert "another key than the one it names" in refused(changes.archive).what

    def test_it_takes_away_the_key_that_it_names(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        gone = key(keys, RSA).keyid
        changes.revoke(gone, first=3, keys=keys.public, signed_by=keys)
        assert "another key than the one it names" in refused(changes.archive).what

    def test_a_key_of_an_earlier_era_brings_no_new_ones(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        new = replaced(foreign_keys, RSA, third_keys)
        changes.revoke(
            keys.public[0].keyid,
            first=4,
            keys=new.public,
            signed_by=ring(foreign_keys, only(third_keys, RSA)),
        )
        assert "another key than the one it names" in refused(changes.archive).what

    def test_a_key_that_was_given_up_does_not_replace_it(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.revoke(key(foreign_keys, RSA).keyid, first=4, new=keys)
        assert refused(changes.archive).what == "a key that was given up comes back"

    def test_a_revoked_key_does_not_come_back(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=3, new=foreign_keys)
        changes.rotate(keys, signed_by=ring(changes.archive.keys, only(keys, RSA)))
        assert refused(changes.archive).what == "a key that was given up comes back"

    def test_the_only_key_cannot_be_revoked(self, rsa_only: KeyChanges, foreign_keys: KeyRing) -> None:
        """Nobody but the thief and his new key would confirm it."""
        rsa_only.revoke(rsa_only.archive.keys.public[0].keyid, first=1, new=only(foreign_keys, RSA))
        assert "no other believed key confirms" in refused(rsa_only.archive).what

    def test_an_entry_that_says_it_changes_keys_and_is_not_accepted_changes_none(
        self, changes: KeyChanges, foreign_keys: KeyRing
    ) -> None:
        history = changes.archive.view.history
        changes.rotate(foreign_keys, signed_by=foreign_keys)
        data = changes.archive.store.read(ledger_key(3), max_bytes=MAX_ENTRY_BYTES)
        entry = KeyRotation(**linked_of(changes), keys=foreign_keys.public)
        with pytest.raises(IntegrityError):
            history.check_entry(entry, parse_envelope(data, where="x"), where="x")
        assert (len(history.eras), history.revocations) == (1, {})


def linked_of(changes: KeyChanges) -> dict[str, object]:
    return {
        "archive": changes.archive.name,
        "genesis": changes.archive.genesis,
        "sequence": 3,
        "previous": "0" * 64,
        "at": "2026-01-10T03:00:00Z",
    }


class TestRevokedForThePast:
    def test_every_entry_that_the_key_signed_since_is_a_finding(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.archive.seal(LAST, b"three\n")
        changes.revoke(key(keys, RSA).keyid, first=2, new=foreign_keys)
        changes.archive.seal("2026-01-08", b"four\n")
        report = changes.archive.verify("ledger")
        assert disbelieved(changes.archive) == [2, 3]
        assert found(report) == {("ledger.revoked-key", LATER), ("ledger.revoked-key", LAST)}
        assert [check.where for check in report.checks.not_passed] == [ledger_key(2), ledger_key(3)]
        assert [day.verdict for day in report.days] == ["sealed", "tampered", "tampered", "sealed"]

    def test_the_key_of_one_era_says_nothing_of_the_entries_of_the_next(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        """Entry 3, the rotation, carries the old keys' signatures; entry 4 does not."""
        changes.rotate(foreign_keys)
        changes.archive.seal(LAST, b"three\n")
        changes.revoke(keys.public[0].keyid, first=2)
        assert disbelieved(changes.archive) == [2, 3]

    def test_the_rotation_that_brought_the_key_is_among_them(
        self, changes: KeyChanges, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        """It carries a signature by the new key, too: nothing after the theft is spared."""
        changes.rotate(foreign_keys)
        changes.archive.seal(LAST, b"three\n")
        changes.revoke(key(foreign_keys, RSA).keyid, first=1, new=third_keys)
        assert disbelieved(changes.archive) == [3, 4]

    def test_the_revocation_that_brought_the_key_is_among_them(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=3, new=foreign_keys)
        changes.revoke(key(foreign_keys, RSA).keyid, first=1, new=third_keys)
        assert disbelieved(changes.archive) == [3]

    def test_a_revocation_by_a_key_that_is_revoked_later_is_among_them(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=3, new=foreign_keys)
        changes.revoke(key(keys, MLDSA).keyid, first=2, new=foreign_keys)
        assert disbelieved(changes.archive) == [2, 3]

    def test_an_entry_that_two_revoked_keys_signed_is_a_finding_for_each(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=2, new=foreign_keys)
        changes.revoke(key(keys, MLDSA).keyid, first=1, new=foreign_keys)
        assert disbelieved(changes.archive) == [1, 2, 2, 3]

    def test_only_entries_that_are_there_are_named(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=1, new=foreign_keys)
        history = changes.archive.view.history
        assert [sequence for sequence, _ in history.disbelieved(2)] == [1]

    def test_nothing_that_was_signed_before_is_in_doubt(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=3, new=foreign_keys)
        assert changes.archive.verify().exit_code == 0


PAYLOAD = b'{"what":"a manifest"}'


class TestDocument:
    """What entry `sequence` names was signed before it: with its keys, or those of an earlier era."""

    @staticmethod
    def check(history: KeyHistory, signers: KeyRing, sequence: int) -> None:
        history.check_document(document(signers), sequence=sequence, where="manifest")

    @staticmethod
    def refusal(history: KeyHistory, envelope: Envelope, sequence: int) -> IntegrityError:
        with pytest.raises(IntegrityError) as caught:
            history.check_document(envelope, sequence=sequence, where="manifest")
        assert caught.value.where == "manifest"
        return caught.value

    def test_keys_of_the_entry_and_of_any_earlier_era(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.rotate(third_keys)
        history = changes.archive.view.history
        for sequence in (1, 3, 4, 5, 9):
            self.check(history, keys, sequence)
        for sequence in (4, 5, 9):
            self.check(history, foreign_keys, sequence)
        for sequence in (5, 9):
            self.check(history, third_keys, sequence)

    def test_no_keys_of_a_later_era(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        changes.rotate(third_keys)
        history = changes.archive.view.history
        for signers, sequence, wanted in ((foreign_keys, 3, keys), (third_keys, 4, foreign_keys)):
            error = self.refusal(history, document(signers), sequence)
            assert "not signed by exactly the keys" in error.what
            assert error.expected == ", ".join(sorted(item.keyid[:16] for item in wanted.public))

    def test_no_mix_of_eras(self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing) -> None:
        changes.rotate(foreign_keys)
        history = changes.archive.view.history
        for mix in (ring(keys, foreign_keys), replaced(keys, RSA, foreign_keys), only(keys, RSA)):
            assert "not signed by exactly the keys" in self.refusal(history, document(mix), 9).what

    def test_signatures_of_an_earlier_era_must_verify(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.rotate(foreign_keys)
        forged = Envelope(payload=PAYLOAD + b" ", signatures=document(keys).signatures)
        error = self.refusal(changes.archive.view.history, forged, 9)
        assert error.what == "signature does not verify"

    def test_a_key_of_an_earlier_era_revoked_since_then(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        """What it signed for entries before is believed; for others it might be the thief's."""
        changes.rotate(foreign_keys)
        changes.revoke(key(keys, RSA).keyid, first=4)
        history = changes.archive.view.history
        for sequence in (1, 3):
            self.check(history, keys, sequence)
        for sequence in (4, 5):
            error = self.refusal(history, document(keys), sequence)
            assert "not signed by exactly the keys" in error.what
            assert error.expected == ", ".join(sorted(item.keyid[:16] for item in foreign_keys.public))
        self.check(history, foreign_keys, 5)

    def test_a_key_of_two_eras_revoked_since_then(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing, third_keys: KeyRing
    ) -> None:
        """It is the signers that count, not the era in which one of them was revoked."""
        changes.rotate(replaced(keys, RSA, foreign_keys))
        changes.rotate(third_keys)
        changes.revoke(key(keys, RSA).keyid, first=5)
        history = changes.archive.view.history
        self.check(history, replaced(keys, RSA, foreign_keys), 6)
        assert "not signed by exactly" in self.refusal(history, document(keys), 6).what

    def test_the_revoked_key_of_its_own_entry_is_that_entrys_finding(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        """The seal is not believed, so neither is what it names; its bytes are still compared."""
        changes.revoke(key(keys, RSA).keyid, first=2, new=foreign_keys)
        report = changes.archive.verify()
        assert found(report) == {("ledger.revoked-key", LATER)}
        assert [day.verdict for day in report.days] == ["sealed", "tampered"]
        changed = changes.archive.view.seals[1].objects[0].key
        changes.archive.store.change_bytes(changed, b"x")
        assert {name for name, _ in found(changes.archive.verify())} > {"ledger.revoked-key"}

    def test_revoked_keys_are_told_apart_by_entry(
        self, changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
    ) -> None:
        changes.revoke(key(keys, RSA).keyid, first=2, new=foreign_keys)
        changes.revoke(key(keys, MLDSA).keyid, first=1, new=foreign_keys)
        history = changes.archive.view.history
        ids = {item.keyid for item in ring(keys, foreign_keys).public}
        assert history.revoked_among(ids, 0) == []
        assert history.revoked_among(ids, 1) == [key(keys, MLDSA).keyid]
        assert history.revoked_among(ids, 2) == sorted(item.keyid for item in keys.public)
        assert history.revoked_among({key(foreign_keys, RSA).keyid}, 9) == []


def document(signers: KeyRing) -> Envelope:
    return sign_payload(PAYLOAD, signers.signers)


class TestGenesis:
    def test_its_keys_are_those_of_its_algorithms(self, keys: KeyRing) -> None:
        for algorithms in ((RSA,), (RSA, RSA), (RSA, MLDSA, MLDSA)):
            archive = MemoryArchive(keys=keys, algorithms=algorithms)
            assert "not one of each algorithm" in refused(archive).what

    def test_the_order_of_algorithms_does_not_matter(self, keys: KeyRing) -> None:
        for algorithms in ((RSA, MLDSA), (MLDSA, RSA)):
            assert MemoryArchive(keys=keys, algorithms=algorithms).view.keys == keys.public


def test_every_key_that_was_ever_believed_is_known(
    changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
) -> None:
    """An auditor's pack lists them all."""
    changes.rotate(foreign_keys)
    known = changes.archive.view.history.known()
    assert known == {item.keyid: item for item in (*keys.public, *foreign_keys.public)}


def test_signers_of_an_entry_are_named_once_each(
    changes: KeyChanges, keys: KeyRing, foreign_keys: KeyRing
) -> None:
    history = changes.archive.view.history
    entry = KeyRevocation(
        **linked_of(changes),
        keyid=key(keys, RSA).keyid,
        from_sequence=3,
        reason="x",
        keys=replaced(keys, RSA, foreign_keys).public,
    )
    assert {item.keyid for item in history.signers_of(entry)} == {item.keyid for item in entry.keys}
    assert len(history.signers_of(entry)) == 2
    assert encode_entry(entry), "well-formed"
