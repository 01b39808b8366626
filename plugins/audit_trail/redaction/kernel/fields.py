"""Keys with their values: `k=v`, `"k": v`, `--k v`, `<k>v</k>`, `PASSWORD 'v'`."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import key_rule, word_flags
from audit_trail.redaction.kernel.numbers import in_string
from audit_trail.redaction.kernel.text import (
    AMPERSAND,
    APOSTROPHE,
    AUTHORIZATION,
    BACKSLASH,
    BARE,
    BRACE,
    BRACE_END,
    BRACKET,
    CLOSE,
    COLON,
    COMMA,
    COMPLAINT,
    COOKIE,
    DESCRIPTION,
    DIGIT,
    DOLLAR,
    DONE,
    DOT,
    DOUBLE_QUOTE,
    ENTITY_QUOTE,
    EQUALS,
    GREATER,
    HASH,
    LESS,
    LETTER,
    LOWER_U,
    MASKED,
    MINUS,
    NEWLINE,
    NO_QUOTE,
    NODE_INTS,
    NOTHING,
    OPEN,
    PACKAGE,
    PARAMETER,
    PASSWORD,
    PERCENT,
    PERCENT_QUOTE,
    PHONE,
    PHRASE,
    PIN,
    PROSE,
    QUERY,
    QUESTION,
    QUOTE,
    SEMICOLON,
    SINGLE_QUOTE,
    SLASH,
    SPACE,
    SQL_PASSWORD,
    STAR,
    TAB,
    UNDERSCORE,
    UNICODE_QUOTE,
    WASTED,
    WORD,
    add_span,
    at,
    backslashes_before,
    hex_number,
    holds,
    is_blank,
    is_class,
    line_end,
    lower,
    may_look,
    packed,
    placeholder_end,
    quote_escape,
    skip_blanks,
    skip_class,
    unicode_escape,
)
from audit_trail.redaction.kernel.values import (
    authorization_end,
    bare_end,
    container_end,
    cookie_end,
    count_digits,
    follows_closing,
    is_number_like,
    number_end,
    opening_entity,
    percent_end,
    quoted_end,
    special_quoted_end,
)

# `?key=name` and `?code=404` are no secrets.
MIN_PARAMETER_BYTES = 10
MIN_PHONE_DIGITS = 7
# Longer names and attributes are not looked through.
MAX_NAME = 64
MAX_ATTRIBUTES = 512
MIN_STRING = 6
MAX_COMMAND = 160
_BY, _IDENT, _IFIED, _WITH = packed(b"by"), packed(b"ident"), packed(b"ified"), packed(b"with ")
_FOR, _PASSWOR, _USER, _CURL = packed(b"for"), packed(b"passwor"), packed(b"user"), packed(b"curl")
_SSHPASS, _LOGIN, _REDIS = packed(b"sshpass"), packed(b"login"), packed(b"redis")
_MYSQL, _PORT, _TYPE = packed(b"mysql"), packed(b"port"), packed(b'type"')
_STRING, _OBJECT, _NUMBER = packed(b'string"'), packed(b'object"'), packed(b'number"')
_SECRET_, _NAME = packed(b"secret"), packed(b'name"')
MIN_PIN_DIGITS = 3
MAX_MEMBERS = 16
_GT, _LT, _CDATA = packed(b"&gt;"), packed(b"&lt;"), packed(b"[cdata[")


@compiled
def _is_nothing(t: Any, start: int, end: int) -> bool:
    """null, None, true, REDACTED and the like: they hold no secret."""
    return end - start <= 11 and (word_flags(t, start, end) & (NOTHING | MASKED)) != 0


@compiled
def _is_reference(t: Any, start: int, end: int) -> bool:
    """Whether the value only names where the secret is: `$TOKEN`, `${TOKEN}`, `$1`, `{{ token }}`, `%s`."""
    first, second = at(t, start), at(t, start + 1)
    if first == DOLLAR:
        if second in (BRACE, OPEN):
            return True
        i = start + 1
        while i < end and (65 <= at(t, i) <= 90 or at(t, i) == UNDERSCORE):
            i += 1
        digits = skip_class(t, start + 1, DIGIT)
        return (i == end and end - start > 2) or (digits >= end and end - start <= 3)
    if first == PERCENT:
        return end - start == 2 or second == OPEN
    return first == BRACE and second == BRACE


@compiled
def _is_complaint(t: Any, start: int, end: int) -> bool:
    """Whether a quoted value is a message about the field: `is too short`, `can't be blank`."""
    word = skip_class(t, start, LETTER)
    if word == end or word - start > 6 or word == start or at(t, word) not in (SPACE, APOSTROPHE):
        return False
    return (word_flags(t, start, word) & COMPLAINT) != 0


@compiled
def _is_code(t: Any, start: int) -> bool:
    """Whether code stands here and not a value: `request.headers.get(`, `process.env.KEY;`."""
    i, dots = start, 0
    while is_class(t, i, LETTER) or at(t, i) in (DOT, UNDERSCORE):
        dots += at(t, i) == DOT
        i += 1
    byte = at(t, i)
    return dots > 0 and at(t, i - 1) != DOT and (is_blank(byte) or byte in (OPEN, BRACKET, SEMICOLON))


@compiled
def _only_describes(t: Any, start: int) -> bool:
    """Whether all members of a JSON object have names such as `secretName`, `status` or `createDate`."""
    i = skip_blanks(t, start + 1)
    if at(t, start) == BRACKET:
        if at(t, i) != BRACE:
            return False
        i = skip_blanks(t, i + 1)
    for _ in range(MAX_MEMBERS):
        if at(t, i) != QUOTE:
            return False
        end = quoted_end(t, i + 1, QUOTE, 0)
        if end - i > MAX_NAME or (word_flags(t, i + 1, end) & DESCRIPTION) == 0 or at(t, end + 1) != COLON:
            return False
        value = skip_blanks(t, end + 2)
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
def _is_schema(t: Any, start: int) -> bool:
    """Whether an object describes the field, as JSON Schema does: `{"type":"string"`."""
    i = skip_blanks(t, start + 1)
    if at(t, i) == QUOTE and holds(t, i + 1, _SECRET_) and holds(t, i + 7, _NAME):
        return True  # Kubernetes: {"secretName":"db"}
    if at(t, i) != QUOTE or not holds(t, i + 1, _TYPE):
        return False
    i = skip_blanks(t, skip_blanks(t, i + 6) + 1)
    return at(t, i) == QUOTE and (
        holds(t, i + 1, _STRING) or holds(t, i + 1, _OBJECT) or holds(t, i + 1, _NUMBER)
    )


@compiled
def _holds_a_secret(t: Any, start: int, end: int, rule: int, weak: bool) -> bool:
    """Whether a value, by what it is, may be what its key says."""
    if end <= start or _is_reference(t, start, end):
        return False
    if (t.rules[rule] & PIN) != 0 and end - start < MIN_PIN_DIGITS and is_number_like(t, start, end):
        return False
    placeholder = placeholder_end(t, start)
    if placeholder != 0 and placeholder == end:
        return False
    if _is_nothing(t, start, end) or _is_masked(t, start, end) or (weak and _is_path(t, start)):
        return False
    if (t.rules[rule] & PHONE) != 0 and count_digits(t, start, end) < MIN_PHONE_DIGITS:
        return False
    if weak:
        return not (
            is_number_like(t, start, end) or end - start < 4 or (word_flags(t, start, end) & PROSE) != 0
        )
    return True


@compiled
def _is_mask(t: Any, start: int) -> bool:
    """Whether `[FILTERED]`, `<hidden>`, `["REDACTED"]` or `__REDACTED__` stands here."""
    begin = start
    while begin - start < 4 and at(t, begin) in (BRACKET, LESS, OPEN, BRACE, QUOTE, STAR, UNDERSCORE):
        begin += 1
    word = skip_class(t, begin, LETTER)
    if word == begin or (begin == start and at(t, word) != UNDERSCORE):
        return False
    return (word_flags(t, begin, word) & MASKED) != 0


@compiled
def _is_masked(t: Any, start: int, end: int) -> bool:
    """Whether somebody has put stars, or `[FILTERED]`, in its place already."""
    first = at(t, start)
    if _is_mask(t, start):
        return True
    if is_class(t, start, WORD) and (lower(first) != 120 or end - start < 3):  # xxxxxxxx
        return False
    for i in range(start, end):
        if at(t, i) != first:
            return False
    return True


@compiled
def _is_path(t: Any, start: int) -> bool:
    """Whether the value is a folder: `PWD=/home/bob`."""
    return at(t, start) in (SLASH, 126) or (
        at(t, start + 1) == COLON and at(t, start + 2) in (SLASH, BACKSLASH)
    )


@compiled
def opening(t: Any, i: int) -> tuple[int, int, int]:
    """The quote that opens a value at `i`: where the value begins, kind of quote, backslashes."""
    if (
        at(t, i) in (98, 66, 114, 117, 36)
        and at(t, i + 1) in (QUOTE, APOSTROPHE)
        and not is_class(t, i - 1, WORD)
    ):
        i += 1  # Python's b'...', the shell's $'...'
    j = i
    while at(t, j) == BACKSLASH:
        j += 1
    if at(t, j) == QUOTE:
        return j + 1, DOUBLE_QUOTE, j - i
    if at(t, j) == APOSTROPHE:
        return j + 1, SINGLE_QUOTE, j - i
    if j > i and unicode_escape(t, j - 1) == QUOTE:
        return j + 5, UNICODE_QUOTE, j - i
    if at(t, i) == AMPERSAND and opening_entity(t, i) > 0:
        return i + opening_entity(t, i), ENTITY_QUOTE, 0
    if at(t, i) == PERCENT and at(t, i + 1) == 50 and at(t, i + 2) == 50:
        return i + 3, PERCENT_QUOTE, 0
    return i, NO_QUOTE, 0


@compiled
def _opened_end(t: Any, start: int, kind: int, escape: int) -> int:
    """The end of a value whose opening quote was found."""
    if kind == DOUBLE_QUOTE:
        return quoted_end(t, start, QUOTE, escape)
    if kind == SINGLE_QUOTE:
        return quoted_end(t, start, APOSTROPHE, escape)
    return special_quoted_end(t, start, kind)


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
        end = _opened_end(t, start, kind, value_escape)
        if placeholder_end(t, start) == end:
            return end
        if not _holds_a_secret(t, start, end, rule, weak) or _is_complaint(t, start, end):
            return 0
        return _redact_change(t, add_span(t, start, end, rule, NO_QUOTE), kind, rule)
    if placeholder_end(t, after) == 0 and (byte == BRACE or byte == BRACKET):
        return _redact_container(t, after, key_quote, escape, rule, weak)
    if key_quote != NO_QUOTE:
        end = number_end(t, after)
        if end > 0:
            if not _holds_a_secret(t, after, end, rule, weak):
                return 0
            return add_span(t, after, end, rule, key_quote + 8 * escape)
    return _redact_bare(t, after, rule, weak, spaced, key_quote == NO_QUOTE)


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
    return add_span(t, start, stop, rule, NO_QUOTE) if _holds_a_secret(t, start, stop, rule, False) else end


@compiled
def _redact_container(t: Any, start: int, key_quote: int, escape: int, rule: int, weak: bool) -> int:
    if _is_mask(t, start) or _is_reference(t, start, start + 2) or _is_schema(t, start):
        return 0
    if at(t, start) == BRACKET and at(t, start + 1) == QUOTE:
        if _is_complaint(t, start + 2, quoted_end(t, start + 2, QUOTE, 0)):
            return 0
    if escape == 0 and _only_describes(t, start):
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
    if weak and key_quote != NO_QUOTE and not _holds_a_string(t, start, abs(end)):
        return 0
    if end < 0 and key_quote == NO_QUOTE:
        t.state[WASTED] -= end + start
        return 0
    if end < 0:
        return add_span(t, start, -end, rule, key_quote + 8 * escape)
    return add_span(t, start, end, rule, key_quote + 8 * escape)


@compiled
def _holds_a_string(t: Any, start: int, end: int) -> bool:
    """Whether a container holds a string long enough for a secret, that is no name of a member."""
    i = start
    while i < end:
        if at(t, i) == QUOTE:
            stop = i + 1
            while stop < end and at(t, stop) != QUOTE:
                stop += 1
            if stop - i > MIN_STRING and at(t, skip_blanks(t, stop + 1)) != COLON:
                return True
            i = stop
        i += 1
    return False


@compiled
def _redact_bare(t: Any, start: int, rule: int, weak: bool, prose: bool, text: bool) -> int:
    placeholder = placeholder_end(t, start)
    if placeholder != 0:
        end = placeholder if at(t, placeholder) in (HASH, QUESTION) else bare_end(t, placeholder)
        return 0 if end == placeholder else add_span(t, start, end, rule, NO_QUOTE)
    literal = skip_class(t, start, WORD)
    if not is_class(t, literal, BARE) and _is_nothing(t, start, literal):
        return 0
    flags = t.rules[rule] if text else 0  # the grammars of headers are for text, not for JSON
    if is_blank(at(t, start - 1)) and _is_code(t, start):
        return 0
    if (flags & AUTHORIZATION) != 0:
        end = authorization_end(t, start)
    elif (flags & COOKIE) != 0:
        end = _query_end(t, start) if t.state[QUERY] != 0 else cookie_end(t, start)
    elif (flags & PHRASE) != 0:
        end = _phrase_end(t, start)
    elif (flags & PHONE) != 0 and _is_long(t, start):
        return 0
    else:
        end = _query_end(t, start) if t.state[QUERY] != 0 else bare_end(t, start)
    word = skip_class(t, start, WORD)
    if prose and (word_flags(t, start, min(word, end)) & (PROSE | PACKAGE)) != 0:
        if word == end or ((word_flags(t, start, word) & PACKAGE) != 0 and at(t, word) == DOT):
            return 0
    if at(t, word) == OPEN and word > start:  # PASSWORD('x'), Some("x"), string(6) "x"
        behind = _redact_argument(t, word + 1, rule)
        if behind > 0:
            return behind
    if at(t, word) == BRACE and 65 <= at(t, start) <= 90:  # Token{7af ActivityRecord{...}}
        return 0
    if weak and prose and count_digits(t, start, end) == 0:
        return 0
    return add_span(t, start, end, rule, NO_QUOTE) if _holds_a_secret(t, start, end, rule, weak) else 0


@compiled
def _redact_argument(t: Any, start: int, rule: int) -> int:
    """Replace the string in `name("x")`, or behind `name(6) `."""
    if is_class(t, start, DIGIT):
        close = skip_class(t, start, DIGIT)
        start = skip_blanks(t, close + 1) if at(t, close) == CLOSE else start
    text, kind, escape = opening(t, start)
    if kind == NO_QUOTE or kind > SINGLE_QUOTE or follows_closing(t, text):
        return 0
    end = _opened_end(t, text, kind, escape)
    if placeholder_end(t, text) == end:
        return end
    return add_span(t, text, end, rule, NO_QUOTE) if _holds_a_secret(t, text, end, rule, False) else 0


@compiled
def _is_long(t: Any, start: int) -> bool:
    """Whether an unquoted value has more bytes than any telephone number."""
    i = start
    while is_class(t, i, BARE) and i - start <= MAX_NAME:
        i += 1
    return i - start > MAX_NAME


@compiled
def _phrase_end(t: Any, start: int) -> int:
    """The end of several words: as long as they are made of letters and no `key=` comes."""
    end = bare_end(t, start)
    while at(t, end) == SPACE:
        word = skip_class(t, end + 1, LETTER)
        if word == end + 1 or is_class(t, word, BARE) or at(t, word) == EQUALS:
            break
        end = word
    return end


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
        if (at(t, after) == COLON and quote == NO_QUOTE) or (at(t, after) == EQUALS and at(t, i) == EQUALS):
            return 0  # `Token::new`, `token == x`
        after += 1
        if at(t, after) == GREATER:
            after += 1
    if at(t, after) == SLASH and at(t, after + 1) == SLASH and quote == NO_QUOTE:
        return 0
    value = skip_blanks(t, after)
    if percent:
        return _redact_percent(t, after, rule, weak)
    header = (t.rules[rule] & (AUTHORIZATION | COOKIE)) != 0
    if value > after and quote == NO_QUOTE and not header and _is_key(t, value):
        return 0
    t.state[QUERY] = _query_mark(t, start) if quote == NO_QUOTE else 0
    behind = redact_value(t, _skip_colour(t, value), quote, escape, rule, weak, at(t, i) in (COLON, MINUS))
    t.state[QUERY] = 0
    return behind


@compiled
def _query_mark(t: Any, key: int) -> int:
    """The `?`, `&` or `;` before the key around `key`, or 0."""
    i = key
    while (
        i > t.state[DONE]
        and key - i < MAX_NAME
        and (is_class(t, i - 1, WORD) or at(t, i - 1) in (MINUS, DOT))
    ):
        i -= 1
    mark = at(t, i - 1)
    return mark if mark in (QUESTION, AMPERSAND, SEMICOLON) else 0


@compiled
def _query_end(t: Any, start: int) -> int:
    """The end of a parameter of a URL: at `#`, and at `?` in a path's `;k=v?n=1`."""
    i = start
    while is_class(t, i, BARE) and at(t, i) != HASH:
        if at(t, i) == QUESTION and t.state[QUERY] == SEMICOLON:
            return i
        i += 1
    return i if at(t, i) == HASH else bare_end(t, i)


