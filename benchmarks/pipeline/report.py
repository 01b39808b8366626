"""Results as Markdown tables, ready for the documentation, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.pipeline.comparison import LEAST_TIMES, MOST_RESIDENT_BYTES, Comparison, Run

Row = Sequence[str]


def as_json(comparisons: Sequence[Comparison]) -> dict[str, Any]:
    """All figures of all runs."""
    return {
        "comparisons": [
            {
                "kind": item.kind,
                "by_event_time": item.by_event_time,
                "times_as_fast": item.times_as_fast,
                "marginal_megabytes_per_s": item.marginal_megabytes_per_s,
                "ours": [_run(run) for run in item.ours],
                "scripted": _run(item.scripted) if item.scripted else None,
            }
            for item in comparisons
        ]
    }


def as_text(comparisons: Sequence[Comparison]) -> str:
    """Speeds, growth with the size, promises."""
    parts = [_speeds(comparisons), _growth(comparisons), _promises(comparisons)]
    return "\n\n".join(part for part in parts if part)


def table(head: Row, rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _run(run: Run) -> dict[str, Any]:
    measured = run.measured
    return {
        "megabytes": run.megabytes,
        "wall_s": measured.wall_s,
        "megabytes_per_s": run.megabytes_per_s,
        "cpu_s": measured.cpu_s,
        "store_cpu_s": run.store_cpu_s,
        "peak_rss_bytes": dict(measured.peak_rss_bytes),
    }


def _speeds(comparisons: Sequence[Comparison]) -> str:
    rows: list[Row] = []
    for item in comparisons:
        times = f"{item.times_as_fast:.1f}" if item.times_as_fast else ""
        name = "audit-trail process" + (", by event time" if item.by_event_time else "")
        rows.append((item.kind, name, *_figures(item.largest), times))
        if item.scripted:
            rows.append((item.kind, "script", *_figures(item.scripted), "1"))
    head = (
        "kind",
        "contestant",
        "MB",
        "s",
        "MB/s",
        "CPU s",
        "CPU s of the store",
        "largest process MB",
        "times",
    )
    return table(head, rows)


def _figures(run: Run) -> Row:
    measured = run.measured
    return (
        f"{run.megabytes:g}",
        f"{measured.wall_s:.1f}",
        f"{run.megabytes_per_s:.1f}",
        f"{measured.cpu_s:.1f}",
        f"{run.store_cpu_s:.1f}",
        f"{measured.largest_rss_bytes / 1e6:.0f}",
    )


def _growth(comparisons: Sequence[Comparison]) -> str:
    several = [item for item in comparisons if len(item.seconds_by_size) > 1]
    if not several:
        return ""
    rows = [
        (
            item.kind,
            ", ".join(f"{size:g} MB {wall:.1f} s" for size, wall in item.seconds_by_size.items()),
            ", ".join(f"{rate:.0f}" for rate in item.marginal_megabytes_per_s),
        )
        for item in several
    ]
    return table(("kind", "wall time by size", "MB/s from each size to the next"), rows)


def _promises(comparisons: Sequence[Comparison]) -> str:
    rows: list[Row] = []
    for item in comparisons:
        if item.times_as_fast:
            least = LEAST_TIMES[item.kind]
            promise = f"{item.kind}: at least {least:g} times the script"
            rows.append((promise, f"{item.times_as_fast:.1f}", _verdict(item.times_as_fast >= least)))
        largest = max(run.measured.largest_rss_bytes for run in item.ours)
        promise = f"{item.kind}: no process holds more than {MOST_RESIDENT_BYTES / 1e6:.0f} MB"
        rows.append((promise, f"{largest / 1e6:.0f}", _verdict(largest <= MOST_RESIDENT_BYTES)))
    return table(("promise", "measured", ""), rows)


def _verdict(kept: bool) -> str:
    return "kept" if kept else "MISSED"
