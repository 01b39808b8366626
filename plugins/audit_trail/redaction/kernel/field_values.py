"""Replacing the value of a key: in quotes, in brackets, bare; wherever the key was."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.descriptions import (
    is_code,
    is_complaint,
    is_schema,
    is_word_of_model,
    only_describes,
)
from audit_trail.redaction.kernel.endings import (
    OF_QUERIES,
    bare_end_in_context,
    is_dump,
    json_in_quotes_end,
    phrase_end,
    query_end,
    separated_end,
    tripled_end,
)
from audit_trail.redaction.kernel.json_numbers import in_string
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.placeholders import is_mask, is_nothing, is_reference
from audit_trail.redaction.kernel.plausible import holds_a_secret, holds_a_string, is_long, is_words
from audit_trail.redaction.kernel.quotes import follows_closing, opened_end, opening, quoted_end
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    AUTHORIZATION,
    BARE,
    BASIC_PAIR,
    BRACE,
    BRACE_END,
    BRACKET,
    BRACKET_END,
    CLOSE,
    COOKIE,
    DIGIT,
    DOT,
    DOUBLE_QUOTE,
    GREATER,
    HASH,
    MINUS,
    NO_QUOTE,
    OPEN,
    PACKAGE,
    PHONE,
    PHRASE,
    PROSE,
    QUERY,
    QUESTION,
    QUOTE,
    SINGLE_QUOTE,
    SPACE,
    WASTED,
    WORD,
    add_span,
    at,
    is_blank,
    is_class,
    line_end,
    may_look,
    placeholder_end,
    quote_escape,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import (
    authorization_end,
    bare_end,
    container_end,
    cookie_end,
    count_digits,
    number_end,
)


@compiled
def redact_value(t: Any, after: int, key_quote: int, escape: int, rule: int, weak: bool, spaced: bool) -> int:
    """Replace the value that begins at `after`; returns where to go on, 0 when it stays.

    Args:
        after: The first byte behind the separator and its blanks.
        key_quote: What closed the key.
        escape: Backslashes before that quote.
        spaced: Prose may follow the separator rather than a value.
    """
    byte = at(t, after)
    start, kind, value_escape = opening(t, after)
    if kind != NO_QUOTE:
        same_quote = kind == key_quote and value_escape == escape
        if not same_quote and follows_closing(t, start) and kind <= SINGLE_QUOTE:
            return 0  # it closes a string around the key
        if kind <= SINGLE_QUOTE and quote_escape(value_escape) != value_escape:
            return 0
        start, end = _quoted_value(t, start, kind, value_escape)
        if placeholder_end(t, start) == end:
            return end
        if not holds_a_secret(t, start, end, rule, weak) or is_complaint(t, start, end):
            return 0
        if kind == DOUBLE_QUOTE and is_word_of_model(t, end):
            return 0
        return _redact_change(t, add_span(t, start, end, rule, NO_QUOTE), kind, rule)
    tuple_ = byte == OPEN and key_quote != NO_QUOTE and at(t, after + 1) in (QUOTE, APOSTROPHE)
    if tuple_ or (placeholder_end(t, after) == 0 and byte in (BRACE, BRACKET)):
        return _redact_container(t, after, key_quote, escape, rule, weak)
    if key_quote != NO_QUOTE:
        end = number_end(t, after)
        if end > 0:
            if not holds_a_secret(t, after, end, rule, weak):
                return 0
            return add_span(t, after, end, rule, key_quote + 8 * escape)
    return _redact_bare(t, after, rule, weak, spaced, key_quote == NO_QUOTE)


@compiled
def _quoted_value(t: Any, start: int, kind: int, escape: int) -> tuple[int, int]:
    """Where a value behind the quote before `start` begins and ends."""
    end = tripled_end(t, start, kind)
    if end > 0:
        return start + 2, end
    end = json_in_quotes_end(t, start, kind, escape)
    if end > 0:
        return start, end
    end = opened_end(t, start, kind, escape)
    while kind == SINGLE_QUOTE and escape == 0 and end > start and at(t, end + 1) == at(t, end) == APOSTROPHE:
        end = quoted_end(t, end + 2, APOSTROPHE, 0)
    return start, end


@compiled
def _redact_change(t: Any, end: int, kind: int, rule: int) -> int:
    """Replace the second string of `"old" -> "new"` too; returns where to go on."""
    arrow = skip_blanks(t, end + 1)
    if kind != DOUBLE_QUOTE or at(t, arrow) != MINUS or at(t, arrow + 1) != GREATER:
        return end
    start, new_kind, escape = opening(t, skip_blanks(t, arrow + 2))
    if new_kind != DOUBLE_QUOTE or escape != 0:
        return end
    stop = quoted_end(t, start, QUOTE, 0)
    return add_span(t, start, stop, rule, NO_QUOTE) if holds_a_secret(t, start, stop, rule, False) else end


@compiled
def _redact_container(t: Any, start: int, key_quote: int, escape: int, rule: int, weak: bool) -> int:
    if (
        (t.rules[rule] & BASIC_PAIR) != 0
        or is_mask(t, start)
        or is_reference(t, start, start + 2)
        or is_schema(t, start)
    ):
        return 0
    if at(t, start) == BRACKET and at(t, start + 1) == QUOTE:
        if is_complaint(t, start + 2, quoted_end(t, start + 2, QUOTE, 0)):
            return 0
    if escape == 0 and only_describes(t, start):
        return 0
    if not may_look(t, start):
        return 0 if key_quote == NO_QUOTE else add_span(t, start, line_end(t, start), rule, NO_QUOTE)
    if key_quote == NO_QUOTE and in_string(t, start):
        escape = 1  # its quotes are escaped, and a plain one ends the string around it
    end = container_end(t, start, escape)
    if end == start + 2 and at(t, start) == BRACKET:  # Go's []string{"x"}
        brace = skip_class(t, end, WORD)
        if at(t, brace) != BRACE:
            return 0
        end = container_end(t, brace, escape)
    if (t.rules[rule] & PHONE) != 0 or -end == start + 1 or end == start + 2:
        return 0
    if weak and key_quote != NO_QUOTE and not holds_a_string(t, start, abs(end)):
        t.state[WASTED] += abs(end) - start
        return 0
    if end < 0 and key_quote == NO_QUOTE:
        t.state[WASTED] -= end + start
        return 0
    return add_span(t, start, abs(end), rule, key_quote + 8 * escape if key_quote != NO_QUOTE else NO_QUOTE)


@compiled
def _redact_bare(t: Any, start: int, rule: int, weak: bool, prose: bool, text: bool) -> int:
    placeholder = placeholder_end(t, start)
    if placeholder != 0:
        end = placeholder
        if at(t, placeholder) not in (HASH, QUESTION):
            separated = separated_end(t, placeholder, t.state[QUERY])
            end = separated if separated > 0 else bare_end(t, placeholder)
        return 0 if end == placeholder else add_span(t, start, end, rule, NO_QUOTE)
    literal = skip_class(t, start, WORD)
    if not is_class(t, literal, BARE) and is_nothing(t, start, literal):
        return 0
    flags = t.rules[rule] if text else 0  # the grammars of headers are for text, not for JSON
    if is_blank(at(t, start - 1)) and is_code(t, start):
        return 0
    if (flags & AUTHORIZATION) != 0:
        end = authorization_end(t, start)
    elif (flags & COOKIE) != 0:
        end = query_end(t, start) if t.state[QUERY] in OF_QUERIES else cookie_end(t, start)
    elif (flags & PHRASE) != 0:
        end = phrase_end(t, start)
    elif (flags & PHONE) != 0 and is_long(t, start):
        return 0
    else:
        end = bare_end_in_context(t, start, rule)
    end = _with_closing(t, start, end)
    word = skip_class(t, start, WORD)
    if (
        (flags & COOKIE) != 0
        and at(t, end) == SPACE
        and 97 <= at(t, end + 1) <= 122
        and is_words(t, start, end)
    ):
        return 0  # `Cookie: header too large`
    if prose and (word_flags(t, start, min(word, end)) & (PROSE | PACKAGE)) != 0:
        if word == end or ((word_flags(t, start, word) & PACKAGE) != 0 and at(t, word) == DOT):
            return 0
    if at(t, word) == OPEN and word > start:  # PASSWORD('x'), Some("x"), string(6) "x"
        behind = _redact_argument(t, word + 1, rule)
        if behind > 0:
            return behind
    if at(t, word) == BRACE and 65 <= at(t, start) <= 90 and is_dump(t, start, word, end):
        return 0
    if weak and prose and count_digits(t, start, end) == 0:
        return 0
    return add_span(t, start, end, rule, NO_QUOTE) if holds_a_secret(t, start, end, rule, weak) else 0


@compiled
def _redact_argument(t: Any, start: int, rule: int) -> int:
    """Replace the string in `name("x")`, or behind `name(6) `."""
    if is_class(t, start, DIGIT):
        close = skip_class(t, start, DIGIT)
        start = skip_blanks(t, close + 1) if at(t, close) == CLOSE else start
    text, kind, escape = opening(t, start)
    if kind == NO_QUOTE or kind > SINGLE_QUOTE or follows_closing(t, text):
        return 0
    end = opened_end(t, text, kind, escape)
    if placeholder_end(t, text) == end:
        return end
    return add_span(t, text, end, rule, NO_QUOTE) if holds_a_secret(t, text, end, rule, False) else 0


@compiled
def _with_closing(t: Any, start: int, end: int) -> int:
    """The end of a bare value with the bracket behind it that closes one within: `(unchanged)`, `ENC(x)`."""
    close = at(t, end)
    if close not in (CLOSE, BRACKET_END, BRACE_END):
        return end
    opened = OPEN if close == CLOSE else close - 2
    depth = 0
    for i in range(start, end):
        byte = at(t, i)
        depth += (byte == opened) - (byte == close)
    return end + 1 if depth == 1 else end
