"""CloudWatch Logs groups over HTTP: order of arrival, pages, late and changed events."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.pipeline.conftest import Archive, make_archive  # noqa: F401 - a fixture
from tests.pipeline.test_late_data import content, verified

from audit_trail.errors import CollectionError, ConfigurationError, IntegrityError
from audit_trail.settings import SourceSettings
from audit_trail.sources import InputStream, SealedRange, SourceAccess, SourceFile, list_all, list_files
from audit_trail.sources.cloudwatch_logs import CloudWatchLogs
from audit_trail.sources.event_sort import sorted_lines

GROUP = "/aws/lambda/orders"
# The service takes no events that are older than 14 days, and says itself when it got them.
DAY = (datetime.now(UTC) - timedelta(days=1)).date()
START = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
SETTLED = timedelta(minutes=10)


@pytest.fixture
def logs(aws: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("logs")
    client.create_log_group(logGroupName=GROUP)
    for stream in ("web-1", "web-2", "worker"):
        client.create_log_stream(logGroupName=GROUP, logStreamName=stream)
    return client


def put(client: Any, stream: str, *events: tuple[timedelta, str]) -> None:
    client.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream,
        logEvents=[
            {"timestamp": int((START + offset).timestamp() * 1000), "message": message}
            for offset, message in events
        ],
    )


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


def access(now: datetime | None = None, **more: Any) -> SourceAccess:
    return SourceAccess(now=lambda: now or datetime.now(UTC) + SETTLED, **more)


def listed(query: str = "", **more: Any) -> SourceFile | None:
    source = SourceSettings(name="a", kind="application", url=f"cloudwatch-logs://{GROUP}{query}")
    files = list_files(source, DAY, access(**more)).files
    return files[0] if files else None


def stream_of(*sealed: InputStream, query: str = "", **more: Any) -> InputStream:
    file = listed(query, **more)
    assert file is not None
    ranges = [SealedRange(start=part.start, end=part.end, sha256=part.raw_sha256) for part in sealed]
    return InputStream(file.uri, open_file=file.open, sealed=ranges, start=ranges[-1].end if ranges else 0)


def messages(stream: InputStream) -> list[str]:
    return [json.loads(line)["message"] for line in b"".join(stream).splitlines()]


def test_a_days_events_come_in_the_order_of_their_arrival_with_all_that_names_them(logs: Any) -> None:
    put(logs, "web-1", (hours(-1), "the day before"), (hours(5), "grüße\n\x00"))
    put(logs, "web-2", (timedelta(0), "first moment"))
    put(logs, "web-2", (hours(24) - timedelta(milliseconds=1), "last moment"), (hours(24), "the day after"))
    stream = stream_of()
    records = [json.loads(line) for line in b"".join(stream).splitlines()]
    assert [item["message"] for item in records] == ["grüße\n\x00", "first moment", "last moment"]
    assert set(records[0]) == {"eventId", "ingestionTime", "logStreamName", "message", "timestamp"}
    assert records[0]["logStreamName"] == "web-1"
    assert records[0]["timestamp"] == int((START + hours(5)).timestamp() * 1000)
    assert stream.file_uri == f"cloudwatch-logs://{GROUP}?region=us-east-1&date={DAY}"
    assert b"".join(stream_of()) == b"".join(stream)


def test_all_pages_are_read(logs: Any) -> None:
    """A page holds 10,000 events at most."""
    put(logs, "web-1", *((timedelta(seconds=number), f"{number}") for number in range(10_003)))
    assert messages(stream_of()) == [f"{number}" for number in range(10_003)]


def test_streams_and_filters_choose_and_are_named(logs: Any) -> None:
    put(logs, "web-1", (hours(1), "good"), (hours(2), "ERROR bad"))
    put(logs, "worker", (hours(3), "ERROR worse"))
    assert messages(stream_of(query="?stream-prefix=web-")) == ["good", "ERROR bad"]
    both = stream_of(query="?stream-prefix=web-&filter=ERROR")
    assert messages(both) == ["ERROR bad"]
    assert (
        both.file_uri
        == f"cloudwatch-logs://{GROUP}?stream-prefix=web-&filter=ERROR&region=us-east-1&date={DAY}"
    )
    assert listed("?stream-prefix=none") is None


def test_groups_of_one_name_in_two_regions_are_two_inputs(logs: Any) -> None:
    other = boto3.client("logs", "eu-central-1")
    other.create_log_group(logGroupName=GROUP)
    other.create_log_stream(logGroupName=GROUP, logStreamName="web-1")
    put(logs, "web-1", (hours(1), "of one"))
    put(other, "web-1", (hours(1), "of the other"))
    sources = [
        SourceSettings(name=region, kind="api", url=f"cloudwatch-logs://{GROUP}", region=region)
        for region in ("us-east-1", "eu-central-1")
    ]
    files = [file for listing in list_all(sources, DAY, access()).values() for file in listing.files]
    assert [messages(InputStream(file.uri, open_file=file.open)) for file in files] == [
        ["of one"],
        ["of the other"],
    ]


def test_late_events_are_a_further_range_whatever_their_own_time(logs: Any) -> None:
    put(logs, "web-1", (hours(2), "one"), (hours(3), "two"))
    first = stream_of()
    assert messages(first) == ["one", "two"]
    put(logs, "worker", (hours(1), "late, though it happened before"))
    second = stream_of(first)
    assert messages(second) == ["late, though it happened before"]
    assert messages(stream_of(first, second)) == []


def test_events_that_were_taken_away_change_what_is_sealed(logs: Any) -> None:
    put(logs, "web-1", (hours(2), "one"))
    put(logs, "web-2", (hours(3), "two"))
    first = stream_of()
    messages(first)
    logs.delete_log_stream(logGroupName=GROUP, logStreamName="web-1")
    with pytest.raises(IntegrityError) as raised:
        messages(stream_of(first))
    assert raised.value.where == first.file_uri
    logs.delete_log_stream(logGroupName=GROUP, logStreamName="web-2")
    assert listed() is None


def test_what_arrived_a_moment_ago_waits_for_the_next_revision(logs: Any) -> None:
    put(logs, "web-1", (hours(2), "one"))
    assert listed(now=datetime.now(UTC)) is None
    assert messages(stream_of()) == ["one"]


def test_a_days_last_events_settle_before_they_are_read(logs: Any) -> None:
    put(logs, "web-1", (hours(2), "one"))
    waited: list[float] = []
    listed(now=START + hours(24) + timedelta(seconds=30), pause=waited.append)
    assert waited == [90]


@pytest.mark.parametrize(
    "url",
    [
        "cloudwatch-logs://",
        "cloudwatch-logs://a group",
        "cloudwatch-logs://g?streams=a",
        "cloudwatch-logs://g?filter=a&filter=b",
        "cloudwatch-logs://g?filter",
        "cloudwatch-logs://g?filter=",
    ],
)
def test_a_url_that_is_not_understood_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError):
        list_files(SourceSettings(name="a", kind="api", url=url), DAY, access())


def test_a_group_that_is_not_there_is_an_error_and_no_quiet_day(logs: Any) -> None:
    source = SourceSettings(name="a", kind="api", url="cloudwatch-logs://none")
    with pytest.raises(CollectionError) as raised:
        list_files(source, DAY, access())
    assert (raised.value.where, raised.value.found) == (
        f"cloudwatch-logs://none?region=us-east-1&date={DAY}",
        "ResourceNotFoundException",
    )


def test_an_unreachable_service_is_a_collection_error(monkeypatch: pytest.MonkeyPatch, logs: Any) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    make = lambda name, config, **more: boto3.client(name, **more)  # noqa: E731
    source = SourceSettings(
        name="a", kind="api", url="cloudwatch-logs://g", endpoint_url="http://127.0.0.1:9"
    )
    with pytest.raises(CollectionError, match="did not answer"):
        list_files(source, DAY, access(make_client=make))


class _Busy(BaseHTTPRequestHandler):
    """Says that it is busy, then gives a page without events, and then the events."""

    asked: list[Any]

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).asked.append(request.get("nextToken"))
        event = {"timestamp": 1, "ingestionTime": 1, "message": "m", "logStreamName": "s", "eventId": "1"}
        answers: list[tuple[int, Any]] = [
            (400, {"__type": "ThrottlingException"}),
            (200, {"events": [], "nextToken": "second"}),
            (200, {"events": [], "nextToken": "third"}),
            (200, {"events": [event]}),
        ]
        status, answer = answers[len(type(self).asked) - 1]
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Not into the tests' output."""


