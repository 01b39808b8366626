"""Which day a run is about, or a clear refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

from audit_trail.errors import ConfigurationError
from audit_trail.operators.stage_operator import day_of_run, received

MIDNIGHT = datetime(2026, 3, 14, tzinfo=UTC)


def context(
    start: datetime | None,
    end: datetime | None,
    day: str | None = None,
    kind: str = "scheduled",
    logical_date: datetime | None = None,
    run_after: datetime = MIDNIGHT - timedelta(days=300),
) -> Any:
    run = SimpleNamespace(
        data_interval_start=start,
        data_interval_end=end,
        run_id="run",
        run_type=kind,
        logical_date=logical_date,
        run_after=run_after,
    )
    return {"dag_run": run, "params": {"day": day}}


def test_a_scheduled_run_is_about_its_interval() -> None:
    assert day_of_run(context(MIDNIGHT, MIDNIGHT + timedelta(days=1))) == "2026-03-14"


def test_the_interval_is_read_in_utc() -> None:
    start = MIDNIGHT.astimezone(timezone(timedelta(hours=-5)))
    assert day_of_run(context(start, start + timedelta(days=1))) == "2026-03-14"


def test_a_manual_run_may_name_its_day() -> None:
    assert day_of_run(context(None, None, day="2026-03-01", kind="manual")) == "2026-03-01"


def test_a_named_day_wins_over_the_logical_date_of_a_manual_run() -> None:
    assert day_of_run(context(MIDNIGHT, MIDNIGHT + timedelta(days=1), "2026-03-01", "manual")) == "2026-03-01"


def test_the_logical_date_of_a_manual_run_is_its_day_whatever_interval_it_was_given() -> None:
    """As `airflow dags trigger --logical-date` makes it: the interval is that of the moment of asking."""
    asked = MIDNIGHT + timedelta(days=5)
    interval = (asked, asked + timedelta(days=1))
    run = context(*interval, kind="manual", logical_date=MIDNIGHT, run_after=asked + timedelta(hours=9))
    assert day_of_run(run) == "2026-03-14"


def test_an_interval_that_was_asked_for_stays() -> None:
    interval = (MIDNIGHT, MIDNIGHT + timedelta(days=1))
    assert (
        day_of_run(context(*interval, kind="manual", logical_date=MIDNIGHT + timedelta(days=9)))
        == "2026-03-14"
    )


def test_a_backfill_run_refuses_another_day() -> None:
    with pytest.raises(ConfigurationError, match="contradicts"):
        day_of_run(context(MIDNIGHT, MIDNIGHT + timedelta(days=1), "2026-03-01", "backfill"))


def test_a_run_without_any_date_fails_clearly() -> None:
    with pytest.raises(ConfigurationError, match="does not say which day"):
        day_of_run(context(None, None, kind="manual"))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (MIDNIGHT, MIDNIGHT),
        (MIDNIGHT, MIDNIGHT + timedelta(days=2)),
        (MIDNIGHT + timedelta(hours=1), MIDNIGHT + timedelta(hours=25)),
    ],
)
def test_an_interval_that_is_not_a_utc_day_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ConfigurationError, match="not one UTC day"):
        day_of_run(context(start, end))


def test_skipped_mapped_tasks_hand_over_nothing() -> None:
    assert received(None) == []
    assert received([1, 2]) == [1, 2]
