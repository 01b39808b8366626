"""`audit-trail up` as the image runs it: log in, see yesterday sealed, stop, leave nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.demo.real_task_logs import check_evidence

from audit_trail.demo.store_ports import GRPC_OFFSET, SOCKET_FOLDER, load_ports

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240.0
YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.5)
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def command_of_the_image() -> list[str]:
    """What `run.sh` is called with in the image, where nobody says anything else."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    command = json.loads(next(line.removeprefix("CMD ") for line in lines if line.startswith("CMD ")))
    assert command[0] == "./run.sh"
    return list(command[1:])


class Up:
    """`up`, running in a session of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "plugins"),
            "AUDIT_TRAIL_HOME": str(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
        }
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audit_trail", *command_of_the_image(), "--json"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def document(self) -> dict[str, Any] | None:
        """What it printed, once that is whole."""
        assert self.process.poll() is None, self.said + self.log()
        try:
            return dict(json.loads(self.said))
        except ValueError:
            return None

    def log(self, tail: int = 3000) -> str:
        path = self.home / "logs" / "up-airflow.log"
        return path.read_text("utf-8", "replace")[-tail:] if path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """Its own, and all that inherited its home folder, whoever is their parent now."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("AUDIT_TRAIL_HOME") == str(self.home)
                if process.status() != psutil.STATUS_ZOMBIE and ours:
                    found.append(process)
            except psutil.Error:
                continue
        return found


def request(url: str, token: str = "", body: dict[str, str] | None = None) -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        return dict(json.load(answer))


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path / "home")
    yield running
    # Only after a failure is anything left to end.
    for process in running.processes():
        process.kill()
    running.process.wait(30)


def test_up_serves_a_ui_seals_yesterday_and_leaves_nothing_behind(up: Up, tmp_path: Path) -> None:
    login = wait_for("the address and login", up.document)
    assert login["url"] == f"http://127.0.0.1:{up.port}"
    token = request(
        f"{login['url']}/auth/token", body={"username": login["user"], "password": login["password"]}
    )["access_token"]

    def sealed() -> bool:
        runs = request(f"{login['url']}/api/v2/dags/audit_trail_daily/dagRuns", token)["dag_runs"]
        of_yesterday = [run for run in runs if str(run["data_interval_start"]).startswith(YESTERDAY)]
        assert "failed" not in [run["state"] for run in of_yesterday], up.log()
        return "success" in [run["state"] for run in of_yesterday]

    wait_for("yesterday's run", sealed)
    status = subprocess.run(
        [sys.executable, "-m", "audit_trail", "status", "--json"],
        env=up.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert status.returncode == 0, status.stdout + status.stderr
    assert json.loads(status.stdout)["last_day"] == YESTERDAY

    (run,) = [
        run
        for run in request(f"{login['url']}/api/v2/dags/audit_trail_daily/dagRuns", token)["dag_runs"]
        if str(run["data_interval_start"]).startswith(YESTERDAY)
    ]
    (event,) = request(f"{login['url']}/api/v2/assets/events", token)["asset_events"]
    assert (event["name"], event["extra"]["day"]) == ("audit_trail_sealed_day", YESTERDAY)
    task = f"{login['url']}/api/v2/dags/audit_trail_daily/dagRuns/{run['dag_run_id']}/taskInstances/seal"
    links = request(f"{task}/links", token)["extra_links"]
    assert links["Sealed day"] == f"/plugin/audit-trail?day={YESTERDAY}"
    if datetime.now(UTC).hour >= 7:
        # The run began after its deadline of 06:00: that is said, by the triggerer, and nobody is called.
        wait_for("the missed deadline", lambda: f"{YESTERDAY} was not sealed by" in up.log(tail=10_000_000))
    check_evidence(up.home, up.environment, tmp_path)

    ports = load_ports(up.home / "store" / "ports.json")
    listening = {up.port, *ports.values(), *(port + GRPC_OFFSET for port in ports.values())}
    assert all(is_open(port) for port in (up.port, ports["s3"]))
    started = up.processes()
    assert len(started) > 3

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(PATIENCE_S) == 0
    assert up.processes() == []
    assert [port for port in listening if is_open(port)] == []
    names = {f"seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock" for part, port in ports.items()}
    assert names & {path.name for path in SOCKET_FOLDER.glob("seaweedfs-*.sock")} == set()
    assert json.loads(up.said) == login
