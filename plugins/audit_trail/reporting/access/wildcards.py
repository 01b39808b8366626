"""Patterns of policies as sets of strings, and exact questions about these sets.

`*` and `?` make regular languages, so whether a permission reaches *some* object
of an archive, in spite of every deny, has an exact answer: the patterns are run
side by side, character by character, over all strings at once (the subset
construction), and the first string that satisfies the question is the example.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache

MAX_STATES = 50_000
"""Policies of people need some hundreds; beyond this a question stays open, and counts as a yes."""


class Wild(Enum):
    """What is not a character of its own."""

    ONE = "?"
    ANY = "*"
    SEGMENT = "any characters but a colon"


Token = str | Wild
Pattern = tuple[Token, ...]
State = tuple[frozenset[int], ...]


class UndecidedError(Exception):
    """A question has too many states to be answered."""


def literal(text: str) -> Pattern:
    """The pattern of one string."""
    return tuple(text)


@lru_cache(maxsize=100_000)
def wildcard(text: str) -> Pattern:
    """A pattern with `*` and `?`."""
    return tuple({"*": Wild.ANY, "?": Wild.ONE}.get(char, char) for char in text)


def arn_pattern(tokens: Pattern) -> Pattern:
    """A pattern of ARNs: missing fields are any, and `*` stays in its field unless it ends it.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if tokens == (Wild.ANY,):
        return tokens
    missing = 5 - tokens.count(":")
    tokens += (":", Wild.ANY) * missing
    made: list[Token] = []
    for place, token in enumerate(tokens):
        inside = (
            token is Wild.ANY and made.count(":") < 5 and tokens[place + 1 : place + 2] not in ((), (":",))
        )
        made.append(Wild.SEGMENT if inside else token)
    return tuple(made)


@lru_cache(maxsize=100_000)
def matches(pattern: Pattern, text: str) -> bool:
    """Whether a string is in a pattern's language."""
    state = _closed(pattern, frozenset({0}))
    for char in text:
        state = _step(pattern, state, char)
    return len(pattern) in state


def find_member(
    patterns: Sequence[Pattern], wanted: Callable[[tuple[bool, ...]], bool], *, within: int = 0
) -> str | None:
    """A shortest string for which `wanted` holds; None when there is none.

    Args:
        patterns: Languages.
        wanted: Given for each pattern whether the string is in it.
        within: The string must be in the pattern at this place.

    Raises:
        UndecidedError: More than `MAX_STATES` cases would have to be looked at.
    """
    letters = _alphabet(patterns)
    begin: State = tuple(_closed(pattern, frozenset({0})) for pattern in patterns)
    seen, waiting = {begin}, deque([(begin, "")])
    while waiting:
        state, text = waiting.popleft()
        found = tuple(len(pattern) in held for pattern, held in zip(patterns, state, strict=True))
        if found[within] and wanted(found):
            return text
        for letter in letters:
            after = tuple(_step(pattern, held, letter) for pattern, held in zip(patterns, state, strict=True))
            if after[within] and after not in seen:
                seen.add(after)
                waiting.append((after, text + letter))
        if len(seen) > MAX_STATES:
            raise UndecidedError
    return None


@lru_cache(maxsize=100_000)
def contains(outer: Pattern, inner: Pattern) -> bool | None:
    """Whether every string of `inner` is in `outer` (True), none (False), or some (None)."""
    try:
        some_in = find_member([inner, outer], lambda found: found[1]) is not None
        some_out = find_member([inner, outer], lambda found: not found[1]) is not None
    except UndecidedError:
        return None
    if some_in and some_out:
        return None
    return some_in


def _alphabet(patterns: Sequence[Pattern]) -> list[str]:
    """Every character that a pattern tells apart, and one that none does."""
    named = {token for pattern in patterns for token in pattern if isinstance(token, str)} | {":"}
    other = next(char for char in map(chr, range(ord("a"), 0x110000)) if char not in named)
    # The others first: an example shall read `…/a`, not `…/:`.
    return [other, *sorted(named, reverse=True)]


@lru_cache(maxsize=100_000)
def _step(pattern: Pattern, state: frozenset[int], char: str) -> frozenset[int]:
    after = set()
    for place in state:
        if place == len(pattern):
            continue
        token = pattern[place]
        if token is Wild.ANY or (token is Wild.SEGMENT and char != ":"):
            after.add(place)
        elif token is Wild.ONE or token == char:
            after.add(place + 1)
    return _closed(pattern, frozenset(after))


def _closed(pattern: Pattern, state: frozenset[int]) -> frozenset[int]:
    """With every place that is reached without a character."""
    reached = set(state)
    for place in state:
        while place < len(pattern) and pattern[place] in (Wild.ANY, Wild.SEGMENT):
            place += 1  # noqa: PLW2901 - walks over a run of stars
            reached.add(place)
    return frozenset(reached)
