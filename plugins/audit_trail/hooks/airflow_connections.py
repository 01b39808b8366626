"""Airflow connections by their id, from whatever secrets backend Airflow has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from audit_trail.errors import StorageError

if TYPE_CHECKING:
    from airflow.sdk import Connection


def find_connection(conn_id: str, *, field: str) -> Connection:
    """A connection.

    Args:
        conn_id: Its id.
        field: The setting that names it, for the error.

    Raises:
        StorageError: It is not there. That a secrets backend could not be reached
            looks the same from here, so it may be tried again.
    """
    try:
        return BaseHook.get_connection(conn_id)
    except (AirflowNotFoundException, AirflowRuntimeError) as error:
        raise StorageError(
            "there is no such Airflow connection, or what keeps it could not be reached",
            where=f"{field}: {conn_id}",
            found=type(error).__name__,
            remedy=f"make it where the tasks run, for example as AIRFLOW_CONN_{conn_id.upper()}",
        ) from None
