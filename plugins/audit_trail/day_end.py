"""When the day that a run is about has ended: what its deadline counts from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from airflow.sdk.definitions.deadline import BaseDeadlineReference

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class DayEnd(BaseDeadlineReference):
    """The end of a run's data interval.

    Airflow's own reference to a run's logical date refuses to create a run
    that has none; such a run, which names its day in a Param, has no deadline here.
    """

    required_kwargs: ClassVar[set[str]] = {"dag_id", "run_id"}

    def _evaluate_with(self, *, session: Session, dag_id: str, run_id: str) -> datetime | None:
        """Called by the scheduler or API server when it creates a run."""
        from airflow.models import DagRun
        from sqlalchemy import select

        asked = select(DagRun.data_interval_end).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        return session.scalar(asked)
