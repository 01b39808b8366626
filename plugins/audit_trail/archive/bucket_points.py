"""What was found of a bucket: one point for each thing that has to be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How a point stands."""

    RIGHT = "right"
    WRONG = "wrong"
    NOT_OFFERED = "not-offered"
    """The store has no such thing, or is not trusted with it: weaker than AWS, and nobody's mistake."""
    UNREADABLE = "unreadable"
    """The credentials may not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that has to be right, and how it is.

    Attributes:
        name: What it is about, e.g. `public-access`.
        expected: What is right.
        found: What is there; or what stands in the way of looking.
        remedy: A command, or what to set; empty where it is right.
        add: Policy statements or lifecycle rules that are missing, to be added to what is there.
    """

    name: str
    state: State
    expected: str
    found: str
    remedy: str = ""
    add: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "state": self.state.value,
            "expected": self.expected,
            "found": self.found,
            "remedy": self.remedy,
            "add": list(self.add),
        }


def exit_code_of(points: Iterable[Point]) -> int:
    """0: all is right, as far as the store goes; 1: something is wrong; 2: something could not be seen."""
    states = {point.state for point in points}
    if State.WRONG in states:
        return 1
    return 2 if State.UNREADABLE in states else 0
