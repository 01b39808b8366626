"""Which day a run is about, however it came to be."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pendulum
import pytest
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction

from audit_trail.timetable import UtcDayTimetable


def utc(text: str) -> pendulum.DateTime:
    moment = pendulum.parse(text)
    assert isinstance(moment, pendulum.DateTime)
    return moment


def day(text: str) -> DataInterval:
    start = utc(text)
    return DataInterval(start=start, end=start.add(days=1))


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the plugin registers it; the loader has its own test."""
    from airflow import plugins_manager
    from airflow.serialization import decoders, encoders

    table = {"audit_trail.timetable.UtcDayTimetable": UtcDayTimetable}
    for module in (plugins_manager, encoders, decoders):
        if hasattr(module, "get_timetables_plugins"):
            monkeypatch.setattr(module, "get_timetables_plugins", lambda: table)


def serialized_dag(**arguments: Any) -> Any:
    """A DAG with this schedule after its way through the metadata database."""
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    dag = DAG("day", schedule=UtcDayTimetable(), **arguments)
    return DagSerialization.from_dict(DagSerialization.to_dict(dag))


def test_a_scheduled_run_is_about_the_day_that_ended_when_it_may_start() -> None:
    info = UtcDayTimetable().next_dagrun_info(
        last_automated_data_interval=day("2026-02-27"),
        restriction=TimeRestriction(earliest=utc("2026-01-01"), latest=None, catchup=True),
    )
    assert info == DagRunInfo.interval(start=utc("2026-02-28"), end=utc("2026-03-01"))
    assert info.run_after == utc("2026-03-01")
    assert info.logical_date == utc("2026-02-28")


@pytest.mark.parametrize(
    ("run_after", "expected"),
    [
        ("2026-03-29T00:00:00Z", "2026-03-29"),
        ("2026-03-29T23:59:59.999999Z", "2026-03-29"),
        ("2026-03-29T12:34:56Z", "2026-03-29"),
        ("2026-03-29T01:30:00+02:00", "2026-03-28"),
        ("2026-03-28T20:00:00-05:00", "2026-03-29"),
        ("2024-02-29T00:00:00Z", "2024-02-29"),
        ("2026-12-31T23:00:00Z", "2026-12-31"),
    ],
)
def test_a_manual_run_is_about_the_utc_day_of_its_logical_date(run_after: str, expected: str) -> None:
    interval = UtcDayTimetable().infer_manual_data_interval(run_after=utc(run_after))
    assert interval == day(expected)
    assert interval.end - interval.start == dt.timedelta(days=1)
    assert interval.start.timezone_name == "UTC"


def test_a_manual_and_a_scheduled_run_of_one_date_are_about_the_same_day() -> None:
    timetable = UtcDayTimetable()
    scheduled = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=utc("2026-05-05"), latest=None, catchup=True),
    )
    assert scheduled is not None
    assert scheduled.logical_date is not None
    assert timetable.infer_manual_data_interval(run_after=scheduled.logical_date) == scheduled.data_interval


def test_a_day_has_24_hours_when_clocks_change_elsewhere() -> None:
    with_dst = pendulum.datetime(2026, 3, 29, 12, tz="Europe/Berlin")
    interval = UtcDayTimetable().infer_manual_data_interval(run_after=with_dst)
    assert interval == day("2026-03-29")


@pytest.mark.usefixtures("registered")
def test_the_bounds_of_a_backfill_are_both_included() -> None:
    dag = serialized_dag(start_date=utc("2026-01-01"))
    infos = list(dag.iter_dagrun_infos_between(utc("2026-02-27"), utc("2026-03-02")))
    assert [info.data_interval for info in infos] == [
        day("2026-02-27"),
        day("2026-02-28"),
        day("2026-03-01"),
        day("2026-03-02"),
    ]
    assert [info.run_after for info in infos] == [info.data_interval.end for info in infos]


@pytest.mark.usefixtures("registered")
def test_a_backfill_of_one_day_is_one_run() -> None:
    dag = serialized_dag(start_date=utc("2026-01-01"))
    infos = list(dag.iter_dagrun_infos_between(utc("2026-02-27"), utc("2026-02-27")))
    assert [info.data_interval for info in infos] == [day("2026-02-27")]


@pytest.mark.usefixtures("registered")
def test_it_survives_airflows_own_serializer() -> None:
    from airflow.serialization.decoders import decode_timetable
    from airflow.serialization.encoders import encode_timetable

    encoded = encode_timetable(UtcDayTimetable())
    assert encoded == {"__type": "audit_trail.timetable.UtcDayTimetable", "__var": {}}
    decoded = decode_timetable(encoded)
    assert type(decoded) is UtcDayTimetable
    assert decoded == UtcDayTimetable()


@pytest.mark.usefixtures("registered")
def test_the_ui_is_told_the_schedule_in_words() -> None:
    timetable = serialized_dag(start_date=utc("2026-01-01")).timetable
    assert timetable.summary == "Every UTC day"
    assert timetable.description == "After each UTC midnight, for the UTC day that has just ended"
