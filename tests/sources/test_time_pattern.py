"""Which patterns are a row of steps, and which are left to RE2."""

from __future__ import annotations

import pytest

from audit_trail.sources.time_pattern import MAX_STEPS, steps_of


@pytest.mark.parametrize(
    ("pattern", "steps", "time", "anchored"),
    [
        (r"^(\S+)", 1, (0, 1), True),
        (r"\[([^\]]+)\]", 3, (1, 2), False),
        (r"^(?:\d{1,3}\.){3}\d{1,3} (\S+)", 9, (8, 9), True),
        (r"^(?P<time>\d{4}-\d\d)", 4, (0, 4), True),
        (r"\[(.*?)\]", 3, (1, 2), False),
        (r"^(\S+?) ", 2, (0, 1), True),
        (r"^([0-9T:.-]+)", 1, (0, 1), True),
    ],
)
def test_rows_of_counted_bytes_are_steps(
    pattern: str, steps: int, time: tuple[int, int], anchored: bool
) -> None:
    found = steps_of(pattern)
    assert found is not None
    assert (len(found.steps), (found.first, found.end), found.anchored) == (steps, time, anchored)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(.*)Z",  # a Z may be in .*
        r"(\S+?)",  # nothing makes it take more
        r"\[(.*?)\] x",  # what follows may fail, and it would go on
        r"(ab|c)",
        r"(\S+)$",
        r"(\S+)\b",
        r"(?i)(\S+)",
        r"(?i:t)(\S+)",
        r"([[:digit:]]+)",
        r"(\pN+)",
        r"(\x41+)",
        r"(x{,3}y)",  # text to RE2
        r"(a++)",
        r"(é+)",
        r"()x",
        r"(one)(two)",
        r"none",
        r"(\S+)?",
        r"(?:a(\S) )+",
        r"(unclosed",
        f"(x{{{MAX_STEPS}}}.)" + "y" * MAX_STEPS,
        "(" * 5000,
    ],
)
def test_everything_else_is_left_to_re2(pattern: str) -> None:
    assert steps_of(pattern) is None


def test_white_space_is_what_re2_calls_so() -> None:
    found = steps_of(r"(\s)")
    assert found is not None
    assert found.steps[0].members == frozenset(b"\t\n\f\r ")
