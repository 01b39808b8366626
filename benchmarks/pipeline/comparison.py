"""Both contestants on the same bytes, into the same store, one after the other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from audit_trail.demo.embedded_store import EmbeddedStore
from benchmarks.pipeline.inputs import Inputs, write_inputs
from benchmarks.pipeline.measured_process import Measured, cpu_seconds_of
from benchmarks.pipeline.ours import run_ours
from benchmarks.pipeline.scripted import run_scripted

MOST_RESIDENT_BYTES = 400 * 10**6
LEAST_TIMES = {"json": 8.0, "text": 6.0}
"""What is promised: times as fast as the script."""
WARM_UP_MEGABYTES = 140
"""Large enough that everything that is compiled for large days is compiled, and kept on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One contestant on one day.

    Attributes:
        store_cpu_s: Processor time of the store meanwhile.
    """

    megabytes: float
    measured: Measured
    store_cpu_s: float

    @property
    def megabytes_per_s(self) -> float:
        """Raw megabytes per second of wall time, from the first byte read to the last one verified."""
        return self.megabytes / self.measured.wall_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A kind of log.

    Attributes:
        ours: By size, then in order; the last size is that of `scripted`.
        scripted: None where only ours ran.
    """

    kind: str
    by_event_time: bool
    ours: Sequence[Run]
    scripted: Run | None

    @property
    def largest(self) -> Run:
        """The median run of the largest size."""
        most = max(run.megabytes for run in self.ours)
        runs = sorted(
            (run for run in self.ours if run.megabytes == most), key=lambda run: run.measured.wall_s
        )
        return runs[len(runs) // 2]

    @property
    def times_as_fast(self) -> float | None:
        """Ours beside the script."""
        return self.largest.megabytes_per_s / self.scripted.megabytes_per_s if self.scripted else None

    @property
    def seconds_by_size(self) -> dict[float, float]:
        """Median wall time for each size in megabytes."""
        sizes = sorted({run.megabytes for run in self.ours})
        return {size: median(r.measured.wall_s for r in self.ours if r.megabytes == size) for size in sizes}

    @property
    def marginal_megabytes_per_s(self) -> list[float]:
        """From each size to the next one: without what every start costs."""
        points = list(self.seconds_by_size.items())
        pairs = pairwise(points)
        return [(size - before) / (wall - wall_before) for (before, wall_before), (size, wall) in pairs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where runs take place.

    Attributes:
        folder: For inputs, homes and what the script writes.
        aws: The script's AWS command line; None leaves the script out.
        progress: Told what runs now.
    """

    folder: Path
    store: EmbeddedStore
    aws: Path | None
    progress: Callable[[str], None]

    def warm_up(self) -> None:
        """Compile what is compiled once on a machine."""
        self.progress("compiling")
        inputs = write_inputs(self.folder / "warm-up", "json", WARM_UP_MEGABYTES)
        run_ours(self.folder, self.store, inputs, by_event_time=True)
        shutil.rmtree(self.folder / "warm-up")

    def compare(self, kind: str, sizes: Sequence[float], *, runs: int, by_event_time: bool) -> Comparison:
        """Run ours on every size, and the script on the last."""
        ours: list[Run] = []
        scripted: Run | None = None
        for size in sizes:
            self.progress(f"writing {size:g} MB of {kind}")
            inputs = write_inputs(self.folder / f"{kind}-{size:g}", kind, size)
            for number in range(runs):
                self.progress(f"{kind} {size:g} MB, ours, run {number + 1}")
                ours.append(
                    self._measured(
                        size, lambda day=inputs: run_ours(  # type: ignore[misc]
                            self.folder, self.store, day, by_event_time=by_event_time)
                    )
                )  # fmt: skip
            if self.aws is not None and size == sizes[-1]:
                self.progress(f"{kind} {size:g} MB, script")
                scripted = self._scripted(size, inputs, self.aws)
            shutil.rmtree(inputs.files[0].parent)
        return Comparison(kind=kind, by_event_time=by_event_time, ours=ours, scripted=scripted)

    def _scripted(self, size: float, inputs: Inputs, aws: Path) -> Run:
        return self._measured(size, lambda: run_scripted(self.folder, self.store, inputs, aws=aws))

    def _measured(self, size: float, run: Callable[[], Measured]) -> Run:
        pid = self.store.pid
        before = cpu_seconds_of(pid) if pid else 0.0
        measured = run()
        store_cpu_s = (cpu_seconds_of(pid) if pid else 0.0) - before
        return Run(megabytes=size, measured=measured, store_cpu_s=store_cpu_s)
