"""E-mail addresses, and the user and password in URLs."""

from __future__ import annotations

from typing import Any

from audit_trail.native import compiled
from audit_trail.redaction.kernel.keys import word_flags
from audit_trail.redaction.kernel.text import (
    APOSTROPHE,
    AT,
    BACKSLASH,
    COLON,
    DIGIT,
    DOMAIN,
    DONE,
    DOT,
    EMAIL,
    EQUALS,
    FILE_ENDING,
    LESS,
    LETTER,
    LOCAL,
    MINUS,
    NO_QUOTE,
    OPEN,
    PERCENT,
    PLUS,
    QUESTION,
    QUOTE,
    SEMICOLON,
    SLASH,
    UNDERSCORE,
    USERINFO,
    WORD,
    add_span,
    after_escape,
    at,
    backslashes_before,
    hex_number,
    holds,
    is_blank,
    is_class,
    last_blank_or_less,
    lower,
    packed,
    placeholder_end,
    skip_class,
    unicode_escape,
)

# A random user name of this length in a URL is a token.
MIN_TOKEN_USER = 12
# Passwords with an unencoded slash are looked through this far.
MAX_USERINFO = 256
MAX_MESSAGE_ID = 160
# Of an escape: JSON in three JSON strings.
MAX_BACKSLASHES = 8
_GIT, _SAGE_ID, _SAGEID, _MSGID = packed(b"git"), packed(b"sage-id"), packed(b"sageid"), packed(b"msgid")
_OPENSSH, _LIBSSH, _LYSATOR = packed(b"openssh"), packed(b"libssh."), packed(b"lysator")
_RABBIT, _CELERY = packed(b"rabbit"), packed(b"celery")
_COUCHDB, _EJABBER = packed(b"couchdb"), packed(b"ejabber")
_INTERN, _LOCAL = packed(b"interna"), packed(b"local")
_MSG_ID = packed(b"msg_id")
_THIN, _SIP = packed(b"thin:"), packed(b"sip")
_REPLY_TO, _ENCES = packed(b"eply-to"), packed(b"ference")


@compiled
def _local_start(t: Any, i: int) -> int:
    """Where the local part that ends at `i` begins."""
    start = i
    while start > t.state[DONE]:
        byte = at(t, start - 1)
        if is_class(t, start - 1, LOCAL):
            start -= 1
        elif byte == APOSTROPHE and start < i and _is_apostrophe(t, start - 1):
            start -= 1
        elif byte == BACKSLASH and unicode_escape(t, start - 1) >= 128:
            # In JSON in a JSON string there are more of them.
            start -= backslashes_before(t, start, t.state[DONE])
        else:
            break
    return _without_prefix(t, start, i)


@compiled
def _is_apostrophe(t: Any, i: int) -> bool:
    """Whether this is the one in `o'brien` and not the quote in `b'bob'`."""
    if not is_class(t, i - 1, WORD) or not is_class(t, i + 1, WORD):
        return False
    return not (lower(at(t, i - 1)) in (98, 117, 114, 102) and not is_class(t, i - 2, LOCAL))


@compiled
def _without_prefix(t: Any, start: int, end: int) -> int:
    """Without what belongs to an escape before it, to an encoded separator, or to punctuation."""
    if unicode_escape(t, start - 1) < 128:
        start = after_escape(t, start)
    for i in range(start, end - 2):
        if at(t, i) == PERCENT:
            unit = hex_number(t, i + 1, 2)
            if 0 <= unit < 128 and unit != 43:
                start = i + 3
    while start < end and at(t, start) in (DOT, MINUS, PLUS, PERCENT):
        start += 1
    return start


@compiled
def _domain_end(t: Any, start: int) -> int:
    """The end of a host name with a top-level domain of letters, or 0."""
    i, end, first, numeric = start, 0, start, 0
    while True:
        label = i
        while is_class(t, i, DOMAIN) and at(t, i) != DOT:
            i += 1
        escape = _escaped_letter(t, i)
        while escape > 0 or (is_class(t, i, DOMAIN) and at(t, i) != DOT):
            i += max(escape, 1)
            escape = _escaped_letter(t, i)
        if i == label:
            break
        letters = skip_class(t, label, LETTER)
        if skip_class(t, label, DIGIT) == i:
            numeric += 1
        if label > first and _is_top_level(t, label, letters, i) and numeric < 2:
            end = i if letters < i and at(t, letters) not in (MINUS, UNDERSCORE) else letters
        if at(t, i) != DOT:
            break
        i += 1
    return end


@compiled
def _escaped_letter(t: Any, i: int) -> int:
    r"""Bytes of the escape at `i` of a letter that is not ASCII, or 0; `\\u00fc` in JSON in a JSON string."""
    last = i
    while at(t, last) == BACKSLASH and at(t, last + 1) == BACKSLASH and last - i < MAX_BACKSLASHES:
        last += 1
    return last + 6 - i if unicode_escape(t, last) >= 128 else 0


