"""Runs the contestants in turns, so that a busy minute of the machine hits all of them alike."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from benchmarks.redaction.contestants import BLOCK_BYTES, OURS, Contestant, Job
from benchmarks.redaction.inputs import Input, copy_beginning
from benchmarks.redaction.pinned_process import run_pinned

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process.

    Attributes:
        wall_s: From its start to its end.
        cpu_s: Processor time, user and system.
        work_s: Without start-up; the same as `wall_s` for a program that reports none.
        peak_rss_bytes: Most resident memory.
        growth_bytes: Peak of resident memory above that after start-up.
    """

    wall_s: float
    cpu_s: float
    work_s: float
    peak_rss_bytes: int
    growth_bytes: int = 0


@dataclass(slots=True, kw_only=True)
class Series:
    """All runs of one contestant on one input."""

    contestant: str
    input: str
    bytes: int
    runs: list[Run] = field(default_factory=list)

    def megabytes_per_s(self, attribute: str = "wall_s") -> float:
        """Median speed in 10^6 bytes a second by `wall_s`, `cpu_s` or `work_s`."""
        return self.bytes / 1e6 / self.median_of(attribute)

    def median_of(self, attribute: str) -> float:
        """Median of any attribute of the runs."""
        return float(median(getattr(run, attribute) for run in self.runs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where things are.

    Attributes:
        folder: Scratch files.
        foreign_python: Interpreter of the other tools.
        progress: Told what is going on.
    """

    folder: Path
    foreign_python: Path
    progress: Progress

    def run(
        self,
        contestant: Contestant,
        source: Path,
        output: Path,
        *,
        block_bytes: int = BLOCK_BYTES,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        """Run one contestant over one file, once."""
        report = self.folder / "report.json"
        job = Job(source=source, output=output, report=report, block_bytes=block_bytes)
        usage = run_pinned(
            contestant.command(job, foreign_python=self.foreign_python),
            output=Path("/dev/null") if contestant.engine else output,
            environment={**contestant.environment(), **(environment or {})},
        )
        assert usage is not None, "only a run with a timeout is given up"
        said = json.loads(report.read_text()) if contestant.engine else {}
        return Run(
            wall_s=usage.wall_s,
            cpu_s=usage.cpu_s,
            work_s=said.get("work_s", usage.wall_s),
            peak_rss_bytes=usage.peak_rss_bytes,
            growth_bytes=said.get("growth_bytes", 0),
        )


def compare(
    bench: Bench, contestants: Sequence[Contestant], inputs: Sequence[Input], *, megabytes: float, runs: int
) -> list[Series]:
    """Measure every contestant on every input.

    Args:
        bench: Where things are.
        contestants: Who takes part.
        inputs: What is redacted.
        megabytes: Size of each input, 10^6 bytes.
        runs: How often, in turns; medians are reported.
    """
    measured: list[Series] = []
    for made in inputs:
        whole = bench.folder / f"{made.name}.log"
        bench.progress(f"writing {megabytes:g} MB of {made.name}")
        made.write(whole, megabytes)
        measured += _compare_on(bench, contestants, made.name, whole, runs=runs)
    return measured


def _compare_on(
    bench: Bench, contestants: Sequence[Contestant], name: str, whole: Path, *, runs: int
) -> list[Series]:
    sources = [_source_for(one, whole, bench.folder) for one in contestants]
    measured = [
        Series(contestant=one.name, input=name, bytes=source.stat().st_size)
        for one, source in zip(contestants, sources, strict=True)
    ]
    for turn in range(runs):
        for one, source, series in zip(contestants, sources, measured, strict=True):
            bench.progress(f"{name}, run {turn + 1} of {runs}: {one.name}")
            series.runs.append(bench.run(one, source, Path("/dev/null")))
    return measured


def _source_for(contestant: Contestant, whole: Path, folder: Path) -> Path:
    if whole.stat().st_size <= contestant.most_megabytes * 10**6:
        return whole
    beginning = folder / f"{whole.stem}-{contestant.most_megabytes:g}.log"
    copy_beginning(whole, beginning, contestant.most_megabytes)
    return beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """Memory that one block size costs.

    Attributes:
        input: Kind of log.
        block_bytes: Size of the blocks that are fed in.
        growth_bytes: Peak of resident memory above that after import and warm-up.
    """

    input: str
    block_bytes: int
    growth_bytes: int

    @property
    def blocks(self) -> float:
        """The same in blocks."""
        return self.growth_bytes / self.block_bytes


def measure_growth(bench: Bench, inputs: Sequence[Input], block_sizes: Sequence[int]) -> list[Growth]:
    """What ours needs beyond its start, on the files that `compare` left behind."""
    grown = []
    for made in inputs:
        for block_bytes in block_sizes:
            bench.progress(f"memory on {made.name} in blocks of {block_bytes >> 20} MiB")
            run = bench.run(
                OURS, bench.folder / f"{made.name}.log", Path("/dev/null"), block_bytes=block_bytes
            )
            grown.append(Growth(input=made.name, block_bytes=block_bytes, growth_bytes=run.growth_bytes))
    return grown
