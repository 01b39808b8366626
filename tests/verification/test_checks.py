"""Outcomes, and the exit code that they add up to."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from audit_trail.archive.object_store import KeyTakenError
from audit_trail.errors import AuditTrailError, CollectionError, IntegrityError, StorageError
from audit_trail.verification.checks import Check, CheckList, Outcome

PASS, FAIL, UNVERIFIABLE = Outcome.PASS, Outcome.FAIL, Outcome.UNVERIFIABLE


def check(outcome: Outcome, *, name: str = "object.size", day: str = "", where: str = "key") -> Check:
    return Check(name=name, where=where, outcome=outcome, day=day)


@pytest.mark.parametrize(
    ("outcomes", "exit_code"),
    [
        ([], 2),
        ([PASS], 0),
        ([PASS, PASS], 0),
        ([UNVERIFIABLE], 2),
        ([PASS, UNVERIFIABLE], 2),
        ([FAIL], 1),
        ([PASS, FAIL], 1),
        ([UNVERIFIABLE, FAIL, PASS], 1),
    ],
)
@pytest.mark.parametrize("keep_passed", [False, True])
def test_exit_code(outcomes: list[Outcome], exit_code: int, keep_passed: bool) -> None:
    """Nothing checked is never 0; wrong wins over unchecked."""
    checks = CheckList(keep_passed=keep_passed)
    for outcome in outcomes:
        checks.add(check(outcome))
    assert checks.exit_code == exit_code


def test_passed_checks_are_counted_and_kept_only_when_asked() -> None:
    for keep, kept in ((False, 1), (True, 3)):
        checks = CheckList(keep_passed=keep)
        for outcome in (PASS, PASS, FAIL):
            checks.add(check(outcome))
        assert (checks.total(PASS), checks.total(FAIL), len(checks.kept)) == (2, 1, kept)


def test_failed_checks_come_first_then_by_day_and_place() -> None:
    checks = CheckList(keep_passed=True)
    added = [(UNVERIFIABLE, "a", "1"), (FAIL, "b", "2"), (PASS, "a", "0"), (FAIL, "a", "9"), (FAIL, "b", "1")]
    for outcome, day, where in added:
        checks.add(check(outcome, day=day, where=where))
    assert [(item.outcome, item.day, item.where) for item in checks.not_passed] == [
        (FAIL, "a", "9"), (FAIL, "b", "1"), (FAIL, "b", "2"), (UNVERIFIABLE, "a", "1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (StorageError("denied"), UNVERIFIABLE),
        (KeyTakenError("taken"), UNVERIFIABLE),
        (IntegrityError("other bytes"), FAIL),
        (CollectionError("source"), FAIL),
        (AuditTrailError("anything"), FAIL),
    ],
)
def test_unreadable_is_unverifiable_and_any_other_error_wrong(
    error: AuditTrailError, outcome: Outcome
) -> None:
    checks = CheckList()
    checks.add_error("manifest.signed", error, where="somewhere", day="2026-01-05")
    assert [(item.outcome, item.where, item.day) for item in checks.kept] == [
        (outcome, "somewhere", "2026-01-05")
    ]


def test_an_error_says_where_what_and_what_to_do() -> None:
    checks = CheckList()
    error = IntegrityError("other bytes", where="there", expected="a", found="b", remedy="look")
    checks.add_error("manifest.signed", error, where="somewhere")
    (made,) = checks.kept
    assert (made.where, made.expected, made.found, made.remedy) == ("there", "a", "other bytes: b", "look")


def test_a_comparison_advises_only_when_it_fails() -> None:
    checks = CheckList(keep_passed=True)
    assert checks.compare("x", "key", expected=3, found=3, remedy="run")
    assert not checks.compare("x", "key", expected=3, found=None, remedy="run")
    good, bad = checks.kept
    assert (good.outcome, good.remedy) == (PASS, "")
    assert (bad.outcome, bad.remedy, bad.expected, bad.found) == (FAIL, "run", "3", "None")


def test_json_leaves_empty_fields_out() -> None:
    assert json.loads(json.dumps(check(FAIL, day="2026-01-05").to_json())) == {
        "name": "object.size",
        "where": "key",
        "outcome": "FAIL",
        "day": "2026-01-05",
    }


def test_no_check_is_lost_between_threads() -> None:
    checks = CheckList()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(2000):
            pool.submit(checks.add, check(PASS))
            pool.submit(checks.add, check(FAIL))
    assert (checks.total(PASS), checks.total(FAIL), len(checks.kept)) == (2000, 2000, 2000)
