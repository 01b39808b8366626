"""Whether what stands behind a sensitive key may be a secret, by its looks."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.base64_pairs import is_basic_pair
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.placeholders import (
    is_empty_header,
    is_masked,
    is_name,
    is_nothing,
    is_number_of_more,
    is_path,
    is_reference,
    is_state,
)
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    AUTHORIZATION,
    BARE,
    BASIC_PAIR,
    CARD_NUMBER,
    COLON,
    LETTER,
    MAX_NAME,
    PASSWORD,
    PHONE,
    PHRASE,
    PIN,
    PROSE,
    QUOTE,
    SPACE,
    at,
    is_class,
    placeholder_end,
    skip_blanks,
)
from audit_trail.redaction.kernel.values import count_digits, is_number_like

MIN_PHONE_DIGITS = 7
MIN_STRING = 6
# Twelve words of a seed phrase take more; instructions of a processor less.
MIN_PHRASE = 10
# A longer value without a digit may be a card in another form.
MAX_WORD = 24
MIN_PIN_DIGITS = 3


@compiled
def holds_a_secret(t: Any, start: int, end: int, rule: int, weak: bool) -> bool:
    """Whether a value, by what it is, may be what its key says."""
    if end <= start or is_reference(t, start, end):
        return False
    if (t.rules[rule] & PIN) != 0 and end - start < MIN_PIN_DIGITS and is_number_like(t, start, end):
        return False
    placeholder = placeholder_end(t, start)
    if placeholder != 0 and placeholder == end:
        return False
    if is_nothing(t, start, end) or is_masked(t, start, end) or (weak and is_path(t, start)):
        return False
    if not _is_plausible(t, start, end, t.rules[rule]):
        return False
    if (t.rules[rule] & PHONE) != 0 and count_digits(t, start, end) < MIN_PHONE_DIGITS:
        return False
    if (t.rules[rule] & BASIC_PAIR) != 0 and not is_basic_pair(t, start, end):
        return False
    if weak:
        return not (
            is_number_like(t, start, end) or end - start < 4 or (word_flags(t, start, end) & PROSE) != 0
        )
    return True


@compiled
def _is_plausible(t: Any, start: int, end: int, flags: int) -> bool:
    """Whether the value is neither a state nor a name, and has what its rule is about."""
    if is_state(t, start, end, flags) or is_name(t, start, end, flags):
        return False
    if (flags & (PASSWORD | PHRASE)) == 0 and is_number_of_more(t, start, end):
        return False
    if (flags & AUTHORIZATION) != 0:
        return not is_empty_header(t, start, end)
    if (flags & CARD_NUMBER) != 0:
        return end - start > MAX_WORD or count_digits(t, start, end) > 0
    if (flags & PHRASE) != 0:
        return end - start >= MIN_PHRASE or not is_words(t, start, end)
    return True


@compiled
def is_words(t: Any, start: int, end: int) -> bool:
    """Whether letters and blanks are all there is."""
    for i in range(start, end):
        if not is_class(t, i, LETTER) and at(t, i) != SPACE:
            return False
    return True


@compiled
def holds_a_string(t: Any, start: int, end: int) -> bool:
    """Whether a container holds a string long enough for a secret, that is no name of a member."""
    i = start
    while i < end:
        if at(t, i) == QUOTE or at(t, i) == APOSTROPHE:
            stop = i + 1
            while stop < end and at(t, stop) != at(t, i):
                stop += 1
            if stop - i > MIN_STRING and at(t, skip_blanks(t, stop + 1)) != COLON:
                return True
            i = stop
        i += 1
    return False


@compiled
def is_long(t: Any, start: int) -> bool:
    """Whether an unquoted value has more bytes than any telephone number."""
    i = start
    while is_class(t, i, BARE) and i - start <= MAX_NAME:
        i += 1
    return i - start > MAX_NAME
