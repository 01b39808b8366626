"""Levels, days, verdicts and the report."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from tests.verification.key_changes import KeyChanges
from tests.verification.memory_archive import NOW, KeyRing, MemoryArchive

from audit_trail.archive.object_store import ObjectVersion
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import Check, Outcome
from audit_trail.verification.days import COMPLETE, expected_days
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.sampling import draw_sample
from audit_trail.verification.verifier import Report, Verifier, check_level

FIRST, SECOND, THIRD = "2026-01-05", "2026-01-06", "2026-01-07"


def verdicts(report: Report) -> dict[str, str]:
    return {day.day: day.verdict for day in report.days}


def names(report: Report) -> set[str]:
    return {check.name for check in report.checks.not_passed}


class TestLevels:
    @pytest.mark.parametrize("level", ["ledger", "objects", "content"])
    def test_an_honest_archive_is_good_at_each(self, archive: MemoryArchive, level: str) -> None:
        archive.seal("2026-01-08")
        report = archive.verify(check_level(level), remembered=archive.head)
        assert report.checks.not_passed == []
        assert report.exit_code == 0
        assert set(verdicts(report).values()) == {"sealed", "sealed-empty"}

    def test_the_ledger_level_reads_nothing_but_the_ledger(self, archive: MemoryArchive) -> None:
        archive.store.reads.clear()
        archive.verify("ledger")
        assert archive.store.reads
        assert all(key.startswith("ledger/") for key in archive.store.reads)

    def test_the_objects_level_reads_no_segment(self, archive: MemoryArchive) -> None:
        archive.store.reads.clear()
        archive.verify("objects")
        assert not any(key.startswith("logs/") for key in archive.store.reads)

    def test_the_content_level_reads_every_segment_once(self, archive: MemoryArchive) -> None:
        archive.store.reads.clear()
        archive.verify("content")
        read = sorted(key for key in archive.store.reads if key.startswith("logs/"))
        assert read == archive.store.keys("logs/")

    def test_a_single_day_reads_only_its_own_objects(self, archive: MemoryArchive) -> None:
        archive.store.put_delete_marker(archive.view.seals[1].objects[0].key)
        assert archive.verify("content", day=FIRST).exit_code == 0
        report = archive.verify("content", day=SECOND)
        assert verdicts(report) == {SECOND: "tampered"}

    @pytest.mark.parametrize("level", ["ledger", "objects", "content"])
    def test_a_known_level_is_taken_as_it_is(self, level: str) -> None:
        assert check_level(level) == level

    def test_an_unknown_level_is_refused(self) -> None:
        with pytest.raises(ConfigurationError):
            check_level("everything")

    def test_progress_ends_at_its_total(self, archive: MemoryArchive) -> None:
        seen: list[tuple[int, int]] = []
        verifier = Verifier(
            archive.store,
            genesis=archive.genesis,
            remembered=None,
            on_progress=lambda done, total: seen.append((done, total)),
        )
        verifier.verify("objects", now=NOW, due_hours=0)
        assert seen == [(number, 3) for number in range(1, 4)]


class TestNothing:
    def test_no_sealed_day_is_not_good(self, fresh: MemoryArchive) -> None:
        report = fresh.verify()
        assert report.exit_code == 2
        assert names(report) == {"day.sealed"}

    def test_no_ledger_is_wrong(self, fresh: MemoryArchive) -> None:
        fresh.store.remove(ledger_key(0))
        report = fresh.verify()
        assert (report.exit_code, report.view, report.days) == (1, None, [])
        assert names(report) == {"ledger.chain"}

    def test_an_unreadable_ledger_could_not_be_checked(self, archive: MemoryArchive) -> None:
        archive.store.unreadable.add("ledger/")
        report = archive.verify()
        assert report.exit_code == 2
        assert [check.outcome for check in report.checks.not_passed] == [Outcome.UNVERIFIABLE]

    def test_an_unreadable_listing_could_not_be_checked(self, archive: MemoryArchive) -> None:
        archive.store.unreadable.add("")
        report = archive.verify("objects")
        assert (report.exit_code, names(report)) == (2, {"listing.clean"})

    def test_a_single_unsealed_day_is_missing(self, archive: MemoryArchive) -> None:
        report = archive.verify("objects", day="2026-02-01")
        assert report.exit_code == 1
        assert verdicts(report) == {"2026-02-01": "missing"}
        passed = {name for name, outcome in report.checks.counts if outcome is Outcome.PASS}
        assert passed == {"ledger.chain", "ledger.pin", "seal.keys", "seal.interval", "seal.policy"}


class TestPin:
    def test_a_longer_ledger_passes(self, archive: MemoryArchive) -> None:
        remembered = archive.head
        archive.seal("2026-01-08")
        assert archive.verify("ledger", remembered=remembered).exit_code == 0

    @pytest.mark.parametrize(
        "remembered", [Head(sequence=9, sha256="0" * 64), Head(sequence=2, sha256="0" * 64)]
    )
    def test_a_shorter_or_another_one_fails(self, archive: MemoryArchive, remembered: Head) -> None:
        report = archive.verify("ledger", remembered=remembered)
        assert (report.exit_code, names(report)) == (1, {"ledger.pin"})


class TestCompleteness:
    def days(self, archive: MemoryArchive, now: datetime, due_hours: int) -> list[str]:
        return expected_days(archive.view, now=now, due_hours=due_hours)

    @pytest.mark.parametrize(
        ("now", "due_hours", "last"),
        [
            (datetime(2026, 1, 9, 0, tzinfo=UTC), 0, "2026-01-08"),
            (datetime(2026, 1, 8, 23, 59, 59, tzinfo=UTC), 0, "2026-01-07"),
            (datetime(2026, 1, 9, 23, 59, 59, tzinfo=UTC), 24, "2026-01-07"),
            (datetime(2026, 1, 10, 0, tzinfo=UTC), 24, "2026-01-08"),
            (datetime(2026, 1, 9, 6, tzinfo=UTC), 6, "2026-01-08"),
            (datetime(2026, 1, 9, 1, tzinfo=timezone(timedelta(hours=2))), 0, "2026-01-07"),
        ],
    )
    def test_a_day_is_due_so_many_hours_after_its_end_in_utc(
        self, archive: MemoryArchive, now: datetime, due_hours: int, last: str
    ) -> None:
        assert self.days(archive, now, due_hours)[-1] == last

    def test_days_sealed_before_they_are_due_count(self, archive: MemoryArchive) -> None:
        assert self.days(archive, NOW, 24 * 365) == [FIRST, SECOND, THIRD]

    def test_no_day_is_expected_of_an_archive_without_seals(self, fresh: MemoryArchive) -> None:
        assert self.days(fresh, NOW, 0) == []

    def test_a_gap_in_the_middle_and_days_overdue_at_the_end(self, fresh: MemoryArchive) -> None:
        for day in (THIRD, FIRST):
            fresh.seal(day, b"x\n")
        report = fresh.verify("ledger", now=NOW, due_hours=24)
        assert verdicts(report) == {
            FIRST: "sealed",
            SECOND: "missing",
            THIRD: "sealed",
            "2026-01-08": "missing",
        }
        assert report.exit_code == 1
        assert [(check.name, check.day) for check in report.checks.not_passed] == [
            ("day.sealed", SECOND),
            ("day.sealed", "2026-01-08"),
        ]


class TestVerdicts:
    def test_revisions_segments_and_records_of_a_day_add_up(self, archive: MemoryArchive) -> None:
        archive.seal(FIRST, b"late\n")
        day = archive.verify().days[0]
        assert (day.revisions, day.segments, day.records) == (2, 3, 6)

    def test_an_empty_first_revision_with_late_data_is_a_day_with_records(self, fresh: MemoryArchive) -> None:
        fresh.seal(FIRST)
        assert verdicts(fresh.verify()) == {FIRST: "sealed-empty"}
        fresh.seal(FIRST, b"late\n")
        assert verdicts(fresh.verify()) == {FIRST: "sealed"}

    def test_only_the_day_concerned_is_unverifiable(self, archive: MemoryArchive) -> None:
        archive.store.unreadable.add(archive.view.seals[1].objects[0].key)
        report = archive.verify()
        assert verdicts(report) == {FIRST: "sealed", SECOND: "unverifiable", THIRD: "sealed"}
        assert report.exit_code == 2

    def test_without_its_manifest_a_day_is_unverifiable_and_the_others_are_read(
        self, archive: MemoryArchive
    ) -> None:
        archive.store.unreadable.add(archive.view.seals[1].manifest.key)
        report = archive.verify("content")
        assert verdicts(report) == {FIRST: "sealed", SECOND: "unverifiable", THIRD: "sealed"}

    def test_wrong_wins_over_unverifiable(self, archive: MemoryArchive) -> None:
        one, two = archive.view.seals[0].objects
        archive.store.unreadable.update({one.key, archive.view.seals[1].objects[0].key})
        archive.store.redescribe(two.key, retention=None)
        report = archive.verify()
        assert verdicts(report) == {FIRST: "tampered", SECOND: "unverifiable", THIRD: "sealed"}
        assert report.exit_code == 1


class TestLedger:
    """What an operator reads of the ledger, and which day it concerns."""

    def test_an_honest_one(self, archive: MemoryArchive) -> None:
        head = archive.head
        for remembered, seen in ((None, "first meeting, nothing to compare"), (head, "extends entry 3")):
            verifier = Verifier(
                archive.store, genesis=archive.genesis, remembered=remembered, keep_passed=True
            )
            assert verifier.check_ledger() is not None
            passed = {check.name: check.where for check in verifier.checks.kept}
            assert passed["ledger.pin"] == seen
            assert passed["ledger.chain"] == (
                f"4 entries from genesis {archive.genesis[:16]} to {head.sha256[:16]}"
            )

    @pytest.mark.parametrize("key", [ledger_key(2), "ledger/x"], ids=["over an entry", "beside the entries"])
    def test_what_nobody_of_ours_put(self, archive: MemoryArchive, key: str) -> None:
        put = archive.store.put_version(key, b"x")
        (check,) = archive.verify("ledger").checks.not_passed
        assert (check.name, check.where) == ("ledger.overlaid", f"{key} version {put.version_id}")
        assert check.found == "an object that no writer of ours put"

    def test_an_entry_by_a_key_that_is_not_believed_for_it(
        self, archive: MemoryArchive, foreign_keys: KeyRing
    ) -> None:
        stolen = archive.keys.public[0].keyid
        KeyChanges(archive=archive).revoke(stolen, first=3, new=foreign_keys)
        report = archive.verify("ledger")
        (check,) = report.checks.not_passed
        assert (check.name, check.outcome) == ("ledger.revoked-key", Outcome.FAIL)
        assert (check.where, check.day) == (ledger_key(3), THIRD)
        assert check.found == (f"signed by key {stolen[:16]}, which is not believed from entry 3 on: stolen")
        assert "another source" in check.remedy
        assert verdicts(report) == {FIRST: "sealed", SECOND: "sealed", THIRD: "tampered"}


class TestMoreChecks:
    """What a caller adds to a verification: the sources are compared like this."""

    def test_they_are_made_before_the_days_are_judged(self, archive: MemoryArchive) -> None:
        verifier = Verifier(archive.store, genesis=archive.genesis, remembered=None)

        def late(view: LedgerView, expected: list[str]) -> None:
            assert view.head == archive.head
            assert expected == [FIRST, SECOND, THIRD, "2026-01-08"]
            verifier.checks.add(Check(name=COMPLETE, where="x", outcome=Outcome.FAIL, day=SECOND))

        report = verifier.verify("ledger", now=NOW, due_hours=24, also=late)
        assert verdicts(report) == {
            FIRST: "sealed",
            SECOND: "late",
            THIRD: "sealed",
            "2026-01-08": "missing",
        }

    def test_of_a_single_day_only_that_one_is_expected(self, archive: MemoryArchive) -> None:
        verifier = Verifier(archive.store, genesis=archive.genesis, remembered=None)
        asked: list[list[str]] = []
        verifier.verify(
            "ledger", day=SECOND, now=NOW, due_hours=24, also=lambda _, expected: asked.append(expected)
        )
        assert asked == [[SECOND]]

    def test_promised_tokens_are_asked_for_at_every_level(self, keys: KeyRing) -> None:
        archive = MemoryArchive(keys=keys, timestamp_hours=6)
        archive.seal(FIRST, b"x\n")
        due = NOW + timedelta(hours=6)
        for level in ("ledger", "objects", "content"):
            assert archive.verify(check_level(level), now=due).exit_code == 0
            report = archive.verify(check_level(level), now=due + timedelta(seconds=1))
            assert (report.exit_code, names(report)) == (1, {"time.token"})


class TestWholeListing:
    @pytest.mark.parametrize(
        ("day", "due_hours", "found"),
        [
            ("2026-01-09", 24, set()),  # it ended three hours ago: on its way to its seal
            ("2026-01-09", 0, {"day.sealed", "listing.unsealed"}),
            ("2026-01-10", 24, {"listing.unsealed"}),  # it has not ended, so nobody can have uploaded it
            ("2027-01-01", 24, {"listing.unsealed"}),
        ],
    )
    def test_objects_of_a_day_on_its_way_to_its_seal_are_no_finding(
        self, archive: MemoryArchive, day: str, due_hours: int, found: set[str]
    ) -> None:
        for sealed in ("2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-08"):
            if not archive.view.seals_of(sealed):
                archive.seal(sealed)
        archive.store.put_version(f"logs/source=app/date={day}/part-00000-x.log.zst", b"x")
        assert names(archive.verify("objects", now=NOW, due_hours=due_hours)) == found

    @pytest.mark.parametrize("key", ["x", "logs/x", "manifests/x", "ledgers/x", "LEDGER/0.json"])
    def test_a_stranger_anywhere_is_found(self, archive: MemoryArchive, key: str) -> None:
        archive.store.put_version(key, b"x")
        report = archive.verify("objects")
        assert (report.exit_code, names(report)) == (1, {"listing.unsealed"})

    def test_a_stranger_in_the_ledger_is_found_at_every_level(self, archive: MemoryArchive) -> None:
        archive.store.put_version("ledger/x", b"x")
        report = archive.verify("ledger")
        assert (report.exit_code, names(report)) == (1, {"ledger.overlaid"})
        assert len(archive.verify("objects").checks.not_passed) == 1, "and once only"


def test_drawn_objects_are_read_and_no_others(archive: MemoryArchive) -> None:
    """What the daily verification does with its sample."""
    view = archive.view
    _, drawn = draw_sample(view.seals, seed=view.head, size=2)
    verifier = Verifier(archive.store, genesis=archive.genesis, remembered=None)
    archive.store.reads.clear()
    verifier.check_drawn(view, [(item.seal, item.sealed) for item in drawn])
    assert sorted(key for key in archive.store.reads if key.startswith("logs/")) == sorted(
        item.sealed.key for item in drawn
    )
    assert verifier.checks.exit_code == 0


def test_a_drawn_object_whose_manifest_cannot_be_read_could_not_be_checked(archive: MemoryArchive) -> None:
    view = archive.view
    _, drawn = draw_sample(view.seals, seed=view.head, size=1)
    archive.store.unreadable.add(drawn[0].seal.manifest.key)
    verifier = Verifier(archive.store, genesis=archive.genesis, remembered=None)
    verifier.check_drawn(view, [(item.seal, item.sealed) for item in drawn])
    assert verifier.checks.exit_code == 2


class TestReport:
    def test_json_of_a_good_archive(self, archive: MemoryArchive) -> None:
        head = archive.head
        report = json.loads(json.dumps(archive.verify("content").to_json()))
        assert report["level"] == "content"
        assert report["exit_code"] == 0
        assert report["archive"] == "memory"
        assert report["genesis"] == archive.genesis
        assert report["head"] == {"sequence": 3, "sha256": head.sha256}
        assert report["findings"] == []
        assert report["days"][0] == {
            "day": FIRST,
            "verdict": "sealed",
            "revisions": 1,
            "segments": 2,
            "records": 5,
        }
        assert report["checks"]["object.lock"] == {"PASS": 7}
        assert report["checks"]["content.stored"] == {"PASS": 4}

    def test_json_of_findings(self, archive: MemoryArchive) -> None:
        key = archive.view.seals[0].objects[0].key
        archive.store.redescribe(key, size=1)
        report = json.loads(json.dumps(archive.verify("objects").to_json()))
        assert report["exit_code"] == 1
        assert report["checks"]["object.size"] == {"FAIL": 1, "PASS": 6}
        (finding,) = report["findings"]
        assert finding["name"] == "object.size"
        assert finding["day"] == FIRST
        assert finding["found"] == "1"
        assert key in finding["where"]
        assert finding["remedy"]

    def test_json_without_a_believable_ledger(self, archive: MemoryArchive) -> None:
        archive.replace(1, b"{}")
        report = json.loads(json.dumps(archive.verify().to_json()))
        assert (report["archive"], report["genesis"], report["head"]) == (None, None, None)
        assert [finding["where"] for finding in report["findings"]] == [ledger_key(1)]
        assert report["exit_code"] == 1

    def test_passed_checks_are_kept_only_when_asked(self, archive: MemoryArchive) -> None:
        for keep in (False, True):
            verifier = Verifier(archive.store, genesis=archive.genesis, remembered=None, keep_passed=keep)
            verifier.verify("objects", now=NOW, due_hours=24 * 365)
            assert bool(verifier.checks.kept) is keep


def test_the_fake_store_lists_newest_first(archive: MemoryArchive) -> None:
    """The order that the ledger's reading rests on; the real store's tests hold it to the same."""
    put = archive.store.put_version(ledger_key(1), b"x")
    first: ObjectVersion = next(archive.store.list_versions(ledger_key(1)))
    assert (first.version_id, first.is_latest) == (put.version_id, True)
