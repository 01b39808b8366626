"""The tables of `kernel/window.py`: bits of sets of shapes and keys, by a byte and its place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import numpy as np

from audit_trail.redaction.kernel.layout import (
    CODE_BITS,
    ENDS,
    ENDS_SHIFT,
    FIRST_DIGIT,
    HASH_FACTOR,
    HEAD_FOLD,
    HEADS,
    HEADS_SHIFT,
    LEAD_BYTES,
    LOOK,
    NO_END,
    SINGLE,
)
from audit_trail.redaction.shape_pattern import Item

HEAD_BYTES = 4
END_BYTES = 5

ANY = frozenset(range(256))
_DIGITS = frozenset(b"0123456789")
# What may stand behind a key: blanks, a closing quote or bracket, `&quot;`,
# and a letter beyond ASCII, which may end a word for a password.
_LOOKED_THROUGH = frozenset(b" \t\"'`\\];_") | frozenset(range(128, 256))
_CODES, _SEPARATOR = 38, 36

Head = tuple[frozenset[int], ...]


def head_of_items(items: Sequence[Item]) -> Head:
    """What may stand at each of the first places of a shape."""
    reached: set[tuple[int, int]] = _without_byte(items, {(0, 0)})
    head: list[frozenset[int]] = []
    for _ in range(LEAD_BYTES):
        if any(place == len(items) for place, _ in reached):
            head.append(ANY)
            continue
        head.append(frozenset().union(*(items[place].members for place, _ in reached)))
        reached = _without_byte(items, {(place, min(taken + 1, 65535)) for place, taken in reached})
    return tuple(head)


def _without_byte(items: Sequence[Item], reached: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """From (item, bytes taken of it), where the next byte may belong."""
    found: set[tuple[int, int]] = set()
    pending = list(reached)
    while pending:
        place, taken = pending.pop()
        if place == len(items):
            found.add((place, 0))
            continue
        if taken < items[place].at_most:
            found.add((place, taken))
        if taken >= items[place].at_least:
            pending.append((place + 1, 0))
    return found


def head_of_word(word: str, following: frozenset[int] = ANY, *, as_written: bool = False) -> Head:
    """The same for a word in any case, and what must follow it; as written means its first two letters."""
    places = [frozenset({ord(letter.lower()), ord(letter.upper())}) for letter in word]
    if as_written:
        places[:2] = [frozenset({ord(letter)}) for letter in word[:2]]
    return tuple([*places, following, *[ANY] * LEAD_BYTES][:LEAD_BYTES])


def head_of_iban(country: str) -> Head:
    """Two letters and two check digits."""
    return (*head_of_word(country)[:2], _DIGITS, _DIGITS, *[ANY] * (LEAD_BYTES - HEAD_BYTES))


def heads_table(heads: Iterable[Head]) -> Any:
    """uint8[HEADS // 8]: one bit per hash of the first four bytes that a head may have."""
    found = np.zeros(HEADS, dtype=np.uint8)
    for head in {head[:HEAD_BYTES] for head in heads}:
        numbers = np.zeros(1, dtype=np.int64)
        for place, members in enumerate(head):
            folded = {byte | (HEAD_FOLD >> (8 * place)) & 255 for byte in members}
            numbers = (numbers[:, None] | (np.array(sorted(folded)) << (8 * place))).ravel()
        found[((numbers * HASH_FACTOR) >> HEADS_SHIFT) & (HEADS - 1)] = 1
    return np.packbits(found, bitorder="little")


def leads_table(heads: Iterable[Head]) -> Any:
    """int64[2 * heads]: which bits of its first bytes are the same in all matches, and what they are."""
    rows: list[int] = []
    for head in heads:
        mask, value = 0, 0
        for place, members in enumerate(head):
            # `&` and `|` over all members: where these are the same, the bit is.
            all_set, any_set = reduce(and_, members), reduce(or_, members)
            mask |= (~(all_set ^ any_set) & 255) << (8 * place)
            value |= all_set << (8 * place)
        rows += [mask, value & mask]
    return np.array(rows or [0, 0], dtype=np.int64)


def ends_table(words: Iterable[str]) -> Any:
    """uint8[ENDS // 8]: one bit per hash of the codes of a key's last five bytes, last first.

    Args:
        words: Of keys; other bytes than letters and digits say where they are joined.
    """
    found = np.zeros(ENDS, dtype=np.uint8)
    for codes in {codes for word in words for codes in _tails(word) if len(codes) > 1}:
        numbers = np.zeros(1, dtype=np.int64)
        for place in range(END_BYTES):
            # Before a shorter word anything may stand.
            code = np.arange(_CODES) if place >= len(codes) else np.array(codes[place : place + 1])
            numbers = ((numbers[:, None] << CODE_BITS) | code).ravel()
        found[((numbers * HASH_FACTOR) >> ENDS_SHIFT) & (ENDS - 1)] = 1
    return np.packbits(found, bitorder="little")


def _tails(word: str) -> Iterator[tuple[int, ...]]:
    """The last codes, last first, with and without separators.

    Where words are joined there may be one; further from the end than the
    table of three letters goes, `scan._may_end_key`, anywhere and any number.
    """
    letters: list[tuple[int, bool]] = []
    joined = False
    for letter in reversed(word):
        if not letter.isalnum():
            joined = bool(letters)
            continue
        letters.append((ord(letter) - 97 if letter.isalpha() else ord(letter) - 22, joined))
        joined = False
    pending: list[tuple[tuple[int, ...], int, bool]] = [((), 0, False)]
    while pending:
        codes, taken, after_separator = pending.pop()
        if len(codes) == END_BYTES or taken == len(letters):
            yield codes
            continue
        code, joined = letters[taken]
        pending.append(((*codes, code), taken + 1, False))
        if len(codes) >= END_BYTES - 2 or (joined and not after_separator):
            pending.append(((*codes, _SEPARATOR), taken, True))


def lasts_table(words: Iterable[str]) -> Any:
    """uint8[256]: the code of a key's last byte; whether to look behind it, or that none ends so."""
    table = np.full(256, NO_END, dtype=np.uint8)
    table[list(_LOOKED_THROUGH)] = LOOK
    for k in range(10):
        table[48 + k] = FIRST_DIGIT + k
    for k in range(26):
        table[65 + k] = table[97 + k] = k
    table[ord("m")] |= SINGLE  # ends a colour, `ESC[36m`
    for word in words:
        letters = [letter for letter in word if letter.isalnum()]
        if len(letters) == 1:
            table[ord(letters[0])] |= SINGLE
            table[ord(letters[0].upper())] = LOOK  # begins a word behind any letter
    return table