@compiled
def _skip_colour(t: Any, i: int) -> int:
    """Behind a terminal's colour sequence at `i`."""
    if at(t, i) != 27 or at(t, i + 1) != BRACKET:
        return i
    j = i + 2
    while j - i < 12 and ((48 <= at(t, j) <= 57) or at(t, j) == SEMICOLON):
        j += 1
    return j + 1 if at(t, j) == 109 else i


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
    return add_span(t, start, end, rule, NO_QUOTE) if _holds_a_secret(t, start, end, rule, weak) else 0


@compiled
def _is_key(t: Any, i: int) -> bool:
    """Whether another `key=` begins at `i`."""
    end = i
    while end - i < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS)):
        end += 1
    return end > i and at(t, end) == EQUALS and at(t, end + 1) != EQUALS and not is_blank(at(t, end + 1))


@compiled
def parameter_rule(t: Any, node: int, start: int, end: int, i: int) -> int:
    """The rule of a name that is sensitive only in a query or a form."""
    if node == 0 or end != i or at(t, i) != EQUALS:
        return -1
    rule = t.trie[node * NODE_INTS + PARAMETER] - 1
    before = at(t, start - 1)
    if rule < 0 or start < t.state[DONE]:
        return -1
    for k in range(MIN_PARAMETER_BYTES):
        if not is_class(t, i + 1 + k, BARE):
            return -1
    in_query = before in (QUESTION, AMPERSAND, SEMICOLON, QUOTE, APOSTROPHE)
    return int(rule) if in_query or unicode_escape(t, start - 6) == AMPERSAND else -1


