"""How Airflow's processes take turns writing to SQLite, which has one writer at a time.

The operators' API server writes down what is asked for in its event loop, and holds the loop up until
it may write. Another request to the same server that has the turn at that moment needs the loop to give
it back (Airflow 3.3.2). So both stand still until the API server gives up: then the operator is refused,
and everything goes on. Tasks report to a server of their own (`whole_airflow.py`), so that it takes two
operators. All others wait for longer, as they end for good when they give up.

Who only reads at first and then writes, in one transaction, is refused at once where somebody else has
written in between, however long one would wait: https://www.sqlite.org/rescode.html#busy_snapshot.
Python begins a transaction with the first writing statement, but a savepoint begins one by itself. Airflow
makes savepoints only to write (`backfill create`, asset events), so here they take their turn first.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import Any, Self

OPERATORS_WAIT_S = 10
OTHERS_WAIT_S = 60
_FOR_OPERATORS = "api-server" in sys.argv and "execution" not in sys.argv


class _Cursor(sqlite3.Cursor):
    def execute(self, sql: str, *parameters: Any) -> Self:
        if sql.startswith("SAVEPOINT ") and not self.connection.in_transaction:
            super().execute("BEGIN IMMEDIATE")
        return super().execute(sql, *parameters)


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


CONNECT_ARGS: dict[str, Any] = {
    "timeout": OPERATORS_WAIT_S if _FOR_OPERATORS else OTHERS_WAIT_S,
    "factory": _Connection,
}
"""For `[database] sql_alchemy_connect_args`; Airflow adds to it."""
