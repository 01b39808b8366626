"""What the keys' owner could sign, and may not: rules that hold for the writer, too."""

from __future__ import annotations

from typing import Any

import pytest
from tests.verification.memory_archive import LOCK, MemoryArchive

from audit_trail.archive.object_store import Retention
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.verification.verifier import Report

DAY, NEXT = "2026-01-08", "2026-01-09"


def sealed_with(archive: MemoryArchive, **changes: Any) -> Report:
    """Seal a day with changed fields, validly signed, and verify the ledger."""
    archive.append(archive.prepare_seal(DAY, 1, **changes))
    return archive.verify("ledger")


def findings(report: Report) -> list[tuple[str, str]]:
    return [(check.name, check.day) for check in report.checks.not_passed]


def object_of(archive: MemoryArchive, **changes: Any) -> SealedObject:
    return archive.view.seals[0].objects[0].model_copy(update=changes)


def test_an_honest_seal(archive: MemoryArchive) -> None:
    assert findings(sealed_with(archive)) == []


def test_a_day_that_names_another_days_objects(archive: MemoryArchive) -> None:
    """An old seal under a new date, signed with stolen keys."""
    report = sealed_with(archive, objects=archive.view.seals[0].objects)
    assert findings(report) == [("seal.keys", DAY)]
    assert report.exit_code == 1
    assert {day.day: day.verdict for day in report.days}[DAY] == "tampered"


@pytest.mark.parametrize(
    "key",
    [
        "ledger/000000000001.dsse.json",
        f"logs/source=app/date={DAY}/../../part-00000-0.log.zst",
        f"logs/source=a/b/date={DAY}/part-00000-0.log.zst",
        f"logs/source=app/date={DAY}/deeper/part-00000-0.log.zst",
        f"elsewhere/logs/source=app/date={DAY}/part-00000-0.log.zst",
    ],
)
def test_keys_outside_the_days_folders(archive: MemoryArchive, key: str) -> None:
    assert findings(sealed_with(archive, objects=(object_of(archive, key=key),))) == [("seal.keys", DAY)]


def test_the_manifest_of_another_day(archive: MemoryArchive) -> None:
    report = sealed_with(archive, manifest=archive.view.seals[0].manifest)
    assert findings(report) == [("seal.keys", DAY)]


def test_the_manifest_of_another_revision(archive: MemoryArchive) -> None:
    second = archive.prepare_seal(DAY, 2)
    assert findings(sealed_with(archive, manifest=second.manifest)) == [("seal.keys", DAY)]


@pytest.mark.parametrize(
    "changes",
    [
        {"interval_start": f"{NEXT}T00:00:00Z"},
        {"interval_end": f"{DAY}T12:00:00Z"},
        {"at": f"{DAY}T23:59:59Z"},
    ],
    ids=["start", "end", "back-dated"],
)
def test_an_interval_that_is_not_the_day(archive: MemoryArchive, changes: dict[str, str]) -> None:
    """A day sealed before it ended cannot be complete, or its clock was turned back."""
    assert findings(sealed_with(archive, **changes)) == [("seal.interval", DAY)]


def test_a_day_sealed_the_moment_it_ended(archive: MemoryArchive) -> None:
    assert findings(sealed_with(archive, at=f"{NEXT}T00:00:00Z")) == []


@pytest.mark.parametrize(
    "lock",
    [
        Retention(mode="GOVERNANCE", until=LOCK.until),
        Retention(mode="COMPLIANCE", until=LOCK.until.replace(year=2032)),
    ],
    ids=["mode", "date"],
)
def test_a_lock_weaker_than_the_genesis_promised(archive: MemoryArchive, lock: Retention) -> None:
    """Settings weakened after the founding: each object is as sealed, and sealed too weakly."""
    archive.lock = lock
    seal: Seal = archive.seal(DAY, b"x\n")
    report = archive.verify("ledger", day=DAY)
    assert findings(report) == [("seal.policy", DAY)]
    assert seal.objects[0].key in report.checks.not_passed[0].found
