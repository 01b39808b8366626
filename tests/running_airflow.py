"""`audit-trail up` in a session of its own: all of Airflow and an embedded store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from tests.airflow_api import AirflowApi

from audit_trail.demo.loopback_ports import SERVER_PORTS, random_port

ROOT = Path(__file__).parents[1]
PATIENCE_S = 240.0


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.25)
    return found


class RunningAirflow:
    """Started at once, on a free port of the loopback interface.

    Args:
        home: A demo's home, or a folder that is not there yet.
        arguments: What follows `audit-trail`.
    """

    def __init__(self, home: Path, arguments: Sequence[str] = ("up",)) -> None:
        self.home = home
        self.port = random_port(SERVER_PORTS)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW__")}
        self.environment = {
            **kept,
            "PYTHONPATH": str(ROOT / "plugins"),
            "AUDIT_TRAIL_HOME": str(home),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__PORT": str(self.port),
        }
        self.said = ""
        self._environments: dict[str, dict[str, str]] = {}
        self._again: list[subprocess.Popen[bytes]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "audit_trail", *arguments, "--json"],
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

    def login(self) -> dict[str, str]:
        """Address and login, as soon as Airflow answers."""
        return dict(wait_for("the address and login", self._login))

    def _login(self) -> dict[str, str] | None:
        assert self.process.poll() is None, self.said + self.log()
        try:
            return dict(json.loads(self.said))
        except ValueError:
            return None

    def api(self) -> AirflowApi:
        """Airflow's own API, as the administrator."""
        login = self.login()
        return AirflowApi(login["url"], login["user"], login["password"])

    def log(self, tail: int = 3000) -> str:
        """The end of Airflow's log."""
        path = self.home / "logs" / "up-airflow.log"
        return path.read_text("utf-8", "replace")[-tail:] if path.exists() else ""

    def everything(self) -> list[psutil.Process]:
        """What was started here and all below it.

        Also Airflow's servers, which rename themselves and with that hide their environment.
        """
        found = []
        for process in (self.process, *self._again):
            with suppress(psutil.NoSuchProcess):
                root = psutil.Process(process.pid)
                found += [root, *root.children(recursive=True)]
        return found

    def processes(self) -> list[psutil.Process]:
        """All that inherited its home folder, whoever is their parent now."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("AUDIT_TRAIL_HOME") == str(self.home)
                if process.status() != psutil.STATUS_ZOMBIE and ours:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def kill(self, part: str) -> None:
        """End one of Airflow's processes, e.g. `triggerer`, as the kernel does when memory is short."""
        processes = self._part(part)
        assert processes, part
        self._environments[part] = processes[0].environ()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, timeout=30)
        wait_for(f"the end of the {part}", lambda: not self._part(part))

    def start(self, part: str) -> None:
        """Start it again, with the environment that it had."""
        with (self.home / "logs" / f"{part}-again.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "airflow", part],
                env=self._environments[part],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._again.append(process)

    def _part(self, part: str) -> list[psutil.Process]:
        """A process that was started for it, and those below it."""
        found = []
        for process in self.processes():
            try:
                if process.cmdline()[-1:] == [part]:
                    found += [process, *process.children(recursive=True)]
            except psutil.Error:
                continue
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """End it, and after a failure whatever of it is still there."""
        everything = self.everything()
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        for process in alive([*everything, *self.processes()]):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        for again in self._again:
            again.wait(30)


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended."""
    found = []
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found
