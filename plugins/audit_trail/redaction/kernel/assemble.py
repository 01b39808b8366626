"""The output: what stays, copied, and the replacements between."""

from __future__ import annotations

from typing import Any

from audit_trail.native import (
    byte_mask,
    bytes_at,
    compiled,
    copy_bytes,
    highest_bit,
    ints_at,
    longs_at,
    lowest_bit,
)
from audit_trail.redaction.kernel.layout import NEWLINE, SPAN_INTS, WIDTH


@compiled
def _quote(quote: int, quotes: Any, sizes: Any, out: Any, place: int) -> int:
    """Write an opening or closing quote with its backslashes."""
    for _ in range(quote >> 3):
        out[place] = 92
        place += 1
    kind = quote & 7
    return copy_bytes(out, place, quotes, kind * 8, sizes[kind])


@compiled
def output_size(size: int, spans: int, count: int, texts: int, sizes: int, counts: int) -> int:
    """Bytes of the output; and how many spans each rule has.

    Args:
        size: Bytes of the input.
        spans: Address of the spans.
        count: How many.
        texts: Address of the replacements' starts (int32, one more than there are).
        sizes: Address of `QUOTE_SIZES`.
        counts: Address of a number (int64) for each rule, added to.
    """
    places, starts, quote_sizes, found = ints_at(spans), ints_at(texts), bytes_at(sizes), longs_at(counts)
    total = size
    for k in range(count):
        span = k * SPAN_INTS
        quote, text = places[span + 3], places[span + 4]
        found[places[span + 2]] += 1
        total += starts[text + 1] - starts[text] - (places[span + 1] - places[span])
        if quote != 0:
            total += 2 * ((quote >> 3) + quote_sizes[quote & 7])
    return total


@compiled
def assemble(
    data: int,
    size: int,
    spans: int,
    count: int,
    texts: int,
    text: int,
    quotes: int,
    sizes: int,
    out: int,
    lines: int,
) -> int:
    """Write the output, and where the lines are that changed; returns how many of these.

    Args:
        data: Address of the input.
        size: Its bytes.
        spans: Address of the spans, in order, not overlapping.
        count: How many.
        texts: Address of the replacements' starts.
        text: Address of the replacements, one behind the other.
        quotes: Address of `QUOTE_BYTES`.
        sizes: Address of `QUOTE_SIZES`.
        out: Address of room for `output_size` bytes.
        lines: Address of room for `count` pairs (int64): start and end in the output.
    """
    source, target, places = bytes_at(data), bytes_at(out), ints_at(spans)
    starts, replacements, changed = ints_at(texts), bytes_at(text), longs_at(lines)
    quote_bytes, quote_sizes = bytes_at(quotes), bytes_at(sizes)
    place, copied, found, open_line = 0, 0, 0, False
    for k in range(count):
        start, end = places[k * SPAN_INTS], places[k * SPAN_INTS + 1]
        quote, number = places[k * SPAN_INTS + 3], places[k * SPAN_INTS + 4]
        line = _line_start(source, copied, start)
        if open_line and line == copied:
            pass  # the same line as the span before
        else:
            if open_line:
                changed[found * 2 - 1] = place + _to_newline(source, copied, size)
            found += 1
            changed[found * 2 - 2] = place + line - copied
            open_line = True
        place = copy_bytes(target, place, source, copied, start - copied)
        place = _quote(quote, quote_bytes, quote_sizes, target, place)
        place = copy_bytes(target, place, replacements, starts[number], starts[number + 1] - starts[number])
        place = _quote(quote, quote_bytes, quote_sizes, target, place)
        copied = end
    if open_line:
        changed[found * 2 - 1] = place + _to_newline(source, copied, size)
    copy_bytes(target, place, source, copied, size - copied)
    return found


@compiled
def _line_start(source: Any, limit: int, i: int) -> int:
    """Where the line of `i` begins, or `limit` when that is behind it."""
    while i - limit >= WIDTH:
        found = byte_mask(source, i - WIDTH, NEWLINE, 0, 0, 0)
        if found != 0:
            return i - WIDTH + highest_bit(found) + 1
        i -= WIDTH
    while i > limit and source[i - 1] != NEWLINE:
        i -= 1
    return i


@compiled
def _to_newline(source: Any, start: int, size: int) -> int:
    """Bytes from `start` to the end of its line."""
    i = start
    while size - i >= WIDTH:
        found = byte_mask(source, i, NEWLINE, 0, 0, 0)
        if found != 0:
            return i + lowest_bit(found) - start
        i += WIDTH
    while i < size and source[i] != NEWLINE:
        i += 1
    return i - start
