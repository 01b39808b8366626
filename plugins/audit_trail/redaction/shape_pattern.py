"""Shapes of values: the part of regular expressions that can be matched without going back.

A shape is a sequence of byte classes with counts. Where a class could take
more or fewer bytes, the byte that follows decides alone; so matching is one
pass, whatever the input. What cannot be written like that is refused when the
policy is read, and never slow when a log is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.shape_syntax import (
    UNLIMITED,
    WORD_BYTES,
    Item,
    Sequence,
    ShapeRefusal,
    limit,
    sequences,
)

__all__ = ["UNLIMITED", "Item", "LinearShape", "parse_shape"]

MAX_SPLIT_COUNTS = 8
"""`[0-9]{2,4}0` becomes three shapes of fixed counts; of a wider range that would be too many."""
MAX_INNER_RUN = 1024
"""An inner run over borders of words is read again from each word in it: its length is the price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearShape:
    """One sequence of runs; each takes as many bytes as it can and gives none back."""

    items: tuple[Item, ...]


@lru_cache(maxsize=4096)
def parse_shape(source: str) -> tuple[LinearShape, ...]:
    r"""Read one shape.

    Args:
        source: A regular expression over Latin-1 bytes of literals, classes,
            counts, and groups of alternatives with bounded counts. `\b` at
            the ends is allowed and means nothing: a match must begin and end
            where a word does in any case.

    Returns:
        The sequences that together say the same, at most 64, in the
        pattern's order.

    Raises:
        ConfigurationError: The pattern cannot be matched in one pass, or is none.
    """
    # A dict and not a set: the order is the pattern's.
    shapes: dict[LinearShape, None] = {}
    tried = 0
    try:
        for sequence in sequences(source):
            for items in _deterministic(_merged(_without_borders(sequence))):
                shapes[LinearShape(items=items)] = None
                tried += 1
                limit(max(len(shapes), tried // MAX_SPLIT_COUNTS))
    except ShapeRefusal as refusal:
        raise ConfigurationError(
            "a shape of the redaction policy cannot be matched in one pass",
            where=f"shape {source[:200]!r}",
            expected="a sequence of characters and classes with counts, such as `tok_[A-Za-z0-9]{20,}`",
            found=refusal.reason,
            remedy=refusal.remedy,
        ) from None
    return tuple(shapes)


def _without_borders(sequence: Sequence) -> tuple[Item, ...]:
    start, end = 0, len(sequence)
    while start < end and sequence[start] is None:
        start += 1
    while end > start and sequence[end - 1] is None:
        end -= 1
    items = tuple(item for item in sequence[start:end] if item is not None)
    if len(items) < end - start:
        raise ShapeRefusal(r"`\b` within the shape", "leave it out, or write two shapes")
    if not any(item.at_least for item in items):
        raise ShapeRefusal("a shape that the empty text matches", "name what must be there")
    return items


def _merged(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Neighbours of the same class as one run."""
    merged: list[Item] = []
    for item in items:
        if not merged or merged[-1].members != item.members:
            merged.append(item)
            continue
        last = merged.pop()
        at_least, at_most = last.at_least + item.at_least, last.at_most + item.at_most
        unlimited = UNLIMITED in (last.at_most, item.at_most)
        if at_least >= UNLIMITED or (at_most >= UNLIMITED and not unlimited):
            raise ShapeRefusal("a count of 65535 or more", "use a smaller one; `{n,}` has no upper limit")
        merged.append(Item(members=item.members, at_least=at_least, at_most=min(at_most, UNLIMITED)))
    return tuple(merged)


def _deterministic(items: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    """Sequences in which every run ends where its bytes do; refuses where there are none."""
    for place, item in enumerate(items):
        if item.at_least == item.at_most:
            continue
        shared = item.members & _may_follow(items, place)
        if not shared:
            _refuse_long_inner_run(items, place)
            continue
        if item.at_most - item.at_least >= MAX_SPLIT_COUNTS:
            raise _ambiguous(shared)
        for count in range(item.at_most, item.at_least - 1, -1):
            fixed = (Item(members=item.members, at_least=count, at_most=count),) if count else ()
            yield from _deterministic(_merged(items[:place] + fixed + items[place + 1 :]))
        return
    yield items


def _may_follow(items: tuple[Item, ...], place: int) -> frozenset[int]:
    follow: frozenset[int] = frozenset()
    for item in items[place + 1 :]:
        follow |= item.members
        if item.at_least:
            break
    return follow


def _refuse_long_inner_run(items: tuple[Item, ...], place: int) -> None:
    item = items[place]
    more_required = any(later.at_least for later in items[place + 1 :])
    if more_required and item.at_most > MAX_INNER_RUN and item.members - WORD_BYTES:
        raise ShapeRefusal(
            "a run of more than words without limit, and more behind it",
            f"give the run a limit, at most {MAX_INNER_RUN}, as in `{{1,256}}`",
        )


def _ambiguous(shared: frozenset[int]) -> ShapeRefusal:
    examples = " ".join(repr(chr(byte)) for byte in sorted(shared, key=lambda byte: (byte > 126, byte))[:3])
    return ShapeRefusal(
        f"a run whose end is not certain: {examples} may belong to it or to what follows",
        "give the run a fixed count, leave out what follows, or take those characters out of one of them",
    )
