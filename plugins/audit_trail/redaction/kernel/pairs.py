"""Keys that are values themselves: `{"name": "Authorization", "value": "x"}`, `["--password", "x"]`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.elements import redact_content, tag_end
from audit_trail.redaction.kernel.field_values import redact_value
from audit_trail.redaction.kernel.fields import field
from audit_trail.redaction.kernel.foreign_keys import foreign_password
from audit_trail.redaction.kernel.keys import bracketed_key_end, key_end, key_rule, last_words
from audit_trail.redaction.kernel.parameters import parameter_rule
from audit_trail.redaction.kernel.plausible import holds_a_secret
from audit_trail.redaction.kernel.quotes import closing_quote, opening, quoted_end
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    AT,
    AUTHORIZATION,
    BACKSLASH,
    BASIC_PAIR,
    BRACE,
    BRACKET,
    BRACKET_END,
    CLOSE,
    COLON,
    COMMA,
    COOKIE,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    EQUALS,
    FLAGS,
    GREATER,
    LESS,
    LETTER,
    LINE,
    LOWER_N,
    LOWER_R,
    MAX_NAME,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    NODE_INTS,
    OPEN,
    PAIR_NAME,
    PAIR_VALUE,
    PERCENT,
    QUOTE,
    RETURN,
    SINGLE_QUOTE,
    SLASH,
    SPACE,
    SQL_PASSWORD,
    UNDERSCORE,
    WASTED,
    WORD,
    add_span,
    at,
    is_class,
    lower,
    may_look,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import bare_end, container_end, count_digits

# Members between the name and the value of a pair.
MAX_MEMBERS = 4
# Shorter strings beside a header's name are not taken for its value.
MIN_HEADER_VALUE = 6
# Strings between them that are longer are not looked through.
MAX_MEMBER_BYTES = 2048


@compiled
def _value_place(t: Any, i: int) -> int:
    """Where the value behind the separator at `i` begins."""
    j = i + 1
    if at(t, j) == GREATER:
        j += 1
    return skip_blanks(t, j)


@compiled
def _string_end(t: Any, start: int, kind: int, escape: int) -> int:
    """The end of a value's text: quoted, or a bare word."""
    if kind == DOUBLE_QUOTE:
        return quoted_end(t, start, QUOTE, escape)
    if kind == SINGLE_QUOTE:
        return quoted_end(t, start, APOSTROPHE, escape)
    return bare_end(t, start)


@compiled
def _behind(t: Any, end: int, kind: int) -> int:
    """Behind the quote that closes a value's text at `end`."""
    if kind == NO_QUOTE:
        return end
    while at(t, end) == BACKSLASH:
        end += 1
    return end + 1


@compiled
def _member_end(t: Any, start: int, escape: int) -> int:
    """Behind the value at `start`: a string, a container or a bare word."""
    text, kind, value_escape = opening(t, start)
    if kind == NO_QUOTE and (at(t, start) == BRACE or at(t, start) == BRACKET):
        return abs(container_end(t, start, escape))
    return _behind(t, _string_end(t, text, kind, value_escape), kind)


@compiled
def _named_rule(t: Any, start: int, kind: int, escape: int) -> tuple[int, bool]:
    """The rule of the key that is itself a value, the whole of it, at `start`."""
    text, kind, value_escape = opening(t, start)
    end = _string_end(t, text, kind, value_escape)
    if end - text > MAX_NAME or end <= text:
        return -1, False
    i = text
    while i < end and (is_class(t, i, WORD) or at(t, i) in (MINUS, DOT, 32, BACKSLASH, SLASH, AT, COLON)):
        i += 1
    if i < end:
        return -1, False
    rule, weak, _, _ = key_rule(t, end)
    return rule, weak


@compiled
def _next_member(t: Any, i: int) -> int:
    """The name of the sibling behind the value that ends at `i`, or 0: after a comma or, in text, blanks."""
    j = skip_blanks(t, i)
    if at(t, j) == COMMA:
        return skip_blanks(t, j + 1)
    return j if j > i and (is_class(t, j, WORD)) else 0


@compiled
def _member_flags(t: Any, name: int, limit: int) -> tuple[int, int]:
    """What the member named at `name` is in a pair, and where its separator stands, or 0, 0."""
    i = name
    while i - name < limit and at(t, i) not in (COLON, EQUALS, 10):
        i += 1
    if at(t, i) != COLON and at(t, i) != EQUALS:
        return 0, 0
    end, _, _ = key_end(t, i)
    node, start = last_words(t, end)
    if node == 0 or is_class(t, start - 1, WORD) or at(t, start - 1) in (MINUS, DOT):
        return 0, i
    return int(t.trie[node * NODE_INTS + FLAGS]), i