@compiled
def option(t: Any, i: int) -> int:
    """Judge a command line's `--password x` at its first dash."""
    name = i
    while at(t, name) == MINUS and name - i < 2:
        name += 1
    end = name
    while end - name < MAX_NAME and (is_class(t, end, WORD) or at(t, end) in (DOT, MINUS)):
        end += 1
    if end == name:
        return 0
    if at(t, name) == 112 and name == i + 1 and _command_before(t, i, _MYSQL):
        rule = t.detectors[SQL_PASSWORD]
        if end - name > 1 and rule >= 0 and not holds(t, name, _PORT):
            return redact_value(t, name + 1, NO_QUOTE, 0, rule, False, False)
    if end - name == 1 or holds(t, name, _USER) or holds(t, end - 4, _USER):
        behind = _command_option(t, i, name, end)
        if behind > 0:
            return behind
    if at(t, end) != SPACE and at(t, end) != TAB:
        return 0
    value = skip_blanks(t, end)
    if at(t, value) == MINUS or is_blank(at(t, value)):
        return 0
    rule, weak, _, _ = key_rule(t, end)
    return -1 if rule < 0 else redact_value(t, value, NO_QUOTE, 0, rule, weak, False)


@compiled
def _command_option(t: Any, i: int, name: int, end: int) -> int:
    """Options that hold a password only for some commands: `curl -u a:b`, `sshpass -p x`, `mysql -px`."""
    rule = t.detectors[SQL_PASSWORD]
    if rule < 0:
        return 0
    letter, single = at(t, name), end - name == 1
    if (single and letter == LOWER_U) or not single:
        return _user_and_password(t, end, rule) if _command_before(t, i, _CURL) else 0
    value = skip_blanks(t, end)
    known = (letter == 112 and (_command_before(t, i, _SSHPASS) or _command_before(t, i, _LOGIN))) or (
        letter == 97 and _command_before(t, i, _REDIS)
    )
    if not known or letter == LOWER_U or value == end or at(t, value) == MINUS:
        return 0
    return redact_value(t, value, NO_QUOTE, 0, rule, False, False)


