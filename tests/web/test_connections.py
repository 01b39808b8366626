"""The page opens its clients of AWS by the connections that the settings name, as the tasks do."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_trail.errors import StorageError

GENESIS = "a" * 64


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(tmp_path))
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__GENESIS_SHA256", GENESIS)
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__AWS_CONN_ID", "archive_conn")


def test_it_asks_with_the_connections_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_trail.web.api import make_app

    monkeypatch.setenv(
        "AIRFLOW_CONN_ARCHIVE_CONN", '{"conn_type": "aws", "login": "AKIDOFTHEPAGE", "password": "x"}'
    )
    context = make_app().state.open_context()
    client = context.clients(context.settings.archive, "s3")
    assert client._request_signer._credentials.access_key == "AKIDOFTHEPAGE"


def test_a_connection_that_is_not_there_is_named() -> None:
    from audit_trail.web.api import make_app

    with pytest.raises(StorageError, match="archive_conn"):
        _ = make_app().state.open_context().store
