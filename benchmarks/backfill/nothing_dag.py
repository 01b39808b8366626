"""A DAG of the same shape as `audit_trail_daily` whose tasks do nothing: what Airflow itself needs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.sdk import DAG, BaseOperator

from audit_trail.timetable import UtcDayTimetable

SEGMENTS = 3
"""Those of a day of sample logs: application, system, api."""


class NothingOperator(BaseOperator):
    """Returns a list for the next task to be mapped over."""

    template_fields = ("given",)

    def __init__(self, *, given: Any = None, count: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.given = given
        self.count = count

    def execute(self, context: Any) -> list[int]:
        """Nothing."""
        return list(range(self.count))


with DAG(
    dag_id="nothing_daily",
    schedule=UtcDayTimetable(),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=16,
) as dag:
    collect = NothingOperator(task_id="collect", count=SEGMENTS)
    sanitize = NothingOperator.partial(task_id="sanitize").expand(given=collect.output)
    hashed = NothingOperator.partial(task_id="hash").expand(given=sanitize.output)
    sign = NothingOperator(task_id="sign", given=hashed.output, count=SEGMENTS + 1)
    upload = NothingOperator.partial(task_id="upload").expand(given=sign.output)
    seal = NothingOperator(task_id="seal", given=upload.output)
    verify_sample = NothingOperator(task_id="verify_sample", given=seal.output)
