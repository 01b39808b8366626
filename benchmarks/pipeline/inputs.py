"""A day of logs in several files, as a rotated log leaves them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.datasets import DAY, Written, write_json_events, write_system_text

FILES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of log.

    Attributes:
        suffix: Of the file names.
        event_time: How a source's settings say where a record's time is.
        write: One of the writers in `benchmarks.datasets`.
    """

    suffix: str
    event_time: Mapping[str, str]
    write: Callable[..., Written]


KINDS: Mapping[str, Kind] = {
    "json": Kind(suffix="jsonl", event_time={"field": "timestamp"}, write=write_json_events),
    "text": Kind(suffix="log", event_time={"pattern": r"^(\S+)"}, write=write_system_text),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What both contestants are given."""

    kind: str
    day: str
    files: tuple[Path, ...]
    bytes: int
    records: int

    @property
    def url(self) -> str:
        """The files as the URL of a source."""
        return f"file://{self.files[0].parent}/app-{{date}}-*"


def write_inputs(folder: Path, kind: str, megabytes: float) -> Inputs:
    """Write a day's files, a part of the day in each; the same bytes every time.

    Args:
        folder: Must not exist yet.
        kind: A name in `KINDS`.
        megabytes: All files together, in units of 10^6 bytes.
    """
    folder.mkdir(parents=True)
    chosen = KINDS[kind]
    files = tuple(folder / f"app-{DAY}-{number:02d}.{chosen.suffix}" for number in range(FILES))
    hours = 24 / FILES
    written = [
        chosen.write(file, megabytes / FILES, number, hours=(number * hours, (number + 1) * hours))
        for number, file in enumerate(files)
    ]
    return Inputs(
        kind=kind,
        day=DAY,
        files=files,
        bytes=sum(item.bytes for item in written),
        records=sum(item.records for item in written),
    )
