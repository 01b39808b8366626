"""Where the string value of a record's top-level JSON field is, in machine code.

Reads the record to its end: what is not JSON as a whole has no fields. It is
sure of ordinary records only; escapes in keys, deep nesting, and whatever is
not JSON are left to `json`, so that the two never say different things.
"""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled

MAX_DEPTH = 60  # one bit each
MAX_NUMBER_BYTES = 300  # Python refuses integers of more than 4,300 digits

UNSURE, NOTHING, FOUND = -1, 0, 1

# Places in `found`: the text, and what was found while reading on.
TEXT_START, TEXT_END, _STATUS, _IS_FIELD = 0, 1, 2, 3

_KEY, _KEY_OR_END, _VALUE, _VALUE_OR_END, _COMMA_OR_END = 0, 1, 2, 3, 4
_QUOTE, _BACKSLASH, _COMMA, _COLON = 34, 92, 44, 58
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = 123, 125, 91, 93
_MINUS, _PLUS, _POINT, _ZERO, _NINE = 45, 43, 46, 48, 57
_E, _SMALL_E, _U = 69, 101, 117
_SPACE, _DELETE = 32, 127
# Bytes of UTF-8: of a sequence's rest, and where the sequences of 2, 3 and 4 bytes begin and end.
_REST, _TWO, _THREE, _FOUR, _PAST = 0x80, 0xC2, 0xE0, 0xF0, 0xF5
_TRUE, _FALSE, _NULL = tuple(b"true"), tuple(b"false"), tuple(b"null")


@compiled
def string_field(data: Any, start: int, end: int, field: Any, field_bytes: int, found: Any) -> Any:
    """Find the string value of `field` in the object at [start, end).

    Returns:
        FOUND with the place of its text, which has no escapes; NOTHING where
        there is none or it is no string; UNSURE where `json` must say.
    """
    at = skip_blanks(data, start, end)
    if at == end or data[at] != _OPEN_OBJECT:
        return _without_object(data, start, end)
    found[_STATUS] = NOTHING
    depth, objects, expects = 1, 1, _KEY_OR_END
    at += 1
    while depth:
        at = skip_blanks(data, at, end)
        if at == end:
            return UNSURE
        byte = data[at]
        if byte == (_CLOSE_OBJECT if objects & 1 else _CLOSE_ARRAY):
            if expects in (_KEY, _VALUE):
                return UNSURE
            depth, objects, expects = depth - 1, objects >> 1, _COMMA_OR_END
            at += 1
        elif expects == _COMMA_OR_END:
            if byte != _COMMA:
                return UNSURE
            expects = _KEY if objects & 1 else _VALUE
            at += 1
        elif expects <= _KEY_OR_END:
            at = _key_end(data, at, end, field, field_bytes if depth == 1 else -1, found)
            expects = _VALUE
        elif byte in (_OPEN_OBJECT, _OPEN_ARRAY):
            if found[_IS_FIELD]:
                found[_STATUS] = NOTHING  # of two fields of one name the last one counts
                found[_IS_FIELD] = 0
            is_object = 1 if byte == _OPEN_OBJECT else 0
            depth, objects = depth + 1, objects << 1 | is_object
            expects = _KEY_OR_END if is_object else _VALUE_OR_END
            at += 1
        else:
            at = _value_end(data, at, end, found)
            expects = _COMMA_OR_END
        if at < 0 or depth > MAX_DEPTH:
            return UNSURE
    return found[_STATUS] if skip_blanks(data, at, end) == end else UNSURE


@compiled
def skip_blanks(data: Any, at: int, end: int) -> Any:
    """Past JSON's white space."""
    while at < end and (data[at] == _SPACE or data[at] == 10 or data[at] == 13 or data[at] == 9):
        at += 1
    return at


@compiled
def _without_object(data: Any, start: int, end: int) -> Any:
    """Whether a record that begins with no brace surely is no object: it might be in UTF-16."""
    for at in range(start, min(start + 4, end)):
        if data[at] == 0 or data[at] >= _DELETE:
            return UNSURE
    return NOTHING


@compiled
def _key_end(data: Any, at: int, end: int, field: Any, field_bytes: int, found: Any) -> Any:
    """Behind the colon of the key at `at`; negative where there is no ordinary key.

    Args:
        field_bytes: Length of the field's name, -1 where it does not count.
    """
    closing = _string_end(data, at + 1, end) if data[at] == _QUOTE else -1
    if closing < 0:
        return -1
    size = closing - at - 1
    if field_bytes >= 0 and _has_escape(data, at + 1, closing):
        return -1
    is_field = 1 if size == field_bytes else 0
    for place in range(size if is_field else 0):
        if data[at + 1 + place] != field[place]:
            is_field = 0
            break
    found[_IS_FIELD] = is_field
    at = skip_blanks(data, closing + 1, end)
    return at + 1 if at < end and data[at] == _COLON else -1


