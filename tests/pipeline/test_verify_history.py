"""The archive verified in slices: all of it, once, and what is wrong is found, said and sealed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pipeline.conftest import Archive

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.pipeline.history_slices import cut
from audit_trail.pipeline.verify_history import (
    HistoryRequest,
    HistorySlice,
    HistoryUnverifiedError,
    SliceResult,
    plan_history,
    seal_history,
    verify_slice,
)

DAYS = ("2026-03-12", "2026-03-13", "2026-03-14")
LATER = datetime(2026, 3, 15, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def sealed(module_archive: Archive) -> Archive:
    for day in DAYS:
        module_archive.log(f"{day}.log", f"one of {day}\n".encode())
        module_archive.processor().process_daily_logs(day)
    # Late data: the last seal of the ledger is of the first day, and has to join up with its first one.
    with (module_archive.logs / f"{DAYS[0]}.log").open("ab") as file:
        file.write(b"late\n")
    module_archive.processor().process_daily_logs(DAYS[0])
    return module_archive


@pytest.fixture(scope="module")
def module_archive(tmp_path_factory: pytest.TempPathFactory, store) -> Archive:  # type: ignore[no-untyped-def]
    return Archive(tmp_path_factory.mktemp("history") / "home", store)


def results(archive: Archive, request: HistoryRequest) -> list[SliceResult]:
    context = archive.context(lambda: LATER)
    return [
        verify_slice(context, HistorySlice.receive(item.to_json())) for item in plan_history(context, request)
    ]


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=60), st.integers(1, 64))
def test_slices_hold_every_day_once_and_are_about_equal(costs: list[int], count: int) -> None:
    ranges = cut(costs, count)
    assert [number for first, last in ranges for number in range(first, last + 1)] == list(range(len(costs)))
    assert len(ranges) <= count
    share = sum(costs) / count
    assert all(sum(costs[first : last + 1]) < 2 * share + max(costs) for first, last in ranges)


@pytest.mark.parametrize("level", ["ledger", "objects", "content"])
def test_a_good_archive_is_verified_and_that_is_sealed(sealed: Archive, level: str) -> None:
    request = HistoryRequest.receive({"level": level, "slices": 2})
    found = results(sealed, request)
    assert len(found) == (1 if level == "ledger" else 3)
    verified = seal_history(sealed.context(lambda: LATER), request, found)
    last = sealed.context().ledger().verifications[-1]
    assert (last.passed, last.failed, last.unverifiable) == (verified.passed, 0, 0)
    assert (last.date, last.sample.population) == (DAYS[-1], 4)
    assert last.sample.size == (4 if level == "content" else 0)


def test_a_sample_is_drawn_as_the_format_says_and_read_once(sealed: Archive) -> None:
    request = HistoryRequest(level="content", sample=2, slices=3)
    found, objects = results(sealed, request), results(sealed, HistoryRequest(slices=3))
    verified = seal_history(sealed.context(lambda: LATER), request, found)
    assert verified.sampled == 2
    # Of each drawn segment: three digests, and its manifest once more (five checks).
    assert sum(item.passed for item in found) - sum(item.passed for item in objects) == 2 * (3 + 5)


def test_a_range_of_days_is_verified_alone(sealed: Archive) -> None:
    request = HistoryRequest(level="content", first=DAYS[1], last=DAYS[1])
    found = results(sealed, request)
    verified = seal_history(sealed.context(lambda: LATER), request, found)
    assert (verified.day, verified.sampled) == (DAYS[1], 0)
    assert "of the rest that says nothing" in verified.statement


def test_what_is_wrong_is_found_by_its_slice_and_joined(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive()
    archive.log(f"{DAYS[0]}.log", b"one\n")
    archive.processor().process_daily_logs(DAYS[0])
    request = HistoryRequest(slices=2)
    context = archive.context(lambda: LATER)
    item = context.ledger().seals_of(DAYS[0])[0].objects[0]
    client = context.store._client  # type: ignore[attr-defined]
    client.delete_object(Bucket=archive.bucket, Key=item.key)
    client.put_object(Bucket=archive.bucket, Key="logs/somebody's", Body=b"x")
    found = results(archive, request)
    with pytest.raises(IntegrityError, match=r"[1-9] checks failed"):
        seal_history(context, request, found)
    last = archive.context().ledger().verifications[-1]
    assert last.failed == len(last.failures)
    assert {failure.where.split()[0] for failure in last.failures} >= {item.key, "logs/somebody's"}


def test_what_could_not_be_checked_is_no_pass_and_is_not_tried_again(sealed: Archive) -> None:
    request = HistoryRequest(slices=1)
    found = results(sealed, request)
    unread = {"check": "object.present", "where": "x", "outcome": "UNVERIFIABLE"}
    changed = SliceResult.receive(found[0].to_json() | {"unverifiable": 1, "findings": [unread]})
    with pytest.raises(HistoryUnverifiedError, match="1 could not be made"):
        seal_history(sealed.context(lambda: LATER), request, [changed, *found[1:]])


def test_a_slice_that_is_missing_twice_or_of_something_else_is_refused(sealed: Archive) -> None:
    request = HistoryRequest(slices=2)
    context = sealed.context(lambda: LATER)
    found = results(sealed, request)
    before = len(context.ledger().verifications)
    shorter = found[2].model_copy(
        update={"slice": found[2].slice.model_copy(update={"first_day": found[2].slice.last_day})}
    )
    assert shorter != found[2]
    for wrong in ([], found[:-1], [*found, found[0]], [found[0], found[1], shorter]):
        with pytest.raises(IntegrityError, match="not every slice"):
            seal_history(context, request, wrong)
    with pytest.raises(IntegrityError, match="not every slice"):
        seal_history(context, HistoryRequest(slices=2, level="content"), found)
    other = [
        item.model_copy(update={"slice": item.slice.model_copy(update={"head_sha256": "0" * 64})})
        for item in found
    ]
    with pytest.raises(IntegrityError, match="another than when"):
        seal_history(context, request, other)
    with pytest.raises(IntegrityError, match="another than when"):
        verify_slice(context, other[1].slice)
    assert len(context.ledger().verifications) == before


@pytest.mark.parametrize(
    "request_of",
    [
        HistoryRequest(level="objects", sample=3),
        HistoryRequest(level="content", sample=3, first=DAYS[0]),
        HistoryRequest(first=DAYS[2], last=DAYS[0]),
        HistoryRequest(first="2027-01-01"),
    ],
    ids=range(4),
)
def test_a_request_that_cannot_be_met_is_refused(sealed: Archive, request_of: HistoryRequest) -> None:
    with pytest.raises(ConfigurationError):
        plan_history(sealed.context(lambda: LATER), request_of)


def test_an_empty_archive_is_never_verified(make_archive: Callable[..., Archive]) -> None:
    with pytest.raises(ConfigurationError, match="nothing to verify"):
        plan_history(make_archive().context(), HistoryRequest())
