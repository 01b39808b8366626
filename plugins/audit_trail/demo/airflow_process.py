"""Airflow's own commands in the demo's home: environment, log file, end."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from audit_trail.demo import sqlite_turns
from audit_trail.demo.sqlite_turns import OTHERS_WAIT_S
from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError
from audit_trail.private_file import write_private
from audit_trail.settings import Settings

DAG_ID = "audit_trail_daily"
TASK_ENDED = "[DAG TEST] end task task_id="
STOP_TIMEOUT_S = 20.0
TASKS_PER_CORE = 2
SHOWN_LOG_LINES = 12


def project_root() -> Path:
    """The checkout that this package runs from.

    Raises:
        ConfigurationError: It is an installed package without DAGs beside it.
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / "dags" / f"{DAG_ID}.py").is_file():
        raise ConfigurationError(
            "the demo needs a checkout of the project",
            where=str(root),
            expected=f"dags/{DAG_ID}.py",
            found="no such file",
        )
    return root


def airflow_environment(settings: Settings, **more: str) -> dict[str, str]:
    """Environment variables of an Airflow that runs this project's DAGs in `settings.home`.

    Args:
        settings: The demo's.
        more: Further variables.
    """
    root, home = project_root(), settings.home / "airflow"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    path = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    python_path = [str(root / "plugins"), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {
        **inherited,
        "PATH": os.pathsep.join(path),
        "PYTHONPATH": os.pathsep.join(python_path),
        "AUDIT_TRAIL_HOME": str(settings.home),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(root / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(root / "plugins"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # SQLite has one writer. More tasks at once than this, or a writer that does not
        # wait for its turn, and scheduler and DAG processor end with "database is locked".
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db?timeout={OTHERS_WAIT_S}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS": f"{sqlite_turns.__name__}.CONNECT_ARGS",
        "AIRFLOW__CORE__PARALLELISM": str(TASKS_PER_CORE * (os.cpu_count() or 1)),
        # No counting of installations: nothing leaves this machine.
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": _kept_secret(home / "jwt-secret"),
        "AIRFLOW__API__SECRET_KEY": _kept_secret(home / "api-secret"),
        **more,
    }


def run_airflow(
    arguments: list[str],
    *,
    environment: dict[str, str],
    log_path: Path,
    on_line: Callable[[str], None] | None = None,
) -> int:
    """Run an Airflow command to its end; its output goes to a log file.

    Args:
        arguments: What follows `airflow`.
        environment: From `airflow_environment`.
        log_path: Appended to.
        on_line: Called with every line of output.

    Returns:
        The exit status.
    """
    with log_path.open("ab") as log, _group(arguments, environment, subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        for line in process.stdout:
            log.write(line)
            if on_line:
                on_line(line.decode("utf-8", "replace"))
        return process.wait()


@contextmanager
def airflow_group(
    arguments: list[str], *, environment: dict[str, str], log_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """An Airflow command with all its children, ended together when the block ends."""
    with log_path.open("ab") as log, _group(arguments, environment, log.fileno()) as process:
        yield process


def failed(what: str, log_path: Path) -> AuditTrailError:
    """An error that shows the end of Airflow's log."""
    lines = log_path.read_text("utf-8", "replace").splitlines()[-SHOWN_LOG_LINES:]
    return StorageError(what, where=str(log_path), found="\n".join(["", *lines]))


@contextmanager
def _group(
    arguments: list[str], environment: dict[str, str], output: int
) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "airflow", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        # `airflow standalone` leaves its children behind when only it is ended.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        _end_group(process)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    for number, timeout_s in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout_s)
            break
    # The leader is gone; whoever of its group is left goes too.
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text("utf-8")