@compiled
def _value_end(data: Any, at: int, end: int, found: Any) -> Any:
    """Behind the string, number or word at `at`, noted where it is the field's; negative where unsure."""
    is_string = data[at] == _QUOTE
    closing = _string_end(data, at + 1, end) if is_string else _scalar_end(data, at, end)
    if closing < 0 or not found[_IS_FIELD]:
        return closing + 1 if is_string and closing >= 0 else closing
    found[_IS_FIELD] = 0
    if not is_string:
        found[_STATUS] = NOTHING
        return closing
    if _has_escape(data, at + 1, closing):
        return -1
    found[TEXT_START], found[TEXT_END], found[_STATUS] = at + 1, closing, FOUND
    return closing + 1


@compiled
def _string_end(data: Any, at: int, end: int) -> Any:
    """Where the quote is that ends a string; negative where it is not one of JSON in UTF-8."""
    while at < end:
        byte = data[at]
        if byte == _QUOTE:
            return at
        if byte == _BACKSLASH:
            at = _escape_end(data, at + 1, end)
        elif byte >= _REST:
            at = _sequence_end(data, at, end)
        elif byte < _SPACE:
            return -1
        else:
            at += 1
        if at < 0:
            return -1
    return -1


@compiled
def _escape_end(data: Any, at: int, end: int) -> Any:
    if at >= end:
        return -1
    byte = data[at]
    if byte == _U:
        if at + 5 > end:
            return -1
        for place in range(at + 1, at + 5):
            digit = data[place] | 32
            if not (_ZERO <= data[place] <= _NINE or 97 <= digit <= 102):
                return -1
        return at + 5
    if byte in (_QUOTE, _BACKSLASH, 47, 98, 102, 110, 114, 116):  # / b f n r t
        return at + 1
    return -1


@compiled
def _sequence_end(data: Any, at: int, end: int) -> Any:
    """Behind a UTF-8 sequence (RFC 3629, section 4); negative for others, and for surrogates."""
    first = data[at]
    if first < _TWO or first >= _PAST:
        return -1
    size = 2 if first < _THREE else (3 if first < _FOUR else 4)
    if at + size > end:
        return -1
    for place in range(at + 1, at + size):
        if data[place] & 0xC0 != _REST:
            return -1
    second = data[at + 1]
    if (
        (first == _THREE and second < 0xA0)
        or (first == 0xED and second >= 0xA0)
        or (first == _FOUR and second < 0x90)
        or (first == 0xF4 and second >= 0x90)
    ):
        return -1
    return at + size


@compiled
def _has_escape(data: Any, start: int, end: int) -> bool:
    for at in range(start, end):
        if data[at] == _BACKSLASH:
            return True
    return False


@compiled
def _scalar_end(data: Any, at: int, end: int) -> Any:
    """Behind a number, true, false or null; negative where it is none of them."""
    byte = data[at]
    if byte == 116:
        return _word_end(data, at, end, _TRUE)
    if byte == 102:
        return _word_end(data, at, end, _FALSE)
    if byte == 110:
        return _word_end(data, at, end, _NULL)
    start = at
    at += 1 if byte == _MINUS else 0
    digits = _digits_end(data, at, end)
    if digits == at or (data[at] == _ZERO and digits > at + 1):
        return -1
    at = digits
    if at < end and data[at] == _POINT:
        digits = _digits_end(data, at + 1, end)
        if digits == at + 1:
            return -1
        at = digits
    if at < end and (data[at] == _E or data[at] == _SMALL_E):
        at += 1
        at += 1 if at < end and (data[at] == _PLUS or data[at] == _MINUS) else 0
        digits = _digits_end(data, at, end)
        if digits == at:
            return -1
        at = digits
    return at if at - start <= MAX_NUMBER_BYTES else -1


@compiled
def _digits_end(data: Any, at: int, end: int) -> Any:
    while at < end and _ZERO <= data[at] <= _NINE:
        at += 1
    return at


@compiled
def _word_end(data: Any, at: int, end: int, word: Any) -> Any:
    if at + len(word) > end:
        return -1
    for place in range(len(word)):
        if data[at + place] != word[place]:
            return -1
    return at + len(word)
