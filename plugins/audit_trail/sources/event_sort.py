"""Sorting more events than fit into memory: sorted runs on disk, merged."""

from __future__ import annotations

import heapq
import os
from typing import TYPE_CHECKING

from audit_trail.sources.event_log import work_file, write_work

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

RUN_BYTES = 64 << 20
"""Keys and lines held in memory at once."""
READ_BYTES = 64 << 10
"""Read ahead in each run while they are merged: 64 MiB for a day of 64 GiB."""


def sorted_lines(
    events: Iterable[tuple[bytes, bytes]], *, where: str, folder: Path | None, run_bytes: int = RUN_BYTES
) -> Iterator[bytes]:
    r"""Lines in the order of their keys, and of themselves where keys are equal.

    A line that comes twice with the same key is one line: whoever names events by ids
    has delivered it twice.

    Args:
        events: Pairs of a key without tab and newline, and a line that ends with `\n`.
        where: Of the events, for errors.
        folder: See `event_log.work_file`.
        run_bytes: Bytes sorted in memory.

    Raises:
        StorageError: There is no room.
    """
    with work_file(where, folder) as file:
        runs: list[tuple[int, int]] = []
        held: list[bytes] = []
        held_bytes = 0
        for key, line in events:
            held.append(key + b"\t" + line)
            held_bytes += len(held[-1])
            if held_bytes >= run_bytes:
                start = runs[-1][1] if runs else 0
                write_work(file, b"".join(sorted(held)), where)
                runs.append((start, start + held_bytes))
                held, held_bytes = [], 0
        file.flush()
        held.sort()
        last = b""
        for keyed in heapq.merge(*(_run(file.fileno(), *run) for run in runs), held):
            if keyed != last:
                yield keyed[keyed.index(b"\t") + 1 :]
            last = keyed


def _run(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    rest = b""
    while start < end:
        block = os.pread(descriptor, min(READ_BYTES, end - start), start)
        start += len(block)
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
