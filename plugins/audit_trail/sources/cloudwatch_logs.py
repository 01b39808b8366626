"""A CloudWatch Logs group as an `EventLog`.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.event_log import SETTLE, day_start, json_line
from audit_trail.sources.event_sort import sorted_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from audit_trail.settings import SourceSettings
    from audit_trail.sources.source_access import SourceAccess

SCHEME = "cloudwatch-logs://"
_GROUP = re.compile(r"[.\-_/#A-Za-z0-9]{1,512}")
_OPTIONS = {"stream-prefix": "logStreamNamePrefix", "filter": "filterPattern"}
_DENIED = {"AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"}


class CloudWatchLogs:
    """The events of a log group whose timestamps are in a day, in the order of their ingestion.

    In full: by ingestion time, then timestamp, then event id. An event ingested
    within the last `SETTLE` is left for the next revision: one that was ingested
    before it may not be visible yet.

    Args:
        url: `cloudwatch-logs://GROUP`, and behind a `?`, percent-encoded,
            `stream-prefix` and `filter`, a filter pattern of CloudWatch Logs.
        source: Its settings.
        day: The UTC day.
        access: How AWS is reached.

    Raises:
        ConfigurationError: The URL is wrong, or no client can be made.
    """

    def __init__(self, url: str, source: SourceSettings, day: date, access: SourceAccess) -> None:
        self.day = day
        self.access = access
        group, options = _parsed(url)
        self._prefix = options.get("stream-prefix", "")
        start = day_start(day)
        self._request = {
            "logGroupName": group,
            "startTime": _milliseconds(start),
            "endTime": _milliseconds(start + timedelta(days=1)) - 1,  # inclusive
            **{_OPTIONS[name]: text for name, text in options.items()},
        }
        self._client = access.client("logs", region=source.region, endpoint_url=source.endpoint_url)
        # Groups of several regions may have one name.
        query = {**options, "region": self._client.meta.region_name, "date": day.isoformat()}
        self.uri = f"{SCHEME}{group}?{urlencode(query)}"

    def is_empty(self) -> bool:
        """See `EventLog`."""
        return next(self._events(), None) is None

    def lines(self) -> Iterator[bytes]:
        """See `EventLog`."""
        keyed = ((_arrival(event), json_line(event)) for event in self._events())
        return sorted_lines(keyed, where=self.uri, folder=self.access.work_folder)

    def _events(self) -> Iterator[dict[str, Any]]:
        """In CloudWatch's order; an empty page is not the end, only the missing token is."""
        settled_ms = _milliseconds(self.access.now() - SETTLE)
        pages = iter(self._client.get_paginator("filter_log_events").paginate(**self._request))
        while True:
            with _errors(self.uri):
                page = next(pages, None)
            if page is None:
                return
            for event in page.get("events", ()):
                # Emulations of the service ignore the prefix.
                if event["ingestionTime"] <= settled_ms and event["logStreamName"].startswith(self._prefix):
                    yield event


def _arrival(event: dict[str, Any]) -> bytes:
    return f"{event['ingestionTime']:020d} {event['timestamp']:020d} {event['eventId']:>64}".encode()


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def _parsed(url: str) -> tuple[str, dict[str, str]]:
    group, _, query = url.removeprefix(SCHEME).partition("?")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True) if query else []
    except ValueError:
        pairs = [("", "")]
    options = dict(pairs)
    if not _GROUP.fullmatch(group) or not options.keys() <= _OPTIONS.keys() or len(options) != len(pairs):
        raise ConfigurationError(
            "the URL of a source names no log group",
            where=url,
            expected=f"{SCHEME}GROUP?stream-prefix=…&filter=…, the last two if need be",
            remedy="write the group's name as it is (cloudwatch-logs:///aws/lambda/orders), and "
            "percent-encode what follows the question mark",
        )
    if "" in options.values():
        raise ConfigurationError(
            "an option in the URL of a source is empty", where=url, remedy="leave it out, or give it a value"
        )
    return group, options


@contextmanager
def _errors(uri: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise CollectionError(
            "CloudWatch Logs refused to list the events",
            where=uri,
            expected=_expected(code),
            found=code or "no reason",
            remedy="correct it, then run again",
        ) from error
    except (BotoCoreError, OSError) as error:
        raise CollectionError(
            "CloudWatch Logs did not answer",
            where=uri,
            found=type(error).__name__,
            remedy="check credentials, the source's region and endpoint_url, and the network; then run again",
        ) from error


def _expected(code: str) -> str:
    if code == "ResourceNotFoundException":
        return "a log group of that name in the source's region"
    if code in _DENIED:
        return "credentials with logs:FilterLogEvents on the group"
    if code == "InvalidParameterException":
        return "a filter pattern and a stream prefix that CloudWatch Logs understands"
    return ""