def test_a_busy_service_is_asked_again_and_a_page_without_events_is_not_the_end(logs: Any) -> None:
    handler = type("Handler", (_Busy,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        source = SourceSettings(name="a", kind="api", url="cloudwatch-logs://g", endpoint_url=url)
        log = CloudWatchLogs(source.url, source, DAY, access())
        lines = list(log.lines())
        server.shutdown()
    assert [json.loads(line)["message"] for line in lines] == ["m"]
    assert handler.asked == [None, None, "second", "third"]  # type: ignore[attr-defined]


def test_more_events_than_fit_into_memory_are_sorted_on_disk(tmp_path: Path) -> None:
    rng = random.Random(7)
    numbers = [rng.randrange(2000) for _ in range(3000)]
    events = [(b"%08d" % number, b'{"n":%d,"tab":"\t"}\n' % number) for number in numbers]
    whole = b"".join(line for _, line in sorted(set(events)))
    for run_bytes in (1, 1000, 1 << 20):
        found = sorted_lines(iter(events), where="x", folder=tmp_path / "work", run_bytes=run_bytes)
        assert b"".join(found) == whole
    assert list((tmp_path / "work").iterdir()) == []


def test_a_day_is_sealed_late_and_changed(
    logs: Any,
    make_archive: Callable[..., Archive],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)  # the archive's come from its own file
    now = datetime.now(UTC) + SETTLED
    put(logs, "web-1", (hours(1), '{"password": "hunter2", "n": 1}'))
    source = {"name": "orders", "kind": "application", "url": f"cloudwatch-logs://{GROUP}"}
    archive = make_archive(sources=[source], now=lambda: now)
    day = DAY.isoformat()
    archive.processor(now=now).process_daily_logs(day)
    assert [(item.verdict, item.records) for item in verified(archive, now=now).days] == [("sealed", 1)]
    assert b"hunter2" not in content(archive)
    put(logs, "web-2", (timedelta(0), "late"))
    assert [item.verdict for item in verified(archive, now=now).days] == ["late"]
    archive.processor(now=now).process_daily_logs(day)
    assert [(item.verdict, item.revisions) for item in verified(archive, now=now).days] == [("sealed", 2)]
    assert archive.staged() == []
    logs.delete_log_stream(logGroupName=GROUP, logStreamName="web-1")
    report = verified(archive, now=now)
    assert [item.verdict for item in report.days] == ["tampered"]
    assert report.checks.not_passed[0].where == f"cloudwatch-logs://{GROUP}?region=us-east-1&date={day}"
