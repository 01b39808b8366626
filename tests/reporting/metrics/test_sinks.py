"""CloudWatch over HTTP, and the file that holds the same calls."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_trail.errors import StorageError
from audit_trail.reporting.metrics.data_points import DataPoint
from audit_trail.reporting.metrics.sinks import MetricSink, open_sink, put_unknown
from audit_trail.settings import load_settings

NOW = datetime.now(UTC).replace(microsecond=0)


def point(name: str = "DaysSealed", value: float = 1, hours: float = 5, sequence: int = 1) -> DataPoint:
    return DataPoint(name=name, value=value, at=NOW - timedelta(hours=hours), sequence=sequence)


POINTS = [point(), point("SealLagHours", 2.5), point("VerificationFailures", 1, hours=200, sequence=4)]


def opened(archive: str = "acme", **metrics: Any) -> MetricSink:
    sink = open_sink(load_settings(metrics=metrics), archive)
    assert sink is not None
    return sink


@pytest.fixture(params=["cloudwatch", "file"])
def make_sink(request: pytest.FixtureRequest, aws: str, tmp_path: Path) -> Callable[[str], MetricSink]:
    return lambda archive: opened(archive, sink=request.param, file=str(tmp_path / "metrics.jsonl"))


def test_what_was_put_is_known_to_whoever_looks(make_sink: Callable[[str], MetricSink]) -> None:
    assert make_sink("acme").known(NOW) == set()
    assert make_sink("acme").put(POINTS) == 3
    known = make_sink("acme").known(NOW)
    assert known == {(item.name, item.at.replace(second=0)) for item in POINTS}
    assert make_sink("other").known(NOW) == set()


def test_a_push_again_puts_only_what_is_not_there(make_sink: Callable[[str], MetricSink]) -> None:
    assert put_unknown(make_sink("acme"), POINTS[:2], now=NOW) == 2
    assert put_unknown(make_sink("acme"), POINTS, now=NOW) == 1
    assert put_unknown(make_sink("acme"), POINTS, now=NOW) == 0
    assert put_unknown(make_sink("other"), POINTS, now=NOW) == 3


def test_cloudwatch_gets_values_times_and_dimension(aws: str) -> None:
    import boto3

    opened(sink="cloudwatch").put(POINTS)
    client = boto3.client("cloudwatch", region_name="us-east-1")
    answer = client.get_metric_statistics(
        Namespace="AuditTrail",
        MetricName="SealLagHours",
        Dimensions=[{"Name": "Archive", "Value": "acme"}],
        StartTime=NOW - timedelta(hours=6),
        EndTime=NOW,
        Period=3600,
        Statistics=["Maximum", "SampleCount"],
    )
    assert [(item["Maximum"], item["SampleCount"]) for item in answer["Datapoints"]] == [(2.5, 1)]


def test_a_point_put_twice_changes_the_sum_and_not_the_maximum(aws: str) -> None:
    import boto3

    for _ in range(2):
        opened(sink="cloudwatch").put(POINTS)
    answer = boto3.client("cloudwatch", region_name="us-east-1").get_metric_statistics(
        Namespace="AuditTrail",
        MetricName="DaysSealed",
        Dimensions=[{"Name": "Archive", "Value": "acme"}],
        StartTime=NOW - timedelta(hours=6),
        EndTime=NOW,
        Period=3600,
        Statistics=["Maximum", "Sum", "Average"],
    )
    (found,) = answer["Datapoints"]
    assert (found["Maximum"], found["Average"], found["Sum"]) == (1, 1, 2)


def test_the_file_holds_the_very_calls(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "metrics.jsonl"
    opened(sink="file", file=str(path)).put(POINTS[:1])
    (line,) = path.read_text().splitlines()
    assert json.loads(line) == {
        "Namespace": "AuditTrail",
        "MetricData": [
            {
                "MetricName": "DaysSealed",
                "Dimensions": [{"Name": "Archive", "Value": "acme"}],
                "Timestamp": POINTS[0].at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "Value": 1,
                "Unit": "Count",
            }
        ],
    }
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_line_cut_off_by_a_full_disk_is_none(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    sink = opened(sink="file", file=str(path))
    sink.put(POINTS)
    path.write_text(path.read_text() + '{"Namespace": "AuditT\n[]\n{"MetricData": [{}]}\n')
    assert len(sink.known(NOW)) == 3


def test_failures_are_storage_errors_without_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"metrics\.jsonl"):
        opened(sink="file", file=str(tmp_path / "file" / "metrics.jsonl")).put(POINTS)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")
    for act in (lambda sink: sink.put(POINTS), lambda sink: sink.known(NOW)):
        with pytest.raises(StorageError, match="could not be reached") as caught:
            act(opened(sink="cloudwatch"))
        assert "not-to-be-shown" not in f"{caught.value!s}{caught.value.__cause__!r}"


def test_no_sink_is_the_default() -> None:
    assert open_sink(load_settings(), "acme") is None
