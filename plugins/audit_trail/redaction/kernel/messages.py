"""Whether what stands behind a key in a text is a message about it: `fetching token: context canceled`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.text import (
    AUTHORIZATION,
    BARE,
    BRACKET,
    CLOSE,
    COLON,
    DIGIT,
    DONE,
    EQUALS,
    LETTER,
    MINUS,
    NO_QUOTE,
    OPEN,
    PASSWORD,
    PHONE,
    PHRASE,
    PIN,
    PROSE,
    SECRET,
    SLASH,
    SPACE,
    UNDERSCORE,
    UNIT,
    VERB,
    WORD,
    at,
    holds,
    is_blank,
    is_class,
    packed,
    skip_class,
)

# Longer runs of letters are no words.
MAX_WORD = 24
# `3 of 5`, `256 bits`, a status of HTTP.
MAX_COUNT_DIGITS = 4
STATUS_DIGITS = 3
# How far before a test's verdict a user's name would stand.
MAX_VERDICT = 64
_OF = packed(b"of ")
_USER, _LOGIN, _USR = packed(b"user"), packed(b"login"), packed(b"usr")


@compiled
def is_message(t: Any, key: int, value: int, rule: int, quote: int) -> bool:
    """Whether words at `value`, behind a colon and a blank, say something about the key at `key`.

    What people choose as a secret may be a word, so behind `password: ` it takes
    a verb before the key as well.
    """
    flags = t.rules[rule]
    if (flags & (PHRASE | PHONE)) != 0:
        return False
    if is_class(t, value, DIGIT):
        return _is_count(t, key, value, flags)
    word = skip_class(t, value, WORD)
    if word == value or word - value > MAX_WORD:
        return False
    if at(t, word) == SPACE and at(t, word + 1) == EQUALS and at(t, word + 2) == SPACE:
        return skip_class(t, value, LETTER) == word  # `Invalid password : server = 10.0.0.2`
    sure = quote != NO_QUOTE or (flags & (PASSWORD | SECRET | PIN)) == 0 or _has_verb(t, key)
    if not sure:
        return False
    if at(t, word) == COLON and at(t, word + 1) == SPACE:
        return _is_cause(t, key, value, word)
    return _is_lower(t, value, word) and at(t, word) == SPACE and _goes_on(t, key, word + 1, flags, quote)


@compiled
def _is_lower(t: Any, start: int, end: int) -> bool:
    for i in range(start, end):
        if not 97 <= at(t, i) <= 122:
            return False
    return end - start >= 2


@compiled
def _is_cause(t: Any, key: int, value: int, word: int) -> bool:
    """Whether the word before a colon names where an error came from: `oauth2: `, `NoProviders: `."""
    letters = skip_class(t, value, LETTER)
    return word - value >= 3 and (letters == word or (letters == word - 1 and _has_verb(t, key)))


@compiled
def _goes_on(t: Any, key: int, start: int, flags: int, quote: int) -> bool:
    """Whether a sentence goes on with the word or the number at `start`."""
    end = skip_class(t, start, LETTER)
    if at(t, start) == SLASH:
        return (flags & AUTHORIZATION) == 0  # `open /etc/tls/server.key: permission denied`
    if (flags & AUTHORIZATION) != 0:  # `Authorization: header is missing`, but not a scheme with its token
        return end > start and (word_flags(t, start, end) & PROSE) != 0 and not is_class(t, end, BARE)
    if end == start:
        end = skip_class(t, start, DIGIT)
        end = skip_class(t, end, LETTER) if start < end <= start + MAX_COUNT_DIGITS else start
    elif not _is_lower(t, start, end):
        return False
    else:
        digits = skip_class(t, end, DIGIT)
        end = digits if digits <= end + 2 else end  # `base64`
    if end == start or at(t, end) in (EQUALS, UNDERSCORE, MINUS, BRACKET) or is_class(t, end, WORD):
        return False
    return at(t, end) != COLON or quote != NO_QUOTE or _has_verb(t, key)


@compiled
def _has_verb(t: Any, key: int) -> bool:
    """Whether the key's own words begin with a verb, or one stands before them: `failed to load token`."""
    if _is_verb(t, key, skip_class(t, key, LETTER)):
        return True
    end = key
    while end > t.state[DONE] and at(t, end - 1) in (SPACE, UNDERSCORE, MINUS):
        end -= 1
    start = end
    while start > t.state[DONE] and end - start < MAX_WORD and is_class(t, start - 1, LETTER):
        start -= 1
    return end < key and _is_verb(t, start, end)


@compiled
def _is_verb(t: Any, start: int, end: int) -> bool:
    return start < end <= start + MAX_WORD and (word_flags(t, start, end) & VERB) != 0


@compiled
def _is_count(t: Any, key: int, value: int, flags: int) -> bool:
    """Whether a number counts, or is a task's outcome: `3 of 5`, `reset_password: 302 in 12ms`."""
    end = skip_class(t, value, DIGIT)
    if end - value > MAX_COUNT_DIGITS or is_class(t, end, BARE):
        return False
    if at(t, end) == SPACE:
        word = skip_class(t, end + 1, LETTER)
        if holds(t, end + 1, _OF) or (word_flags(t, end + 1, word) & UNIT) != 0:
            return True
        chosen = (flags & (PASSWORD | SECRET | PIN)) != 0
        if not chosen and end - value < MAX_COUNT_DIGITS and _is_lower(t, end + 1, word):
            return not is_class(t, word, WORD) and at(t, word) != EQUALS and at(t, word) != COLON
    return end - value == STATUS_DIGITS and at(t, key - 1) == UNDERSCORE and _is_task(t, key)


@compiled
def _is_task(t: Any, key: int) -> bool:
    """Whether a verb is joined to the key by an underscore: `change_password`."""
    start = key - 1
    while start > t.state[DONE] and key - start < MAX_WORD and is_class(t, start - 1, LETTER):
        start -= 1
    return not is_class(t, start - 1, WORD) and _is_task_verb(t, start, key - 1)


@compiled
def _is_task_verb(t: Any, start: int, end: int) -> bool:
    return _is_verb(t, start, end) or (start < end and (word_flags(t, start, end) & PROSE) != 0)


@compiled
def is_verdict(t: Any, end: int, value: int) -> bool:
    """Whether the key that ends at `end` is a test's `PASS: `, and no password beside a user's name."""
    start = end - 4
    if at(t, start) != 80 or at(t, start + 1) != 65 or at(t, start + 2) != 83 or at(t, end - 1) != 83:
        return False
    if is_class(t, start - 1, WORD) or not is_blank(at(t, value - 1)):
        return False
    i = start
    while i >= t.state[DONE] and start - i < MAX_VERDICT and at(t, i) != 10:
        if holds(t, i, _USER) or holds(t, i, _LOGIN) or holds(t, i, _USR):
            return False
        i -= 1
    return True


@compiled
def is_module(t: Any, key: int, value: int) -> bool:
    """Whether this is PAM's name of a module, its service and its type: `pam_unix(passwd:auth): `."""
    if at(t, key - 1) != OPEN or not is_class(t, key - 2, WORD):
        return False
    end = value
    while 97 <= at(t, end) <= 122 or at(t, end) == UNDERSCORE:
        end += 1
    return at(t, end) == CLOSE and at(t, end + 1) == COLON
