"""The regular expression of a shape, written out as plain sequences of byte classes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from typing import Any

UNLIMITED = 65535
MAX_EXPANSIONS = 64
"""Alternatives and optional parts multiply; each result is matched by itself."""
MAX_ITEMS = 256
"""Classes in one sequence, after groups were repeated."""
MAX_SHAPE_CHARACTERS = 2000

_NEWLINE = 0x0A
_ALL = frozenset(range(256))
_DIGITS = frozenset(b"0123456789")
_SPACES = frozenset(b" \t\r\x0b\x0c\n")
WORD_BYTES = _DIGITS | frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_CATEGORIES = {
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_NOT_DIGIT": _ALL - _DIGITS,
    "CATEGORY_WORD": WORD_BYTES,
    "CATEGORY_NOT_WORD": _ALL - WORD_BYTES,
    "CATEGORY_SPACE": _SPACES,
    "CATEGORY_NOT_SPACE": _ALL - _SPACES,
}
_REPEATS = ("MAX_REPEAT", "POSSESSIVE_REPEAT")
_WORDS_END_IT = "leave it out: a shape ends only where a word ends"
_REFUSED = {
    "ASSERT": ("a lookahead or lookbehind", _WORDS_END_IT),
    "ASSERT_NOT": ("a lookahead or lookbehind", _WORDS_END_IT),
    "GROUPREF": ("a backreference", "write the text again"),
    "GROUPREF_EXISTS": ("a conditional group", "write two shapes"),
    "ATOMIC_GROUP": ("an atomic group", "write a plain group: nothing is ever tried twice"),
    "MIN_REPEAT": ("a lazy count such as `+?`", "leave the second mark out: what follows ends the run"),
    "AT": ("an anchor", r"leave it out; only `\b` may stand, at the beginning and the end"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A run of bytes of one class.

    Attributes:
        members: The bytes it may hold, 0 to 255; never a newline.
        at_least: How many there must be, 0 to 65534.
        at_most: How many it takes, 1 to 65535, and 65535 stands for any number.
    """

    members: frozenset[int]
    at_least: int
    at_most: int


