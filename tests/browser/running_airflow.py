"""`audit-trail up` in a session of its own: Airflow, its UI and an embedded store."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_S = 240.0


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.25)
    return found


def request(url: str, token: str = "", body: dict[str, str] | None = None) -> dict[str, Any]:
    """What an address answers, as JSON; a body is sent by POST."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=30) as answer:
        return dict(json.load(answer))


class RunningAirflow:
    """Started at once, on a free port of the loopback interface."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audit_trail", "up", "--port", port, "--json"],
            env={**kept, "PYTHONPATH": str(ROOT / "plugins"), "AUDIT_TRAIL_HOME": str(home)},
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

    def login(self) -> dict[str, Any] | None:
        """Address and login, once Airflow answers."""
        assert self.process.poll() is None, self.said + self.log()
        try:
            return dict(json.loads(self.said))
        except ValueError:
            return None

    def log(self) -> str:
        """The end of Airflow's log."""
        path = self.home / "logs" / "up-airflow.log"
        return path.read_text("utf-8", "replace")[-3000:] if path.exists() else ""

    def close(self) -> None:
        """End it, and after a failure whatever inherited its home folder and is still there."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        for process in psutil.process_iter():
            try:
                if process.environ().get("AUDIT_TRAIL_HOME") == str(self.home):
                    process.kill()
            except psutil.Error:
                continue
