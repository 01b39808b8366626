"""Results as Markdown tables, ready for the documentation, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.redaction.comparison import Growth, Series
from benchmarks.redaction.contestants import CONTESTANTS, OURS
from benchmarks.redaction.hostile_runs import LIMIT_MB_PER_S, HostileResult
from benchmarks.redaction.targets import judge, times_as_fast
from benchmarks.redaction.thoroughness import Thoroughness

_LOOKS_FOR = {one.name: one.looks_for for one in CONTESTANTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything one comparison found out.

    Attributes:
        measured: Speeds.
        growths: Memory.
        found: What each contestant changed.
        first_run_s: Seconds of a run on almost nothing with nothing compiled yet.
        later_run_s: The same with everything compiled.
        skipped: Contestants that could not take part.
    """

    measured: Sequence[Series]
    growths: Sequence[Growth] = ()
    found: Sequence[Thoroughness] = ()
    first_run_s: float | None = None
    later_run_s: float | None = None
    skipped: Sequence[str] = field(default=())


def as_json(results: Results) -> dict[str, Any]:
    """All figures, medians and single runs."""
    document = asdict(results)
    for entry, series in zip(document["measured"], results.measured, strict=True):
        entry["megabytes_per_s"] = series.megabytes_per_s()
    document["verdicts"] = [asdict(verdict) for verdict in judge(results.measured, results.growths)]
    return document


def as_text(results: Results) -> str:
    """Speeds, what they are worth, memory, start-up, promises."""
    parts = [_speeds(results.measured), _thoroughness(results.found), _growths(results.growths)]
    if results.first_run_s is not None and results.later_run_s is not None:
        parts.append(
            f"Start-up: a run over 0.01 MB takes {results.later_run_s:.2f} s; "
            f"the first one on a machine, which compiles, {results.first_run_s:.1f} s."
        )
    if results.skipped:
        parts.append(f"Not installed (--install): {', '.join(results.skipped)}.")
    verdicts = judge(results.measured, results.growths)
    rows = [(one.promise, one.measured, "kept" if one.is_kept else "MISSED") for one in verdicts]
    parts.append(_table(("promise", "measured", ""), rows))
    return "\n\n".join(part for part in parts if part)


def hostile_as_text(results: Sequence[HostileResult]) -> str:
    """Slowest first."""
    rows = [
        (
            result.name,
            f"{result.bytes / 1e6:g}",
            f"{result.megabytes_per_s:.1f}" if result.megabytes_per_s else "given up",
            f"{result.cpu_megabytes_per_s:.1f}" if result.cpu_megabytes_per_s else "",
            f"{result.growth_bytes / 1e6:.0f}",
            "" if result.passes else "TOO SLOW" if result.keeps_lines else "LINES MOVED",
        )
        for result in results
    ]
    failed = sum(not result.passes for result in results)
    table = _table(("input", "MB", "MB/s", "MB/s of CPU", "memory MB", ""), rows)
    return f"{table}\n\n{len(results) - failed} of {len(results)} inputs reach {LIMIT_MB_PER_S:g} MB/s."


def search_as_text(found: Mapping[str, Any]) -> str:
    """The slowest of what a search tried."""
    rows = [(f"`{trial['made_of']}`", f"{trial['megabytes_per_s']:.1f}") for trial in found["slowest"]]
    return f"{_table(('input', 'MB/s of CPU'), rows)}\n\n{found['trials']} inputs were tried."


def _speeds(measured: Sequence[Series]) -> str:
    ours = {series.input: series for series in measured if series.contestant == OURS.name}
    rows = []
    for series in measured:
        base = ours.get(series.input)
        is_ours = series.contestant == OURS.name
        rows.append(
            (
                series.input,
                series.contestant,
                f"{series.bytes / 1e6:.0f}",
                _figure(series.megabytes_per_s("wall_s")),
                _figure(series.megabytes_per_s("cpu_s")),
                _figure(series.megabytes_per_s("work_s")),
                f"{series.median_of('peak_rss_bytes') / 1e6:.0f}",
                "" if is_ours or base is None else f"{times_as_fast(base, series):.1f}",
                _LOOKS_FOR.get(series.contestant, ""),
            )
        )
    heads = ("input", "who", "MB", "MB/s", "MB/s of CPU", "MB/s of work", "RSS MB", "ours is", "looks for")
    return _table(heads, rows)


def _thoroughness(found: Sequence[Thoroughness]) -> str:
    rows = [
        (
            one.input,
            one.contestant,
            f"{one.hits_touched:.0%}",
            "" if one.clean_touched is None else f"{one.clean_touched:.0%}",
        )
        for one in found
    ]
    return _table(("input", "who", "of records with something, changed", "of clean records, changed"), rows)


def _growths(growths: Sequence[Growth]) -> str:
    rows = [
        (one.input, f"{one.block_bytes >> 20} MiB", f"{one.growth_bytes / 1e6:.0f}", f"{one.blocks:.2f}")
        for one in growths
    ]
    return _table(("input", "block", "memory beyond start-up, MB", "blocks"), rows)


def _figure(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    body = [f"| {' | '.join(row)} |" for row in rows]
    if not body:
        return ""
    return "\n".join([f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads), *body])
