"""Airflow's audit log, read from Airflow's own API server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import NOW, Archive, make_archive  # noqa: F401 - a fixture
from tests.pipeline.test_late_data import content, verified
from tests.sources.airflow_server import AirflowServer

from audit_trail.errors import CollectionError, ConfigurationError, IntegrityError
from audit_trail.pipeline.weaknesses import weaknesses
from audit_trail.settings import SourceSettings, load_settings
from audit_trail.sources import InputStream, SealedRange, SourceAccess, SourceFile, list_files

DAY = date(2026, 3, 14)
START = datetime(2026, 3, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowServer]:
    server = AirflowServer(tmp_path_factory.mktemp("airflow"))
    yield server
    server.close()


@pytest.fixture
def airflow(running: AirflowServer) -> AirflowServer:
    running.sql("DELETE FROM log")
    return running


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.fixture
def settings(airflow: AirflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr("audit_trail.sources.airflow_events.MAX_MISSING", 2)  # each takes a request
    return {
        "name": "airflow",
        "kind": "system",
        "url": f"airflow-events+http://{airflow.address}",
        "username": "auditor",
        "password_file": private(tmp_path / "password", airflow.password("auditor") + "\n"),
    }


def access(now: datetime = NOW, pause: Callable[[float], None] | None = None) -> SourceAccess:
    return SourceAccess(now=lambda: now, pause=pause or (lambda _: pytest.fail("waited")))


def listed(settings: dict[str, Any]) -> SourceFile | None:
    files = list_files(SourceSettings(**settings), DAY, access()).files
    return files[0] if files else None


def stream_of(settings: dict[str, Any], *sealed: InputStream) -> InputStream:
    file = listed(settings)
    assert file is not None
    ranges = [SealedRange(start=part.start, end=part.end, sha256=part.raw_sha256) for part in sealed]
    return InputStream(file.uri, open_file=file.open, sealed=ranges, start=ranges[-1].end if ranges else 0)


def events(stream: InputStream) -> list[Any]:
    return [json.loads(line) for line in b"".join(stream).splitlines()]


def test_a_days_events_come_in_the_order_of_their_ids_and_as_they_are_stored(
    airflow: AirflowServer, settings: dict[str, Any]
) -> None:
    airflow.log(START - timedelta(microseconds=1), "the day before")
    airflow.log(START + timedelta(hours=5), "later by its time", extra='{"k": "ü\\n"}')
    airflow.log(START, "first moment")
    airflow.log(START + timedelta(days=1, microseconds=-1), "last moment")
    airflow.log(START + timedelta(days=1), "the day after")
    stream = stream_of(settings)
    found = events(stream)
    assert [item["event"] for item in found] == ["later by its time", "first moment", "last moment"]
    first = dict(found[0])
    assert first.pop("event_log_id") > 0
    assert first == {
        "when": "2026-03-14T05:00:00.000000Z", "event": "later by its time", "owner": "alice",
        "extra": '{"k": "ü\\n"}',
    }  # fmt: skip
    assert stream.file_uri == f"{settings['url']}?date=2026-03-14"
    assert b"".join(stream_of(settings)) == b"".join(stream)


def test_a_day_without_events_has_no_input(airflow: AirflowServer, settings: dict[str, Any]) -> None:
    airflow.log(START + timedelta(days=1), "the day after")
    assert listed(settings) is None
    with pytest.raises(CollectionError, match="required source airflow") as raised:
        listed({**settings, "required": True})
    assert raised.value.expected == "at least one event"


def test_all_pages_are_read(
    airflow: AirflowServer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.sources.airflow_events.PAGE_EVENTS", 3)
    for count in range(1, 8):
        airflow.log(START, f"event {count}")
        assert [item["event"] for item in events(stream_of(settings))] == [
            f"event {number}" for number in range(1, count + 1)
        ]


def test_events_taken_away_while_they_are_read_are_noticed(
    airflow: AirflowServer, settings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.sources.airflow_events.PAGE_EVENTS", 3)
    for number in range(8):
        airflow.log(START, f"event {number}")
    from audit_trail.sources.airflow_events import AirflowEvents

    log = AirflowEvents(settings["url"], SourceSettings(**settings), DAY, access())
    lines = log.lines()
    next(lines)
    airflow.sql("DELETE FROM log WHERE event = 'event 0'")
    with pytest.raises(CollectionError, match="taken away while they were read"):
        list(lines)


def test_events_of_dags_that_are_gone_are_found_by_their_ids(
    airflow: AirflowServer, settings: dict[str, Any]
) -> None:
    hours = [START + timedelta(hours=hour) for hour in range(-1, 26)]
    airflow.log(hours[0], "the day before")
    airflow.log(hours[0], "the day before, hidden", dag="gone")
    airflow.log(hours[2], "trigger", dag="gone")
    airflow.log(hours[3], "listed")
    airflow.log(hours[4], "pause", dag="gone")
    airflow.log(hours[4], "rolled back")
    airflow.log(hours[5], "listed, too")
    airflow.log(hours[6], "delete_dag", dag="gone")
    airflow.sql("DELETE FROM log WHERE event = 'rolled back'")
    expected = ["trigger", "listed", "pause", "listed, too", "delete_dag"]
    assert [item["event"] for item in events(stream_of(settings))] == expected
    airflow.log(hours[26], "the day after, hidden", dag="gone")
    airflow.log(hours[26], "the day after")
    assert [item["event"] for item in events(stream_of(settings))] == expected


def test_a_day_of_hidden_events_alone_is_no_quiet_day(
    airflow: AirflowServer, settings: dict[str, Any]
) -> None:
    airflow.log(START - timedelta(hours=1), "the day before")
    airflow.log(START, "delete_dag", dag="gone")
    assert [item["event"] for item in events(stream_of(settings))] == ["delete_dag"]


def test_hosts_with_wrong_clocks_do_not_hide_events(airflow: AirflowServer, settings: dict[str, Any]) -> None:
    airflow.log(START, "first, hidden", dag="gone")
    airflow.log(START, "listed")
    airflow.log(START + timedelta(hours=1), "hidden", dag="gone")
    airflow.log(START - timedelta(minutes=10), "of a slow clock")
    airflow.log(START + timedelta(hours=25), "of a fast clock")
    airflow.log(START + timedelta(hours=23), "listed, too")
    airflow.log(START + timedelta(hours=23), "last, hidden", dag="gone")
    assert [item["event"] for item in events(stream_of(settings))] == [
        "first, hidden", "listed", "hidden", "listed, too", "last, hidden",
    ]  # fmt: skip


def test_a_jump_in_the_ids_is_not_followed(
    airflow: AirflowServer, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    airflow.log(START, "one")
    airflow.sql("INSERT INTO log (id, dttm, event) VALUES (1000000, '2026-03-14 02:00:00', 'two')")
    assert [item["event"] for item in events(stream_of(settings))] == ["one", "two"]
    assert "too many to ask for each" in caplog.text


def test_late_events_are_a_further_range_and_changed_ones_no_longer_the_sealed(
    airflow: AirflowServer, settings: dict[str, Any]
) -> None:
    airflow.log(START + timedelta(hours=2), "one")
    airflow.log(START + timedelta(hours=3), "two")
    first = stream_of(settings)
    events(first)
    airflow.log(START + timedelta(hours=1), "late, though it happened before")
    second = stream_of(settings, first)
    assert [item["event"] for item in events(second)] == ["late, though it happened before"]
    assert second.start == first.end
    assert events(stream_of(settings, first, second)) == []
    for statement in (
        "UPDATE log SET owner = 'mallory' WHERE event = 'one'",
        "DELETE FROM log WHERE event = 'two'",
    ):
        airflow.sql(statement)
        with pytest.raises(IntegrityError) as raised:
            list(stream_of(settings, first))
        assert raised.value.where == first.file_uri


def test_a_days_events_settle_before_they_are_read(airflow: AirflowServer, settings: dict[str, Any]) -> None:
    waited: list[float] = []
    end = START + timedelta(days=1)
    for seconds in (0, 119, 120, 500):
        now = end + timedelta(seconds=seconds)
        list_files(SourceSettings(**settings), DAY, access(now, waited.append))
    assert waited == [120, 1]


# Who asks


def test_a_token_may_be_given_instead_of_a_password(
    airflow: AirflowServer, settings: dict[str, Any], tmp_path: Path
) -> None:
    import requests

    airflow.log(START, "one")
    login = {"username": "auditor", "password": airflow.password("auditor")}
    token = requests.post(f"http://{airflow.address}/auth/token", json=login, timeout=30).json()[
        "access_token"
    ]
    del settings["username"], settings["password_file"]
    settings["token_file"] = private(tmp_path / "token", token)
    assert len(events(stream_of(settings))) == 1
    settings["token_file"] = private(tmp_path / "token", "not-to-be-shown.b.c")
    with pytest.raises(CollectionError) as raised:
        listed(settings)
    assert "not-to-be-shown" not in str(raised.value)
    assert raised.value.found in ("HTTP status 401", "HTTP status 403")


def test_a_wrong_password_and_a_user_who_may_not_read_are_told_apart(
    airflow: AirflowServer, settings: dict[str, Any], tmp_path: Path
) -> None:
    wrong = private(tmp_path / "wrong", "not-to-be-shown")
    with pytest.raises(CollectionError) as raised:
        listed({**settings, "password_file": wrong})
    assert raised.value.found == "HTTP status 401"
    assert "not-to-be-shown" not in str(raised.value)
    nobody = private(tmp_path / "nobody", airflow.password("nobody"))
    with pytest.raises(CollectionError) as raised:
        listed({**settings, "username": "nobody", "password_file": nobody})
    assert raised.value.found == "HTTP status 403"
    assert "read the audit log" in raised.value.remedy


def test_a_token_that_has_run_out_is_replaced_in_the_middle(
    airflow: AirflowServer, settings: dict[str, Any]
) -> None:
    from audit_trail.sources.airflow_events import AirflowEvents

    airflow.log(START, "one")
    log = AirflowEvents(settings["url"], SourceSettings(**settings), DAY, access())
    assert not log.is_empty()
    log._api._token += "x"
    assert len(list(log.lines())) == 1


@pytest.mark.parametrize(
    "url",
    [
        "airflow-events://me:secret@host",
        "airflow-events://",
        "airflow-events://h/?a=secret",
        "airflow-events://h/a b",
    ],
)
def test_a_url_with_more_than_an_address_is_refused_unshown(url: str, tmp_path: Path) -> None:
    settings = {"name": "a", "kind": "api", "url": url, "token_file": private(tmp_path / "t", "x")}
    with pytest.raises(ConfigurationError, match="names no Airflow") as raised:
        listed(settings)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "content", [None, b"", b"\n", b"two\nlines\n", b"\xff\xfe", b"x" * 20_000, "ü".encode()]
)
def test_credentials_that_are_none_are_refused_unshown(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
        path.chmod(0o600)
    settings = {"name": "a", "kind": "api", "url": "airflow-events://localhost:9", "token_file": path}
    with pytest.raises(ConfigurationError) as raised:
        listed(settings)
    assert raised.value.where == str(path)


def test_credentials_that_others_can_read_are_refused(tmp_path: Path) -> None:
    path = private(tmp_path / "token", "not-to-be-shown")
    path.chmod(0o640)
    settings = {"name": "a", "kind": "api", "url": "airflow-events://localhost:9", "token_file": path}
    with pytest.raises(ConfigurationError, match="can be read by others") as raised:
        listed(settings)
    assert f"chmod 600 {path}" in str(raised.value)
    assert "not-to-be-shown" not in str(raised.value)


def test_an_unreachable_airflow_is_a_collection_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.sources.airflow_api.MAX_TRIES", 1)
    path = private(tmp_path / "token", "not-to-be-shown")
    settings = {"name": "a", "kind": "api", "url": "airflow-events+http://127.0.0.1:9", "token_file": path}
    with pytest.raises(CollectionError, match="did not answer") as raised:
        listed(settings)
    assert "not-to-be-shown" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "is_weak"),
    [
        ("airflow-events+http://airflow-apiserver:8080", True),
        ("airflow-events+http://127.0.0.1.example.com", True),
        ("airflow-events+http://localhost.example.com/base", True),
        ("airflow-events+http://localhost:8080/base", False),
        ("airflow-events+http://127.0.0.1:8080", False),
        ("airflow-events+http://[::1]:8080", False),
        ("airflow-events://airflow.example.com", False),
    ],
)
def test_a_password_without_tls_is_said_to_be_weak(url: str, is_weak: bool, tmp_path: Path) -> None:
    source = {"name": "airflow", "kind": "system", "url": url, "token_file": tmp_path / "token"}
    found = [text for text in weaknesses(load_settings(home=tmp_path, sources=[source])) if "TLS" in text]
    assert bool(found) == is_weak


# A whole day


def test_a_day_is_sealed_late_and_changed(
    airflow: AirflowServer,
    settings: dict[str, Any],
    make_archive: Callable[..., Archive],  # noqa: F811
) -> None:
    airflow.log(START + timedelta(hours=1), "trigger", extra='{"conf": {"password": "hunter2"}}')
    archive = make_archive(sources=[settings])
    archive.processor().process_daily_logs(DAY.isoformat())
    assert [(day.verdict, day.records) for day in verified(archive).days] == [("sealed", 1)]
    assert b"hunter2" not in content(archive)
    airflow.log(START + timedelta(hours=2), "pause")
    report = verified(archive)
    assert [day.verdict for day in report.days] == ["late"]
    assert "events that arrived after" in report.checks.not_passed[0].found
    archive.processor().process_daily_logs(DAY.isoformat())
    assert [(day.verdict, day.revisions) for day in verified(archive).days] == [("sealed", 2)]
    assert archive.staged() == []
    airflow.sql("UPDATE log SET owner = 'mallory' WHERE event = 'trigger'")
    report = verified(archive)
    assert [day.verdict for day in report.days] == ["tampered"]
    assert report.checks.not_passed[0].where == f"{settings['url']}?date=2026-03-14"
    airflow.sql("DELETE FROM log")
    assert [day.verdict for day in verified(archive).days] == ["sealed"]
