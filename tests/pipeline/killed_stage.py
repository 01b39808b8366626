"""Runs one stage in a child process and kills it, with SIGKILL, at its n-th step into the world.

A step is anything that Python's audit hooks report and that leaves a trace or
talks to somebody: opening, renaming, removing, connecting, sending. So the
code under test needs no hook of its own, and every step can be hit.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

STEPS = {
    "open",
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "shutil.rmtree",
    "http.client.send",
    "fcntl.flock",
}


def run_and_kill(stage: Callable[[], Any], at_step: int) -> bool:
    """Run `stage` in a forked child and kill it right before step `at_step` (from 1).

    Returns:
        Whether it was killed; False when the stage had fewer steps and ended well.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _die_at(at_step)
            stage()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.waitstatus_to_exitcode(status) == 0, "the stage failed by itself"
    return False


def _die_at(at_step: int) -> None:
    seen = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event in STEPS:
            seen += 1
            if seen == at_step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
