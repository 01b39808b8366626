"""Airflow's own audit log as an `EventLog`: who did what with which DAG, by its REST API.

https://airflow.apache.org/docs/apache-airflow/stable/security/audit_logs.html
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.airflow_api import AirflowApi
from audit_trail.sources.event_log import day_start, json_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from audit_trail.settings import SourceSettings
    from audit_trail.sources.source_access import SourceAccess

PAGE_EVENTS = 100
"""The most that Airflow gives at once, unless `[api] maximum_page_limit` says another number."""
_URL = re.compile(
    r"airflow-events(\+http)?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
)
_FIELDS = (
    "event_log_id", "when", "event", "owner", "dag_id", "task_id", "run_id", "map_index", "try_number",
    "logical_date", "extra",
)  # fmt: skip
"""What Airflow stores of an event. It also shows display names: as they are today, not as they were."""


class AirflowEvents:
    """The events of a day, in the order of their ids, which is that of their arrival.

    Args:
        url: `airflow-events://HOST:PORT/BASE` by HTTPS; `airflow-events+http://…` without
            TLS, for a server on the same machine or in the same cluster.
        source: Its settings, with the credentials.
        day: The UTC day.
        access: The clock.

    Raises:
        ConfigurationError: The URL is wrong, or the file of credentials is missing
            or readable by others.
    """

    def __init__(self, url: str, source: SourceSettings, day: date, access: SourceAccess) -> None:
        match = _URL.fullmatch(url)
        if match is None:
            raise ConfigurationError(
                "the URL of a source names no Airflow",
                where=url.partition("://")[0] + "://…",
                expected="airflow-events://HOST, with a port and a base path if need be, and nothing else",
                remedy="put credentials into `username` and `password_file`, or into `token_file`",
            )
        self.day = day
        self.access = access
        plain = url.rstrip("/")
        self.uri = f"{plain}?date={day.isoformat()}"
        address = plain.partition("://")[2]
        self._api = AirflowApi(f"{'http' if match[1] else 'https'}://{address}", source, where=self.uri)
        start = day_start(day)
        # Both ends are exclusive, and times have microseconds.
        self._query = {
            "after": (start - timedelta(microseconds=1)).isoformat(),
            "before": (start + timedelta(days=1)).isoformat(),
            "order_by": "event_log_id",
        }

    def is_empty(self) -> bool:
        """See `EventLog`."""
        return not self._page(offset=0, limit=1)

    def lines(self) -> Iterator[bytes]:
        """See `EventLog`.

        Pages are counted from the first event, so one that is taken away meanwhile
        would hide another: each page begins with the last event of the page before.
        """
        last_id, offset = -1, 0
        while True:
            page = self._page(offset=offset, limit=PAGE_EVENTS)
            if last_id >= 0 and (not page or page.pop(0)["event_log_id"] != last_id):
                raise CollectionError(
                    "events were taken away while they were read", where=self.uri, remedy="run again"
                )
            for event in page:
                if event["event_log_id"] <= last_id:
                    raise CollectionError(
                        "Airflow gave events in another order than by their ids",
                        where=self.uri,
                        remedy="run again",
                    )
                last_id = event["event_log_id"]
                yield json_line(event)
            if not page:
                return
            offset += len(page) if offset else len(page) - 1

    def _page(self, *, offset: int, limit: int) -> list[dict[str, Any]]:
        answer = self._api.get("/api/v2/eventLogs", {**self._query, "offset": offset, "limit": limit})
        try:
            return [_stored(event) for event in answer["event_logs"]]
        except (KeyError, TypeError, ValueError) as error:
            raise CollectionError(
                "the answer is not a list of events",
                where=self.uri,
                expected=f"what Airflow 3 answers: {', '.join(_FIELDS)} of each event",
                remedy="correct the source's url; Airflow 3.0 or newer is needed",
            ) from error


def _stored(event: dict[str, Any]) -> dict[str, Any]:
    if type(event["event_log_id"]) is not int:
        raise TypeError("event_log_id")
    return {name: event[name] for name in _FIELDS if event[name] is not None}
