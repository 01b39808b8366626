"""Who takes part: how each is called, on how many bytes, and what it looks for."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 4 * 1024 * 1024

# The eight kinds of which a person who redacts by script thinks: sensitive keys of
# JSON strings, e-mail, card, SSN, JWT, AWS key, telephone, authorization schemes.
SED_PROGRAM = (
    r's/("[A-Za-z_-]*(password|passwd|pwd|secret|token|api_?key|access_?key|authorization|cookie|credential)"'
    r'[[:space:]]*:[[:space:]]*")[^"]*"/\1[REDACTED]"/gI',
    r"s/[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}/[REDACTED]/g",
    r"s/\b([0-9]{4}[- ]?){3}[0-9]{1,7}\b/[REDACTED]/g",
    r"s/\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b/[REDACTED]/g",
    r"s/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/[REDACTED]/g",
    r"s/\b(AKIA|ASIA)[A-Z0-9]{16}\b/[REDACTED]/g",
    r"s/(\+[0-9]{1,3}[ .-]?)?\(?[0-9]{3}\)?[ .-][0-9]{3}[ .-][0-9]{4}\b/[REDACTED]/g",
    r"s/\b(Bearer|Basic) +[A-Za-z0-9._~+\/=-]+/\1 [REDACTED]/gI",
)
# The first three of them: what fits into one line of a script.
SHORT_SED_PROGRAM = (
    r's/("(password|passwd|pwd|secret|token|api_key|access_key|authorization)"[[:space:]]*:[[:space:]]*")'
    r'[^"]*"/\1[REDACTED]"/g',
    *SED_PROGRAM[1:3],
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
        program: Of sed, where there is no engine.
    """

    name: str
    looks_for: str
    engine: str = ""
    is_foreign: bool = True
    most_megabytes: float = float("inf")
    locale: str = "C.UTF-8"
    program: Sequence[str] = SED_PROGRAM

    def command(self, job: Job, *, foreign_python: Path) -> list[str]:
        """Program and arguments; without an engine the output is standard output."""
        if not self.engine:
            return ["sed", "-E", *(f"--expression={line}" for line in self.program), str(job.source)]
        python = str(foreign_python) if self.is_foreign else sys.executable
        files = (str(job.source), str(job.output), str(job.block_bytes), str(job.report))
        return [python, "-m", "benchmarks.redaction.run_engine", self.engine, *files]

    def environment(self) -> Mapping[str, str]:
        """Variables to set for its process."""
        return {"LC_ALL": self.locale}


OURS = Contestant(name="ours", engine="ours", is_foreign=False, looks_for="the built-in policy")

CONTESTANTS: Sequence[Contestant] = (
    OURS,
    Contestant(name="sed", is_foreign=False, looks_for="8 patterns: JSON keys, e-mail, cards, SSN, JWT, …"),
    Contestant(name="sed-bytes", is_foreign=False, locale="C", looks_for="the same 8 patterns with LC_ALL=C"),
    Contestant(
        name="sed-short",
        is_foreign=False,
        program=SHORT_SED_PROGRAM,
        looks_for="3 patterns: JSON keys, e-mail, cards",
    ),
    Contestant(name="datafog", engine="datafog", looks_for="scan_and_transform as it comes"),
    Contestant(
        name="datafog-9",
        engine="datafog-9",
        looks_for="9 of its 14 kinds: without dates, IP addresses, ZIP codes",
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
