"""Patterns as sets of strings."""

from __future__ import annotations

from fnmatch import fnmatchcase
from itertools import product

import pytest

from audit_trail.reporting.access import wildcards
from audit_trail.reporting.access.wildcards import (
    UndecidedError,
    arn_pattern,
    contains,
    find_member,
    literal,
    matches,
    wildcard,
)

TEXTS = ["".join(letters) for size in range(5) for letters in product("ab:", repeat=size)]


@pytest.mark.parametrize("pattern", ["", "*", "?", "a*", "*a", "a*b", "*a*b*", "a?b*", "**", "?*?", "a:*"])
def test_wildcards_match_what_a_shell_matches(pattern: str) -> None:
    assert {text for text in TEXTS if matches(wildcard(pattern), text)} == {
        text for text in TEXTS if fnmatchcase(text, pattern)
    }


def test_a_literal_has_no_wildcards() -> None:
    assert matches(literal("a*"), "a*")
    assert not matches(literal("a*"), "ab")


@pytest.mark.parametrize(
    ("inner", "outer", "expected"),
    [
        ("logs/*", "*", True),
        ("logs/*", "logs/*", True),
        ("logs/*", "logs/a*", None),
        ("logs/a", "logs/?", True),
        ("logs/*", "other/*", False),
        ("l*s", "lo*", None),
        ("a?c", "a*c", True),
        ("a*c", "a?c", None),
        ("*a*", "*b", None),
    ],
)
def test_whether_one_language_lies_in_another(inner: str, outer: str, expected: bool | None) -> None:
    assert contains(wildcard(outer), wildcard(inner)) is expected


def test_an_example_is_a_shortest_string_that_satisfies_the_question() -> None:
    patterns = [wildcard("b/*"), wildcard("b/logs/*"), wildcard("b/logs/secret*")]
    found = find_member(patterns, lambda held: held[1] and not held[2])
    assert found == "b/logs/"
    assert find_member(patterns, lambda held: held[2] and not held[1]) is None


def test_several_denies_together_may_leave_nothing() -> None:
    patterns = [wildcard("k?"), wildcard("ka"), wildcard("k*")]
    assert find_member(patterns, lambda held: not held[2]) is None
    assert find_member(patterns, lambda held: not held[1]) not in (None, "ka")


def test_a_question_with_too_many_cases_is_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "MAX_STATES", 3)
    with pytest.raises(UndecidedError):
        find_member([wildcard("*"), literal("abcdef")], lambda held: held[1])
    wildcards.contains.cache_clear()
    assert contains(literal("abcdef"), wildcard("abc*")) is None
    wildcards.contains.cache_clear()


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", "arn:aws:s3:::logs/a", True),
        ("arn:aws:s3:::logs/*", "arn:aws:s3:::logs/a:b", True),
        ("arn:aws:s3:::*", "arn:aws:s3:::logs/a", True),
        ("arn:aws:s3", "arn:aws:s3:::logs", True),
        ("arn:aws:s3:*", "arn:aws:s3:::logs", True),
        ("arn:*:s3:::logs", "arn:aws-cn:s3:::logs", True),
        ("arn:*:s3:::logs", "arn:aws:s3:::logs/a", False),
        ("arn:a*s:s3:::logs", "arn:aws:s3:::logs", True),
        ("arn:a*s3:::logs", "arn:aws:s3:::logs", False),  # `*` would have to reach over a colon
        ("arn:aws:s3:::LOGS", "arn:aws:s3:::logs", False),
    ],
)
def test_patterns_of_arns(pattern: str, arn: str, expected: bool) -> None:
    assert matches(arn_pattern(wildcard(pattern)), arn) is expected
