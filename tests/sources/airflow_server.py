"""Airflow's own API server in a child process, and its audit log to write into.

As a script: serves until its standard input ends, and says its port on standard output.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from datetime import datetime
from pathlib import Path


class AirflowServer:
    """A running server with a database of its own."""

    def __init__(self, home: Path) -> None:
        self._home = home
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(home / "plugins"),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "auditor:viewer,nobody:",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of this test alone, and long enough",
        }
        self._log = (home / "server.log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
        )
        assert self._process.stdout is not None
        lines = iter(self._process.stdout)
        port = next((line.split()[1] for line in lines if line.startswith(b"PORT ")), None)
        assert port is not None, (home / "server.log").read_text()[-3000:]
        self._drain = threading.Thread(target=lambda: [None for _ in lines], daemon=True)
        self._drain.start()
        self.address = f"127.0.0.1:{int(port)}"

    def password(self, user: str) -> str:
        """What Airflow made for a user."""
        path = self._home / "simple_auth_manager_passwords.json.generated"
        return str(json.loads(path.read_text())[user])

    def log(self, when: datetime, event: str, *, extra: str | None = None, dag: str | None = None) -> None:
        """An event, with the time that a test needs.

        Airflow lists it if it concerns no DAG, or one that is there.
        """
        self.sql(
            "INSERT INTO log (dttm, event, owner, extra, dag_id) VALUES (?, ?, 'alice', ?, ?)",
            when.strftime("%Y-%m-%d %H:%M:%S.%f"), event, extra, dag,
        )  # fmt: skip

    def sql(self, statement: str, *values: object) -> None:
        """What whoever holds the database can do."""
        with closing(sqlite3.connect(self._home / "airflow.db", timeout=30)) as connection, connection:
            connection.execute(statement, values)

    def close(self) -> None:
        """End it and wait."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(60)
        finally:
            self._process.kill()
            self._process.wait()
            self._drain.join()
            self._process.stdout.close()
            self._log.close()


def serve() -> None:
    """See the module."""
    import uvicorn
    from airflow import settings
    from airflow.models import Base, import_all_models

    import_all_models()
    Base.metadata.create_all(settings.engine)
    from airflow.api_fastapi.app import create_app

    server = uvicorn.Server(uvicorn.Config(create_app(apps="core"), port=0, log_level="error"))

    def say_port_and_wait() -> None:
        while not server.started:
            threading.Event().wait(0.02)
        sys.stdout.write(f"PORT {server.servers[0].sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        sys.stdin.read()
        server.should_exit = True

    threading.Thread(target=say_port_and_wait, daemon=True).start()
    server.run()


if __name__ == "__main__":
    serve()
