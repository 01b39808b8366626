"""A report that another process measures: what it needs gets there, and what it found comes back."""

from __future__ import annotations

import configparser
import errno
import json
import os
from dataclasses import replace
from multiprocessing.context import SpawnProcess
from typing import Any

import pytest
from tests.pipeline.conftest import NOW, Archive

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.reporting.compliance import report_document
from audit_trail.reporting.compliance.measurement import Period
from audit_trail.web.report_process import ReportOrder, measure_apart


@pytest.fixture
def order(eventful: Archive) -> ReportOrder:
    context = eventful.context()
    return ReportOrder(
        settings=context.settings,
        genesis=context.genesis,
        remembered=context.pin.read(),
        period=Period(),
        now=NOW,
    )


def by_connection(order: ReportOrder) -> ReportOrder:
    """As where an Airflow connection is named, and no file with credentials."""
    archive = order.settings.archive.model_copy(update={"aws_conn_id": "apart", "credentials_file": None})
    return replace(order, settings=order.settings.model_copy(update={"archive": archive}))


def test_this_process_measures_nothing(order: ReportOrder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **named: object) -> None:
        raise AssertionError("it would keep the API server from answering")

    monkeypatch.setattr(report_document, "make_report", refuse)
    assert measure_apart(order)["report"]["genesis_sha256"] == order.genesis


def test_what_is_wrong_comes_back_as_the_error_that_it_is(order: ReportOrder) -> None:
    with pytest.raises(IntegrityError, match="nothing can be measured") as caught:
        measure_apart(replace(order, genesis="0" * 64))
    assert caught.value.expected == "0" * 64


def test_a_setting_that_is_wrong_there_is_a_configuration_error(order: ReportOrder) -> None:
    times = order.settings.timestamps.model_copy(
        update={"certificate_file": order.settings.home / "none.pem"}
    )
    with pytest.raises(ConfigurationError, match=r"none\.pem"):
        measure_apart(replace(order, settings=order.settings.model_copy(update={"timestamps": times})))


def test_it_asks_by_the_connection_that_the_settings_name(
    order: ReportOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = configparser.ConfigParser()
    credentials.read(str(order.settings.archive.credentials_file))
    (section,) = (credentials[name] for name in credentials.sections())
    keys = {"login": section["aws_access_key_id"], "password": section["aws_secret_access_key"]}
    monkeypatch.setenv("AIRFLOW_CONN_APART", json.dumps({"conn_type": "aws", **keys}))
    assert measure_apart(by_connection(order))["report"]["genesis_sha256"] == order.genesis


def test_a_connection_that_is_not_there_is_named(order: ReportOrder) -> None:
    with pytest.raises(StorageError, match="apart"):
        measure_apart(by_connection(order))


def test_a_process_that_ends_without_an_answer_is_no_report() -> None:
    class Ending:
        """Ends whoever reads it, as the kernel does where memory runs out."""

        def __reduce__(self) -> Any:
            return os._exit, (9,)

    with pytest.raises(StorageError, match="without one") as caught:
        measure_apart(Ending())  # type: ignore[arg-type]
    assert caught.value.found == "exit status 9"


def test_a_process_that_cannot_be_started_is_no_report(
    order: ReportOrder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(process: SpawnProcess) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(SpawnProcess, "start", refuse)
    with pytest.raises(StorageError, match="no process could be started") as caught:
        measure_apart(order)
    assert caught.value.found == "Resource temporarily unavailable"