@compiled
def _user_and_password(t: Any, end: int, rule: int) -> int:
    """Replace the password in the `user:password` behind an option."""
    start, kind, escape = opening(t, end + 1 if at(t, end) == EQUALS else skip_blanks(t, end))
    stop = bare_end(t, start) if kind == NO_QUOTE else _opened_end(t, start, kind, escape)
    colon = start
    while colon < stop and at(t, colon) != COLON:
        if placeholder_end(t, colon) > 0:
            return 0
        colon += 1
    if colon == start or not _holds_a_secret(t, colon + 1, stop, rule, False):
        return 0
    return add_span(t, colon + 1, stop, rule, NO_QUOTE)


@compiled
def _command_before(t: Any, i: int, word: int) -> bool:
    """Whether a command stands in this line, not far before `i`."""
    j = i
    while i - j < MAX_COMMAND and j > t.state[DONE] and at(t, j) != NEWLINE:
        if holds(t, j, word) and not is_class(t, j - 1, WORD):
            return True
        j -= 1
    return holds(t, j, word)


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
    while end > start and at(t, end - 1) == SPACE:
        end -= 1
    return add_span(t, start, end, rule, NO_QUOTE) if _holds_a_secret(t, start, end, rule, weak) else 0


@compiled
def statement(t: Any, i: int) -> int:
    """Judge SQL's `PASSWORD 'x'` and `SET PASSWORD FOR a = 'x'` at the opening quote."""
    before = i - 1
    while before > t.state[DONE] and (is_blank(at(t, before)) or at(t, before) == OPEN):
        before -= 1
    rule = t.detectors[SQL_PASSWORD]
    if rule < 0 or before == i - 1:
        return 0
    if at(t, before) == EQUALS:
        return (
            _redact_sql(t, i, rule) if _command_before(t, i, _FOR) and _command_before(t, i, _PASSWOR) else 0
        )
    if not is_class(t, before, LETTER):
        return 0
    found, weak, _, _ = key_rule(t, before + 1)
    return _redact_sql(t, i, rule) if found == rule and not weak else 0


