"""Says how a worker of the test run came to its end: pytest-xdist only knows that it is gone."""

from __future__ import annotations

import contextlib
import signal
from pathlib import Path

import pytest

MEMORY_FACTS = ("MemTotal", "MemAvailable", "SwapFree")
# How often the kernel killed for want of memory: of the whole machine, and of a control group.
KILL_COUNTERS = ("/proc/vmstat", "/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


class DeadWorker:
    """A plugin of the controlling process."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        if not error:
            return
        # execnet has no public way to the process; without it the line says less.
        process = getattr(getattr(getattr(node, "gateway", None), "_io", None), "popen", None)
        status = None
        with contextlib.suppress(Exception):
            status = process.wait(timeout=5) if process else None
        print(f"\nworker {getattr(node, 'workerinput', {}).get('workerid')}: {ending(status)}; {memory()}")  # noqa: T201


def ending(status: int | None) -> str:
    """What the status of a process says."""
    if status is None:
        return "its channel closed, and the process goes on"
    if status < 0:
        return f"killed by {signal.Signals(-status).name}"
    return f"ended by itself with status {status}"


def memory() -> str:
    """Memory now, and how often the kernel has killed for want of it."""
    facts = [line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith(MEMORY_FACTS)]
    for counter in KILL_COUNTERS:
        with contextlib.suppress(OSError):
            lines = Path(counter).read_text().splitlines()
            facts += [f"{counter} {line}" for line in lines if line.startswith("oom_kill")]
    return ", ".join(" ".join(fact.split()) for fact in facts)
