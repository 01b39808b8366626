"""A command with all its children: how long it took, and how much memory each of them held."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LOOK_EVERY_S = 0.05
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a command used.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: Of it and its children, all cores together.
        peak_rss_bytes: Most memory of each process by its command; of several
            processes with one command, of the largest.
        out: Its standard output.
    """

    wall_s: float
    cpu_s: float
    peak_rss_bytes: Mapping[str, int]
    out: str

    @property
    def largest_rss_bytes(self) -> int:
        """Of the largest process."""
        return max(self.peak_rss_bytes.values(), default=0)


def run_measured(command: Sequence[str], *, environment: Mapping[str, str], folder: Path) -> Measured:
    """Run a command to its end.

    Raises:
        subprocess.CalledProcessError: It failed; with what it said.
    """
    before, begin = os.times(), time.monotonic()
    with subprocess.Popen(
        command,
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        watch = _MemoryWatch(process.pid)
        watch.start()
        out, err = process.communicate()
    wall_s, after = time.monotonic() - begin, os.times()
    watch.join()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), out, err)
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(wall_s=wall_s, cpu_s=cpu_s, peak_rss_bytes=watch.peaks, out=out)


class _MemoryWatch(threading.Thread):
    """Looks at the high-water marks of a process and its children until it ends.

    Not `wait4`: the maximum that it reports begins with that of the process
    which started the command.
    """

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self._root = root
        self.peaks: dict[str, int] = {}

    def run(self) -> None:
        while Path(f"/proc/{self._root}/stat").exists():
            for pid in _descendants(self._root):
                self._look_at(pid)
            time.sleep(_LOOK_EVERY_S)

    def _look_at(self, pid: int) -> None:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            return  # it has just ended
        fields = dict(line.split(":", 1) for line in status.splitlines())
        if "VmHWM" in fields:
            name, peak = fields["Name"].strip(), int(fields["VmHWM"].split()[0]) * 1024
            self.peaks[name] = max(self.peaks.get(name, 0), peak)


def _descendants(root: int) -> list[int]:
    found, at = [root], 0
    while at < len(found):
        for task in Path(f"/proc/{found[at]}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                continue
        at += 1
    return found


def cpu_seconds_of(pid: int) -> float:
    """Processor time that a running process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S
