"""Runs a command on one core and measures it from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit_trail.errors import ConfigurationError

PROJECT = Path(__file__).parents[2]
_LAUNCHER = Path(__file__).with_name("launcher.py")
_ERROR_TAIL_CHARACTERS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUsage:
    """What a process used from its start to its end.

    Attributes:
        wall_s: Seconds on the clock.
        cpu_s: Seconds of processor time, user and system. Less than `wall_s`
            where others used the core as well.
        peak_rss_bytes: Most resident memory; at least the launcher's, about 10 MB.
    """

    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


def last_core() -> int:
    """The core to measure on: the last one this process may use."""
    return max(os.sched_getaffinity(0))


def run_pinned(
    command: Sequence[str],
    *,
    output: Path = Path(os.devnull),
    environment: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> ProcessUsage | None:
    """Run a command on one core.

    Args:
        command: Program and arguments.
        output: Where its standard output goes.
        environment: Variables on top of this process's own.
        timeout_s: After so many seconds it is killed.

    Returns:
        None when it was killed because it took too long.

    Raises:
        ConfigurationError: It could not be started or failed.
    """
    folders = [str(PROJECT), str(PROJECT / "plugins")]
    variables = {**os.environ, "PYTHONPATH": os.pathsep.join(folders), **(environment or {})}
    with tempfile.TemporaryDirectory() as folder, output.open("wb") as target:
        result = Path(folder, "usage")
        launch = [sys.executable, "-I", "-S", str(_LAUNCHER), str(last_core()), str(result), *command]
        process = subprocess.Popen(
            launch,
            stdout=target,
            stderr=subprocess.PIPE,
            cwd=PROJECT,
            env=variables,
            start_new_session=True,
        )
        try:
            errors = process.communicate(timeout=timeout_s)[1].decode(errors="replace")
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                return None
            raise
        return _usage(command, result, errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the launcher and what it started: they are a session of their own."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _usage(command: Sequence[str], result: Path, errors: str) -> ProcessUsage:
    wall_s, cpu_s, peak_kib, status = result.read_text().split() if result.exists() else ("0", "0", "0", "?")
    if status != "0":
        raise ConfigurationError(
            "a measured program failed",
            where=" ".join(command[:6]),
            expected="exit status 0",
            found=f"{status}: {errors[-_ERROR_TAIL_CHARACTERS:].strip()}",
            remedy="leave it out with --only, or install the other tools with --install",
        )
    return ProcessUsage(wall_s=float(wall_s), cpu_s=float(cpu_s), peak_rss_bytes=int(peak_kib) * 1024)
