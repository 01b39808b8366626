"""The files to redact, made anew for each run of the benchmark: same arguments, same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.datasets import Written, write_all_hits, write_json_events, write_system_text

_COPY_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A kind of log.

    Attributes:
        name: For the tables.
        write: Writes so many megabytes (10^6 bytes) to a path, as the claim describes them.
        write_hits: The same kind, every record with something to redact.
        write_clean: The same kind, no record with anything; None where there is none.
    """

    name: str
    write: Callable[[Path, float], Written]
    write_hits: Callable[[Path, float], Written]
    write_clean: Callable[[Path, float], Written] | None


INPUTS: Mapping[str, Input] = {
    found.name: found
    for found in (
        Input(
            name="json",
            write=partial(write_json_events, hit_ratio=0.4),
            write_hits=partial(write_json_events, hit_ratio=1.0),
            write_clean=partial(write_json_events, hit_ratio=0.0),
        ),
        Input(
            name="text",
            write=partial(write_system_text, hit_ratio=0.03),
            write_hits=partial(write_system_text, hit_ratio=1.0),
            write_clean=partial(write_system_text, hit_ratio=0.0),
        ),
        Input(name="all-hits", write=write_all_hits, write_hits=write_all_hits, write_clean=None),
    )
}


def copy_beginning(source: Path, target: Path, megabytes: float) -> None:
    """Copy whole lines from the beginning of a file, at most so many megabytes (10^6 bytes)."""
    left = int(megabytes * 10**6)
    with source.open("rb") as readable, target.open("wb") as writable:
        while left > 0 and (block := readable.read(min(left, _COPY_BYTES))):
            writable.write(block)
            left -= len(block)
        if left > 0:
            return
    data = target.read_bytes()
    target.write_bytes(data[: data.rfind(b"\n") + 1])