@compiled
def separator(t: Any, i: int, width: int, percent: bool) -> int:
    """Judge the separator of `width` bytes at `i`; returns where to go on, 0 when nothing is replaced."""
    end, quote, escape = key_end(t, i)
    if at(t, end - 1) == BRACKET_END or (at(t, end - 1) in (68, 100) and at(t, end - 3) == PERCENT):
        end = bracketed_key_end(t, end, at(t, i) == EQUALS and at(t, i + 1) == GREATER)
    if at(t, end - 1) >= 128 or at(t, end - 2) >= 128 or at(t, end - 5) >= 128 or at(t, end - 7) >= 128:
        size = foreign_password(t, end)
        if size > 0:
            password = t.detectors[SQL_PASSWORD]
            return field(t, i, width, percent, password, False, end - size, quote, escape)
    if not is_class(t, end - 1, WORD):
        return 0
    rule, weak, node, start = key_rule(t, end)
    if node == 0:
        return 0
    if rule < 0 or (t.rules[rule] & BASIC_PAIR) != 0:
        parameter = parameter_rule(t, node, start, end, i)
        if parameter >= 0:
            rule, weak = parameter, False
    if rule >= 0:
        return field(t, i, width, percent, rule, weak, start, quote, escape)
    flags = t.trie[node * NODE_INTS + FLAGS]
    if (
        (flags & (PAIR_NAME | PAIR_VALUE)) == 0
        or is_class(t, start - 1, WORD)
        or at(t, start - 1) in (MINUS, DOT)
    ):
        return 0
    return _pair(t, i, quote, escape, flags)


@compiled
def _pair(t: Any, i: int, quote: int, escape: int, flags: int) -> int:
    """Judge the separator of a member that may be half of a pair; returns where to go on, or 0."""
    value = _value_place(t, i)
    if not may_look(t, value):
        return 0
    if (flags & PAIR_NAME) != 0:
        rule, weak = _named_rule(t, value, quote, escape)
        return _redact_named(t, value, quote, escape, rule, weak) if rule >= 0 else 0
    size = _member_end(t, value, escape) - value
    t.state[WASTED] += size
    if size > MAX_MEMBER_BYTES:
        return 0
    place = _find_member(t, value, escape, PAIR_NAME)
    if place == 0:
        return 0
    rule, weak = _named_rule(t, _value_place(t, place), quote, escape)
    return redact_value(t, value, quote, escape, rule, weak, False) if rule >= 0 else 0


@compiled
def _redact_named(t: Any, name: int, quote: int, escape: int, rule: int, weak: bool) -> int:
    """Replace what is beside a name: `"value"`, or `"old_value"` and `"new_value"`, or a tag's text."""
    behind = _member_end(t, name, escape)
    if at(t, behind) == GREATER:
        return redact_content(t, behind + 1, rule, weak)
    value = _form_value(t, behind)
    if value > 0:
        return redact_line(t, value, rule, weak)
    done, member = 0, name
    for _ in range(2):
        place = _find_member(t, member, escape, PAIR_VALUE)
        if place == 0:
            return done
        member = _value_place(t, place)
        replaced = redact_value(t, member, quote, escape, rule, weak, False)
        done = max(done, replaced)
    return done


@compiled
def _form_value(t: Any, i: int) -> int:
    r"""Behind the empty line that ends a header of a form written in one line, `\r\n\r\n`; or 0."""
    ends = 0
    while at(t, i) == BACKSLASH and ends < 4:
        while at(t, i) == BACKSLASH:
            i += 1
        if at(t, i) not in (LOWER_R, LOWER_N):
            return 0
        i += 1
        ends += 1
    return i if ends in (2, 4) else 0


@compiled
def redact_line(t: Any, start: int, rule: int, weak: bool) -> int:
    """Replace what stands before the next escape, quote or end of the line."""
    end = start
    while at(t, end) not in (BACKSLASH, QUOTE, NEWLINE):
        end += 1
    return add_span(t, start, end, rule, NO_QUOTE) if holds_a_secret(t, start, end, rule, weak) else 0


@compiled
def element_pair(t: Any, name: int) -> int:
    """Judge `<name>password</name><value>x</value>` at the name of its first element."""
    end = skip_class(t, name, WORD)
    node, start = last_words(t, end)
    if node == 0 or start != name or (t.trie[node * NODE_INTS + FLAGS] & PAIR_NAME) == 0:
        return 0
    text = tag_end(t, end)
    stop = text
    while is_class(t, stop, WORD) or at(t, stop) in (MINUS, DOT):
        stop += 1
    if text == 0 or stop == text or at(t, stop) != LESS:
        return 0
    rule, weak, _, _ = key_rule(t, stop)
    close = tag_end(t, stop + 1)
    value = skip_blanks(t, close)
    if rule < 0 or close == 0 or at(t, value) != LESS:
        return 0
    value_end = skip_class(t, value + 1, WORD)
    node, start = last_words(t, value_end)
    if node == 0 or start != value + 1 or (t.trie[node * NODE_INTS + FLAGS] & PAIR_VALUE) == 0:
        return 0
    content = tag_end(t, value_end)
    inner = skip_blanks(t, content)
    if content > 0 and at(t, inner) == LESS and is_class(t, inner + 1, LETTER):  # XML-RPC's <value><string>
        content = tag_end(t, inner + 1)
    return redact_content(t, content, rule, weak) if content > 0 else 0


