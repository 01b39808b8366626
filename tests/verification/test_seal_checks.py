"""What the keys' owner could sign, and may not: rules that hold for the writer, too."""

from __future__ import annotations

from typing import Any

import pytest
from tests.verification.memory_archive import LOCK, KeyRing, MemoryArchive

from audit_trail.archive.object_store import Retention
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.object_keys import ledger_key
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


def test_a_further_revision_that_does_not_say_why(archive: MemoryArchive) -> None:
    first = archive.append(archive.prepare_seal(DAY, 1))
    assert first.reason is None
    archive.append(archive.prepare_seal(DAY, 2))
    assert findings(archive.verify("ledger")) == []
    archive.append(archive.prepare_seal(DAY, 3, reason=None))
    report = archive.verify("ledger")
    assert findings(report) == [("seal.reason", DAY)]
    assert report.checks.not_passed[0].expected == "why the day is sealed again"


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


@pytest.mark.parametrize(
    ("until", "expected"),
    [("2033-01-07T00:00:00Z", []), ("2033-01-06T23:59:59Z", [("seal.policy", DAY)])],
    ids=["to the second", "a second less"],
)
@pytest.mark.parametrize("which", ["manifest", "object"])
def test_a_lock_reaches_the_promised_days_beyond_the_end_of_its_day(
    archive: MemoryArchive, until: str, expected: list[tuple[str, str]], which: str
) -> None:
    """2555 days after 2026-01-09, for each object by itself."""
    key = f"logs/source=app/date={DAY}/part-00000-0.log.zst"
    objects = (
        object_of(archive, key=key, retain_until=until if which == "object" else "2034-01-01T00:00:00Z"),
    )
    seal = archive.prepare_seal(DAY, 1, objects=objects)
    if which == "manifest":
        seal = seal.model_copy(update={"manifest": seal.manifest.model_copy(update={"retain_until": until})})
    archive.append(seal)
    report = archive.verify("ledger")
    assert findings(report) == expected
    if expected:
        (check,) = report.checks.not_passed
        weak = seal.manifest if which == "manifest" else seal.objects[0]
        assert check.found == f"{weak.key}: COMPLIANCE until {until}"
        assert check.expected == "COMPLIANCE until 2033-01-07T00:00:00Z or later"
        assert check.where == f"{ledger_key(4)} day {DAY}"
        assert check.remedy


@pytest.mark.parametrize("mode", ["GOVERNANCE", "COMPLIANCE"])
def test_a_stronger_lock_than_promised_is_no_finding(keys: KeyRing, mode: Any) -> None:
    archive = MemoryArchive(keys=keys, lock=Retention(mode="GOVERNANCE", until=LOCK.until))
    archive.lock = Retention(mode=mode, until=LOCK.until)
    archive.seal(DAY, b"x\n")
    assert archive.verify("ledger").exit_code == 0


@pytest.mark.parametrize(
    "key",
    [
        f"manifests/date={DAY}/r0001-deeper/0.dsse.json",
        f"elsewhere/manifests/date={DAY}/r0001-0.dsse.json",
        f"manifests/date={DAY}/r0010-0.dsse.json",
        f"manifests/date={DAY}/0.dsse.json",
        f"manifests/date={NEXT}/r0001-0.dsse.json",
        "r0001-0.dsse.json",
    ],
)
def test_a_manifest_outside_its_days_folder(archive: MemoryArchive, key: str) -> None:
    seal = archive.prepare_seal(DAY, 1)
    archive.append(seal.model_copy(update={"manifest": seal.manifest.model_copy(update={"key": key})}))
    (check,) = archive.verify("ledger").checks.not_passed
    assert (check.name, check.found) == ("seal.keys", key)
    assert check.remedy


def test_a_day_sealed_a_second_before_it_ended(archive: MemoryArchive) -> None:
    (check,) = sealed_with(archive, at=f"{DAY}T23:59:59Z").checks.not_passed
    assert check.expected == f"{DAY}T00:00:00Z to {NEXT}T00:00:00Z, sealed after it"
    assert check.found == f"{DAY}T00:00:00Z to {NEXT}T00:00:00Z, sealed at {DAY}T23:59:59Z"
