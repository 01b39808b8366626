"""The daily schedule: each run is about exactly one UTC day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.timetables.base import DataInterval
from airflow.timetables.interval import CronDataIntervalTimetable

if TYPE_CHECKING:
    from pendulum import DateTime


class UtcDayTimetable(CronDataIntervalTimetable):
    """Runs at each UTC midnight for the day that has just ended.

    Airflow's own cron timetables give a manual run the day before its logical
    date, or no width at all. Here a manual run, a scheduled one and one of a
    backfill with the same logical date are all about the same day,
    [00:00, 24:00) UTC of that date.
    """

    def __init__(self) -> None:
        super().__init__("0 0 * * *", "UTC")
        self.description = "After each UTC midnight, for the UTC day that has just ended"

    def __eq__(self, other: object) -> bool:
        # Airflow's own comparison loads the scheduler's serialization: half the time of parsing a DAG file.
        return isinstance(other, UtcDayTimetable)

    def __hash__(self) -> int:
        return hash(UtcDayTimetable)

    @property
    def summary(self) -> str:
        """What the list of DAGs shows as the schedule."""
        return "Every UTC day"

    def serialize(self) -> dict[str, Any]:
        """Nothing: there is only one such timetable."""
        return {}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> UtcDayTimetable:
        """The timetable, whatever a former version wrote."""
        return cls()

    def infer_manual_data_interval(self, *, run_after: DateTime) -> DataInterval:
        """The UTC day that holds `run_after`, the logical date of a manual run.

        Args:
            run_after: Aware, of any time zone.
        """
        start = run_after.in_timezone("UTC").start_of("day")
        return DataInterval(start=start, end=start + timedelta(days=1))
