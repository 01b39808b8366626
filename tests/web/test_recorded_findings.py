"""Which findings of sealed verifications still stand."""

from __future__ import annotations

from typing import Any

import pytest

from audit_trail.evidence.ledger_entry import FailedCheck, Sample, Verification
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.web.recorded_findings import INCOMPLETE, add_recorded, day_of

OBJECT = "logs/source=app/date=2026-01-05/part-00000-0123456789abcdef.log.zst version 7"
LEDGER = "ledger/000000000003.dsse.json version 1"


def verification(sequence: int, day: str, *failed: tuple[str, str], **changes: Any) -> Verification:
    values: dict[str, Any] = {
        "archive": "test",
        "genesis": "0" * 64,
        "sequence": sequence,
        "previous": "1" * 64,
        "at": "2026-01-08T00:00:00Z",
        "date": day,
        "passed": 10,
        "failed": len(failed),
        "unverifiable": 0,
        "sample": Sample(seed="0" * 64, seed_sequence=0, population=1, size=1),
        "failures": tuple(FailedCheck(check=check, where=where) for check, where in failed),
    }
    return Verification(**(values | changes))


def standing(*entries: Verification) -> list[tuple[str, str, Outcome]]:
    checks = CheckList()
    add_recorded(entries, checks)
    return [(check.name, check.day, check.outcome) for check in checks.kept]


def test_verifications_without_findings_leave_none() -> None:
    assert standing(verification(1, "2026-01-05"), verification(2, "2026-01-06")) == []


def test_a_failure_is_about_the_day_it_names_and_not_the_day_that_was_verified() -> None:
    found = standing(verification(2, "2026-01-06", ("content.stored", OBJECT)))
    assert found == [("content.stored", "2026-01-05", Outcome.FAIL)]


def test_it_stands_whatever_is_verified_of_other_days() -> None:
    failed = verification(2, "2026-01-06", ("content.stored", OBJECT))
    assert len(standing(failed, verification(3, "2026-01-07"), verification(4, "2026-01-06"))) == 1


def test_a_later_verification_of_that_very_day_takes_it_back() -> None:
    failed = verification(2, "2026-01-06", ("content.stored", OBJECT))
    assert standing(failed, verification(3, "2026-01-05")) == []


def test_and_finds_it_again() -> None:
    failed = verification(2, "2026-01-06", ("content.stored", OBJECT))
    again = verification(3, "2026-01-05", ("object.checksum", OBJECT))
    assert standing(failed, again) == [("object.checksum", "2026-01-05", Outcome.FAIL)]


def test_a_finding_about_the_ledger_stands_until_a_verification_without_one() -> None:
    failed = verification(2, "2026-01-06", ("ledger.lock", LEDGER))
    assert standing(failed) == [("ledger.lock", "", Outcome.FAIL)]
    assert standing(failed, verification(3, "2026-01-07", ("ledger.lock", LEDGER))) == [
        ("ledger.lock", "", Outcome.FAIL)
    ]
    assert standing(failed, verification(3, "2026-01-07")) == []


def test_what_could_not_be_checked_is_not_wrong_and_not_good() -> None:
    found = standing(verification(2, "2026-01-05", unverifiable=2))
    assert found == [(INCOMPLETE, "2026-01-05", Outcome.UNVERIFIABLE)]
    assert standing(verification(2, "2026-01-05", unverifiable=2), verification(3, "2026-01-05")) == []


@pytest.mark.parametrize(
    ("where", "day"),
    [
        (OBJECT, "2026-01-05"),
        ("manifests/date=2026-01-05/r0001-0123456789abcdef.dsse.json", "2026-01-05"),
        ("ledger/000000000001.dsse.json day 2026-01-05", "2026-01-05"),
        ("day 2026-01-05", "2026-01-05"),
        (LEDGER, ""),
        ("logs/source=holiday 2026/part", ""),
    ],
)
def test_the_day_of_a_place(where: str, day: str) -> None:
    assert day_of(where) == day
