"""Where data points go: CloudWatch, or a file of the very calls that CloudWatch would get.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
CloudWatch replaces nothing: a point put twice counts twice in `Sum` and `SampleCount`,
and changes neither `Maximum` nor `Minimum` nor `Average`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.errors import StorageError
from audit_trail.evidence.fields import format_timestamp, parse_timestamp
from audit_trail.reporting.aws_errors import aws_errors
from audit_trail.reporting.metrics.data_points import DIMENSION, MAX_AGE, NAMESPACE, UNITS, DataPoint
from audit_trail.settings import Settings

DATA_PER_CALL = 500
"""Half of what a call takes."""
PERIOD_S = 60
CONNECT_TIMEOUT_S, READ_TIMEOUT_S, ATTEMPTS = 5, 10, 2
"""Metrics are worth half a minute of a run, and no more."""

Known = set[tuple[str, datetime]]
"""Metric names, and the minutes at which there is a point already."""


class MetricSink(Protocol):
    """Takes data points. Failures are `StorageError`; what was put before one stays put."""

    def put(self, points: Sequence[DataPoint]) -> int:
        """Put all of them, whatever is there; how many."""

    def known(self, now: datetime) -> Known:
        """What is there of the last two weeks."""


def open_sink(settings: Settings, archive: str, clients: ClientFactory = open_client) -> MetricSink | None:
    """The sink that the settings name; None: none.

    Raises:
        ConfigurationError: See `open_client`.
    """
    chosen = settings.metrics
    if chosen.sink == "file":
        return FileSink(chosen.file or settings.home / "metrics.jsonl", archive)
    if chosen.sink == "cloudwatch":
        return CloudWatchSink(settings, archive, clients)
    return None


def put_unknown(sink: MetricSink, points: Sequence[DataPoint], *, now: datetime) -> int:
    """Put the points that are not there yet; how many they were.

    Raises:
        StorageError: What is there cannot be told, or the points could not be put.
    """
    known = sink.known(now)
    return sink.put([point for point in points if (point.name, minute(point.at)) not in known])


def put_calls(points: Sequence[DataPoint], archive: str) -> Iterator[dict[str, Any]]:
    """The parameters of the calls that put all points."""
    for start in range(0, len(points), DATA_PER_CALL):
        data = [point.to_datum(archive) for point in points[start : start + DATA_PER_CALL]]
        yield {"Namespace": NAMESPACE, "MetricData": data}


def minute(moment: datetime) -> datetime:
    """The minute that a point lies in."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


class CloudWatchSink:
    """CloudWatch, with the archive's credentials and region."""

    def __init__(self, settings: Settings, archive: str, clients: ClientFactory) -> None:
        from botocore.config import Config

        self._archive = archive
        self._client = clients(
            settings.archive,
            "cloudwatch",
            config=Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            ),
        )

    def put(self, points: Sequence[DataPoint]) -> int:
        """See `MetricSink.put`."""
        with aws_errors(f"CloudWatch, namespace {NAMESPACE}"):
            for call in put_calls(points, self._archive):
                self._client.put_metric_data(**call)
        return len(points)

    def known(self, now: datetime) -> Known:
        """See `MetricSink.known`; asks for `cloudwatch:GetMetricData`."""
        found: Known = set()
        pages = self._client.get_paginator("get_metric_data").paginate(
            StartTime=minute(now - MAX_AGE),
            EndTime=minute(now) + timedelta(minutes=1),
            MetricDataQueries=[self._query(name) for name in UNITS],
        )
        with aws_errors(f"CloudWatch, namespace {NAMESPACE}"):
            for page in pages:
                for result in page["MetricDataResults"]:
                    counted = zip(result["Timestamps"], result["Values"], strict=True)
                    found |= {(result["Label"], minute(at)) for at, count in counted if count}
        return found

    def _query(self, name: str) -> dict[str, Any]:
        metric = {
            "Namespace": NAMESPACE,
            "MetricName": name,
            "Dimensions": [{"Name": DIMENSION, "Value": self._archive}],
        }
        return {
            "Id": name[0].lower() + name[1:],
            "Label": name,
            "MetricStat": {"Metric": metric, "Period": PERIOD_S, "Stat": "SampleCount"},
        }


class FileSink:
    """A file of JSON lines, one call of `PutMetricData` each, its times as RFC 3339."""

    def __init__(self, path: Path, archive: str) -> None:
        self._path = path
        self._archive = archive

    def put(self, points: Sequence[DataPoint]) -> int:
        """See `MetricSink.put`; each call is one append."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            number = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(number, "ab", buffering=0) as file:
                for call in put_calls(points, self._archive):
                    file.write(json.dumps(call, default=format_timestamp).encode() + b"\n")
        except OSError as error:
            raise self._failure(error) from error
        return len(points)

    def known(self, now: datetime) -> Known:
        """See `MetricSink.known`; a line that was cut off by a full disk is none."""
        try:
            with self._path.open("rb") as file:
                return {found for line in file for found in self._points(line)}
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise self._failure(error) from error

    def _points(self, line: bytes) -> Iterator[tuple[str, datetime]]:
        try:
            data = json.loads(line)["MetricData"]
            found = [
                (item["MetricName"], minute(parse_timestamp(item["Timestamp"])))
                for item in data
                if item["Dimensions"][0]["Value"] == self._archive
            ]
        except (ValueError, LookupError, TypeError):
            return
        yield from found

    def _failure(self, error: OSError) -> StorageError:
        return StorageError(
            "the file of metrics cannot be used",
            where=str(self._path),
            found=error.strerror or type(error).__name__,
            remedy="correct metrics.file",
        )
