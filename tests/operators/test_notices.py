"""Who is told of a missed deadline, and what the DAG files read from Airflow's configuration."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest
from tests.operators.notice_servers import connections, notice_servers

from audit_trail.errors import ConfigurationError
from audit_trail.links import filled, object_link
from audit_trail.operators import airflow_config
from audit_trail.operators.notices import day_not_sealed, send

VARIABLE = "AIRFLOW__AUDIT_TRAIL__"


def missed(queued_at: str) -> dict[str, Any]:
    """What Airflow's triggerer hands to the callback of a deadline, shortened."""
    run = {
        "dag_id": "audit_trail_daily",
        "dag_run_id": "scheduled__2026-03-15T00:00:00+00:00",
        "queued_at": queued_at,
        "data_interval_start": "2026-03-14T00:00:00Z",
    }
    return {"dag_run": run, "deadline": {"id": "1", "deadline_time": "2026-03-15T06:00:00+00:00"}}


def test_a_missed_deadline_is_told_on_every_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with notice_servers() as (mail, webhook):
        for name, value in connections(mail, webhook).items():
            monkeypatch.setenv(name, value)
        asyncio.run(day_not_sealed(missed("2026-03-15T00:00:02Z")))
    sentence = "audit_trail_daily: 2026-03-14 was not sealed by 2026-03-15 06:00 UTC"
    assert [body["text"].startswith(sentence) for body in webhook.bodies] == [True]
    (message,) = mail.messages
    assert "To: one@example.com, two@example.com" in message
    assert "From: audit@example.com" in message


def test_a_run_that_began_after_its_deadline_calls_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with notice_servers() as (mail, webhook):
        for name, value in connections(mail, webhook).items():
            monkeypatch.setenv(name, value)
        with caplog.at_level(logging.WARNING):
            asyncio.run(day_not_sealed(missed("2026-03-20T12:00:00Z")))
    assert "was not sealed by 2026-03-15 06:00 UTC" in caplog.text
    assert "the run began only at 2026-03-20 12:00" in caplog.text
    assert (mail.messages, webhook.bodies) == ([], [])


def test_one_way_that_fails_stops_no_other_and_no_template_is_rendered(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with notice_servers() as (mail, webhook):
        for name, value in connections(mail, webhook).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(f"{VARIABLE}SMTP_CONN_ID", "nobody_made_this")
        send("run {{ 7 * 7 }}\nSubject: forged failed")
    assert webhook.bodies == [{"text": "run {{ 7 * 7 }}Subject: forged failed"}]
    assert "could not be sent by SMTP connection nobody_made_this" in caplog.text


def test_without_connections_the_log_is_told(caplog: pytest.LogCaptureFixture) -> None:
    send("something failed")
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_deadline_is_a_time_of_the_next_day(monkeypatch: pytest.MonkeyPatch) -> None:
    assert airflow_config.sealed_within() is None
    monkeypatch.setenv(f"{VARIABLE}SEALED_BY", "06:30")
    assert airflow_config.sealed_within() == timedelta(hours=6, minutes=30)
    for off in ("none", ""):
        monkeypatch.setenv(f"{VARIABLE}SEALED_BY", off)
        assert airflow_config.sealed_within() is None
    for wrong in ("6:30", "24:00", "06:60", "soon"):
        monkeypatch.setenv(f"{VARIABLE}SEALED_BY", wrong)
        with pytest.raises(ConfigurationError, match="Airflow's configuration") as caught:
            airflow_config.sealed_within()
        assert "AIRFLOW__AUDIT_TRAIL__SEALED_BY" in caught.value.where


def test_hours_and_schedules_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (airflow_config.late_data_hours(), airflow_config.verify_schedule()) == (0, "0 3 * * 0")
    assert airflow_config.pool() == "default_pool"
    monkeypatch.setenv(f"{VARIABLE}LATE_DATA_HOURS", "2.5")
    monkeypatch.setenv(f"{VARIABLE}VERIFY_SCHEDULE", "none")
    monkeypatch.setenv(f"{VARIABLE}POOL", "audit")
    assert (airflow_config.late_data_hours(), airflow_config.verify_schedule()) == (2.5, None)
    assert airflow_config.pool() == "audit"
    for wrong in ("-1", "169", "nan", "two"):
        monkeypatch.setenv(f"{VARIABLE}LATE_DATA_HOURS", wrong)
        with pytest.raises(ConfigurationError, match="Airflow's configuration"):
            airflow_config.late_data_hours()


def test_a_link_leads_to_the_object_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__BUCKET", "b")
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__PREFIX", "p")
    assert object_link("a b/c", "v&1") == (
        "https://us-east-1.console.aws.amazon.com/s3/object/b?region=us-east-1&prefix=p%2Fa%20b%2Fc&versionId=v%261"
    )
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL", "http://127.0.0.1:1")
    assert object_link("c") == ""
    monkeypatch.setenv(f"{VARIABLE}OBJECT_URL", "https://store/{bucket}/{key}")
    assert object_link("c") == "https://store/b/p%2Fc"
    assert filled("/x?day={day}", day="2026-03-14") == "/x?day=2026-03-14"
