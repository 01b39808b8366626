"""`audit-trail up`: all of Airflow and the embedded store, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from audit_trail.demo.airflow_process import airflow_environment, airflow_group, failed
from audit_trail.demo.demo_home import prepare_archive, prepare_logs, running_home
from audit_trail.demo.demo_run import Steps
from audit_trail.errors import ConfigurationError
from audit_trail.settings import Settings, load_settings

if TYPE_CHECKING:
    from audit_trail.cli.output import Output

SAMPLE_DAYS = 7
SAMPLES_A_DAY = 1000
FIRST_PORT = 8080
HIGHEST_PORT = 65535
READY_TIMEOUT_S = 180
POLL_INTERVAL_S = 0.5
HEALTH_INTERVAL_S = 15
MAX_UNHEALTHY_S = 180
# A busy machine answers late; what is busy recovers, what has ended does not.
HEALTH_TIMEOUT_S = 10
LOG_NAME = "up-airflow.log"
# AIRFLOW__API__HOST of the environment, so that a container can listen to its network.
LOOPBACK = "127.0.0.1"


def run_up(output: Output, *, port: int | None) -> int:
    """Run until SIGINT or SIGTERM, then stop everything that was started.

    Args:
        output: Where address and login go.
        port: Of Airflow's UI; None takes 8080 or the next free one.

    Raises:
        AuditTrailError: A part does not start, or ends by itself.
    """
    host = os.environ.get("AIRFLOW__API__HOST", LOOPBACK)
    chosen = _free_port(host, _wanted_port(port))
    stop = threading.Event()
    previous = {number: signal.signal(number, _setter(stop)) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with running_home(load_settings().home) as settings:
            steps = Steps(output)
            _prepare(settings, steps)
            _serve(settings, steps, output, stop, address=(host, chosen))
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
    return 0


def _prepare(settings: Settings, steps: Steps) -> None:
    with steps.step("keys, bucket with Object Lock, genesis"):
        prepare_archive(settings)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    with steps.step(f"sample logs of {SAMPLE_DAYS} days"):
        for offset in range(SAMPLE_DAYS):
            prepare_logs(settings, yesterday - timedelta(days=offset), SAMPLES_A_DAY)


def _serve(
    settings: Settings, steps: Steps, output: Output, stop: threading.Event, *, address: tuple[str, int]
) -> None:
    """Run Airflow until `stop` is set."""
    host, port = address
    log_path = settings.home / "logs" / LOG_NAME
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    base_url = f"http://{LOOPBACK}:{port}"
    environment = airflow_environment(
        settings,
        AIRFLOW__API__HOST=host,
        AIRFLOW__API__PORT=str(port),
        AIRFLOW__API__BASE_URL=base_url,
        AIRFLOW__AUDIT_TRAIL__SEALED_BY="06:00",
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL=f"{base_url}/execution/",
    )
    with airflow_group(["standalone"], environment=environment, log_path=log_path) as process:
        with steps.step("Airflow: API server, scheduler, DAG processor, triggerer"):
            _wait_until_ready(process, base_url, log_path, stop)
        if not stop.is_set():
            value = {"url": base_url, **_login(Path(environment["AIRFLOW_HOME"])), "log": str(log_path)}
            output.result(value, lambda console: _show(console, value))
        _watch(process, base_url, log_path, stop)


def _setter(stop: threading.Event) -> Any:
    def handle(number: int, frame: FrameType | None) -> None:
        stop.set()

    return handle


def _wanted_port(port: int | None) -> int | None:
    """The port of `--port`, or else of Airflow's own variable; None where neither names one."""
    text = str(port or os.environ.get("AIRFLOW__API__PORT") or "0")
    if not text.isascii() or not text.isdigit() or len(text) > 5 or int(text) > HIGHEST_PORT:
        raise ConfigurationError(
            "not a port",
            where="--port" if port else "AIRFLOW__API__PORT",
            expected=f"1 to {HIGHEST_PORT}",
            found=text[:40],
        )
    return int(text) or None


def _free_port(host: str, wanted: int | None) -> int:
    for port in [wanted] if wanted else range(FIRST_PORT, FIRST_PORT + 100):
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return port
    raise ConfigurationError(
        "no free port for Airflow's UI",
        where=f"port {wanted or FIRST_PORT}",
        remedy="name another one with --port",
    )


def _wait_until_ready(
    process: subprocess.Popen[bytes], base_url: str, log_path: Path, stop: threading.Event
) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while not stop.wait(POLL_INTERVAL_S):
        if process.poll() is not None:
            raise failed("Airflow did not start", log_path)
        if _is_healthy(base_url):
            return
        if time.monotonic() > deadline:
            raise failed(f"Airflow was not ready after {READY_TIMEOUT_S} s", log_path)


def _watch(process: subprocess.Popen[bytes], base_url: str, log_path: Path, stop: threading.Event) -> None:
    """Wait for the end; say so when a part has ended that nobody starts again."""
    last_healthy = last_look = time.monotonic()
    while not stop.wait(POLL_INTERVAL_S):
        if process.poll() is not None:
            raise failed("Airflow ended by itself", log_path)
        if time.monotonic() - last_look < HEALTH_INTERVAL_S:
            continue
        last_look = time.monotonic()
        if _is_healthy(base_url):
            last_healthy = last_look
        elif last_look - last_healthy > MAX_UNHEALTHY_S:
            raise failed("a part of Airflow has not been healthy for minutes", log_path)


def _is_healthy(base_url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{base_url}/api/v2/monitor/health", timeout=HEALTH_TIMEOUT_S) as answer:  # noqa: S310
            health = json.load(answer)
    except (OSError, ValueError, urllib.error.URLError):
        return False
    parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
    return all(health.get(part, {}).get("status") == "healthy" for part in parts)


def _login(airflow_home: Path) -> dict[str, str]:
    """The user that Airflow's simple auth manager made, and the file with the password."""
    path = airflow_home / "simple_auth_manager_passwords.json.generated"
    try:
        user, password = next(iter(json.loads(path.read_text("utf-8")).items()))
    except (OSError, ValueError, StopIteration):
        return {"password_file": str(path)}
    return {"user": user, "password": password}


def _show(console: Any, value: dict[str, str]) -> None:
    console.print(f"\nAirflow is at {value['url']}", style="bold", markup=False)
    if "password" in value:
        console.print(f"  user {value['user']}, password {value['password']}", markup=False)
    console.print(f"  log {value['log']}", markup=False)
    console.print("The schedule seals yesterday; backfill the six days before it in the UI, or with:")
    console.print(f"  {backfill_command()}", markup=False)
    console.print("Ctrl-C stops everything.")


def backfill_command() -> str:
    """The command that seals the sample days before yesterday."""
    today = datetime.now(UTC).date()
    first, last = today - timedelta(days=SAMPLE_DAYS), today - timedelta(days=2)
    return f"./run.sh airflow backfill create --dag-id audit_trail_daily --from-date {first} --to-date {last}"
