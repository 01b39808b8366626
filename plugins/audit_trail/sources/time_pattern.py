"""Patterns that find a time in a record in one way only, as steps that need no regular expression engine.

Most patterns in use are a row of counted bytes, such as `^(\\S+)` or
`\\[([^\\]]+)\\]`, in which no byte can be counted to two neighbours. Such a row
is walked once, and what it finds is what RE2 finds. For all others `None` says
that RE2 has to look.
"""

from __future__ import annotations

import re
import re._constants as sre  # type: ignore[import-not-found]
import re._parser as sre_parser  # type: ignore[import-not-found]
import warnings
from dataclasses import dataclass, replace
from typing import Any

MAX_STEPS = 64
UNLIMITED = 1 << 30
_ALL = frozenset(range(256))
_DIGIT = frozenset(b"0123456789")
_WORD = _DIGIT | frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_NEWLINE = frozenset(b"\n")
# As RE2 has it: without the vertical tab.
_SPACE = frozenset(b"\t\n\f\r ")
_CATEGORIES = {
    sre.CATEGORY_DIGIT: _DIGIT, sre.CATEGORY_NOT_DIGIT: _ALL - _DIGIT,
    sre.CATEGORY_SPACE: _SPACE, sre.CATEGORY_NOT_SPACE: _ALL - _SPACE,
    sre.CATEGORY_WORD: _WORD, sre.CATEGORY_NOT_WORD: _ALL - _WORD,
}  # fmt: skip
# What Python and RE2 read alike: no flags, no POSIX classes, no letters after a
# backslash but these; `{,3}` is text to RE2.
_ALIKE = re.compile(
    r"(?:[^\\\[({]|\\[dDsSwWtnr]|\\[^\w\s]|\[(?!\[|\^\[|:)|\((?!\?)|\(\?:|\(\?P<\w+>|\{(?!,))*\Z", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A run of bytes.

    Attributes:
        members: Values of the bytes that may be in it.
        at_least: Fewest bytes.
        at_most: Most bytes; as many as there are, up to this, belong to it.
    """

    members: frozenset[int]
    at_least: int
    at_most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A row of runs that follow each other.

    Attributes:
        steps: The runs.
        first: Number of the run with which the time begins.
        end: Number of the run behind the time, or of runs.
        anchored: It begins at the record's first byte, or else at the first
            place from where it can be walked to its end.
    """

    steps: tuple[Step, ...]
    first: int
    end: int
    anchored: bool


def steps_of(pattern: str) -> Steps | None:
    """The pattern as steps, or None where it is no such row (or no pattern)."""
    if not pattern.isascii() or not _ALIKE.match(pattern):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            parsed = list(sre_parser.parse(pattern))
    except (re.error, RecursionError, OverflowError):
        return None
    anchored = bool(parsed) and parsed[0] == (sre.AT, sre.AT_BEGINNING)
    row = _Row()
    try:
        row.add_all(parsed[anchored:])
    except _OtherwiseError:
        return None
    if row.first is None or row.end is None or row.first == row.end or not row.is_unambiguous():
        return None
    return Steps(steps=tuple(row.steps), first=row.first, end=row.end, anchored=anchored)


class _OtherwiseError(Exception):
    """Something that is not a run of bytes."""


class _Row:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.first: int | None = None
        self.end: int | None = None
        self._lazy: set[int] = set()

    def add_all(self, parsed: Any) -> None:
        for operation, argument in parsed:
            self._add(operation, argument)

    def is_unambiguous(self) -> bool:
        """Whether taking as many bytes as possible at each step is the only way to go."""
        self._end_lazy_step()
        for number, step in enumerate(self.steps):
            if step.at_most == step.at_least:
                continue
            for follower in self.steps[number + 1 :]:
                if step.members & follower.members:
                    return False
                if follower.at_least:
                    break
            else:
                if number in self._lazy:
                    return False  # nothing makes it take more than it must
        return True

    def _end_lazy_step(self) -> None:
        """`.*?` before a last byte ends at the first one that is this byte."""
        if len(self.steps) - 2 in self._lazy and (last := self.steps[-1]).at_most == last.at_least == 1:
            self.steps[-2] = replace(self.steps[-2], members=self.steps[-2].members - last.members)

    def _add(self, operation: Any, argument: Any) -> None:
        if operation == sre.SUBPATTERN:
            self._add_group(*argument)
        elif operation in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            self._add_repeat(*argument, is_lazy=operation == sre.MIN_REPEAT)
        else:
            self._append(_members(operation, argument), 1, 1)

    def _add_group(self, number: int | None, add_flags: int, del_flags: int, parsed: Any) -> None:
        if add_flags or del_flags:
            raise _OtherwiseError
        if number is None:
            self.add_all(parsed)
            return
        if self.first is not None:
            raise _OtherwiseError
        self.first = len(self.steps)
        self.add_all(parsed)
        self.end = len(self.steps)

    def _add_repeat(self, at_least: int, at_most: Any, parsed: Any, *, is_lazy: bool) -> None:
        items = list(parsed)
        if len(items) == 1 and items[0][0] not in (sre.SUBPATTERN, sre.MAX_REPEAT, sre.MIN_REPEAT):
            limit = UNLIMITED if at_most == sre.MAXREPEAT else at_most
            if is_lazy:
                self._lazy.add(len(self.steps))
            self._append(_members(*items[0]), at_least, limit)
        elif at_least == at_most and at_least <= MAX_STEPS:
            for _ in range(at_least):
                self.add_all(items)
        else:
            raise _OtherwiseError

    def _append(self, members: frozenset[int], at_least: int, at_most: int) -> None:
        if len(self.steps) == MAX_STEPS:
            raise _OtherwiseError
        self.steps.append(Step(members=members, at_least=at_least, at_most=at_most))


def _members(operation: Any, argument: Any) -> frozenset[int]:
    if operation == sre.LITERAL:
        return frozenset((argument,))
    if operation == sre.NOT_LITERAL:
        return _ALL - {argument}
    if operation == sre.ANY:
        return _ALL - _NEWLINE
    if operation == sre.CATEGORY:
        return _CATEGORIES[argument]
    if operation == sre.RANGE:
        return frozenset(range(argument[0], argument[1] + 1))
    if operation == sre.IN:
        negated = argument[0] == (sre.NEGATE, None)
        members = frozenset[int]().union(*(_members(*item) for item in argument[negated:]))
        return _ALL - members if negated else members
    raise _OtherwiseError
