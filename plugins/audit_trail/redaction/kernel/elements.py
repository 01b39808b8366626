"""XML elements: `<password>x</password>`, also escaped."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import key_rule
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.text import (
    BACKSLASH,
    BARE,
    COLON,
    DOT,
    GREATER,
    LESS,
    MAX_NAME,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    QUOTE,
    SLASH,
    WORD,
    add_span,
    at,
    backslashes_before,
    holds,
    is_blank,
    is_class,
    packed,
    skip_blanks,
    skip_class,
    unicode_escape,
)

# Longer attributes are not looked through.
MAX_ATTRIBUTES = 512
_GT = packed(b"&gt;")
_LT = packed(b"&lt;")
_CDATA = packed(b"[cdata[")


@compiled
def element(t: Any, name: int) -> int:
    """Judge an XML element whose name begins at `name`: `<password>x</password>`."""
    end = name
    while end - name < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS, COLON)):
        end += 1
    if end == name:
        return 0
    rule, weak, _, _ = key_rule(t, end)
    if rule < 0:
        return 0
    start = tag_end(t, end)
    return redact_content(t, start, rule, weak) if start > 0 else 0


@compiled
def tag_end(t: Any, i: int) -> int:
    r"""Behind the `>`, `\u003e` or `&gt;` of the tag around `i`, or 0."""
    close = i
    while close - i < MAX_ATTRIBUTES and at(t, close) not in (GREATER, NEWLINE, LESS):
        if unicode_escape(t, close) == GREATER or holds(t, close, _GT):
            break
        close += 1
    if at(t, close - 1) == SLASH:
        return 0
    if at(t, close) == GREATER:
        return close + 1
    if holds(t, close, _GT):
        return close + 4
    return close + 6 if unicode_escape(t, close) == GREATER else 0


@compiled
def redact_content(t: Any, start: int, rule: int, weak: bool) -> int:
    """Replace the text of an XML element."""
    start = skip_blanks(t, start)
    cdata = at(t, start) == LESS and holds(t, start + 2, _CDATA)
    if cdata:
        start += 9
    end = start
    while (
        at(t, end) not in (LESS, NEWLINE, QUOTE) and unicode_escape(t, end) != LESS and not holds(t, end, _LT)
    ):
        if cdata and at(t, end) == 93 and at(t, end + 1) == 93:
            break
        end += 1
    if at(t, end) == QUOTE:
        end -= backslashes_before(t, end, start)
    elif not cdata and at(t, end) == LESS and at(t, end + 1) not in (SLASH, BACKSLASH):
        return 0  # `token=<token> password=<password>`
    if at(t, end) == NEWLINE and skip_class(t, start, BARE) < end - 1:
        return 0  # `password=<password> is a placeholder`
    while end > start and is_blank(at(t, end - 1)):
        end -= 1
    return add_span(t, start, end, rule, NO_QUOTE) if holds_a_secret(t, start, end, rule, weak) else 0
