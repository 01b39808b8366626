"""`audit-trail up`: all of Airflow and the embedded store, until Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from audit_trail.demo.demo_home import prepare_archive, prepare_logs, running_home
from audit_trail.demo.demo_run import Steps
from audit_trail.demo.loopback_ports import LOOPBACK, is_free
from audit_trail.demo.whole_airflow import running_airflow
from audit_trail.errors import ConfigurationError
from audit_trail.settings import Settings, load_settings

if TYPE_CHECKING:
    from audit_trail.cli.output import Output

SAMPLE_DAYS = 7
SAMPLES_A_DAY = 1000
USUAL_PORTS = range(8080, 8180)
HIGHEST_PORT = 65535


def run_up(output: Output, *, port: int | None) -> int:
    """Run until SIGINT or SIGTERM, then stop everything that was started.

    Args:
        output: Where address and login go.
        port: Of Airflow's UI; None takes 8080 or the next free one.

    Raises:
        AuditTrailError: A part does not start, or ends by itself.
    """
    # Airflow's own variable, so that a container can listen to its network.
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
    deadline = {"AIRFLOW__AUDIT_TRAIL__SEALED_BY": "06:00"}
    with running_airflow(settings, host=host, port=port, **deadline) as airflow:
        with steps.step("Airflow: API server, scheduler, DAG processor, triggerer"):
            airflow.wait_until_ready(stop)
        if not stop.is_set():
            value = {
                "url": airflow.url,
                **_login(Path(airflow.environment["AIRFLOW_HOME"])),
                "log": str(airflow.log_path),
            }
            output.result(value, lambda console: _show(console, value))
        airflow.watch(stop)


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
    for port in [wanted] if wanted else USUAL_PORTS:
        if is_free(port, host):
            return port
    raise ConfigurationError(
        "no free port for Airflow's UI",
        where=f"port {wanted or USUAL_PORTS.start}",
        remedy="name another one with --port",
    )


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
