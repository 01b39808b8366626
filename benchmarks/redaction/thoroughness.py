"""How much of the work each contestant does: the speed of one that finds nothing means nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.redaction.comparison import Bench
from benchmarks.redaction.contestants import Contestant
from benchmarks.redaction.inputs import Input

_MEGABYTES = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Thoroughness:
    """Shares of records, 0 to 1.

    Attributes:
        contestant: Who.
        input: On which kind of log.
        hits_touched: Of the records with something to redact, those that came out changed.
            A record counts as soon as one of its values is gone.
        clean_touched: Of the records with nothing to redact, those that came out
            changed; None where there are none.
    """

    contestant: str
    input: str
    hits_touched: float
    clean_touched: float | None


def measure_thoroughness(
    bench: Bench, contestants: Sequence[Contestant], inputs: Sequence[Input]
) -> list[Thoroughness]:
    """Let each contestant redact a small file of hits and one without, and compare line by line."""
    found = []
    for made in inputs:
        hits, clean = bench.folder / "hits.log", bench.folder / "clean.log"
        made.write_hits(hits, _MEGABYTES)
        if made.write_clean:
            made.write_clean(clean, _MEGABYTES)
        for one in contestants:
            bench.progress(f"what {one.name} finds in {made.name}")
            found.append(
                Thoroughness(
                    contestant=one.name,
                    input=made.name,
                    hits_touched=_touched(bench, one, hits),
                    clean_touched=_touched(bench, one, clean) if made.write_clean else None,
                )
            )
    return found


def _touched(bench: Bench, contestant: Contestant, source: Path) -> float:
    output = bench.folder / "redacted.log"
    bench.run(contestant, source, output)
    before, after = source.read_bytes().split(b"\n"), output.read_bytes().split(b"\n")
    # A tool that changes the number of lines is compared as far as both go.
    pairs = list(zip(before[:-1], after, strict=False))
    return sum(old != new for old, new in pairs) / len(pairs)
