"""All of Airflow as processes of one machine: started, waited for, watched, ended."""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_trail.demo.airflow_process import airflow_environment, airflow_group, failed
from audit_trail.demo.loopback_ports import LOOPBACK, SERVER_PORTS, is_free, random_port
from audit_trail.settings import Settings

READY_TIMEOUT_S = 180
POLL_INTERVAL_S = 0.5
HEALTH_INTERVAL_S = 15
MAX_UNHEALTHY_S = 180
# A busy machine answers late; what is busy recovers, what has ended does not.
HEALTH_TIMEOUT_S = 10
LOG_NAME = "up-airflow.log"
PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


@dataclass(frozen=True, kw_only=True)
class WholeAirflow:
    """Airflow's processes.

    Attributes:
        url: Of the API server, for operators.
        tasks_url: Of the server to which tasks report.
        environment: For Airflow's own commands.
        log_path: What all of them write.
        processes: Each with children of its own.
    """

    url: str
    tasks_url: str
    environment: dict[str, str]
    log_path: Path
    processes: tuple[subprocess.Popen[bytes], ...]

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Until every part is healthy, or `stop` is set.

        Raises:
            StorageError: A part ended, or they take too long.
        """
        deadline = time.monotonic() + READY_TIMEOUT_S
        while not stop.wait(POLL_INTERVAL_S):
            if self._has_ended():
                raise failed("Airflow did not start", self.log_path)
            if self._is_healthy():
                return
            if time.monotonic() > deadline:
                raise failed(f"Airflow was not ready after {READY_TIMEOUT_S} s", self.log_path)

    def watch(self, stop: threading.Event) -> None:
        """Wait for `stop`; say so when a part has ended that nobody starts again.

        Raises:
            StorageError: It has.
        """
        last_healthy = last_look = time.monotonic()
        while not stop.wait(POLL_INTERVAL_S):
            if self._has_ended():
                raise failed("Airflow ended by itself", self.log_path)
            if time.monotonic() - last_look < HEALTH_INTERVAL_S:
                continue
            last_look = time.monotonic()
            if self._is_healthy():
                last_healthy = last_look
            elif last_look - last_healthy > MAX_UNHEALTHY_S:
                raise failed("a part of Airflow has not been healthy for minutes", self.log_path)

    def _has_ended(self) -> bool:
        return any(process.poll() is not None for process in self.processes)

    def _is_healthy(self) -> bool:
        health, tasks = _answer(f"{self.url}/api/v2/monitor/health"), _answer(f"{self.tasks_url}health")
        return tasks.get("status") == "healthy" and all(
            health.get(part, {}).get("status") == "healthy" for part in PARTS
        )


@contextmanager
def running_airflow(settings: Settings, *, host: str, port: int, **more: str) -> Iterator[WholeAirflow]:
    """Start everything; when the block ends, everything is ended.

    Args:
        settings: The demo's.
        host: Address at which the API server listens.
        port: Its port. The server to which tasks report takes one of `SERVER_PORTS` on loopback.
        more: Further environment variables.

    Raises:
        StorageError: None of these is free.
    """
    # The operators' port is still free, and spoken for.
    tasks_port = random_port(SERVER_PORTS, lambda number: number != port and is_free(number))
    log_path = settings.home / "logs" / LOG_NAME
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    url, tasks_url = f"http://{LOOPBACK}:{port}", f"http://{LOOPBACK}:{tasks_port}/execution/"
    environment = airflow_environment(
        settings,
        AIRFLOW__API__HOST=host,
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__API__BASE_URL=url,
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=tasks_url,
        **more,
    )
    # It starts beside what makes the database, and is not asked before.
    for_tasks = environment | {"AIRFLOW__DATABASE__CHECK_MIGRATIONS": "False"}
    with (
        airflow_group(_tasks_server(tasks_port), environment=for_tasks, log_path=log_path) as tasks,
        airflow_group(["standalone"], environment=environment, log_path=log_path) as others,
    ):
        yield WholeAirflow(
            url=url,
            tasks_url=tasks_url,
            environment=environment,
            log_path=log_path,
            processes=(tasks, others),
        )


def _tasks_server(port: int) -> list[str]:
    """Airflow's command for a server to which tasks alone report.

    On SQLite it has to be another one than the operators'. That one writes down in its event loop
    what an operator asks for, and waits there for its turn to write; had a task the turn that
    reports to the same server, it would wait for that loop, and neither would go on.
    """
    return ["api-server", "--apps", "execution", "--host", LOOPBACK, "--port", str(port)]


def _answer(url: str) -> dict[str, Any]:
    """What a server says of its health; empty where it says nothing."""
    try:
        with urllib.request.urlopen(url, timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310 - loopback
            found = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return {}
    return found if isinstance(found, dict) else {}
