"""What an honest operator does is never called an attack."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from audit_trail.demo.attacks.copied_store import copy_archive
from audit_trail.demo.attacks.victim import SealedArchive, failed_checks
from audit_trail.settings import ArchiveSettings
from audit_trail.verification.file_lookup import look_up_file

DAYS = ["2026-01-03", "2026-01-04", "2026-01-05"]


def test_days_in_any_order_repeated_late_and_empty(make_archive: Callable[[], SealedArchive]) -> None:
    """Several days in random order, one of them twice, one empty, one with late data."""
    archive = make_archive()
    order = Random(7).sample(DAYS, k=len(DAYS))
    for day in order:
        if day != "2026-01-04":
            archive.write_log(day, "app.log", f"first of {day}\n".encode() * 50)
        assert archive.seal(day).sealed.new
    assert not archive.seal(order[0]).sealed.new
    grown = archive.write_log("2026-01-05", "app.log", b"first of 2026-01-05\n" * 50)
    archive.write_log("2026-01-05", "late.log", b"came late\n")
    assert archive.seal("2026-01-05").sealed.revision == 2

    head = archive.view.head
    report = archive.verify(remembered=head)
    assert report.checks.not_passed == []
    assert report.exit_code == 0
    assert {day.day: (day.verdict, day.revisions) for day in report.days} == {
        "2026-01-03": ("sealed", 1),
        "2026-01-04": ("sealed-empty", 1),
        "2026-01-05": ("sealed", 2),
    }
    assert look_up_file(archive.store, archive.view, grown).is_sealed


def test_levels_hold_one_another(honest: SealedArchive) -> None:
    """Each level makes every check of the one before it, and more."""
    names = [
        {name for name, _ in honest.verify(level).checks.counts} for level in ("ledger", "objects", "content")
    ]
    assert names[0] < names[1] < names[2]


def test_a_true_copy_under_its_own_version_ids_is_told_from_the_original(
    honest: SealedArchive, elsewhere: ArchiveSettings
) -> None:
    """A copy is not what was sealed, though every byte is: its version ids differ."""
    copy = copy_archive(honest, target=elsewhere, renamed=False)
    report = honest.verify("objects", store=copy)
    assert report.exit_code == 1
    assert {"object.present", "listing.overlaid"} <= failed_checks(report)


def test_a_true_copy_that_keeps_version_ids_is_the_archive(
    honest: SealedArchive, elsewhere: ArchiveSettings
) -> None:
    """The copying in these tests changes nothing by itself: what they find is the attack."""
    report = honest.verify(store=copy_archive(honest, target=elsewhere))
    assert report.checks.not_passed == []
    assert report.exit_code == 0
