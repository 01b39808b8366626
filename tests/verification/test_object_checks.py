"""What the store says of each sealed object, and of everything around them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.verification.memory_archive import LOCK, KeyRing, MemoryArchive
from tests.verification.memory_store import MODIFIED

from audit_trail.archive.object_store import Retention
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.days import Grace
from audit_trail.verification.object_checks import check_listing, check_object

DAY = "2026-01-05"
GOVERNANCE = Retention(mode="GOVERNANCE", until=LOCK.until)
SHORTER = Retention(mode="COMPLIANCE", until=LOCK.until - timedelta(seconds=1))
A_YEAR_SHORTER = Retention(mode="COMPLIANCE", until=LOCK.until.replace(year=2032))
LONGER = Retention(mode="COMPLIANCE", until=LOCK.until + timedelta(days=400))


def segment_key(archive: MemoryArchive) -> str:
    return archive.view.seals[0].objects[0].key


def outcomes(archive: MemoryArchive) -> dict[str, Outcome]:
    """Check the first segment alone."""
    checks = CheckList(keep_passed=True)
    check_object(archive.store, archive.view.seals[0].objects[0], checks, day=DAY)
    assert {check.day for check in checks.kept} == {DAY}
    assert all(bool(check.remedy) is (check.outcome is Outcome.FAIL) for check in checks.kept)
    return {check.name: check.outcome for check in checks.kept}


PASSED = {f"object.{name}": Outcome.PASS for name in ("present", "size", "checksum", "lock")}


class TestObject:
    def test_as_sealed(self, archive: MemoryArchive) -> None:
        assert outcomes(archive) == PASSED

    def test_absent_and_nothing_more_is_said_of_it(self, archive: MemoryArchive) -> None:
        seal = archive.view.seals[0]
        archive.store.remove(segment_key(archive))
        checks = CheckList(keep_passed=True)
        check_object(archive.store, seal.objects[0], checks, day=DAY)
        assert [(check.name, check.outcome, check.found) for check in checks.kept] == [
            ("object.present", Outcome.FAIL, "absent")
        ]

    def test_another_version_is_not_the_sealed_one(self, archive: MemoryArchive) -> None:
        archive.store.redescribe(segment_key(archive), version_id="v999")
        assert outcomes(archive) == {"object.present": Outcome.FAIL}

    @pytest.mark.parametrize(
        ("changes", "failed"),
        [
            ({"size": 1}, "object.size"),
            ({"sha256": "0" * 64}, "object.checksum"),
            ({"sha256": None}, "object.checksum"),
            ({"retention": None}, "object.lock"),
            ({"retention": GOVERNANCE}, "object.lock"),
            ({"retention": SHORTER}, "object.lock"),
        ],
        ids=["size", "checksum", "no-checksum", "no-lock", "governance", "shorter"],
    )
    def test_one_thing_changed_fails_one_check(
        self, archive: MemoryArchive, changes: dict[str, object], failed: str
    ) -> None:
        archive.store.redescribe(segment_key(archive), **changes)
        assert outcomes(archive) == {**PASSED, failed: Outcome.FAIL}

    def test_a_longer_lock_is_as_good(self, archive: MemoryArchive) -> None:
        archive.store.redescribe(segment_key(archive), retention=LONGER)
        assert outcomes(archive) == PASSED

    @pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
    def test_an_archive_sealed_in_governance_takes_either_mode(self, keys: KeyRing, mode: str) -> None:
        archive = MemoryArchive(keys=keys, lock=GOVERNANCE)
        archive.seal(DAY, b"x\n")
        archive.store.redescribe(segment_key(archive), retention=Retention(mode=mode, until=LOCK.until))
        assert archive.verify().exit_code == 0
        assert outcomes(archive) == PASSED

    def test_unreadable_is_unverifiable(self, archive: MemoryArchive) -> None:
        seal = archive.view.seals[0]
        archive.store.unreadable.add(segment_key(archive))
        checks = CheckList()
        check_object(archive.store, seal.objects[0], checks, day=DAY)
        assert [(check.name, check.outcome, check.day) for check in checks.kept] == [
            ("object.present", Outcome.UNVERIFIABLE, DAY)
        ]

    def test_a_delete_marker_over_it_leaves_it_readable_by_its_version(self, archive: MemoryArchive) -> None:
        archive.store.put_delete_marker(segment_key(archive))
        assert outcomes(archive) == PASSED


def listed(archive: MemoryArchive) -> list[tuple[str, str, str]]:
    """The listing's findings: name, key, day."""
    checks = CheckList(keep_passed=True)
    view = archive.view
    versions = [*archive.store.list_versions("logs/"), *archive.store.list_versions("manifests/")]
    check_listing(versions, view.seals, checks, where="all")
    return [(check.name, check.where.split(" ")[0], check.day) for check in checks.kept]


