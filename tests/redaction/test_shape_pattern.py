"""Shapes mean what Python's `re` says they mean, or are refused with a lesson."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.shape_pattern import UNLIMITED, Item, LinearShape, parse_shape
from audit_trail.redaction.shape_syntax import MAX_EXPANSIONS, MAX_ITEMS, MAX_SHAPE_CHARACTERS


def matches(shape: LinearShape, data: bytes, start: int) -> int | None:
    """What an engine does: each run takes all it may and gives nothing back. The end, or None."""
    for item in shape.items:
        taken = 0
        most = len(data) if item.at_most == UNLIMITED else item.at_most
        while taken < most and start + taken < len(data) and data[start + taken] in item.members:
            taken += 1
        if taken < item.at_least:
            return None
        start += taken
    return start


def is_whole(source: str, data: bytes) -> bool:
    return any(matches(shape, data, 0) == len(data) for shape in parse_shape(source))


def runs(source: str) -> list[list[tuple[str, int, int]]]:
    """Sequences as readable texts; classes of more than four bytes by their size."""
    return [
        [
            (
                bytes(sorted(item.members)).decode("latin-1")
                if len(item.members) < 5
                else f"#{len(item.members)}",
                item.at_least,
                item.at_most,
            )
            for item in shape.items
        ]
        for shape in parse_shape(source)
    ]


def refusal(source: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        parse_shape(source)
    assert caught.value.remedy
    assert repr(source[:50])[1:-1][:50] in caught.value.where
    return caught.value


# What is understood


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("ab", [[("a", 1, 1), ("b", 1, 1)]]),
        ("aab", [[("a", 2, 2), ("b", 1, 1)]]),
        (r"\$\.\x41\t", [[("$", 1, 1), (".", 1, 1), ("A", 1, 1), ("\t", 1, 1)]]),
        ("\xe9", [[("\xe9", 1, 1)]]),
        ("[0-9]{3}", [[("#10", 3, 3)]]),
        (r"\d{3,}", [[("#10", 3, UNLIMITED)]]),
        (r"x\w*", [[("x", 1, 1), ("#63", 0, UNLIMITED)]]),
        ("x[ab]+", [[("x", 1, 1), ("ab", 1, UNLIMITED)]]),
        ("x[ab]?", [[("x", 1, 1), ("ab", 0, 1)]]),
        ("[a-z]{3}[a-z]+", [[("#26", 4, UNLIMITED)]]),
        ("[A-Z]{2}[A-Z0-9]{5}", [[("#26", 2, 2), ("#36", 5, 5)]]),
        ("a{2,3}+b", [[("a", 2, 3), ("b", 1, 1)]]),
        (r"\bab\b", [[("a", 1, 1), ("b", 1, 1)]]),
        (r"(?:\bab|c\b)", [[("a", 1, 1), ("b", 1, 1)], [("c", 1, 1)]]),
        ("(?i)a1", [[("Aa", 1, 1), ("1", 1, 1)]]),
        ("(?i:a)b", [[("Aa", 1, 1), ("b", 1, 1)]]),
        ("(?i)a(?-i:b)", [[("Aa", 1, 1), ("b", 1, 1)]]),
        ("(?i)[^B]", [[("#253", 1, 1)]]),
        ("(?:a|b|c)x", [[("abc", 1, 1), ("x", 1, 1)]]),
        ("(ab|c.)?e", [[("a", 1, 1), ("b", 1, 1), ("e", 1, 1)],
                       [("c", 1, 1), ("#255", 1, 1), ("e", 1, 1)],
                       [("e", 1, 1)]]),
        ("(?:[xy]-){2}z", [[("xy", 1, 1), ("-", 1, 1), ("xy", 1, 1), ("-", 1, 1), ("z", 1, 1)]]),
        ("(?P<n>a){0}b", [[("b", 1, 1)]]),
        ("x*y", [[("x", 0, UNLIMITED), ("y", 1, 1)]]),
    ],
)  # fmt: skip
def test_a_pattern_becomes_runs(source: str, expected: list[list[tuple[str, int, int]]]) -> None:
    assert runs(source) == expected


def test_a_newline_is_in_no_class() -> None:
    for source in (".", r"\s", r"\W", "[^a]", r"[\n-a]", r"\D"):
        assert all(0x0A not in item.members for shape in parse_shape(source) for item in shape.items)


def test_a_small_range_that_is_not_certain_is_written_out_longest_first() -> None:
    assert runs("[0-9]{1,3}0") == [[("#10", count, count), ("0", 1, 1)] for count in (3, 2, 1)]
    assert runs("-?-x") == [[("-", 1, 2), ("x", 1, 1)]]


def test_results_are_the_same_object_again() -> None:
    assert parse_shape("abc[a-z]+") is parse_shape("abc[a-z]+")


# What is refused


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("a(?=b)", "lookahead"),
        ("(?<!a)b", "lookbehind"),
        (r"(a|b)\1", "backreference"),
        ("(a)?(?(1)b|c)", "conditional"),
        ("(?>ab)", "atomic"),
        ("a+?b", "lazy"),
        ("^a", "anchor"),
        ("a$", "anchor"),
        (r"a\Bb", "anchor"),
        (r"a\bb", r"`\b` within"),
        ("(?:ab)+", "group repeated"),
        ("(?:ab)*c", "group repeated"),
        ("a*", "empty text"),
        ("", "empty text"),
        (r"\b", "empty text"),
        (r"a\n", "newline"),
        ("(?x)a", "flag"),
        ("(?s:.)", "flag"),
        ("[a", "no regular expression"),
        ("a{2,1}", "no regular expression"),
        ("a{99999999999}", "no regular expression"),
        ("(" * 5000, "characters"),
        ("a{70000}", "count"),
        ("a{1,65535}", "count"),
        ("a{40000,}a{40000}", "count"),
        ("€", "Latin-1"),
        ("x" * (MAX_SHAPE_CHARACTERS + 1), "characters"),
        ("(?:ab){200}", "characters and classes"),
        ("((?:ab){100}){100}", "characters and classes"),
        ("(?:aa|bb){7}", "combinations"),
        ("|".join(f"{number:03}x" for number in range(MAX_EXPANSIONS + 1)), "combinations"),
        ("[a-z]+[a-z0-9]{3}", "'a' 'b' 'c'"),
        ("[a-z]{5,50}x", "'x'"),
        ("a+b?a", "'a'"),
        ("[0-9]*(?:[a-f]x|[0-3]y)", "'0' '1' '2'"),
        (r"eyJ[A-Za-z0-9_-]+\.x", "run of more than words"),
    ],
)
def test_what_cannot_be_matched_in_one_pass_is_refused(source: str, found: str) -> None:
    assert found in refusal(source).found


def test_no_pattern_takes_long_to_be_refused() -> None:
    hostile = [
        "([0-9]{0,7}a?){9}",
        "((((a?b?){3}c?){3}d?){3}e?){3}",
        "[0-9]{0,7}" * 60,
        "(?:a|ab|abc){3}" * 50,
    ]
    started = time.perf_counter()
    for source in hostile:
        refusal(source)
    assert time.perf_counter() - started < 5


def test_more_classes_than_the_limit_are_refused_and_as_many_are_not() -> None:
    letters = "ab" * (MAX_ITEMS // 2)
    assert len(parse_shape(letters)[0].items) == MAX_ITEMS
    assert "classes" in refusal(letters + "a").found


# The same as `re`

_CLASSES = ["a", "b", "-", r"\.", "[ab]", "[b-d]", "[^a]", r"\d", r"\w", "[a0]", r"[\d-]", "C"]
_COUNTS = ["", "", "{2}", "{1,3}", "?", "*", "+", "{2,}"]
_PIECES = st.tuples(st.sampled_from(_CLASSES), st.sampled_from(_COUNTS)).map("".join)


def _grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    alternatives = st.lists(inner, min_size=1, max_size=3).map("|".join)
    group = st.tuples(st.sampled_from(["(?:{})", "({})", "(?i:{})"]), alternatives).map(
        lambda pair: pair[0].format(pair[1])
    )
    counted = st.tuples(group, st.sampled_from(["", "?", "{2}", "{1,2}"])).map("".join)
    return st.lists(st.one_of(counted, _PIECES), min_size=1, max_size=3).map("".join)


PATTERNS = st.recursive(_PIECES, _grouped, max_leaves=6)
TEXTS = st.text(alphabet="abcdCD0-. ", max_size=12).map(lambda text: text.encode())


@settings(max_examples=1500, deadline=None)
@given(source=PATTERNS, data=st.lists(TEXTS, min_size=5, max_size=20))
def test_supported_patterns_match_what_re_matches(source: str, data: list[bytes]) -> None:
    try:
        parse_shape(source)
    except ConfigurationError:
        return
    expected = re.compile(source.encode())
    for text in data:
        assert is_whole(source, text) == bool(expected.fullmatch(text)), text


@settings(max_examples=500, deadline=None)
@given(source=PATTERNS)
def test_every_run_ends_where_its_bytes_do(source: str) -> None:
    """What follows a run of uncertain length is never of its class: no engine has to go back."""
    try:
        shapes = parse_shape(source)
    except ConfigurationError:
        return
    for shape in shapes:
        for place, item in enumerate(shape.items):
            assert 0 <= item.at_least <= item.at_most <= UNLIMITED
            assert item.at_most > 0
            if item.at_least < item.at_most:
                for later in shape.items[place + 1 :]:
                    assert not item.members & later.members
                    if later.at_least:
                        break


def test_items_are_values() -> None:
    assert Item(members=frozenset({1}), at_least=1, at_most=2) == Item(
        members=frozenset({1}), at_least=1, at_most=2
    )
