"""Whoever owns the storage, but no key: the whole archive made afresh, with a change.

Keys, locks and, where nothing else is said, version ids are the original's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from tests.attacks.clock import NOW

from audit_trail.archive.object_store import Retention
from audit_trail.demo.attacks.copied_store import Change, copy_archive
from audit_trail.demo.attacks.victim import SealedArchive, failed_checks
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.settings import ArchiveSettings
from audit_trail.verification.verifier import Report

FIRST, SECOND = "2026-01-05", "2026-01-06"
Edit = Callable[[list[bytes]], list[bytes]]


def attacked(honest: SealedArchive, target: ArchiveSettings, change: Change, **how: object) -> Report:
    """What verification says of the changed copy; it must be wrong, whatever else."""
    copy = copy_archive(honest, target=target, change=change, **how)  # type: ignore[arg-type]
    report = honest.verify(store=copy)
    assert report.exit_code == 1
    return report


def verdicts(report: Report) -> dict[str, str]:
    return {day.day: day.verdict for day in report.days}


def segment_of(honest: SealedArchive, day: str) -> str:
    return honest.view.seals_of(day)[0].objects[0].key


def edited(key: str, edit: Edit) -> Change:
    """A segment decompressed, edited record by record, and compressed again."""
    import zstandard

    def change(found: str, data: bytes) -> tuple[str, bytes]:
        if found != key:
            return found, data
        records = zstandard.ZstdDecompressor().decompressobj().decompress(data).splitlines(keepends=True)
        return found, zstandard.ZstdCompressor().compress(b"".join(edit(records)))

    return change


def without(*keys: str) -> Change:
    """A copy that leaves objects out."""
    return lambda key, data: None if key in keys else (key, data)


def swapped(one: str, other: str) -> Change:
    """A copy in which two keys hold each other's bytes."""
    names = {one: other, other: one}
    return lambda key, data: (names.get(key, key), data)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda records: [b"RECORD 0 of day 5\n", *records[1:]], {"content.records", "content.merkle-root"}),
        (lambda records: [records[1], records[0], *records[2:]], {"content.records", "content.merkle-root"}),
        (lambda records: records[:100] + records[101:], {"content.records", "content.merkle-root"}),
        (lambda records: records[:-1], {"content.records", "content.merkle-root"}),
        (lambda records: [*records, b"inserted\n"], {"content.readable"}),
        (lambda records: [bytes(64 * 1024 * 1024)], {"content.readable"}),
    ],
    ids=["changed", "reordered", "dropped", "cut", "inserted", "bomb"],
)
def test_records_edited_in_a_segment(
    honest: SealedArchive, elsewhere: ArchiveSettings, edit: Edit, expected: set[str]
) -> None:
    """The store's own checksum gives it away before a byte is read, and the bytes do too."""
    report = attacked(honest, elsewhere, edited(segment_of(honest, FIRST), edit))
    assert expected | {"object.checksum"} <= failed_checks(report)
    assert failed_checks(report) <= expected | {"object.checksum", "object.size", "content.stored"}
    assert verdicts(report) == {FIRST: "tampered", SECOND: "sealed"}


@pytest.mark.parametrize("behind", [b"plain text", b"\x50\x2a\x4d\x18\x04\x00\x00\x00hide"])
def test_data_appended_behind_the_frame(
    honest: SealedArchive, elsewhere: ArchiveSettings, behind: bytes
) -> None:
    """Decompressors pass over a skippable frame; the digest of what is stored does not."""
    key = segment_of(honest, FIRST)
    report = attacked(honest, elsewhere, lambda found, data: (found, data + behind if found == key else data))
    assert {"object.checksum", "object.size"} <= failed_checks(report)
    assert failed_checks(report) & {"content.stored", "content.readable"}
    assert verdicts(report)[FIRST] == "tampered"


def test_two_segments_swapped(honest: SealedArchive, elsewhere: ArchiveSettings) -> None:
    report = attacked(honest, elsewhere, swapped(segment_of(honest, FIRST), segment_of(honest, SECOND)))
    assert {"object.checksum", "content.stored", "content.records"} <= failed_checks(report)
    assert verdicts(report) == {FIRST: "tampered", SECOND: "tampered"}


def test_two_days_swapped_in_the_ledger(honest: SealedArchive, elsewhere: ArchiveSettings) -> None:
    one, other = (honest.view.seals_of(day)[0].sequence for day in (FIRST, SECOND))
    report = attacked(honest, elsewhere, swapped(ledger_key(one), ledger_key(other)))
    assert failed_checks(report) == {"ledger.chain"}


@pytest.mark.parametrize("number", [0, 1], ids=["manifest", "segment"])
def test_an_object_deleted(honest: SealedArchive, elsewhere: ArchiveSettings, number: int) -> None:
    seal = honest.view.seals_of(FIRST)[0]
    report = attacked(honest, elsewhere, without((seal.manifest, *seal.objects)[number].key))
    assert "object.present" in failed_checks(report)
    assert verdicts(report) == {FIRST: "tampered", SECOND: "sealed"}


@pytest.mark.parametrize("days", [(FIRST,), (FIRST, SECOND)], ids=["one", "run"])
def test_days_deleted_with_their_entries(
    honest: SealedArchive, elsewhere: ArchiveSettings, days: tuple[str, ...]
) -> None:
    seals = [seal for day in days for seal in honest.view.seals_of(day)]
    keys = [item.key for seal in seals for item in (seal.manifest, *seal.objects)]
    report = attacked(honest, elsewhere, without(*keys, *(ledger_key(seal.sequence) for seal in seals)))
    (finding,) = report.checks.not_passed
    assert (finding.name, finding.where) == ("ledger.chain", f"ledger entry {seals[0].sequence}")


