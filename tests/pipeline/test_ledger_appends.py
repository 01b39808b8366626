"""Declared gaps, new keys and revoked keys, in a real archive."""

from __future__ import annotations

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive, killed_before_the_put

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.ledger_entry import KeyRevocation, KeyRotation
from audit_trail.pipeline.ledger_appends import declare_gap, revoke_key, rotate_keys
from audit_trail.signing.local_keys import held_keys
from audit_trail.verification.verifier import Report, Verifier


def verified(archive: Archive) -> Report:
    context = archive.context()
    verifier = Verifier(context.store, genesis=archive.genesis, remembered=context.pin.read())
    return verifier.verify("content", now=NOW, due_hours=24 * 365)


def findings(archive: Archive) -> set[str]:
    return {check.name for check in verified(archive).checks.not_passed}


class TestRotation:
    def test_days_before_and_after_it_verify(self, archive: Archive) -> None:
        archive.log(f"{DAY}.log", b"one\n")
        archive.processor().process_daily_logs(DAY)
        before = archive.context().ledger().keys
        rotate_keys(archive.context())
        archive.log("2026-03-13.log", b"two\n")
        archive.processor().process_daily_logs("2026-03-13")
        view = archive.context().ledger()
        assert {key.scheme for key in view.keys} == {key.scheme for key in before}
        assert not {key.keyid for key in view.keys} & {key.keyid for key in before}
        assert verified(archive).exit_code == 0

    def test_one_key_alone_can_be_replaced(self, archive: Archive) -> None:
        before = {key.scheme: key.keyid for key in archive.context().ledger().keys}
        rotate_keys(archive.context(), schemes=("ml-dsa-65/1",))
        after = {key.scheme: key.keyid for key in archive.context().ledger().keys}
        assert after["rsassa-pss-sha256"] == before["rsassa-pss-sha256"]
        assert after["ml-dsa-65/1"] != before["ml-dsa-65/1"]

    def test_keys_left_by_a_killed_rotation_are_taken(self, archive: Archive) -> None:
        with killed_before_the_put():
            rotate_keys(archive.context())
        assert archive.processor().process_daily_logs(DAY).sealed.new, "the old keys still sign"
        made = held_keys(archive.settings)
        entry = rotate_keys(archive.context()).entry
        assert held_keys(archive.settings) == made
        assert isinstance(entry, KeyRotation)
        assert {key.keyid for key in entry.keys} == {key.public_key.keyid for key in made[-2:]}

    def test_a_day_signed_before_and_sealed_after_it(self, archive: Archive) -> None:
        """The manifest lies in the archive already, signed by keys that were believed then."""
        archive.log(f"{DAY}.log", b"one\n")
        with killed_before_the_put():
            archive.processor().process_daily_logs(DAY)
        rotate_keys(archive.context())
        assert archive.processor().process_daily_logs(DAY).sealed.new
        assert verified(archive).exit_code == 0


