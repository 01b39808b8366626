"""Which lines of an output are not those of its input, told from the bytes alone."""

from __future__ import annotations

from typing import Any

from audit_trail import kept_code, native
from audit_trail.native import (
    byte_mask,
    bytes_at,
    compiled,
    entry_point,
    equal_mask,
    highest_bit,
    longs_at,
    lowest_bit,
)
from audit_trail.redaction.kernel import layout
from audit_trail.redaction.kernel.layout import NEWLINE

_SOURCES = (__file__, native.__file__, kept_code.__file__, layout.__file__)
_WIDTH = 64


@entry_point(*_SOURCES)
def changed_lines(before: int, before_size: int, after: int, after_size: int, lines: int, room: int) -> int:
    """Write where the lines are that differ; both have the same lines in the same order otherwise.

    Args:
        before: Address of the input.
        before_size: Its bytes.
        after: Address of the output.
        after_size: Its bytes.
        lines: Address of room for `room` rows (int64): start and end in the input, start and end
            in the output.
        room: How many lines may differ.

    Returns:
        How many do, or -1 where that is more than `room`, or where one of both has more lines.
    """
    old, new, found = bytes_at(before), bytes_at(after), longs_at(lines)
    i, j, count = 0, 0, 0
    while True:
        same = _same(old, i, before_size, new, j, after_size)
        i, j = i + same, j + same
        if i == before_size and j == after_size:
            return count
        if count == room:
            return -1
        row = count * 4
        found[row], found[row + 2] = _line_start(old, i), _line_start(new, j)
        i, j = _line_end(old, i, before_size), _line_end(new, j, after_size)
        found[row + 1], found[row + 3] = i, j
        count += 1
        if i == before_size or j == after_size:
            # The newline of the last line is all that both may still have.
            return count if i == before_size and j == after_size else -1
        i, j = i + 1, j + 1


@compiled
def _same(old: Any, i: int, old_size: int, new: Any, j: int, new_size: int) -> int:
    """How many bytes from `i` and from `j` on are the same."""
    most = min(old_size - i, new_size - j)
    done = 0
    while done + _WIDTH <= most:
        different = ~equal_mask(old, i + done, new, j + done)
        if different != 0:
            return done + lowest_bit(different)
        done += _WIDTH
    while done < most and old[i + done] == new[j + done]:
        done += 1
    return done


@compiled
def _line_start(text: Any, place: int) -> int:
    """Behind the last newline before `place`."""
    while place >= _WIDTH:
        newlines = byte_mask(text, place - _WIDTH, NEWLINE, 0, 0, 0)
        if newlines != 0:
            return place - _WIDTH + highest_bit(newlines) + 1
        place -= _WIDTH
    while place > 0 and text[place - 1] != NEWLINE:
        place -= 1
    return place


@compiled
def _line_end(text: Any, place: int, size: int) -> int:
    """The newline of the line at `place`, or the end of the text."""
    while place + _WIDTH <= size:
        newlines = byte_mask(text, place, NEWLINE, 0, 0, 0)
        if newlines != 0:
            return place + lowest_bit(newlines)
        place += _WIDTH
    while place < size and text[place] != NEWLINE:
        place += 1
    return place
