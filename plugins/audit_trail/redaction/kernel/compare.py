"""Which lines of an output are not those of its input, told from the bytes alone."""

from __future__ import annotations

from typing import Any

from audit_trail.native import (
    byte_mask,
    bytes_at,
    compiled,
    equal_mask,
    highest_bit,
    ints_at,
    longs_at,
    lowest_bit,
)
from audit_trail.redaction.kernel.layout import NEWLINE, SPAN_INTS

_WIDTH = 64


@compiled
def changed_lines(
    before: int, before_size: int, after: int, after_size: int, spans: int, count: int, lines: int
) -> int:
    """Write where the lines are that differ, which must be those in which something was found.

    Args:
        before: Address of the input.
        before_size: Its bytes.
        after: Address of the output.
        after_size: Its bytes.
        spans: Address of what was found in the input, in order.
        count: How much.
        lines: Address of room for `count` pairs (int64): start and end in the output.

    Returns:
        How many lines differ, or -1 where one of these is the same, another one differs, or one
        of both has more lines.
    """
    old, new, places, changed = bytes_at(before), bytes_at(after), ints_at(spans), longs_at(lines)
    i, j, span, found = 0, 0, 0, 0
    while True:
        same = _same(old, i, before_size, new, j, after_size)
        i, j = i + same, j + same
        if i == before_size and j == after_size:
            return found if span == count else -1
        start, first = _line_start(old, i), _line_start(new, j)
        i, j = _line_end(old, i, before_size), _line_end(new, j, after_size)
        spans_here = _spans_in(places, span, count, start, i)
        if spans_here == 0:
            return -1
        span += spans_here
        changed[2 * found], changed[2 * found + 1] = first, j
        found += 1
        if i == before_size or j == after_size:
            # Both must end here, or one has more lines.
            return found if i == before_size and j == after_size and span == count else -1
        i, j = i + 1, j + 1


@compiled
def _spans_in(places: Any, span: int, count: int, start: int, end: int) -> int:
    """How many spans from `span` on are in a line; a span before it stands in the way of all others."""
    here = 0
    while span + here < count:
        place = (span + here) * SPAN_INTS
        if places[place] < start or places[place + 1] > end:
            break
        here += 1
    return here


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
