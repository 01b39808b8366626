"""What an honest operator does is never called an attack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

from tests.attacks.clock import NOW

from audit_trail.demo.attacks.copied_store import copy_archive
from audit_trail.demo.attacks.victim import SealedArchive, failed_checks
from audit_trail.pipeline.ledger_appends import declare_gap, revoke_key, rotate_keys
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


def test_a_long_life_raises_no_alarm(make_archive: Callable[[], SealedArchive]) -> None:
    """Retries, days in random order, late data, quiet days, gaps, new keys, a lost key."""
    archive, random = make_archive(), Random(11)
    days = [(NOW.date() - timedelta(days=ago)).isoformat() for ago in range(1, 25)]
    order = random.sample(days, k=len(days))
    quiet, gaps, late = set(order[3:6]), set(order[6:8]), set(order[8:12])
    remembered = archive.view.head
    for number, day in enumerate(order):
        if day in gaps:
            declare_gap(archive.context(), day, "the service did not exist yet")
            continue
        if day not in quiet:
            archive.write_log(day, "app.log", f"first of {day}\n".encode() * random.randint(1, 400))
        _seal_with_trouble(archive, day, random)
        if day in late:
            archive.write_log(day, "app.log", b"came late\n" * random.randint(1, 30))
            assert archive.seal(day).sealed.revision == 2
        if number in (5, 13):
            rotate_keys(archive.context())
        if number == 9:
            revoke_key(archive.context(), archive.view.keys[1].keyid, reason="lost with a laptop")
        if number % 6 == 0:
            assert failed_checks(archive.verify("objects", remembered=remembered)) <= {"day.sealed"}
            remembered = archive.view.head
    report = archive.verify(remembered=remembered, due_hours=0)
    assert report.checks.not_passed == []
    assert report.exit_code == 0
    verdicts = {day.day: day.verdict for day in report.days}
    assert {day for day, verdict in verdicts.items() if verdict == "sealed-empty"} == quiet
    assert {day for day, verdict in verdicts.items() if verdict == "declared-gap"} == gaps
    assert len(verdicts) == len(days)
    head = archive.view.head
    for day in order:
        if day not in gaps:
            assert not archive.seal(day).sealed.new
    seals = [seal for seal in archive.view.seals if seal.sequence > head.sequence]
    assert seals == [], "a second backfill changes nothing"


def _seal_with_trouble(archive: SealedArchive, day: str, random: Random) -> None:
    """Seal a day after tries that end somewhere on the way."""
    from audit_trail.pipeline.collect import collect
    from audit_trail.pipeline.sanitize import sanitize

    for _ in range(random.randint(0, 2)):
        context = archive.context()
        collected = collect(context, day)
        if random.random() < 0.5:
            for segment in collected.segments:
                sanitize(context, day, segment)
    assert archive.seal(day).sealed.new
