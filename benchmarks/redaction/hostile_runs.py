"""All hostile inputs, each in a process that is ended when it takes too long."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.redaction.hostile import HOSTILE
from benchmarks.redaction.pinned_process import run_pinned

LIMIT_MB_PER_S = 10.0
"""No input may be slower than this."""
# Start-up and building the input; nothing is decided by it.
_PREPARING_S = 20.0
_SLOWEST_TO_WAIT_FOR_MB_PER_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileResult:
    """What one input did.

    Attributes:
        name: Which input.
        bytes: Its size.
        megabytes_per_s: Median speed by the clock; None when it was given up.
        cpu_megabytes_per_s: The same by processor time.
        growth_bytes: Peak memory above that before the first run, the input not counted.
        keeps_lines: As many newlines came out as went in.
    """

    name: str
    bytes: int
    megabytes_per_s: float | None
    cpu_megabytes_per_s: float | None = None
    growth_bytes: int = 0
    keeps_lines: bool = True

    @property
    def passes(self) -> bool:
        """Fast enough, and no record boundary moved."""
        return self.keeps_lines and (self.megabytes_per_s or 0) >= LIMIT_MB_PER_S


def run_hostile(
    names: Sequence[str], *, runs: int, scale: float, progress: Callable[[str], None]
) -> list[HostileResult]:
    """Measure the named inputs, slowest first.

    Args:
        names: Keys of `HOSTILE`.
        runs: How often each, in one process; medians are reported.
        scale: Factor on the sizes; 1 for results that count.
        progress: Told what is going on.
    """
    # Whatever is compiled on first use must not count against the first input's time.
    progress("starting once")
    _run_one(names[0], runs=0, scale=scale, timeout_s=None)
    results = []
    for number, name in enumerate(names):
        timeout_s = _PREPARING_S + HOSTILE[name].megabytes * scale / _SLOWEST_TO_WAIT_FOR_MB_PER_S
        result = _run_one(name, runs=runs, scale=scale, timeout_s=timeout_s)
        speed = f"{result.megabytes_per_s:.1f} MB/s" if result.megabytes_per_s else "given up"
        progress(f"{number + 1} of {len(names)}: {name}, {speed}")
        results.append(result)
    return sorted(results, key=lambda result: result.megabytes_per_s or 0)


def _run_one(name: str, *, runs: int, scale: float, timeout_s: float | None) -> HostileResult:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        module = ["-m", "benchmarks.redaction.run_hostile"]
        usage = run_pinned(
            [sys.executable, *module, name, str(runs), str(scale), str(report)],
            timeout_s=timeout_s,
        )
        if usage is None or not runs:
            size = int(HOSTILE[name].megabytes * 10**6 * scale)
            return HostileResult(name=name, bytes=size, megabytes_per_s=None)
        said = json.loads(report.read_text())
    return HostileResult(
        name=name,
        bytes=said["bytes"],
        megabytes_per_s=said["bytes"] / 1e6 / median(said["wall_s"]),
        cpu_megabytes_per_s=said["bytes"] / 1e6 / max(median(said["cpu_s"]), 1e-9),
        growth_bytes=said["growth_bytes"],
        keeps_lines=said["keeps_lines"],
    )
