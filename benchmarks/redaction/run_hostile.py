"""One hostile input through the public API, in a process of its own.

`python -m benchmarks.redaction.run_hostile NAME RUNS SCALE REPORT`
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.redaction.engines import ENGINES
from benchmarks.redaction.hostile import HOSTILE
from benchmarks.redaction.resident_memory import forget_peak, peak_resident_bytes, resident_bytes

# A first run this much slower than the others need to be is slow enough to be believed.
_ENOUGH_S = 5.0


def main(name: str, runs: str, scale: str, report: str) -> None:
    """Redact the input `runs` times and write the report.

    Args:
        name: A key of `HOSTILE`.
        runs: How often at most.
        scale: Factor on the input's size; 1 except for a quick look.
        report: Path to write `bytes`, `wall_s`, `cpu_s` (a list each), `growth_bytes` and
            `keeps_lines` to.
    """
    redact = ENGINES["ours"]()
    for _ in redact([b'{"password":"x"}\n']):
        pass
    hostile = HOSTILE[name]
    data = hostile.build(int(hostile.megabytes * 10**6 * float(scale)))
    forget_peak()
    start_rss_bytes = resident_bytes()
    walls: list[float] = []
    cpus: list[float] = []
    newlines = -1
    while len(walls) < int(runs) and sum(walls) < _ENOUGH_S:
        wall, cpu, newlines = time.perf_counter(), time.process_time(), 0
        for piece in redact(_blocks(data, hostile.block_bytes)):
            newlines += piece.count(b"\n")
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    result = {
        "bytes": len(data),
        "wall_s": walls,
        "cpu_s": cpus,
        "growth_bytes": peak_resident_bytes() - start_rss_bytes,
        "keeps_lines": newlines == data.count(b"\n"),
    }
    Path(report).write_text(json.dumps(result))


def _blocks(data: bytes, block_bytes: int) -> Iterator[bytes]:
    for start in range(0, len(data), block_bytes):
        yield data[start : start + block_bytes]


if __name__ == "__main__":
    main(*sys.argv[1:])
