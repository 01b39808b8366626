"""`audit-trail up` as the image runs it: log in, see yesterday sealed, stop, leave nothing."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.demo.real_task_logs import check_evidence
from tests.running_airflow import PATIENCE_S, ROOT, RunningAirflow, alive, wait_for

from audit_trail.demo.store_ports import GRPC_OFFSET, SOCKET_FOLDER, load_ports

YESTERDAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
RUNS = "/api/v2/dags/audit_trail_daily/dagRuns"


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


@pytest.fixture
def up(tmp_path: Path) -> Iterator[RunningAirflow]:
    running = RunningAirflow(tmp_path / "home", command_of_the_image())
    try:
        yield running
    finally:
        running.close()


def test_up_serves_a_ui_seals_yesterday_and_leaves_nothing_behind(up: RunningAirflow, tmp_path: Path) -> None:
    login, api = up.login(), up.api()
    assert login["url"] == f"http://127.0.0.1:{up.port}"

    def sealed() -> bool:
        runs = api.get(RUNS)["dag_runs"]
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
        run for run in api.get(RUNS)["dag_runs"] if str(run["data_interval_start"]).startswith(YESTERDAY)
    ]
    (event,) = api.get("/api/v2/assets/events")["asset_events"]
    assert (event["name"], event["extra"]["day"]) == ("audit_trail_sealed_day", YESTERDAY)
    links = api.get(f"{RUNS}/{run['dag_run_id']}/taskInstances/seal/links")["extra_links"]
    assert links["Sealed day"] == f"/plugin/audit-trail?day={YESTERDAY}"
    if datetime.now(UTC).hour >= 7:
        # The run began after its deadline of 06:00: that is said, by the triggerer, and nobody is called.
        wait_for("the missed deadline", lambda: f"{YESTERDAY} was not sealed by" in up.log(tail=10_000_000))
    check_evidence(up.home, up.environment, tmp_path)

    ports = load_ports(up.home / "store" / "ports.json")
    listening = {up.port, *ports.values(), *(port + GRPC_OFFSET for port in ports.values())}
    assert all(is_open(port) for port in (up.port, ports["s3"]))
    started = up.everything()
    assert len(started) > 5

    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(PATIENCE_S) == 0
    assert up.processes() == []
    assert alive(started) == []
    assert [port for port in listening if is_open(port)] == []
    names = {f"seaweedfs-{part}-grpc-{port + GRPC_OFFSET}.sock" for part, port in ports.items()}
    assert names & {path.name for path in SOCKET_FOLDER.glob("seaweedfs-*.sock")} == set()
    assert json.loads(up.said) == login


def test_up_ends_with_all_of_it_when_the_server_to_which_tasks_report_has_ended(up: RunningAirflow) -> None:
    up.login()
    started = up.everything()
    named = {process: " ".join(process.cmdline()) for process in alive(started)}
    (server,) = [
        process
        for process, name in named.items()
        if name.startswith("airflow api_server") and str(up.port) not in name
    ]
    server.kill()
    assert up.process.wait(PATIENCE_S) == 2
    assert alive(started) == []