@compiled
def _is_top_level(t: Any, label: int, letters: int, end: int) -> bool:
    if letters - label == 2 and at(t, label) == 120 and at(t, label + 1) == 110 and at(t, letters) == MINUS:
        return end - label > 4  # xn--...
    if letters - label >= 2 and (letters == end or at(t, letters) in (MINUS, UNDERSCORE)):
        return not is_class(t, end, WORD) or at(t, end) == UNDERSCORE
    return at(t, label) >= 128 or (letters < end and at(t, letters) >= 128) or at(t, letters) == BACKSLASH


@compiled
def _is_no_person(t: Any, start: int, at_sign: int, domain: int, end: int) -> bool:
    """Remote repositories, units of systemd, files at twice their size, ids of messages."""
    if at_sign - start == 3 and holds(t, start, _GIT):
        return True
    last = end
    while last > domain and at(t, last - 1) != DOT:
        last -= 1
    if (word_flags(t, last, end) & FILE_ENDING) != 0 or _is_algorithm(t, domain):
        return True
    if _is_service(t, start, domain, end) or _is_node(t, start, at_sign, last, end):
        return True
    return _is_message_id(t, at_sign)


@compiled
def _is_service(t: Any, start: int, domain: int, end: int) -> bool:
    """Whether this is a service's principal in Kerberos: `HTTP/web01.example.com@EXAMPLE.COM`."""
    if at(t, start - 1) != SLASH or not is_class(t, start - 2, LETTER):
        return False
    for i in range(domain, end):
        if 97 <= at(t, i) <= 122:
            return False
    return True


@compiled
def _is_node(t: Any, start: int, at_sign: int, last: int, end: int) -> bool:
    """Whether this is a node of a cluster: `rabbit@rabbit01.example.internal`."""
    if not holds(t, last, _INTERN) and not holds(t, last, _LOCAL):
        return False
    size = at_sign - start
    return (
        (size == 6 and (holds(t, start, _RABBIT) or holds(t, start, _CELERY)))
        or (size == 7 and holds(t, start, _COUCHDB))
        or (size == 8 and holds(t, start, _EJABBER))
    )


@compiled
def _is_algorithm(t: Any, domain: int) -> bool:
    """Names of algorithms in SSH have their inventor's domain (RFC 4251 section 6)."""
    return holds(t, domain, _OPENSSH) or holds(t, domain, _LIBSSH) or holds(t, domain, _LYSATOR)


@compiled
def _is_message_id(t: Any, at_sign: int) -> bool:
    """Whether this is the id of a mail, `Message-ID: <x@y>`, that ties a mail server's lines together."""
    start = last_blank_or_less(t, at_sign, max(at_sign - MAX_MESSAGE_ID, 0))
    while unicode_escape(t, start - 6) == LESS:
        start -= 6
    if at(t, start) != LESS and unicode_escape(t, start) != LESS:
        return False
    i = start
    limit = i - 4
    while i > limit and (is_blank(at(t, i - 1)) or at(t, i - 1) in (COLON, 61, QUOTE, BACKSLASH)):
        i -= 1
    if (
        holds(t, i - 7, _SAGE_ID)
        or holds(t, i - 6, _SAGEID)
        or holds(t, i - 5, _MSGID)
        or holds(t, i - 6, _MSG_ID)
        or holds(t, i - 7, _REPLY_TO)
    ):
        return (
            holds(t, i - 7, _SAGE_ID) or at(t, i - 8) != 114 or at(t, i - 9) == MINUS
        )  # In-Reply-To, but not Reply-To
    return holds(t, i - 8, _ENCES)


@compiled
def email(t: Any, at_sign: int, width: int) -> int:
    """Judge an `@`, or a `%40`; returns where to go on, 0 when it is no address."""
    domain = at_sign + width
    end = _domain_end(t, domain)
    if end == 0:
        return _password_without_scheme(t, at_sign) if width == 1 else 0
    start = _local_start(t, at_sign)
    rule = t.detectors[EMAIL]
    if at(t, start - 1) == COLON and t.detectors[USERINFO] >= 0:
        user = start - 1
        while user > t.state[DONE] and is_class(t, user - 1, LOCAL):
            user -= 1
        if at(t, user - 1) == SLASH and at(t, user - 2) == SLASH:  # //user:password@host
            return add_span(t, user, at_sign, t.detectors[USERINFO], NO_QUOTE)
    if start >= at_sign or rule < 0 or _is_no_person(t, start, at_sign, domain, end):
        return 0
    return add_span(t, start, end, rule, NO_QUOTE)


@compiled
def _is_ipv4(t: Any, i: int) -> bool:
    """Whether four numbers stand here; three are a version: `npm:chalk@5.3.0`."""
    for _ in range(3):
        end = skip_class(t, i, DIGIT)
        if end == i or at(t, end) != DOT:
            return False
        i = end + 1
    return is_class(t, i, DIGIT)