class TestListing:
    def test_clean(self, archive: MemoryArchive) -> None:
        assert listed(archive) == [("listing.clean", "all", "")]

    def test_a_delete_marker(self, archive: MemoryArchive) -> None:
        key = segment_key(archive)
        archive.store.put_delete_marker(key)
        assert listed(archive) == [("listing.delete-marker", key, DAY)]

    def test_a_newer_version(self, archive: MemoryArchive) -> None:
        key = segment_key(archive)
        archive.store.put_version(key, b"x")
        assert listed(archive) == [("listing.overlaid", key, DAY)]

    def test_a_stranger_belongs_to_the_day_of_its_folder(self, archive: MemoryArchive) -> None:
        key = "logs/source=app/date=2026-01-06/part-00009-0.log.zst"
        archive.store.put_version(key, b"x")
        assert listed(archive) == [("listing.unsealed", key, "2026-01-06")]

    def test_a_stranger_outside_of_every_day(self, archive: MemoryArchive) -> None:
        archive.store.put_version("logs/x", b"x")
        assert listed(archive) == [("listing.unsealed", "logs/x", "")]

    def test_a_deleted_stranger_is_noted_too(self, archive: MemoryArchive) -> None:
        archive.store.put_version("logs/x", b"x")
        archive.store.put_delete_marker("logs/x")
        assert [name for name, _, _ in listed(archive)] == ["listing.unsealed"] * 2

    def test_an_object_that_two_revisions_name_is_sealed(self, archive: MemoryArchive) -> None:
        """Late data with the bytes of an earlier segment meets it at its key."""
        archive.seal("2026-01-06", b"six\n" * 40)
        assert listed(archive) == [("listing.clean", "all", "")]


class TestListingWithGrace:
    """What a running day puts before its seal is there is not called planted, and never for long."""

    HOURS = 24
    NOW = MODIFIED + timedelta(hours=HOURS) - timedelta(seconds=1)
    LATE = f"logs/source=app/date={DAY}/part-00007-0123456789abcdef.log.zst"

    def listed(self, archive: MemoryArchive, key: str, now: datetime, hours: int = HOURS) -> list[Check]:
        checks = CheckList()
        view = archive.view
        versions = [
            version for version in archive.store.list_versions("") if not version.key.startswith("ledger/")
        ]
        grace = Grace(view=view, now=now, hours=hours)
        check_listing(versions, view.seals, checks, where="all", grace=grace)
        assert all(check.where.startswith(key) for check in checks.kept)
        return checks.kept

    @pytest.mark.parametrize(
        "key", [LATE, f"manifests/date={DAY}/r0002-0123456789abcdef.dsse.json"], ids=["segment", "manifest"]
    )
    def test_late_data_of_a_sealed_day_cannot_be_told_yet(self, archive: MemoryArchive, key: str) -> None:
        archive.store.put_version(key, b"x")
        (check,) = self.listed(archive, key, self.NOW)
        assert (check.name, check.outcome, check.day) == ("listing.unsealed", Outcome.UNVERIFIABLE, DAY)
        assert check.found == "an object that no entry names yet, put at 2026-01-09T01:00:00Z"
        assert "look again" in check.remedy

    def test_after_the_hours_of_grace_it_was_planted(self, archive: MemoryArchive) -> None:
        archive.store.put_version(self.LATE, b"x")
        (check,) = self.listed(archive, self.LATE, self.NOW + timedelta(seconds=1))
        assert (check.name, check.outcome, check.day) == ("listing.unsealed", Outcome.FAIL, DAY)
        assert check.found == "an object that no entry names"
        assert "who put this here" in check.remedy

    @pytest.mark.parametrize(
        "key", ["logs/x", f"logs/source=app/date={DAY}/x.log.zst", f"manifests/date={DAY}/r2.dsse.json"]
    )
    def test_what_no_run_would_put_is_wrong_at_once(self, archive: MemoryArchive, key: str) -> None:
        archive.store.put_version(key, b"x")
        (check,) = self.listed(archive, key, self.NOW)
        assert check.outcome is Outcome.FAIL

    def test_what_lies_over_a_sealed_object_is_wrong_at_once(self, archive: MemoryArchive) -> None:
        key = segment_key(archive)
        archive.store.put_version(key, b"x")
        archive.store.put_delete_marker(key)
        found = self.listed(archive, key, self.NOW)
        assert {(check.name, check.outcome) for check in found} == {
            ("listing.overlaid", Outcome.FAIL),
            ("listing.delete-marker", Outcome.FAIL),
        }
        assert {check.found for check in found} == {
            "another version of a sealed object",
            "a delete marker over the sealed version",
        }

    def test_a_day_on_its_way_to_its_first_seal_is_passed_over(self, archive: MemoryArchive) -> None:
        key = "logs/source=app/date=2026-01-09/anything"
        archive.store.put_version(key, b"x")
        now = datetime(2026, 1, 10, 3, tzinfo=UTC)
        assert self.listed(archive, key, now) == []
        assert [check.outcome for check in self.listed(archive, key, now, hours=0)] == [Outcome.FAIL]

    def test_what_is_passed_over_does_not_hide_what_follows(self, archive: MemoryArchive) -> None:
        archive.store.put_version("logs/source=app/date=2026-01-09/a", b"x")
        archive.store.put_version("x", b"x")
        (check,) = self.listed(archive, "x", datetime(2026, 1, 10, 3, tzinfo=UTC))
        assert check.found == "an object that no entry names"


