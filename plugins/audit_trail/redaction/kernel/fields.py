"""Whether a key, its separator and what follows are a field: `k=v`, `"k": v`, `k: {...}`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.digits import MIN_PHONE_DIGITS
from audit_trail.redaction.kernel.field_values import redact_value
from audit_trail.redaction.kernel.homonyms import is_homonym
from audit_trail.redaction.kernel.keys import key_end, key_rule
from audit_trail.redaction.kernel.messages import is_message, is_module, is_verdict
from audit_trail.redaction.kernel.parameters import query_mark
from audit_trail.redaction.kernel.plausible import MIN_STRING, holds_a_secret
from audit_trail.redaction.kernel.quotes import opening, special_quoted_end
from audit_trail.redaction.kernel.text import (
    AUTHORIZATION,
    BARE,
    COLON,
    COOKIE,
    DIGIT,
    DOT,
    EQUALS,
    GREATER,
    LETTER,
    MAX_NAME,
    MINUS,
    NO_QUOTE,
    PERCENT,
    PERCENT_QUOTE,
    QUERY,
    SLASH,
    SPACE,
    UNDERSCORE,
    WIDE,
    WORD,
    add_span,
    at,
    hex_number,
    is_blank,
    is_class,
    placeholder_end,
    skip_blanks,
    skip_blanks_in_json,
    skip_class,
    skip_colour,
)
from audit_trail.redaction.kernel.values import count_digits, percent_end


@compiled
def field(
    t: Any, i: int, width: int, percent: bool, rule: int, weak: bool, start: int, quote: int, escape: int
) -> int:
    """Judge the value behind a separator; returns where to go on, 0 when nothing is replaced.

    Args:
        i: Of the separator.
        width: Its bytes.
        percent: It is percent-encoded, and so is the value.
        rule: Of its key.
        weak: The rule holds only for values that look secret.
        start: Where the key's sensitive words begin.
        quote: What closed the key.
        escape: Backslashes before that quote.
    """
    after = i + width
    if at(t, i) == COLON and quote == NO_QUOTE and at(t, start - 1) == COLON and not is_blank(at(t, after)):
        return 0  # arn:aws:secretsmanager:eu-west-1:1:secret:name
    if at(t, after) in (EQUALS, GREATER, COLON) and not percent:
        if not _is_separator(t, i, after, quote):
            return 0  # `Token::new`, `token == x`
        after += 1
        if at(t, after) == GREATER:
            after += 1
    if at(t, after) == SLASH and at(t, after + 1) == SLASH and quote == NO_QUOTE:
        return 0
    value = _skip_tag(t, skip_blanks_in_json(t, after))
    if percent:
        return _redact_percent(t, after, rule, weak)
    header = (t.rules[rule] & (AUTHORIZATION | COOKIE)) != 0
    if value > after and quote == NO_QUOTE and not header and _is_key(t, value):
        return 0
    if _is_something_else(t, i, start, value, quote, rule):
        return 0
    t.state[QUERY] = query_mark(t, start) if quote == NO_QUOTE else 0
    behind = redact_value(
        t, _skip_colours(t, value), quote, escape, rule, weak, at(t, i) in (COLON, MINUS, WIDE)
    )
    t.state[QUERY] = 0
    return behind


@compiled
def _is_something_else(t: Any, i: int, key: int, value: int, quote: int, rule: int) -> bool:
    """Whether key and value together show that this is no key and its secret."""
    end, _, _ = key_end(t, i)
    text, kind, _ = opening(t, value)
    if is_homonym(t, end, text, quote, rule):
        return True
    if kind != NO_QUOTE or at(t, i) != COLON:
        return False
    if value == i + 1:
        return is_module(t, key, value)
    return is_message(t, key, value, rule, quote) or is_verdict(t, end, value)


@compiled
def _is_separator(t: Any, i: int, after: int, quote: int) -> bool:
    """Whether `==>`, `::`, `=>` or `:=` at `i` stands between a key and its value."""
    if at(t, i) == EQUALS and at(t, after) == COLON:
        return _is_behind_colon(t, after + 1)
    if at(t, after) == COLON and quote == NO_QUOTE:  # LDIF's `userPassword:: eDE=`
        value = skip_blanks(t, after + 1)
        end = skip_class(t, value, BARE)
        return value > after + 1 and end - value > MIN_PHONE_DIGITS and count_digits(t, value, end) > 0
    if at(t, after) == EQUALS and at(t, i) == EQUALS:
        return at(t, after + 1) == GREATER
    return True


@compiled
def _is_behind_colon(t: Any, start: int) -> bool:
    """Whether a secret stands behind `password=:`, and not the name of a statement's parameter."""
    end = skip_class(t, start, BARE)
    if end - start < MIN_STRING or count_digits(t, start, end) == 0 or skip_class(t, start, DIGIT) == end:
        return False
    for i in range(start, end):
        if at(t, i) == UNDERSCORE:
            return False
    rule, _, _, _ = key_rule(t, end)
    return rule < 0


@compiled
def _skip_tag(t: Any, i: int) -> int:
    """Behind a YAML tag at `i`: `!!str x`."""
    if at(t, i) != 33 or at(t, i + 1) != 33:
        return i
    end = skip_class(t, i + 2, LETTER)
    return skip_blanks(t, end) if end > i + 2 and at(t, end) == SPACE else i


@compiled
def _skip_colours(t: Any, i: int) -> int:
    """Behind a terminal's colour sequences at `i`."""
    behind = skip_colour(t, i)
    while behind > i:
        i, behind = behind, skip_colour(t, behind)
    return i


@compiled
def _redact_percent(t: Any, start: int, rule: int, weak: bool) -> int:
    while at(t, start) == PERCENT and hex_number(t, start + 1, 2) == SPACE:
        start += 3
    if placeholder_end(t, start) > 0:
        return 0
    start, kind, _ = opening(t, start)
    if kind not in (NO_QUOTE, PERCENT_QUOTE):
        return 0
    end = special_quoted_end(t, start, kind) if kind == PERCENT_QUOTE else percent_end(t, start)
    return add_span(t, start, end, rule, NO_QUOTE) if holds_a_secret(t, start, end, rule, weak) else 0


@compiled
def _is_key(t: Any, i: int) -> bool:
    """Whether another `key=` begins at `i`."""
    end = i
    while end - i < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS)):
        end += 1
    return end > i and at(t, end) == EQUALS and at(t, end + 1) != EQUALS and not is_blank(at(t, end + 1))
