"""Messages about a field, schemas of it, code that reads it: `{"password":["This field is required."]}`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.quotes import quoted_end
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    BARE,
    BRACE,
    BRACE_END,
    BRACKET,
    COLON,
    COMMA,
    COMPLAINT,
    DESCRIPTION,
    DOLLAR,
    DOT,
    LETTER,
    MAX_NAME,
    OPEN,
    QUOTE,
    SEMICOLON,
    SENTENCE,
    SPACE,
    STATUS,
    UNDERSCORE,
    WASTED,
    WORD,
    at,
    holds,
    is_blank,
    is_class,
    may_look,
    packed,
    skip_blanks,
    skip_class,
)
from audit_trail.redaction.kernel.values import container_end

# Objects with more members are not judged by their names.
MAX_MEMBERS = 16
_TYPE, _REF, _LOGPROB = packed(b'type"'), packed(b'ref"'), packed(b"logprob")
_STRING, _OBJECT, _NUMBER = packed(b'string"'), packed(b'object"'), packed(b'number"')
_KEYWORD, _TEXT = packed(b"keyword"), packed(b'text"')
_SECRET_, _NAME = packed(b"secret"), packed(b'name"')


@compiled
def is_complaint(t: Any, start: int, end: int) -> bool:
    """Whether a quoted value is a message about the field: `is too short`, `can't be blank`."""
    word = skip_class(t, start, LETTER)
    if word == end or word - start > 9 or word == start or at(t, word) not in (SPACE, APOSTROPHE, 124):
        return False
    flags = word_flags(t, start, word)
    if at(t, word) == 124:  # Laravel's `required|string|min:8`
        return (flags & STATUS) != 0
    return (flags & COMPLAINT) != 0 or ((flags & SENTENCE) != 0 and at(t, end - 1) == DOT)


@compiled
def is_code(t: Any, start: int) -> bool:
    """Whether code stands here and not a value: `request.headers.get(`, `process.env.KEY;`."""
    i, dots = start, 0
    while is_class(t, i, LETTER) or at(t, i) in (DOT, UNDERSCORE):
        dots += at(t, i) == DOT
        i += 1
    byte = at(t, i)
    return dots > 0 and at(t, i - 1) != DOT and (is_blank(byte) or byte in (OPEN, BRACKET, SEMICOLON))


@compiled
def _member_name(t: Any, i: int) -> tuple[int, int]:
    """Where the name of a member ends, and where its colon should be: `"a":1`, or YAML's `a: 1`."""
    if at(t, i) == QUOTE:
        end = quoted_end(t, i + 1, QUOTE, 0)
        return end, end + 1
    end = skip_class(t, i, WORD)
    return end, end


@compiled
def only_describes(t: Any, start: int) -> bool:
    """Whether all members of a JSON object have names such as `secretName`, `status` or `createDate`."""
    i = skip_blanks(t, start + 1)
    if at(t, start) == BRACKET:
        if at(t, i) != BRACE:
            return False
        i = skip_blanks(t, i + 1)
    for _ in range(MAX_MEMBERS):
        end, colon = _member_name(t, i)
        name = i + 1 if at(t, i) == QUOTE else i
        if end - i > MAX_NAME or at(t, colon) != COLON or (word_flags(t, name, end) & DESCRIPTION) == 0:
            return False
        value = skip_blanks(t, colon + 1)
        if at(t, value) == QUOTE:
            value = quoted_end(t, value + 1, QUOTE, 0) + 1
        elif at(t, value) in (BRACE, BRACKET):
            if not may_look(t, value):
                return False
            behind = abs(container_end(t, value, 0))
            t.state[WASTED] += behind - value
            value = behind
        else:
            value = skip_class(t, value, BARE)
        i = skip_blanks(t, value)
        if at(t, i) == BRACE_END:
            return True
        if at(t, i) != COMMA:
            return False
        i = skip_blanks(t, i + 1)
    return False


@compiled
def is_schema(t: Any, start: int) -> bool:
    """Whether an object describes the field, as JSON Schema does: `{"type":"string"`."""
    i = skip_blanks(t, start + 1)
    if at(t, i) == QUOTE and holds(t, i + 1, _SECRET_) and holds(t, i + 7, _NAME):
        return True  # Kubernetes: {"secretName":"db"}
    if at(t, i) == QUOTE and at(t, i + 1) == DOLLAR and holds(t, i + 2, _REF):
        return True
    if at(t, i) != QUOTE or not holds(t, i + 1, _TYPE):
        return False
    i = skip_blanks(t, skip_blanks(t, i + 6) + 1)
    if at(t, i) != QUOTE:
        return False
    simple = holds(t, i + 1, _STRING) or holds(t, i + 1, _OBJECT) or holds(t, i + 1, _NUMBER)
    return simple or holds(t, i + 1, _KEYWORD) or holds(t, i + 1, _TEXT)


@compiled
def is_word_of_model(t: Any, end: int) -> bool:
    """Whether the string that ends at `end` is a language model's word: `"token":"the","logprob":-0.3`."""
    comma = skip_blanks(t, end + 1)
    name = skip_blanks(t, comma + 1)
    return at(t, end) == QUOTE and at(t, comma) == COMMA and holds(t, name + 1, _LOGPROB)
