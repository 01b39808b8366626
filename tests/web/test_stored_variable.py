"""The API server reads the head that the tasks remember in an Airflow Variable."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.signing.pins import Head, format_head

GENESIS = "ab" * 32
HEAD = Head(sequence=7, sha256="cd" * 32)


@pytest.fixture(autouse=True)
def _tables(airflow_tables: None) -> None:
    pass


def test_what_a_task_remembered_is_read() -> None:
    from airflow.models.variable import Variable

    from audit_trail.web.stored_variable import StoredVariablePin

    pin = StoredVariablePin(GENESIS)
    assert pin.read() is None
    Variable.set(pin.name, format_head(HEAD))
    try:
        assert pin.read() == HEAD
        Variable.set(pin.name, "rubbish")
        with pytest.raises(IntegrityError, match="cannot be read"):
            pin.read()
    finally:
        Variable.delete(pin.name)


def test_it_is_never_moved_from_here() -> None:
    from audit_trail.web.stored_variable import StoredVariablePin

    with pytest.raises(StorageError):
        StoredVariablePin(GENESIS).advance(HEAD)


def test_the_settings_choose_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_trail.web.configured_archive import ConfiguredArchive
    from audit_trail.web.stored_variable import StoredVariablePin

    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(tmp_path))
    monkeypatch.setenv("AUDIT_TRAIL_PIN", "airflow-variable")
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__GENESIS_SHA256", GENESIS)
    assert isinstance(ConfiguredArchive()().pin, StoredVariablePin)