@compiled
def _redact_sql(t: Any, i: int, rule: int) -> int:
    """Replace the string whose opening quote is at `i`; a doubled quote is part of it."""
    quote = at(t, i)
    if follows_closing(t, i + 1):
        return 0
    end = quoted_end(t, i + 1, quote, 0)
    while at(t, end) == quote and at(t, end + 1) == quote:
        end = quoted_end(t, end + 2, quote, 0)
    if at(t, end) != quote or not _holds_a_secret(t, i + 1, end, rule, False):
        return 0
    return add_span(t, i + 1, end, rule, NO_QUOTE)


@compiled
def identified_by(t: Any, i: int) -> int:
    """Judge SQL's `IDENTIFIED [WITH x] BY [PASSWORD] 'x'` at its first word; returns where to go on, or 0."""
    rule = t.detectors[SQL_PASSWORD]
    if rule < 0 or not holds(t, i, _IDENT) or not holds(t, i + 5, _IFIED):
        return 0
    j = skip_blanks(t, i + 10)
    if holds(t, j, _WITH):
        j = skip_blanks(t, skip_class(t, skip_blanks(t, j + 5), WORD))
    if not holds(t, j, _BY) or is_class(t, j + 2, WORD):
        return 0
    j = skip_blanks(t, j + 2)
    if holds(t, j, _PASSWOR) and at(t, j + 8) == SPACE:
        j = skip_blanks(t, j + 9)
    if at(t, j) in (QUOTE, APOSTROPHE):
        return _redact_sql(t, j, rule)
    return redact_value(t, j, NO_QUOTE, 0, rule, False, True)


