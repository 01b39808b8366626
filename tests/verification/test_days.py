"""Which days must be sealed, which may still be on their way, and what a day amounts to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.verification.memory_archive import MemoryArchive

from audit_trail.archive.object_store import ObjectVersion
from audit_trail.evidence.ledger_entry import Gap
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.days import COMPLETE, Grace, expected_days, judge_days, last_due_day

DAY, LATER = "2026-01-05", "2026-01-07"
NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)


def declare_gap(archive: MemoryArchive, day: str) -> None:
    entry = Gap(**archive.linked(), date=day, reason="nobody was there")
    archive.put(entry.sequence, archive.envelope(entry))


def check(outcome: Outcome, name: str = "object.lock", day: str = DAY) -> Check:
    return Check(name=name, where="x", outcome=outcome, day=day)


def verdict(archive: MemoryArchive, *made: Check, day: str = DAY) -> str:
    checks = CheckList()
    for item in made:
        checks.add(item)
    (judged,) = judge_days(archive.view, [day], checks)
    return judged.verdict


PASS, FAIL, UNVERIFIABLE = Outcome.PASS, Outcome.FAIL, Outcome.UNVERIFIABLE


@pytest.mark.parametrize(
    ("now", "due_hours", "last"),
    [
        (datetime(2026, 1, 9, 0, tzinfo=UTC), 0, "2026-01-08"),
        (datetime(2026, 1, 8, 23, 59, 59, tzinfo=UTC), 0, "2026-01-07"),
        (datetime(2026, 1, 9, 1, tzinfo=UTC), 2, "2026-01-07"),
        (datetime(2026, 1, 9, 2, tzinfo=UTC), 2, "2026-01-08"),
    ],
)
def test_a_day_is_due_so_many_hours_after_its_end(now: datetime, due_hours: int, last: str) -> None:
    assert last_due_day(now, due_hours).isoformat() == last


class TestExpected:
    def test_an_archive_that_speaks_of_no_day_expects_none(self, fresh: MemoryArchive) -> None:
        assert expected_days(fresh.view, now=NOW, due_hours=0) == []

    def test_a_gap_before_the_first_seal_is_the_first_day(self, fresh: MemoryArchive) -> None:
        declare_gap(fresh, DAY)
        fresh.seal(LATER, b"x\n")
        days = expected_days(fresh.view, now=NOW, due_hours=24 * 365)
        assert days == [DAY, "2026-01-06", LATER]

    def test_a_gap_behind_the_last_seal_is_the_last_day(self, fresh: MemoryArchive) -> None:
        fresh.seal(DAY, b"x\n")
        declare_gap(fresh, "2026-01-06")
        assert expected_days(fresh.view, now=NOW, due_hours=24 * 365) == [DAY, "2026-01-06"]

    def test_an_archive_that_begins_tomorrow_expects_tomorrow(self, fresh: MemoryArchive) -> None:
        """Days from the first on, never before it, whatever is due."""
        fresh.seal("2026-01-12", b"x\n")
        assert expected_days(fresh.view, now=NOW, due_hours=0) == ["2026-01-12"]

    def test_days_due_behind_the_last_one_are_expected_across_months(self, fresh: MemoryArchive) -> None:
        fresh.seal("2025-12-30", b"x\n")
        days = expected_days(fresh.view, now=datetime(2026, 1, 2, tzinfo=UTC), due_hours=0)
        assert days == ["2025-12-30", "2025-12-31", "2026-01-01"]


class TestVerdict:
    def test_all_revisions_of_a_day_are_added_up(self, archive: MemoryArchive) -> None:
        archive.seal(DAY, b"late\n")
        (judged,) = judge_days(archive.view, [DAY], CheckList())
        assert (judged.day, judged.revisions, judged.segments, judged.records) == (DAY, 2, 3, 6)

    @pytest.mark.parametrize(
        ("made", "expected"),
        [
            ((), "sealed"),
            ((check(PASS),), "sealed"),
            ((check(FAIL),), "tampered"),
            ((check(UNVERIFIABLE),), "unverifiable"),
            ((check(FAIL, COMPLETE),), "late"),
            ((check(UNVERIFIABLE, COMPLETE),), "unverifiable"),
            ((check(FAIL), check(UNVERIFIABLE)), "tampered"),
            ((check(UNVERIFIABLE), check(FAIL)), "tampered"),
            ((check(FAIL, COMPLETE), check(UNVERIFIABLE)), "late"),
            ((check(UNVERIFIABLE), check(FAIL, COMPLETE)), "late"),
            ((check(FAIL), check(FAIL, COMPLETE)), "tampered"),
            ((check(FAIL, COMPLETE), check(FAIL)), "tampered"),
            ((check(FAIL, day=LATER),), "sealed"),
            ((check(FAIL, day=""),), "sealed"),
        ],
    )
    def test_the_worst_of_a_days_checks_counts(
        self, archive: MemoryArchive, made: tuple[Check, ...], expected: str
    ) -> None:
        assert verdict(archive, *made) == expected

    def test_the_check_of_late_data_keeps_its_name(self) -> None:
        """Whoever reads `--json` has it in a script."""
        assert COMPLETE == "day.complete"

    def test_a_day_without_objects_is_sealed_empty(self, fresh: MemoryArchive) -> None:
        fresh.seal(DAY)
        assert verdict(fresh) == "sealed-empty"
        assert verdict(fresh, check(FAIL)) == "tampered"

    def test_a_declared_gap(self, fresh: MemoryArchive) -> None:
        declare_gap(fresh, DAY)
        assert verdict(fresh) == "declared-gap"
        assert verdict(fresh, check(FAIL)) == "tampered"
        assert verdict(fresh, check(UNVERIFIABLE)) == "unverifiable"

    def test_a_seal_outweighs_a_gap(self, fresh: MemoryArchive) -> None:
        declare_gap(fresh, DAY)
        fresh.seal(DAY, b"x\n")
        assert verdict(fresh) == "sealed"

    def test_a_missing_day_is_missing_whatever_else_is_wrong_with_it(self, archive: MemoryArchive) -> None:
        checks = CheckList()
        checks.add(check(FAIL, day="2026-02-01"))
        (judged,) = judge_days(archive.view, ["2026-02-01"], checks)
        assert (judged.verdict, judged.revisions, judged.segments, judged.records) == ("missing", 0, 0, 0)
        (missing,) = (item for item in checks.not_passed if item.name == "day.sealed")
        assert (missing.where, missing.day, missing.expected, missing.found) == (
            "day 2026-02-01",
            "2026-02-01",
            "sealed",
            "no seal",
        )
        assert "audit-trail process --date 2026-02-01" in missing.remedy
        assert (
            ", or airflow backfill create --dag-id audit_trail_daily --from-date 2026-02-01T00:00Z "
            "--to-date 2026-02-01T00:00Z --reprocess-behavior completed --dag-run-conf '{}'; if"
        ) in missing.remedy
        assert "audit-trail declare-gap --date 2026-02-01" in missing.remedy

    def test_what_was_found_is_said_of_good_days_too(self, archive: MemoryArchive) -> None:
        declare_gap(archive, "2026-01-08")
        checks = CheckList(keep_passed=True)
        judge_days(archive.view, [DAY, "2026-01-08"], checks)
        assert [(item.outcome, item.found) for item in checks.kept] == [
            (PASS, "sealed"),
            (PASS, "declared a gap"),
        ]

    def test_no_day_at_all_could_not_be_checked(self, fresh: MemoryArchive) -> None:
        checks = CheckList()
        assert judge_days(fresh.view, [], checks) == []
        (made,) = checks.kept
        assert (made.name, made.where, made.outcome) == ("day.sealed", "ledger/", UNVERIFIABLE)
        assert (made.expected, made.found) == ("at least one sealed day", "none")
        assert checks.exit_code == 2


class TestGrace:
    @pytest.mark.parametrize(
        ("day", "open_"),
        [
            ("2026-01-07", False),  # sealed
            ("2026-01-08", False),  # due: it ended more than a day ago
            ("2026-01-09", True),
            ("2026-01-10", False),  # not over
        ],
    )
    def test_a_day_is_open_between_its_end_and_the_hour_at_which_it_is_due(
        self, archive: MemoryArchive, day: str, open_: bool
    ) -> None:
        assert Grace(view=archive.view, now=NOW, hours=24).is_open(day) is open_

    def test_a_sealed_day_is_not_open(self, archive: MemoryArchive) -> None:
        archive.seal("2026-01-09", b"x\n")
        assert not Grace(view=archive.view, now=NOW, hours=24).is_open("2026-01-09")

    @pytest.mark.parametrize(
        ("age", "young"),
        [
            (timedelta(0), True),
            (timedelta(hours=24) - timedelta(seconds=1), True),
            (timedelta(hours=24), False),
            (timedelta(seconds=-1), False),
        ],
    )
    def test_an_object_is_young_for_so_many_hours_and_never_of_the_future(
        self, archive: MemoryArchive, age: timedelta, young: bool
    ) -> None:
        version = ObjectVersion(
            key="x", version_id="v", is_latest=True, is_delete_marker=False, size=1, modified=NOW - age
        )
        assert Grace(view=archive.view, now=NOW, hours=24).is_young(version) is young