class TestWords:
    """An operator reads these in the night."""

    def test_a_weak_lock(self, archive: MemoryArchive) -> None:
        key = segment_key(archive)
        for retention, found in (
            (None, "no lock"),
            (GOVERNANCE, "GOVERNANCE until 2033-01-11T00:00:00Z"),
        ):
            archive.store.redescribe(key, retention=retention)
            checks = CheckList(keep_passed=True)
            check_object(archive.store, archive.view.seals[0].objects[0], checks, day=DAY)
            lock = checks.kept[-1]
            assert (lock.expected, lock.found) == ("COMPLIANCE until 2033-01-11T00:00:00Z", found)
            assert "lock the version again" in lock.remedy
            assert all(not check.remedy for check in checks.kept[:-1])

    def test_what_was_changed(self, archive: MemoryArchive) -> None:
        key = segment_key(archive)
        version = archive.view.seals[0].objects[0].version_id
        archive.store.redescribe(key, size=1, sha256="0" * 64)
        checks = CheckList()
        check_object(archive.store, archive.view.seals[0].objects[0], checks, day=DAY)
        assert [(check.name, check.found, check.where) for check in checks.kept] == [
            ("object.size", "1", f"{key} version {version}"),
            ("object.checksum", "0" * 64, f"{key} version {version}"),
        ]
        assert all("somebody changed the archive" in check.remedy for check in checks.kept)

    def test_a_locks_last_second_counts(self, archive: MemoryArchive) -> None:
        """2555 days after the entry's own time, 2026-01-10 at three."""
        until = datetime(2033, 1, 8, 3, tzinfo=UTC)
        for offset, exit_code in ((0, 0), (-1, 1)):
            retention = Retention(mode="COMPLIANCE", until=until + timedelta(seconds=offset))
            archive.store.redescribe(ledger_key(2), retention=retention)
            assert archive.verify("objects").exit_code == exit_code


class TestEntryLock:
    """The ledger's own objects are locked as the genesis promised."""

    @pytest.mark.parametrize("retention", [None, GOVERNANCE, A_YEAR_SHORTER])
    @pytest.mark.parametrize("sequence", [0, 2, 4])
    def test_weaker(self, archive: MemoryArchive, retention: Retention | None, sequence: int) -> None:
        archive.put(4, archive.envelope(archive.prepare_verification(DAY)))
        archive.store.redescribe(ledger_key(sequence), retention=retention)
        report = archive.verify("objects")
        (finding,) = report.checks.not_passed
        assert (finding.name, report.exit_code) == ("ledger.lock", 1)
        assert finding.where.startswith(ledger_key(sequence))
        assert finding.day == ("2026-01-06" if sequence == 2 else ""), "the day that the entry seals"

    def test_of_one_day_only_its_seals_are_looked_at(self, archive: MemoryArchive) -> None:
        archive.store.redescribe(ledger_key(2), retention=None)
        assert archive.verify("objects", day="2026-01-05").exit_code == 0
        assert archive.verify("objects", day="2026-01-06").exit_code == 1


def test_a_marker_beside_what_is_sealed_is_called_one(archive: MemoryArchive) -> None:
    archive.store.put_delete_marker("logs/x")
    (check,) = archive.verify("objects").checks.not_passed
    assert (check.name, check.found) == ("listing.unsealed", "a delete marker")


def test_what_lies_over_an_object_concerns_the_day_whose_seal_names_it(archive: MemoryArchive) -> None:
    """Wherever it is: a seal that names objects of another day's folder is a finding of its own."""
    seal = archive.view.seals[0]
    archive.store.put_delete_marker(segment_key(archive))
    checks = CheckList()
    moved = seal.model_copy(update={"date": "2026-01-06"})
    check_listing(archive.store.list_versions("logs/"), [moved, *archive.view.seals[1:]], checks, where="all")
    assert [(check.name, check.day) for check in checks.kept] == [("listing.delete-marker", "2026-01-06")]
