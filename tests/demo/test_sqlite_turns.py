"""Two processes of Airflow write to one SQLite database, through SQLAlchemy as Airflow does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import OperationalError

from audit_trail.demo.sqlite_turns import CONNECT_ARGS


def engine_on(path: Path, **connect_args: Any) -> Engine:
    return create_engine(f"sqlite:///{path}", connect_args=connect_args)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """With one table, and readers that see what was there when they began, as Airflow has it."""
    path = tmp_path / "airflow.db"
    with engine_on(path).connect() as made:
        made.execute(text("PRAGMA journal_mode=WAL"))
        made.execute(text("CREATE TABLE runs (name TEXT)"))
        made.commit()
    return path


@pytest.fixture
def other(database: Path) -> Iterator[Connection]:
    """Somebody else, who waits for nobody."""
    engine = engine_on(database, timeout=0)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def refused() -> Any:
    return pytest.raises(OperationalError, match="database is locked")


def add(connection: Connection, name: str) -> None:
    connection.execute(text("INSERT INTO runs VALUES (:name)"), {"name": name})


def runs(connection: Connection) -> list[str]:
    return [row.name for row in connection.execute(text("SELECT name FROM runs ORDER BY name"))]


def write_after_reading(connection: Connection, between: Any) -> None:
    """What `airflow backfill create` does for each day."""
    with connection.begin_nested():
        runs(connection)
        between()
        add(connection, "backfill")
    connection.commit()


def write(other: Connection) -> None:
    add(other, "scheduled")
    other.commit()


def test_without_turns_whoever_reads_in_a_savepoint_first_is_refused_at_once(
    database: Path, other: Connection
) -> None:
    with engine_on(database, timeout=60).connect() as connection, refused():
        write_after_reading(connection, lambda: write(other))


def test_a_savepoint_takes_its_turn_before_it_reads(database: Path, other: Connection) -> None:
    def try_to_write() -> None:
        with refused():
            write(other)
        other.rollback()

    with engine_on(database, **CONNECT_ARGS).connect() as connection:
        write_after_reading(connection, try_to_write)
        write(other)
        assert runs(connection) == ["backfill", "scheduled"]


def test_it_waits_for_its_turn_and_sees_what_was_written(database: Path, other: Connection) -> None:
    add(other, "scheduled")
    with engine_on(database, **CONNECT_ARGS | {"timeout": 0}).connect() as hasty, refused():
        hasty.begin_nested()
    ending = threading.Timer(0.3, other.commit)
    ending.start()
    with engine_on(database, **CONNECT_ARGS).connect() as connection, connection.begin_nested():
        assert runs(connection) == ["scheduled"]
    ending.join()


def test_a_savepoint_within_a_transaction_begins_no_other(database: Path) -> None:
    with engine_on(database, **CONNECT_ARGS).connect() as connection:
        add(connection, "outer")
        with connection.begin_nested() as inner:
            add(connection, "taken back")
            inner.rollback()
        connection.commit()
        assert runs(connection) == ["outer"]


def test_what_only_reads_takes_no_turn(database: Path, other: Connection) -> None:
    with engine_on(database, **CONNECT_ARGS).connect() as connection:
        assert runs(connection) == []
        write(other)
        assert runs(connection) == ["scheduled"]