class ShapeRefusal(Exception):
    """Why a pattern is no shape, and what to write instead."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


Sequence = tuple[Item | None, ...]
"""Runs in order; None is a border of words."""


def sequences(source: str) -> list[Sequence]:
    """All sequences that a pattern stands for, in its order.

    Raises:
        ShapeRefusal: The pattern is none, or uses what shapes do not have.
    """
    tree = _syntax_tree(source)
    return _all(tree, ignore_case=bool(tree.state.flags & re.IGNORECASE))


def limit(expansions: int) -> None:
    """Raise ShapeRefusal when alternatives have multiplied too far."""
    if expansions > MAX_EXPANSIONS:
        raise ShapeRefusal(
            f"more than {MAX_EXPANSIONS} combinations of alternatives and optional parts",
            "write several shapes",
        )


def _syntax_tree(source: str) -> Any:
    if len(source) > MAX_SHAPE_CHARACTERS:
        raise ShapeRefusal(f"{len(source)} characters", f"use at most {MAX_SHAPE_CHARACTERS}")
    try:
        # The standard library's own reader: private, but its tree is the
        # meaning that users know. A test compares both on what is supported.
        tree = import_module("re._parser").parse(source.encode("latin-1"))
    except UnicodeEncodeError:
        raise ShapeRefusal(
            "a character outside Latin-1", r"write its UTF-8 bytes, as in `\xe2\x82\xac`"
        ) from None
    except (re.error, OverflowError, RecursionError) as error:
        raise ShapeRefusal(f"no regular expression: {error}", "correct it") from None
    if tree.state.flags & (re.VERBOSE | re.MULTILINE | re.DOTALL | re.LOCALE):
        raise ShapeRefusal("a flag other than `(?i)`", "leave it out")
    return tree


def _all(tree: Any, *, ignore_case: bool) -> list[Sequence]:
    results: list[Sequence] = [()]
    for operation, argument in tree:
        parts = _of_one(str(operation), argument, ignore_case)
        limit(len(results) * len(parts))
        results = [_of_length(before + part) for before, part in product(results, parts)]
    return results


def _of_one(operation: str, argument: Any, ignore_case: bool) -> list[Sequence]:
    if operation == "SUBPATTERN":
        _, added, removed, inner = argument
        if (added | removed) & ~(re.IGNORECASE | re.ASCII):
            raise ShapeRefusal("a flag other than `(?i:...)`", "leave it out")
        folded = (ignore_case or bool(added & re.IGNORECASE)) and not removed & re.IGNORECASE
        return _all(inner, ignore_case=folded)
    if operation == "BRANCH":
        found: list[Sequence] = []
        for alternative in argument[1]:
            found += _all(alternative, ignore_case=ignore_case)
            limit(len(found))
        return found
    if operation in _REPEATS:
        at_least, at_most, inner = argument
        # The reader's own sign for "no limit" is a very large number.
        return _repeated(at_least, min(int(at_most), UNLIMITED + 1), _all(inner, ignore_case=ignore_case))
    if operation == "AT" and str(argument) == "AT_BOUNDARY":
        return [(None,)]
    return [(Item(members=_members(operation, argument, ignore_case), at_least=1, at_most=1),)]


def _repeated(at_least: int, at_most: int, inner: list[Sequence]) -> list[Sequence]:
    """A count on one class makes a run; on a group, the group that many times."""
    only = inner[0] if len(inner) == 1 else ()
    if len(only) == 1 and only[0] is not None and (only[0].at_least, only[0].at_most) == (1, 1):
        if at_least >= UNLIMITED or at_most == UNLIMITED:
            raise ShapeRefusal("a count of 65535 or more", "use a smaller one; `{n,}` has no upper limit")
        if at_most == 0:
            return [()]
        return [(Item(members=only[0].members, at_least=at_least, at_most=min(at_most, UNLIMITED)),)]
    if at_most > MAX_ITEMS:
        raise ShapeRefusal(
            f"a group repeated more than {MAX_ITEMS} times",
            "give it a fixed count, or take its characters into one class, as in `[A-Za-z0-9.]+`",
        )
    # Greedy: more repetitions come first.
    found: list[Sequence] = []
    for count in range(at_most, at_least - 1, -1):
        limit(len(found) + (len(inner) ** count if count < MAX_EXPANSIONS else len(inner)))
        made: list[Sequence] = [()]
        for _ in range(count):
            made = [_of_length(before + part) for before, part in product(made, inner)]
            limit(len(made))
        found += made
    return found


def _of_length(sequence: Sequence) -> Sequence:
    if len(sequence) > MAX_ITEMS:
        raise ShapeRefusal(f"more than {MAX_ITEMS} characters and classes", "write a shorter shape")
    return sequence


def _members(operation: str, argument: Any, ignore_case: bool) -> frozenset[int]:
    """The bytes of a literal or class. A newline is in none: it ends the record."""
    if operation in _REFUSED:
        raise ShapeRefusal(*_REFUSED[operation])
    negated = operation == "NOT_LITERAL"
    if operation in ("LITERAL", "NOT_LITERAL"):
        members = frozenset((argument,))
    elif operation == "ANY":
        members = _ALL
    elif operation == "IN":
        return _without_newline(class_members(argument, ignore_case=ignore_case))
    else:
        raise ShapeRefusal(f"{operation.lower()}", "leave it out")
    members = _folded(members) if ignore_case else members
    return _without_newline(_ALL - members if negated else members)


def class_members(parts: Any, *, ignore_case: bool) -> frozenset[int]:
    """The bytes of a class as `re._parser` gives it."""
    members = frozenset().union(*(_class_part(str(kind), value) for kind, value in parts))
    if ignore_case:
        members = _folded(members)
    return _ALL - members if str(parts[0][0]) == "NEGATE" else members


def _folded(members: frozenset[int]) -> frozenset[int]:
    lower = frozenset(bytes(members).lower())
    return frozenset(byte for byte in _ALL if bytes((byte,)).lower()[0] in lower)


def _without_newline(members: frozenset[int]) -> frozenset[int]:
    members -= {_NEWLINE}
    if not members:
        raise ShapeRefusal("a class that nothing but a newline matches", "leave it out: records have none")
    return members


def _class_part(kind: str, value: Any) -> frozenset[int]:
    if kind == "LITERAL":
        return frozenset((value,))
    if kind == "RANGE":
        return frozenset(range(value[0], value[1] + 1))
    if kind == "CATEGORY":
        return _CATEGORIES[str(value)]
    return frozenset()
