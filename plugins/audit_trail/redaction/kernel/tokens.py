"""Secrets that show what they are: tokens of providers, JWT, IBAN, `Bearer x`, private keys."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.base64_pairs import base64_holds
from audit_trail.redaction.kernel.spoken import by_word
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    COLON,
    DIGIT,
    DONE,
    DOT,
    EQUALS,
    IBAN,
    LINE,
    LINEAR,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    PEM_BODY,
    PEM_COLUMN,
    PEM_LINES,
    PEM_START,
    PLUS,
    PRIVATE_KEY,
    QUOTE,
    SCHEME,
    SHAPE_INTS,
    SLASH,
    SPACE,
    WORD,
    add_span,
    at,
    backslashes_before,
    begins_word,
    hex_value,
    holds,
    is_blank,
    is_class,
    line_end,
    lower,
    packed,
    quote_escape,
    seven_bytes,
    skip_blanks,
    skip_class,
)

UNLIMITED = 65535
MIN_TOKEN = 16
MIN_PLAIN_TOKEN = 32
# RFC 7468: 64 characters a line; the largest RSA keys in use, 16,384 bits, have 200 lines.
MAX_PEM_LINES = 400
MIN_PEM_LINE = 40
MAX_PEM_LABEL = 48
_BEGIN_, _END_, _PLAIN = packed(b"begin "), packed(b"end "), packed(b"plain")
_PRIVATE_, _KEY = packed(b"private"), packed(b" key")
_BEGIN_20, _20_KEY, _END_20 = packed(b"begin%2"), packed(b"%20key"), packed(b"end%20")
_BEARER, _BASIC, _NTLM, _APIKEY = packed(b"bearer"), packed(b"basic"), packed(b"ntlm"), packed(b"apikey")
_NEGO, _TIATE = packed(b"nego"), packed(b"tiate")


@compiled
def word(t: Any, i: int) -> int:
    """Judge the word that begins at `i`; returns where to go on, 0 when it stays."""
    pair = at(t, i) * 256 + at(t, i + 1)
    if (t.starts[pair >> 3] >> (pair & 7)) & 1 == 0 or not begins_word(t, i):
        return 0
    return _first_match(t, t.lists[pair], i)


@compiled
def long_word(t: Any, i: int) -> int:
    """Judge a word by the shapes that may begin with anything; the same answers as `word`."""
    return _first_match(t, 0, i) if begins_word(t, i) else 0


@compiled
def _first_match(t: Any, place: int, i: int) -> int:
    beginning = seven_bytes(t, i)
    while t.candidates[place] >= 0:
        shape = t.candidates[place]
        if (beginning & t.leads[shape * 2]) == t.leads[shape * 2 + 1]:
            behind = _try(t, shape, i)
            if behind > 0:
                return behind
        place += 1
    return 0


@compiled
def _try(t: Any, shape: int, i: int) -> int:
    kind, rule = t.shapes[shape * SHAPE_INTS], t.shapes[shape * SHAPE_INTS + 1]
    if kind == LINEAR:
        end = _linear_end(t, shape, i)
    elif kind == IBAN:
        end = _iban_end(t, shape, i)
    elif not holds(t, i + 2, t.shapes[shape * SHAPE_INTS + 2]):
        return 0
    elif kind != SCHEME:
        return by_word(t, kind, i, rule)
    else:
        end = _scheme_end(t, i)
    return add_span(t, i, end, rule, NO_QUOTE) if end > 0 else 0


@compiled
def _linear_end(t: Any, shape: int, start: int) -> int:
    """The end of a shape at `start`, or 0: each item takes as much as it may, none gives back.

    Where the first unlimited run of a failed attempt began and ended is kept:
    a start within the same run would come to the same end and fail alike. So
    one shape is tried at most once for each run, whatever the input.
    """
    place = shape * SHAPE_INTS
    first, items = t.shapes[place + 2], t.shapes[place + 3]
    unlimited, lead = t.shapes[place + 4], t.shapes[place + 5]
    if t.memo[shape * 2] <= start and start + lead <= t.memo[shape * 2 + 1]:
        return 0
    i, run_start, run_end = start, -1, -1
    for k in range(items):
        item = (first + k) * 3
        mask, least, most = t.items[item] * 256, t.items[item + 1], t.items[item + 2]
        begin = i
        if most >= UNLIMITED:
            while i < t.size and t.masks[mask + t.data[i]] != 0:
                i += 1
        else:
            while i < t.size and i - begin < most and t.masks[mask + t.data[i]] != 0:
                i += 1
        if k == unlimited:
            run_start, run_end = begin, i
        if i - begin < least:
            return _fail(t, shape, run_start, run_end)
    while at(t, i - 1) == DOT:
        i -= 1
    return _fail(t, shape, run_start, run_end) if is_class(t, i, WORD) and is_class(t, i - 1, WORD) else i


@compiled
def _fail(t: Any, shape: int, run_start: int, run_end: int) -> int:
    if run_start >= 0:
        t.memo[shape * 2] = run_start
        t.memo[shape * 2 + 1] = run_end
    return 0


@compiled
def _iban_end(t: Any, shape: int, start: int) -> int:
    """The end of an IBAN as its country builds it (ISO 13616), checked; words may follow."""
    if not is_class(t, start + 2, DIGIT) or not is_class(t, start + 3, DIGIT):
        return 0
    mark = at(t, start + 4)
    spaced = mark == SPACE or mark == MINUS
    first, items = t.shapes[shape * SHAPE_INTS + 2], t.shapes[shape * SHAPE_INTS + 3]
    i, taken, remainder = start + 4, 4, 0
    for item in range(first, first + items):
        for _ in range(t.items[item * 3 + 1]):
            if spaced and at(t, i) == mark and taken % 4 == 0:
                i += 1
            if i >= t.size or t.masks[t.items[item * 3] * 256 + t.data[i]] == 0:
                return 0
            remainder = _mod_97(remainder, at(t, i))
            taken += 1
            i += 1
    for k in range(4):
        remainder = _mod_97(remainder, at(t, start + k))
    if remainder != 1 or is_class(t, i, WORD):
        return 0
    return 0 if mark == MINUS and _stands_in_uuid(t, start) else i


@compiled
def _stands_in_uuid(t: Any, i: int) -> bool:
    """Whether one of the three inner groups of a UUID (RFC 9562, section 4) begins at `i`."""
    return _is_uuid(t, i - 9) or _is_uuid(t, i - 14) or _is_uuid(t, i - 19)


@compiled
def _is_uuid(t: Any, start: int) -> bool:
    for k in range(36):
        byte = at(t, start + k)
        if k in (8, 13, 18, 23):
            if byte != MINUS:
                return False
        elif hex_value(byte) < 0:
            return False
    return True


@compiled
def _mod_97(remainder: int, byte: int) -> int:
    """ISO 7064 MOD 97-10, one character on."""
    if byte <= 57:
        return (remainder * 10 + byte - 48) % 97
    return (remainder * 100 + lower(byte) - 87) % 97


@compiled
def _token_end(t: Any, start: int) -> int:
    """The end of a token68 (RFC 9110 section 11.2)."""
    i = start
    while is_class(t, i, WORD) or at(t, i) in (MINUS, DOT, PLUS, SLASH, 126):
        i += 1
    while at(t, i) == EQUALS:
        i += 1
    while at(t, i - 1) == DOT:
        i -= 1
    return i


@compiled
def _scheme_end(t: Any, start: int) -> int:
    """The end of `Bearer x`, `Basic x` and the like, or 0 when it is prose."""
    name = skip_class(t, start, WORD)
    token = skip_blanks(t, name)
    if token == name:
        return 0
    end = _token_end(t, token)
    size = end - token
    digits = 0
    for i in range(token, min(end, token + 64)):
        digits += is_class(t, i, DIGIT)
    if name - start == 5 and holds(t, start, _BASIC):
        return end if size >= 8 and base64_holds(t, token, end, COLON) else 0
    if name - start == 5 and holds(t, start, _PLAIN):  # RFC 4616: NUL, user, NUL, password
        return end if size >= 8 and base64_holds(t, token, end, 0) else 0
    if name - start == 6 and (holds(t, start, _BEARER) or holds(t, start, _APIKEY)):
        return end if size >= MIN_PLAIN_TOKEN or (size >= MIN_TOKEN and digits > 0) else 0
    if (name - start == 4 and holds(t, start, _NTLM)) or (
        name - start == 9 and holds(t, start, _NEGO) and holds(t, start + 4, _TIATE)
    ):
        return end if size >= MIN_PLAIN_TOKEN or (size >= MIN_TOKEN and digits > 0) else 0
    return 0


@compiled
def _is_private_key(t: Any, i: int) -> int:
    """Behind the `BEGIN ... PRIVATE KEY...-----` at `i`, or 0 (RFC 7468, RFC 4716)."""
    encoded = holds(t, i, _BEGIN_20)
    if not holds(t, i, _BEGIN_) and not encoded:
        return 0
    j, private = i + 6, False
    while j - i < MAX_PEM_LABEL and (
        is_class(t, j, WORD) or at(t, j) == SPACE or (encoded and at(t, j) == 37)
    ):
        if not private and holds(t, j, _PRIVATE_) and (holds(t, j + 7, _KEY) or holds(t, j + 7, _20_KEY)):
            private = True
        j += 1
    return skip_dashes(t, j) if private and at(t, j) == MINUS else 0


@compiled
def skip_dashes(t: Any, i: int) -> int:
    """Behind the dashes at `i`."""
    while at(t, i) == MINUS:
        i += 1
    return i


@compiled
def private_key(t: Any, start: int) -> int:
    """Judge the dashes at `start`: a key in this record, or one whose lines follow."""
    rule = t.detectors[PRIVATE_KEY]
    label = skip_blanks(t, skip_dashes(t, start))
    body = _is_private_key(t, label) if rule >= 0 else 0
    if body == 0:
        return 0
    i = body
    while True:
        byte = at(t, i)
        if byte == MINUS and _end_label(t, i) > 0:
            i = _end_label(t, i)
            while is_class(t, i, WORD) or at(t, i) == SPACE or at(t, i) == 37:
                i += 1
            return add_span(t, start, skip_dashes(t, i), rule, NO_QUOTE)
        if byte == NEWLINE:
            end = line_end(t, start)
            t.state[PEM_LINES] = MAX_PEM_LINES
            t.state[PEM_BODY] = 1
            t.state[PEM_COLUMN] = start - t.state[LINE]
            return add_span(t, start, end, rule, NO_QUOTE)
        if byte == QUOTE or byte == APOSTROPHE:
            return add_span(t, start, i - quote_escape(backslashes_before(t, i, body)), rule, NO_QUOTE)
        i += 1


@compiled
def begin_line(t: Any, start: int) -> int:
    """Look where in the line at `start` the body of a private key goes on.

    Loggers put their prefix before each line, so the body is the line's last
    word. `state[PEM_START]` says where it begins.
    """
    if t.detectors[PRIVATE_KEY] < 0:
        return 0
    t.state[PEM_LINES] -= 1
    end = line_end(t, start)
    i = end
    while (
        i > start
        and (is_class(t, i - 1, WORD) or at(t, i - 1) in (PLUS, SLASH, EQUALS))
        and at(t, i - 1) != 95
    ):
        i -= 1
    if i > start and not is_blank(at(t, i - 1)):
        marker = _end_marker(t, start, end)
        if marker >= 0:
            t.state[PEM_LINES] = 0
            t.state[PEM_START] = marker
        else:
            t.state[PEM_BODY] = 0
        return 0
    if end == i and t.state[PEM_BODY] == 1:
        return 0  # the blank line in a PGP block
    aligned = i - start == t.state[PEM_COLUMN] and t.state[PEM_BODY] == 1 and end > i
    t.state[PEM_BODY] = 1 if end - i >= MIN_PEM_LINE or aligned else 0
    if t.state[PEM_BODY] == 1:
        t.state[PEM_START] = i
        t.state[PEM_COLUMN] = i - start
    return 0


@compiled
def _end_marker(t: Any, start: int, end: int) -> int:
    """Where `-----END` stands in a line, or -1."""
    i = start
    while i < end:
        if at(t, i) == MINUS:
            if _end_label(t, i) > 0:
                return i
            i = skip_dashes(t, i)
        else:
            i += 1
    return -1


@compiled
def _end_label(t: Any, i: int) -> int:
    """Behind the `-----END ` at `i`, or 0."""
    label = skip_blanks(t, skip_dashes(t, i))
    return label + 4 if label - i >= 4 and (holds(t, label, _END_) or holds(t, label, _END_20)) else 0


@compiled
def body_line(t: Any) -> int:
    """Replace the part of a private key in this line; returns where to go on."""
    start = max(t.state[PEM_START], t.state[DONE])
    t.state[PEM_START] = -1
    end = line_end(t, start)
    return add_span(t, start, end, t.detectors[PRIVATE_KEY], NO_QUOTE)