class TestCutTail:
    """An older state of the whole archive: every byte and signature of it is true."""

    def older(self, honest: SealedArchive) -> Change:
        last = honest.view.seals_of(SECOND)[0]
        keys = {last.manifest.key, *(item.key for item in last.objects)}
        entries = {ledger_key(number) for number in range(last.sequence, honest.view.head.sequence + 1)}
        return without(*keys, *entries)

    def test_is_found_by_the_remembered_head(self, honest: SealedArchive, elsewhere: ArchiveSettings) -> None:
        copy = copy_archive(honest, target=elsewhere, change=self.older(honest))
        report = honest.verify(store=copy, remembered=honest.view.head)
        assert failed_checks(report) == {"ledger.pin"}
        assert report.exit_code == 1

    def test_is_found_by_the_missing_day(self, honest: SealedArchive, elsewhere: ArchiveSettings) -> None:
        """A verifier at its first meeting knows no head, but it knows the calendar."""
        copy = copy_archive(honest, target=elsewhere, change=self.older(honest))
        report = honest.verify(store=copy, now=datetime(2026, 1, 7, 12, tzinfo=UTC), due_hours=12)
        assert failed_checks(report) == {"day.sealed"}
        assert verdicts(report) == {FIRST: "sealed", SECOND: "missing"}
        assert report.exit_code == 1

    def test_in_a_fresh_bucket_is_found_by_version_ids(
        self, honest: SealedArchive, elsewhere: ArchiveSettings
    ) -> None:
        report = attacked(honest, elsewhere, self.older(honest), renamed=False)
        assert {"object.present", "listing.overlaid"} <= failed_checks(report)


def test_everything_deleted(honest: SealedArchive, elsewhere: ArchiveSettings) -> None:
    report = attacked(honest, elsewhere, lambda key, data: None)
    (finding,) = report.checks.not_passed
    assert finding.name == "ledger.chain"
    assert "empty" in finding.found


def test_everything_deleted_but_the_genesis_is_never_good(
    honest: SealedArchive, elsewhere: ArchiveSettings
) -> None:
    def change(key: str, data: bytes) -> tuple[str, bytes] | None:
        return (key, data) if key == ledger_key(0) else None

    copy = copy_archive(honest, target=elsewhere, change=change)
    assert honest.verify(store=copy).exit_code == 2
    assert honest.verify(store=copy, remembered=honest.view.head).exit_code == 1


@pytest.mark.parametrize("stripped", [0, 1])
@pytest.mark.parametrize("document", ["entry", "manifest"])
def test_one_of_two_signatures_stripped(
    honest: SealedArchive, elsewhere: ArchiveSettings, document: str, stripped: int
) -> None:
    seal = honest.view.seals_of(SECOND)[0]
    key = ledger_key(honest.view.head.sequence) if document == "entry" else seal.manifest.key

    def change(found: str, data: bytes) -> tuple[str, bytes]:
        if found != key:
            return found, data
        envelope = parse_envelope(data, where=found)
        return found, Envelope(
            payload=envelope.payload, signatures=(envelope.signatures[1 - stripped],)
        ).to_bytes()

    report = attacked(honest, elsewhere, change)
    if document == "entry":
        assert failed_checks(report) == {"ledger.chain"}
    else:
        assert failed_checks(report) == {"object.checksum", "object.size", "manifest.signed"}


def test_one_bit_of_the_newest_entry(honest: SealedArchive, elsewhere: ArchiveSettings) -> None:
    """Nothing comes after it that would name its digest: its signatures tell."""
    key = ledger_key(honest.view.head.sequence)

    def change(found: str, data: bytes) -> tuple[str, bytes]:
        return found, data.replace(b'"payload":"eyJf', b'"payload":"eyJg') if found == key else data

    report = attacked(honest, elsewhere, change)
    assert failed_checks(report) == {"ledger.chain"}


def _governance(retention: Retention) -> Retention:
    return Retention(mode="GOVERNANCE", until=retention.until)


def _shorter(retention: Retention) -> Retention:
    return Retention(mode=retention.mode, until=retention.until - timedelta(days=30))


@pytest.mark.parametrize(
    ("weaken", "shown"),
    [
        (lambda retention: None, "no lock"),
        (_governance, "GOVERNANCE until "),
        (_shorter, "COMPLIANCE until "),
    ],
    ids=["dropped", "governance", "shortened"],
)
@pytest.mark.parametrize(
    ("folder", "check"), [("logs/", "object.lock"), ("manifests/", "object.lock"), ("ledger/", "ledger.lock")]
)
def test_a_lock_weakened(
    honest: SealedArchive,
    elsewhere: ArchiveSettings,
    weaken: Callable[[Retention], Retention | None],
    shown: str,
    folder: str,
    check: str,
) -> None:
    """Every byte is true; what promised that it stays so is not."""
    copy = copy_archive(
        honest,
        target=elsewhere,
        lock=lambda key, retention: weaken(retention) if key.startswith(folder) else retention,
    )
    report = honest.verify("objects", store=copy)
    assert report.exit_code == 1
    assert failed_checks(report) == {check}
    assert all(item.found.startswith(shown) for item in report.checks.not_passed)
    assert honest.verify("ledger", store=copy, now=NOW).exit_code == 0
