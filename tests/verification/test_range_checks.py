"""What a day's revisions took of each file is all of it, and nothing twice."""

from __future__ import annotations

import pytest
from tests.verification.memory_archive import MemoryArchive, SourceFile

from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.range_checks import check_ranges

DAY = "2026-01-05"
LINES = b"one\ntwo\nthree\nfour\n"


def part(start: int, end: int, uri: str = "file:///a.log") -> SourceFile:
    """What one revision took: bytes from `start` on, of a file that was `end` long then."""
    return SourceFile(uri=uri, data=LINES[:end], start=start)


def found_on(archive: MemoryArchive, *revisions: tuple[SourceFile, ...]) -> list[Check]:
    """Seal these revisions; what a verification of the archive says of their ranges."""
    for files in revisions:
        archive.seal(DAY, files=files)
    report = archive.verify("objects")
    assert {check.name for check in report.checks.not_passed} <= {"day.ranges"}
    assert report.days[0].verdict == ("tampered" if report.checks.not_passed else "sealed")
    return report.checks.not_passed


@pytest.mark.parametrize(
    "revisions",
    [
        ((part(0, 4),),),
        ((part(0, 4),), (part(4, 8),), (part(8, 14),)),
        ((part(0, 4), part(4, 8)),),
        ((part(0, 0), part(0, 4, "file:///b.log")), (part(0, 8),)),
        ((part(0, 4), part(0, 8, "file:///b.log")), (part(8, 14, "file:///b.log"), part(4, 8))),
    ],
    ids=["one", "grown twice", "in one revision", "empty at first", "two files"],
)
def test_ranges_that_join_up(fresh: MemoryArchive, revisions: tuple[tuple[SourceFile, ...], ...]) -> None:
    assert found_on(fresh, *revisions) == []


@pytest.mark.parametrize(
    ("revisions", "found"),
    [
        (((part(4, 8),),), "[4, 8) after byte 0"),
        (((part(0, 4),), (part(8, 14),)), "[8, 14) after byte 4"),
        (((part(0, 8),), (part(4, 14),)), "[4, 14) after byte 8"),
        (((part(0, 8),), (part(0, 8),)), "[0, 8) after byte 8"),
        (((part(0, 4), part(8, 14)),), "[8, 14) after byte 4"),
    ],
    ids=["no beginning", "a gap", "an overlap", "twice", "a gap in one revision"],
)
def test_ranges_that_do_not(
    fresh: MemoryArchive, revisions: tuple[tuple[SourceFile, ...], ...], found: str
) -> None:
    """Signed like this, with every digest right: bytes of the day are missing, or counted twice."""
    (check,) = found_on(fresh, *revisions)
    assert (check.outcome, check.day, check.where) == (Outcome.FAIL, DAY, f"day {DAY}")
    assert check.found == f"{found} of file:///a.log"
    assert check.expected == "ranges of each source file that join up from byte 0"
    assert "left out or sealed twice" in check.remedy


def test_of_many_files_a_few_are_named(fresh: MemoryArchive) -> None:
    files = tuple(part(4, 8, f"file:///{name}.log") for name in "edcba")
    (check,) = found_on(fresh, files)
    named = "; ".join(f"[4, 8) after byte 0 of file:///{name}.log" for name in "abc")
    assert check.found == f"{named}, and of 2 more"


def test_three_files_are_all_named(fresh: MemoryArchive) -> None:
    (check,) = found_on(fresh, tuple(part(4, 8, f"file:///{name}.log") for name in "abc"))
    assert check.found.endswith(" of file:///c.log")


def test_each_day_and_each_source_is_looked_at_by_itself(fresh: MemoryArchive) -> None:
    fresh.seal(DAY, files=(part(0, 4),))
    fresh.seal("2026-01-06", files=(part(0, 8),))
    manifests = [read_manifest(fresh.store, fresh.view, seal) for seal in fresh.view.seals]
    other = [item.model_copy(update={"source": "api"}) for item in manifests[1].inputs]
    checks = CheckList()
    check_ranges([manifests[0], manifests[1].model_copy(update={"inputs": other})], checks, day=DAY)
    assert checks.counts == {("day.ranges", Outcome.PASS): 1}
    assert fresh.verify("objects").exit_code == 0


def test_a_range_that_ends_before_it_begins(fresh: MemoryArchive) -> None:
    fresh.seal(DAY, files=(part(0, 8),))
    manifest = read_manifest(fresh.store, fresh.view, fresh.view.seals[0])
    ranges = ((0, 8), (8, 4))
    inputs = [manifest.inputs[0].model_copy(update={"start": start, "end": end}) for start, end in ranges]
    checks = CheckList()
    check_ranges([manifest.model_copy(update={"inputs": inputs})], checks, day=DAY)
    assert [check.found for check in checks.kept] == ["[8, 4) after byte 8 of file:///a.log"]


def test_without_all_manifests_nothing_is_said(fresh: MemoryArchive) -> None:
    """One that cannot be used is a finding already, and may hold the missing range."""
    fresh.seal(DAY, files=(part(0, 4),))
    fresh.seal(DAY, files=(part(4, 8),))
    fresh.store.unreadable.add(fresh.view.seals[0].manifest.key)
    report = fresh.verify("objects")
    assert {check.name for check in report.checks.not_passed} == {"object.present", "manifest.signed"}
    assert report.exit_code == 2
