"""Results as Markdown tables, ready for the documentation, and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.pipeline.measured_process import Measured
from benchmarks.pipeline.report import table
from benchmarks.verification.content import Content

MOST_SECONDS = 60.0
MOST_RESIDENT_BYTES = 300 * 10**6
LEAST_SHARE = 0.6
LEAST_TREE_MB_PER_S = 250.0
"""What is promised, for ten years of days, on two cores."""
PROMISED_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything measured.

    Attributes:
        levels: Runs by level, each with the processor time of the store meanwhile.
        tree: MB/s by size of record.
    """

    days: int
    levels: Mapping[str, Sequence[tuple[Measured, float]]]
    content: Content | None
    tree: Mapping[int, float]


def as_json(results: Results) -> dict[str, Any]:
    """All figures of all runs."""
    content = results.content
    return {
        "days": results.days,
        "levels": {
            level: [
                {
                    "wall_s": run.wall_s,
                    "cpu_s": run.cpu_s,
                    "store_cpu_s": store_s,
                    "rss_bytes": run.largest_rss_bytes,
                }
                for run, store_s in runs
            ]
            for level, runs in results.levels.items()
        },
        "content": content
        and {
            "megabytes": content.megabytes,
            "ours_cpu_s": content.ours.cpu_s,
            "ours_wall_s": content.ours.wall_s,
            "ours_rss_bytes": content.ours.largest_rss_bytes,
            "script_cpu_s": content.script.cpu_s,
            "script_wall_s": content.script.wall_s,
            "share": content.share,
        },
        "tree_mb_per_s": dict(results.tree),
    }


def as_text(results: Results) -> str:
    """Figures, then promises."""
    parts = []
    if results.levels:
        rows = [(level, *_figures(runs)) for level, runs in results.levels.items()]
        head = ("level", "s", "CPU s", "CPU s of the store", "largest process MB")
        parts.append(f"{results.days} days of three segments each\n\n{table(head, rows)}")
    if results.content:
        content = results.content
        head = ("content", "MB", "s", "CPU s", "MB for each CPU s", "largest process MB")
        rows = [_content_row("verify --level content", content.megabytes, content.ours)]
        rows.append(_content_row("zstd -dc, sha256sum", content.megabytes, content.script))
        parts.append(table(head, rows))
    parts.append(table(("promise", "measured", ""), _promises(results)))
    return "\n\n".join(parts)


def _figures(runs: Sequence[tuple[Measured, float]]) -> tuple[str, ...]:
    return (
        f"{median(run.wall_s for run, _ in runs):.1f}",
        f"{median(run.cpu_s for run, _ in runs):.1f}",
        f"{median(store_s for _, store_s in runs):.1f}",
        f"{max(run.largest_rss_bytes for run, _ in runs) / 1e6:.0f}",
    )


def _content_row(name: str, megabytes: float, run: Measured) -> tuple[str, ...]:
    return (
        name,
        f"{megabytes:g}",
        f"{run.wall_s:.1f}",
        f"{run.cpu_s:.1f}",
        f"{megabytes / run.cpu_s:.0f}",
        f"{run.largest_rss_bytes / 1e6:.0f}",
    )


def _promises(results: Results) -> list[tuple[str, str, str]]:
    rows = []
    for level, runs in results.levels.items():
        seconds = median(run.wall_s for run, _ in runs)
        most = MOST_SECONDS * results.days / PROMISED_DAYS
        rows.append((f"{level}: at most {most:.0f} s", f"{seconds:.1f}", _verdict(seconds <= most)))
        held = max(run.largest_rss_bytes for run, _ in runs)
        promise = f"{level}: at most {MOST_RESIDENT_BYTES / 1e6:.0f} MB"
        rows.append((promise, f"{held / 1e6:.0f}", _verdict(held <= MOST_RESIDENT_BYTES)))
    if results.content:
        share = results.content.share
        rows.append((f"content: at least {LEAST_SHARE:.0%}", f"{share:.0%}", _verdict(share >= LEAST_SHARE)))
    speed = results.tree[400]
    rows.append(
        (
            f"tree: at least {LEAST_TREE_MB_PER_S:.0f} MB/s",
            f"{speed:.0f}",
            _verdict(speed >= LEAST_TREE_MB_PER_S),
        )
    )
    return rows


def _verdict(kept: bool) -> str:
    return "kept" if kept else "MISSED"