@compiled
def said(t: Any, i: int) -> int:
    """Judge the `is` of `the password is x1`, the `to` of `set password to x1`; where to go on, or 0."""
    if is_class(t, i + 2, WORD) or at(t, i - 1) != SPACE or at(t, i + 2) != SPACE:
        return 0
    rule, weak, _, _ = key_rule(t, i - 1)
    if rule < 0 or weak:
        return 0
    start, kind, escape = opening(t, i + 3)
    end = bare_end(t, start) if kind == NO_QUOTE else _opened_end(t, start, kind, escape)
    while end > start and at(t, end - 1) == DOT:
        end -= 1
    if end - start < MIN_STRING or (kind == NO_QUOTE and count_digits(t, start, end) == 0):
        return 0
    return add_span(t, start, end, rule, NO_QUOTE) if _holds_a_secret(t, start, end, rule, False) else 0


@compiled
def quoted_after(t: Any, i: int) -> int:
    """Judge the word of `with password "x"`; returns where to go on, or 0."""
    end = skip_class(t, i, WORD)
    if at(t, end) != SPACE:
        return 0
    text, kind, escape = opening(t, end + 1)
    if kind != DOUBLE_QUOTE or follows_closing(t, text) or quote_escape(escape) != escape:
        return 0
    rule, weak, _, _ = key_rule(t, end)
    if rule < 0 or weak or (t.rules[rule] & PASSWORD) == 0:
        return 0
    stop = quoted_end(t, text, QUOTE, escape)
    if at(t, stop) not in (QUOTE, BACKSLASH) or not _holds_a_secret(t, text, stop, rule, False):
        return 0
    return add_span(t, text, stop, rule, NO_QUOTE)