class TestRevocation:
    def test_a_key_that_signs_is_replaced_and_the_archive_goes_on(self, archive: Archive) -> None:
        key = archive.context().ledger().keys[0]
        entry = revoke_key(archive.context(), key.keyid[:12], reason="laptop stolen").entry
        assert isinstance(entry, KeyRevocation)
        assert key.keyid not in {left.keyid for left in entry.keys}
        archive.processor().process_daily_logs(DAY)
        assert verified(archive).exit_code == 0

    def test_an_old_key_is_revoked_and_nothing_else_changes(self, archive: Archive) -> None:
        old = archive.context().ledger().keys[0]
        rotate_keys(archive.context())
        before = archive.context().ledger().keys
        revoke_key(archive.context(), old.keyid, reason="found on a disk")
        assert archive.context().ledger().keys == before

    def test_entries_that_it_signed_meanwhile_are_not_believed(self, archive: Archive) -> None:
        archive.log(f"{DAY}.log", b"one\n")
        archive.processor().process_daily_logs(DAY)
        key = archive.context().ledger().keys[0]
        revoke_key(archive.context(), key.keyid, reason="stolen in March", from_sequence=1)
        report = verified(archive)
        assert report.exit_code == 1
        assert "ledger.revoked-key" in {check.name for check in report.checks.not_passed}
        assert [day.verdict for day in report.days] == ["tampered"]

    @pytest.mark.parametrize("keyid", ["", "abc", "0" * 64])
    def test_an_unknown_key(self, archive: Archive, keyid: str) -> None:
        with pytest.raises(ConfigurationError, match="not a key"):
            revoke_key(archive.context(), keyid, reason="x")

    def test_twice(self, archive: Archive) -> None:
        key = archive.context().ledger().keys[0]
        revoke_key(archive.context(), key.keyid, reason="x")
        with pytest.raises(ConfigurationError, match="revoked already"):
            revoke_key(archive.context(), key.keyid, reason="x")

    def test_the_only_key(self, archive: Archive, make_archive: type[Archive]) -> None:
        alone = make_archive(signing={"post_quantum": False})
        with pytest.raises(ConfigurationError, match="no other key"):
            revoke_key(alone.context(), alone.context().ledger().keys[0].keyid, reason="x")

    def test_without_the_keys_nothing_can_be_revoked(self, archive: Archive) -> None:
        view = archive.context().ledger()
        for path in archive.settings.keys.glob("*.pem"):
            path.unlink()
        with pytest.raises(ConfigurationError):
            revoke_key(archive.context(), view.keys[0].keyid, reason="x")
        assert archive.context().ledger().head == view.head
        with pytest.raises(ConfigurationError):
            archive.processor().process_daily_logs(DAY)
        assert not findings(archive) - {"day.sealed"}, "what is sealed needs no private key"


class TestGap:
    def test_a_declared_gap_is_not_missing(self, archive: Archive) -> None:
        archive.processor().process_daily_logs("2026-03-12")
        archive.processor().process_daily_logs(DAY)
        assert declare_gap(archive.context(), "2026-03-13", "the service did not exist").new
        report = verified(archive)
        assert report.exit_code == 0
        assert [day.verdict for day in report.days] == ["sealed-empty", "declared-gap", "sealed-empty"]

    def test_again_changes_nothing(self, archive: Archive) -> None:
        first = declare_gap(archive.context(), DAY, "quiet")
        again = declare_gap(archive.context(), DAY, "quiet")
        assert (again.new, again.sha256) == (False, first.sha256)

    def test_a_sealed_day_has_none(self, archive: Archive) -> None:
        archive.processor().process_daily_logs(DAY)
        with pytest.raises(ConfigurationError, match="is sealed"):
            declare_gap(archive.context(), DAY, "quiet")

    @pytest.mark.parametrize(("day", "reason"), [("2026-03-15", "x"), (DAY, " "), ("today", "x")])
    def test_a_day_that_is_not_over_or_no_reason(self, archive: Archive, day: str, reason: str) -> None:
        with pytest.raises(ConfigurationError):
            declare_gap(archive.context(), day, reason)

    def test_logs_that_turn_up_are_sealed_after_all(self, archive: Archive) -> None:
        declare_gap(archive.context(), DAY, "quiet")
        archive.log(f"{DAY}.log", b"one\n")
        archive.processor().process_daily_logs(DAY)
        assert [day.verdict for day in verified(archive).days] == ["sealed"]


def test_races_of_people_and_pipeline_end_in_one_ledger(archive: Archive) -> None:
    from concurrent.futures import ThreadPoolExecutor

    tasks = [
        lambda: rotate_keys(archive.context()),
        lambda: declare_gap(archive.context(), "2026-03-10", "x"),
        lambda: archive.processor().process_daily_logs(DAY),
    ]
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(task) for task in tasks]:
            try:
                done.result()
            except (IntegrityError, ConfigurationError) as error:
                pytest.fail(str(error))
    assert verified(archive).checks.exit_code == 1, "days between the gap and the sealed one are missing"
    assert findings(archive) == {"day.sealed"}
