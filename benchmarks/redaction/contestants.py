"""Who takes part: how each is called, on how many bytes, and what it looks for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 4 * 1024 * 1024

# Keys of JSON strings, e-mail addresses, card numbers: what a person writes in one line of a script.
SED_PROGRAM = (
    r's/("(password|passwd|pwd|secret|token|api_key|access_key|authorization)"[[:space:]]*:[[:space:]]*")'
    r'[^"]*"/\1[REDACTED]"/g',
    r"s/[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/[REDACTED]/g",
    r"s/\b([0-9]{4}[- ]?){3}[0-9]{4}\b/[REDACTED]/g",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One run: what to read, where to write, how much at a time."""

    source: Path
    output: Path
    report: Path
    block_bytes: int = BLOCK_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to redact a file.

    Attributes:
        name: For `--only`.
        looks_for: What it is told to find.
        engine: A name in `ENGINES`, or nothing for a program of its own.
        is_foreign: Needs the environment that `--install` makes.
        most_megabytes: The slow ones get the beginning of the file only.
        locale: Value of LC_ALL.
    """

    name: str
    looks_for: str
    engine: str = ""
    is_foreign: bool = True
    most_megabytes: float = float("inf")
    locale: str = "C.UTF-8"

    def command(self, job: Job, *, foreign_python: Path) -> list[str]:
        """Program and arguments; without an engine the output is standard output."""
        if not self.engine:
            return ["sed", "-E", *(f"--expression={line}" for line in SED_PROGRAM), str(job.source)]
        python = str(foreign_python) if self.is_foreign else sys.executable
        files = (str(job.source), str(job.output), str(job.block_bytes), str(job.report))
        return [python, "-m", "benchmarks.redaction.run_engine", self.engine, *files]

    def environment(self) -> Mapping[str, str]:
        """Variables to set for its process."""
        return {"LC_ALL": self.locale}


OURS = Contestant(name="ours", engine="ours", is_foreign=False, looks_for="the built-in policy")

CONTESTANTS: Sequence[Contestant] = (
    OURS,
    Contestant(name="sed", is_foreign=False, looks_for="3 patterns: JSON keys, e-mail, cards"),
    Contestant(
        name="sed-bytes",
        is_foreign=False,
        locale="C",
        looks_for="the same 3 patterns with LC_ALL=C",
    ),
    Contestant(
        name="datafog",
        engine="datafog",
        looks_for="scan_and_transform, 9 of its 14 kinds: those that ours has too",
    ),
    Contestant(
        name="datafog-default",
        engine="datafog-default",
        looks_for="scan_and_transform as it comes: also dates, IP addresses, ZIP codes",
    ),
    Contestant(
        name="scrubadub",
        engine="scrubadub",
        most_megabytes=2,
        looks_for="clean() with its default detectors",
    ),
    Contestant(
        name="presidio",
        engine="presidio",
        most_megabytes=2,
        looks_for="4 pattern recognizers: card, e-mail, IBAN, US SSN",
    ),
)
