"""Where the processor time of one run goes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit_trail.demo.embedded_store import EmbeddedStore
from benchmarks.pipeline.inputs import Inputs
from benchmarks.pipeline.measured_process import cpu_seconds_of
from benchmarks.pipeline.ours import run_ours
from benchmarks.pipeline.report import table

PROFILED = (sys.executable, "-m", "benchmarks.pipeline.profiled_process")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Seconds of processor time, by what they were spent on.

    Attributes:
        seconds: Ours, all threads together.
        store_s: The store's.
    """

    kind: str
    megabytes: float
    wall_s: float
    seconds: Mapping[str, float]
    store_s: float

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        return {name: getattr(self, name) for name in ("kind", "megabytes", "wall_s", "seconds", "store_s")}

    def as_text(self) -> str:
        """A table, the costliest first."""
        total = sum(self.seconds.values())
        rows = [
            (name, f"{seconds:.2f}", f"{1000 * seconds / self.megabytes:.2f}", f"{seconds / total:.0%}")
            for name, seconds in sorted(self.seconds.items(), key=lambda item: -item[1])
        ]
        rows.append(("all", f"{total:.2f}", f"{1000 * total / self.megabytes:.2f}", "100%"))
        rows.append(("the store", f"{self.store_s:.2f}", f"{1000 * self.store_s / self.megabytes:.2f}", ""))
        head = (f"{self.kind}, {self.megabytes:.0f} MB in {self.wall_s:.1f} s", "CPU s", "ms/MB", "share")
        return table(head, rows)


def profile(folder: Path, store: EmbeddedStore, inputs: Inputs, *, by_event_time: bool) -> Profile:
    """Run ours once, with its costly calls counted.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    pid, counts = store.pid, folder / "profile.json"
    before = cpu_seconds_of(pid) if pid else 0.0
    os.environ["PIPELINE_PROFILE"] = str(counts)
    measured = run_ours(folder, store, inputs, by_event_time=by_event_time, program=PROFILED)
    store_s = (cpu_seconds_of(pid) if pid else 0.0) - before
    return Profile(
        kind=inputs.kind,
        megabytes=inputs.bytes / 1e6,
        wall_s=measured.wall_s,
        seconds=json.loads(counts.read_text()),
        store_s=store_s,
    )
