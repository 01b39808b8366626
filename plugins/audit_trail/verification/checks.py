"""The results of single checks, and what they add up to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

from audit_trail.errors import AuditTrailError, StorageError

EXIT_GOOD, EXIT_WRONG, EXIT_UNCHECKED = 0, 1, 2


class Outcome(StrEnum):
    """How a check ended. What could not be checked is never a pass."""

    PASS = "PASS"  # noqa: S105 - a verdict
    FAIL = "FAIL"
    UNVERIFIABLE = "UNVERIFIABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: what, where (key and version), expected, found, and what to do."""

    name: str
    where: str
    outcome: Outcome
    expected: str = ""
    found: str = ""
    remedy: str = ""
    day: str = ""

    def to_json(self) -> dict[str, Any]:
        """Without empty fields."""
        return {name: value for name, value in asdict(self).items() if value != ""}


@dataclass(slots=True)
class CheckList:
    """Collects checks from several threads.

    Passed checks are only counted unless `keep_passed`, so that a verification
    of years fits into memory.
    """

    keep_passed: bool = False
    kept: list[Check] = field(default_factory=list)
    counts: Counter[tuple[str, Outcome]] = field(default_factory=Counter)
    _lock: Lock = field(default_factory=Lock)

    def add(self, check: Check) -> None:
        """Note one check."""
        with self._lock:
            self.counts[check.name, check.outcome] += 1
            if self.keep_passed or check.outcome is not Outcome.PASS:
                self.kept.append(check)

    def compare(
        self, name: str, where: str, *, expected: object, found: object, day: str = "", remedy: str = ""
    ) -> bool:
        """Note whether `found` is `expected`."""
        good = expected == found
        self.add(
            Check(
                name=name,
                where=where,
                outcome=Outcome.PASS if good else Outcome.FAIL,
                expected=str(expected),
                found=str(found),
                remedy="" if good else remedy,
                day=day,
            )
        )
        return good

    def add_error(self, name: str, error: AuditTrailError, *, where: str = "", day: str = "") -> None:
        """Note a check that ended in an error: unreadable is unverifiable, anything else wrong."""
        self.add(
            Check(
                name=name,
                where=error.where or where,
                outcome=Outcome.UNVERIFIABLE if isinstance(error, StorageError) else Outcome.FAIL,
                expected=error.expected,
                found=f"{error.what}: {error.found}" if error.found else error.what,
                remedy=error.remedy,
                day=day,
            )
        )

    def total(self, outcome: Outcome) -> int:
        """How many checks ended so."""
        return sum(count for (_, ended), count in self.counts.items() if ended is outcome)

    @property
    def not_passed(self) -> list[Check]:
        """Failed and unverifiable checks, failed ones first."""
        rest = [check for check in self.kept if check.outcome is not Outcome.PASS]
        return sorted(rest, key=lambda check: (check.outcome is not Outcome.FAIL, check.day, check.where))

    @property
    def exit_code(self) -> int:
        """0 all good, 1 something is wrong, 2 something (or everything) could not be checked."""
        if self.total(Outcome.FAIL):
            return EXIT_WRONG
        if self.total(Outcome.UNVERIFIABLE) or not self.total(Outcome.PASS):
            return EXIT_UNCHECKED
        return EXIT_GOOD
