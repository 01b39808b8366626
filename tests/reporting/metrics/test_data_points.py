"""What ledger entries say to CloudWatch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.verification.conftest import DAYS
from tests.verification.memory_archive import NOW, MemoryArchive

from audit_trail.evidence.ledger_entry import FailedCheck, Seal, Verification
from audit_trail.evidence.manifest import Manifest
from audit_trail.reporting.metrics.data_points import (
    MAX_AGE,
    NAMESPACE,
    UNITS,
    entries_of_run,
    entry_points,
    recent_entries,
)
from audit_trail.reporting.metrics.sinks import put_calls
from audit_trail.verification.content_checks import read_manifest


def values(archive: MemoryArchive, entry: Seal | Verification) -> dict[str, float]:
    def manifest(seal: Seal) -> Manifest:
        return read_manifest(archive.store, archive.view, seal)

    return {point.name: point.value for point in entry_points(entry, manifest)}


def verification(archive: MemoryArchive, day: str, **changes: Any) -> Verification:
    entry = archive.prepare_verification(day).model_copy(update=changes)
    archive.put(entry.sequence, archive.envelope(entry))
    return entry


def test_a_seal_says_what_was_sealed_and_how_late(archive: MemoryArchive) -> None:
    seal = archive.view.seals[0]
    found = values(archive, seal)
    assert found == {
        "DaysSealed": 1,
        "SealLagHours": 4 * 24 + 3,  # the day ended on the 6th, and it was sealed on the 10th at three
        "BytesSealed": seal.totals.stored_bytes,
        "RecordsSealed": 5,
        "Redactions": 0,
    }


def test_late_data_is_no_other_day_and_makes_the_day_no_later(archive: MemoryArchive) -> None:
    late = archive.seal(DAYS[0], b"late\n")
    found = values(archive, late)
    assert found["RecordsSealed"] == 1
    assert not {"DaysSealed", "SealLagHours"} & found.keys()


def test_a_verification_passed_failed_or_neither(archive: MemoryArchive) -> None:
    day = DAYS[0]
    good = values(archive, verification(archive, day))
    assert good == {"VerificationSuccesses": 1, "VerificationFailures": 0, "UnlockedObjects": 0}
    unclear = values(archive, verification(archive, day, unverifiable=2))
    assert unclear == {"VerificationSuccesses": 0, "VerificationFailures": 0, "UnlockedObjects": 0}
    failures = tuple(
        FailedCheck(check=name, where="x") for name in ("object.lock", "ledger.lock", "object.size")
    )
    bad = values(archive, verification(archive, day, failed=3, failures=failures))
    assert bad == {"VerificationSuccesses": 0, "VerificationFailures": 1, "UnlockedObjects": 2}


def test_every_metric_is_listed_with_its_unit_and_no_other(archive: MemoryArchive) -> None:
    made = values(archive, archive.view.seals[0]) | values(archive, verification(archive, DAYS[0]))
    assert made.keys() == UNITS.keys()


def test_points_are_at_the_entrys_own_time_and_the_same_whenever_asked(archive: MemoryArchive) -> None:
    entry = verification(archive, DAYS[0])
    first, again = (
        list(entry_points(entry, lambda seal: read_manifest(archive.store, archive.view, seal))) for _ in "ab"
    )
    assert first == again
    assert {point.at for point in first} == {NOW}
    assert {point.sequence for point in first} == {entry.sequence}
    (call,) = put_calls(first, "acme")
    assert call["Namespace"] == NAMESPACE == "AuditTrail"
    assert call["MetricData"][0] == {
        "MetricName": "VerificationSuccesses",
        "Dimensions": [{"Name": "Archive", "Value": "acme"}],
        "Timestamp": NOW,
        "Value": 1.0,
        "Unit": "Count",
    }


def test_calls_stay_below_what_one_may_hold(archive: MemoryArchive) -> None:
    (point, *_) = entry_points(verification(archive, DAYS[0]), lambda seal: None)  # type: ignore[arg-type,return-value]
    calls = list(put_calls([point] * 1201, "acme"))
    assert [len(call["MetricData"]) for call in calls] == [500, 500, 201]


def test_a_run_tells_its_own_entries_and_a_run_again_only_its_verification(archive: MemoryArchive) -> None:
    day = DAYS[1]
    sealed = archive.view.seals_of(day)[0].sequence
    first = verification(archive, day).sequence
    assert [item.sequence for item in entries_of_run(archive.view, day, last=first)] == [sealed, first]
    other = verification(archive, DAYS[0]).sequence
    again = verification(archive, day).sequence
    assert [item.sequence for item in entries_of_run(archive.view, day, last=again)] == [again]
    late = archive.seal(day, b"late\n").sequence
    third = verification(archive, day).sequence
    assert [item.sequence for item in entries_of_run(archive.view, day, last=third)] == [late, third]
    # A run whose ledger another run has meanwhile gone on with tells the same.
    assert [item.sequence for item in entries_of_run(archive.view, day, last=first)] == [sealed, first]
    assert [item.sequence for item in entries_of_run(archive.view, DAYS[0], last=other)] == [1, other]


def test_a_run_killed_before_its_verification_leaves_the_seal_to_the_next(archive: MemoryArchive) -> None:
    verification(archive, DAYS[0])
    late = archive.seal(DAYS[0], b"late\n").sequence
    # Killed here; the next run finds nothing new and verifies.
    after = verification(archive, DAYS[0]).sequence
    assert [item.sequence for item in entries_of_run(archive.view, DAYS[0], last=after)] == [late, after]


def test_what_cloudwatch_would_refuse_is_left_out(archive: MemoryArchive) -> None:
    verification(archive, DAYS[0])
    assert len(recent_entries(archive.view, NOW)) == 4
    assert len(recent_entries(archive.view, NOW + MAX_AGE)) == 4
    assert recent_entries(archive.view, NOW + MAX_AGE + timedelta(seconds=1)) == []
    assert recent_entries(archive.view, NOW - timedelta(seconds=1)) == []
