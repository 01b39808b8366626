"""One engine over one file, in a process of its own.

`python -m benchmarks.redaction.run_engine ENGINE INPUT OUTPUT BLOCK_BYTES REPORT`

Reads in blocks, writes what comes out, and leaves a JSON report of what the
work took without start-up. Runs in the environment of the engine, so nothing
is imported but the standard library and that engine.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from benchmarks.redaction.engines import ENGINES
from benchmarks.redaction.resident_memory import forget_peak, peak_resident_bytes, resident_bytes

# Has a hit, so that whatever is loaded on first use is loaded before the clock starts.
_WARM_UP = b'{"email":"ada@example.com","password":"correct-horse","card":"4111111111111111"}\nnothing here\n'


def main(engine: str, source: str, output: str, block_bytes: str, report: str) -> None:
    """Run the engine and write the report: `work_s`, `start_rss_bytes`, `growth_bytes`."""
    redact = ENGINES[engine]()
    for _ in redact([_WARM_UP]):
        pass
    forget_peak()
    start_rss_bytes = resident_bytes()
    begin = time.perf_counter()
    with Path(source).open("rb", buffering=0) as readable, Path(output).open("wb", buffering=0) as writable:
        for piece in redact(_blocks(readable, int(block_bytes))):
            writable.write(piece)
    result = {
        "work_s": time.perf_counter() - begin,
        "start_rss_bytes": start_rss_bytes,
        "growth_bytes": peak_resident_bytes() - start_rss_bytes,
    }
    Path(report).write_text(json.dumps(result))


def _blocks(file: BinaryIO, block_bytes: int) -> Iterator[bytes]:
    while block := file.read(block_bytes):
        yield block
        # The caller's is the only reference that counts while the next one is read.
        del block


if __name__ == "__main__":
    main(*sys.argv[1:])