@compiled
def _password_without_scheme(t: Any, at_sign: int) -> int:
    """`user:password@tcp(host)` and `user:password@10.0.0.1:3306`."""
    rule = t.detectors[USERINFO]
    slash = at_sign
    while slash > t.state[DONE] and at_sign - slash < MAX_USERINFO and is_class(t, slash - 1, LOCAL):
        slash -= 1
    user = slash - 1
    while user > t.state[DONE] and is_class(t, user - 1, LOCAL):
        user -= 1
    if (
        rule >= 0 and at(t, slash - 1) == SLASH and holds(t, user - 5, _THIN)
    ):  # jdbc:oracle:thin:user/password@
        return add_span(t, slash, at_sign, rule, NO_QUOTE)
    if at(t, at_sign - 1) == 93:  # replaced already
        return 0
    address = _is_ipv4(t, at_sign + 1)
    driver = at(t, skip_class(t, at_sign + 1, LETTER)) == OPEN and is_class(t, at_sign + 1, LETTER)
    if rule < 0 or not (address or driver):
        return 0
    colon = at_sign
    while colon > t.state[DONE] and at_sign - colon < MAX_USERINFO:
        byte = at(t, colon - 1)
        if is_blank(byte) or byte in (COLON, QUOTE, APOSTROPHE, SLASH, AT, 61):
            break
        colon -= 1
    user = colon - 2
    if at(t, colon - 1) != COLON or colon == at_sign or not is_class(t, user, WORD):
        return 0
    if placeholder_end(t, colon - 10) > 0:  # its own colon, in `[REDACTED:`
        return 0
    while user > t.state[DONE] and is_class(t, user - 1, LOCAL):
        user -= 1
    if not is_class(t, user, LETTER) or holds(t, user, _SIP):
        return 0
    return add_span(t, colon, at_sign, rule, NO_QUOTE)


@compiled
def _authority_end(t: Any, start: int) -> tuple[int, int]:
    """The last `@` of a URL's authority, or 0, and where the authority ends."""
    i, last, colon = start, 0, 0
    while not is_blank(at(t, i)) and at(t, i) not in (
        SLASH,
        QUESTION,
        35,
        QUOTE,
        APOSTROPHE,
        BACKSLASH,
        LESS,
        62,
    ):
        if at(t, i) == SEMICOLON and _is_property(t, i + 1):
            break
        if at(t, i) == AT:
            last = i
        elif at(t, i) == COLON and colon == 0:
            colon = i
        i += 1
    if (
        last == 0
        and at(t, start) != 91
        and colon > 0
        and not is_class(t, colon + 1, DIGIT)
        and at(t, i) in (SLASH, QUESTION, 35)
    ):
        j = i
        while (
            j - start < MAX_USERINFO
            and not is_blank(at(t, j))
            and at(t, j) not in (QUOTE, APOSTROPHE, LESS, 62)
        ):
            if at(t, j) == AT and is_class(t, j + 1, DOMAIN):
                return j, j
            j += 1
    return last, i


@compiled
def _is_property(t: Any, i: int) -> bool:
    """Whether `name=` stands here, as behind the host of `jdbc:sqlserver://db:1433;user=sa;password=p@ss`."""
    end = skip_class(t, i, LETTER)
    return end > i and at(t, end) == EQUALS


@compiled
def userinfo(t: Any, start: int) -> int:
    """Judge what follows `://` at `start`; returns where to go on, 0 when there is no user."""
    last, _ = _authority_end(t, start)
    rule = t.detectors[USERINFO]
    if last <= start or rule < 0:
        return 0
    if placeholder_end(t, start) == last:
        return last + 1
    digits, letters = 0, 0
    for i in range(start, last):
        if at(t, i) == COLON:
            return add_span(t, start, last, rule, NO_QUOTE)
        digits += is_class(t, i, DIGIT)
        letters += is_class(t, i, LETTER)
    if letters > 0 and digits > 0 and last - start >= MIN_TOKEN_USER:
        return add_span(t, start, last, rule, NO_QUOTE)
    return last + 1 if is_class(t, start, LETTER) and placeholder_end(t, start) == 0 else 0


@compiled
def encoded_userinfo(t: Any, start: int) -> int:
    """The same in a percent-encoded URL, behind its `%3A%2F%2F`."""
    rule = t.detectors[USERINFO]
    i, colon = start, False
    while i - start < MAX_USERINFO and (is_class(t, i, LOCAL) or at(t, i) == PERCENT):
        if at(t, i) == PERCENT:
            unit = hex_number(t, i + 1, 2)
            if unit == SLASH:
                return 0
            colon = colon or unit == COLON
            if unit == AT:
                return add_span(t, start, i, rule, NO_QUOTE) if colon and rule >= 0 else 0
        i += 1
    return 0