@compiled
def _find_member(t: Any, value: int, escape: int, wanted: int) -> int:
    """The separator of the sibling of this kind behind the value at `value`, or 0."""
    begin = value
    for _ in range(MAX_MEMBERS):
        end = _member_end(t, value, escape)
        t.state[WASTED] += end - value
        name = _next_member(t, end)
        if name == 0 or name - begin > MAX_MEMBER_BYTES:
            return 0
        flags, place = _member_flags(t, name, MAX_NAME)
        if place == 0:
            return 0
        if (flags & wanted) != 0:
            return place
        value = _value_place(t, place)
    return 0


@compiled
def element_of_list(t: Any, comma: int) -> int:
    """Judge the comma behind a quoted string that may be a key or an option: its value follows."""
    end, kind, escape = closing_quote(t, comma)
    if kind == NO_QUOTE or not is_class(t, end - 1, WORD):
        return 0
    rule, weak, _, start = key_rule(t, end)
    if rule < 0:
        return 0
    while start > t.state[DONE] and (is_class(t, start - 1, WORD) or at(t, start - 1) in (MINUS, DOT)):
        start -= 1
    opened, opened_kind, opened_escape = closing_quote(t, start)
    if opened_kind != kind or opened_escape != escape:
        return 0
    value = skip_blanks(t, comma + 1)
    text, value_kind, value_escape = opening(t, value)
    if value_kind != kind or value_escape != escape or at(t, text) == MINUS:
        return 0
    header = (t.rules[rule] & (AUTHORIZATION | COOKIE)) != 0 and not _is_identifier(
        t, text, value_kind, escape
    )
    behind = _behind(t, _string_end(t, text, value_kind, value_escape), value_kind)
    if at(t, skip_blanks(t, behind)) in (COLON, EQUALS):
        return 0  # the next member's name
    if (
        at(t, start) == MINUS
        or header
        or _is_header(t, start, end, text, behind)
        or _is_pair_of_two(t, opened, text, value_kind, escape)
    ):
        return redact_value(t, value, kind, escape, rule, weak, False)
    return 0


@compiled
def _is_header(t: Any, start: int, end: int, text: int, behind: int) -> bool:
    """Whether the name is written as in HTTP, and the value has digits: `"X-Api-Key", "k3y"` in a row."""
    dashes = 0
    for i in range(start, end):
        dashes += at(t, i) == MINUS
    if lower(at(t, text)) == 120 and at(t, text + 1) == MINUS:
        return False  # another header's name
    return dashes > 0 and behind - text > MIN_HEADER_VALUE and count_digits(t, text, behind) > 0


@compiled
def _is_identifier(t: Any, text: int, kind: int, escape: int) -> bool:
    """Whether a string is a name such as `email` or `api_key` rather than a value."""
    end = _string_end(t, text, kind, escape)
    for i in range(text, end):
        byte = at(t, i)
        if not (97 <= byte <= 122 or byte in (UNDERSCORE, MINUS) or 65 <= byte <= 90):
            return False
    return True


@compiled
def _is_pair_of_two(t: Any, opened: int, text: int, kind: int, escape: int) -> bool:
    """Whether the list holds a key and one value that is no identifier: `["x-api-key", "k3y"]`."""
    i = opened
    if at(t, i - 1) in (98, 66):  # b'...'
        i -= 1
    while at(t, i - 1) == SPACE and at(t, i - 2) == OPEN:
        i -= 1
    behind = skip_blanks(t, _behind(t, _string_end(t, text, kind, escape), kind))
    value = _behind(t, _string_end(t, text, kind, escape), kind)
    if _is_identifier(t, text, kind, escape):
        # `["X-Auth-Token", "Abc"]` within a list of such pairs is a header all the same.
        mixed = at(t, i - 1) == BRACKET and at(t, i - 2) == BRACKET and 65 <= at(t, value - 2) <= 90
        return mixed and at(t, behind) == BRACKET_END
    row = i == t.state[LINE] and at(t, behind) in (NEWLINE, RETURN) and count_digits(t, text, value) > 0
    return row or (at(t, i - 1) in (BRACKET, OPEN) and at(t, behind) in (BRACKET_END, CLOSE))
