"""Airflow's own audit log as an `EventLog`: who did what with which DAG, by its REST API.

The list that Airflow gives leaves out the events of DAGs that are gone, with them that of
their deletion, and those of DAGs that the user may not read. Asked for by its id, an event
of a DAG that is gone is still shown, and another is refused. So ids that the list leaves
out are asked for one by one: nobody hides a trail by deleting its DAG, and a user with too
few rights is an error, not a shorter day.

https://airflow.apache.org/docs/apache-airflow/stable/security/audit_logs.html
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.airflow_api import AirflowApi
from audit_trail.sources.event_log import SETTLE, day_start, json_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from audit_trail.settings import SourceSettings
    from audit_trail.sources.source_access import SourceAccess

log = logging.getLogger(__name__)

PAGE_EVENTS = 100
"""The most that Airflow gives at once, unless `[api] maximum_page_limit` says another number."""
MAX_MISSING = 40
"""So many ids in a row without an event of the day end the search where nothing else does:
PostgreSQL leaves out up to 32 when it crashes."""
MAX_GAP = 10_000
"""A database that jumps in its numbers, after a restore, is not followed through the jump."""
_PATH = "/api/v2/eventLogs"
_URL = re.compile(
    r"airflow-events(\+http)?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?"
)
_FIELDS = (
    "event_log_id", "when", "event", "owner", "dag_id", "task_id", "run_id", "map_index", "try_number",
    "logical_date", "extra",
)  # fmt: skip
"""What Airflow stores of an event. It also shows display names: as they are today, not as they were."""

_TIMES = {"when", "logical_date"}


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
        self._start = day_start(day)
        self._end = self._start + timedelta(days=1)

    def is_empty(self) -> bool:
        """See `EventLog`."""
        return next(self._events(), None) is None

    def lines(self) -> Iterator[bytes]:
        """See `EventLog`."""
        return (json_line(event) for event in self._events())

    def _events(self) -> Iterator[dict[str, Any]]:
        """Listed and hidden ones, by their ids."""
        # Ids are given a moment before events are written: near midnight they may be out of order.
        last = self._edge(before=_text(self._start - SETTLE), order_by="-event_log_id")
        following = self._edge(after=_text(self._end + SETTLE), order_by="event_log_id")
        is_first = True
        for event in self._listed():
            number = event["event_log_id"]
            if is_first and (last is None or last >= number):
                last = max(0, number - 1 - MAX_MISSING)  # nothing before, or a host whose clock is wrong
            is_first = False
            yield from self._hidden((last or 0) + 1, number)
            yield event
            last = number
        if last is not None:
            is_behind = following is not None and following > last
            yield from self._hidden(last + 1, following if is_behind else None)

    def _edge(self, **query: str) -> int | None:
        """The id of the first listed event of a query; None where there is none."""
        events, _ = self._page({**query, "limit": 1})
        return int(events[0]["event_log_id"]) if events else None

    def _hidden(self, first: int, end: int | None) -> Iterator[dict[str, Any]]:
        """Events of the day with ids in [first, end) that no list shows; None: see `MAX_MISSING`."""
        if end is not None and end - first > MAX_GAP:
            log.warning("%s: the ids from %d to %d are too many to ask for each", self.uri, first, end - 1)
            return
        others = 0
        for number in count(first) if end is None else range(first, end):
            answer = self._api.get(f"{_PATH}/{number}", {}, may_be_absent=True)
            others += 1
            if answer is not None:
                with _answers(self.uri):
                    event = _stored(answer)
                    is_of_day = self._start <= datetime.fromisoformat(event["when"]) < self._end
                if is_of_day:
                    others = 0
                    yield event
            if end is None and others == MAX_MISSING:
                return

    def _listed(self) -> Iterator[dict[str, Any]]:
        """What Airflow lists of the day.

        Pages are counted from the first event, so one that is taken away meanwhile
        would hide another: each page begins with the last event of the page before.
        """
        # Both ends are exclusive, and times have microseconds.
        query = {"after": _text(self._start - timedelta(microseconds=1)), "before": _text(self._end)}
        last, done = -1, 0
        while True:
            offset = max(0, done - 1)
            page, total = self._page(
                {**query, "order_by": "event_log_id", "offset": offset, "limit": PAGE_EVENTS}
            )
            if done and (not page or page.pop(0)["event_log_id"] != last):
                raise self._unsteady("events were taken away while they were read")
            for event in page:
                if event["event_log_id"] <= last:
                    raise self._unsteady("Airflow gave events in another order than by their ids")
                last = event["event_log_id"]
                yield event
            done += len(page)
            if not page:
                if done != total:
                    raise self._unsteady("Airflow gave another number of events than it counts")
                return

    def _unsteady(self, what: str) -> CollectionError:
        return CollectionError(what, where=self.uri, remedy="run again")

    def _page(self, query: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
        answer = self._api.get(_PATH, query)
        with _answers(self.uri):
            return [_stored(event) for event in answer["event_logs"]], int(answer["total_entries"])


@contextmanager
def _answers(uri: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise CollectionError(
            "the answer is not a list of events",
            where=uri,
            expected=f"what Airflow 3 answers: {', '.join(_FIELDS)} of each event",
            remedy="correct the source's url; Airflow 3.0 or newer is needed",
        ) from error


def _stored(event: dict[str, Any]) -> dict[str, Any]:
    if type(event["event_log_id"]) is not int:
        raise TypeError("event_log_id")
    stored = {name: event[name] for name in _FIELDS if event[name] is not None}
    for name in _TIMES & stored.keys():
        # However this Airflow writes it.
        stored[name] = _text(datetime.fromisoformat(stored[name])).replace("+00:00", "Z")
    return stored


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
