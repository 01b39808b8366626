"""What a pattern alone cannot tell: check digits, key words, places in the text.

Every check takes the whole buffer and a candidate's span and answers with the
span to replace, or None when the candidate is something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from audit_trail.redaction.policy import Check

Span = tuple[int, int]

_BACKSLASH = 0x5C
_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_DIGITS = frozenset(b"0123456789")
_DIGITS_OR_REPLACED = _DIGITS | {ord("]")}
_ESCAPE_LETTERS = frozenset(b"bfnrt")
_UNICODE_ESCAPE = re.compile(rb"u[0-9A-Fa-f]{4}")
_KEY_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_CARD_GROUP_END = re.compile(rb"[0-9]+")
# `getty@tty1.service` is an instance of a systemd unit (systemd.unit(5)), and no such domain exists.
_UNIT_ENDINGS = tuple(
    f".{kind}".encode()
    for kind in (
        "automount",
        "device",
        "mount",
        "path",
        "scope",
        "service",
        "slice",
        "socket",
        "swap",
        "target",
        "timer",
    )
)
_PEM_STOP = re.compile(rb"[\"'\r\n]|-----END [A-Z0-9 ]{0,40}-----")

# ISO/IEC 7812 issuer ranges with the lengths their networks use.
_CARD_NETWORKS = re.compile(
    rb"4(?:.{12}|.{15}|.{18})|5[1-5].{14}|2(?:22[1-9]|2[3-9].|[3-6]..|7[01].|720).{12}"
    rb"|3[47].{13}|3(?:0[0-5]|[689].).{11,16}|35.{14,17}|6(?:011|4[4-9].|5..|2..).{12,15}"
)
# Length of an IBAN per country: SWIFT IBAN Registry, release 99.
_COUNTRIES_BY_IBAN_LENGTH = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_IBAN_LENGTHS = {
    country.encode(): length
    for length, countries in _COUNTRIES_BY_IBAN_LENGTH.items()
    for country in countries.split()
}


def key_words(key: bytes) -> list[str]:
    """The lower case words of a key: `clientSecret`, `CLIENT-SECRET` and `client_secret` are alike."""
    return [word.lower() for word in _KEY_WORDS.findall(key.decode("latin-1"))]


def after_escape(data: bytes, start: int) -> int:
    r"""Where text begins when the bytes at `start` complete a JSON escape.

    In `\nbob@example.com` the `n` belongs to the escape; replacing it would
    leave a lone backslash and break the JSON around it.
    """
    if start == 0 or data[start - 1] != _BACKSLASH or start >= len(data):
        return start
    if data[start] in _ESCAPE_LETTERS:
        return start + 1
    return start + 5 if _UNICODE_ESCAPE.match(data, start) else start


def backslashes_before(data: bytes, position: int, limit: int) -> int:
    """Length of the run of backslashes that ends at `position`, not looking before `limit`."""
    start = position
    while start > limit and data[start - 1] == _BACKSLASH:
        start -= 1
    return position - start


def quote_escape(run: int) -> int:
    r"""How many of the `run` backslashes before a quote say how deep in strings it stands.

    A quote in JSON within n JSON strings has 2**n - 1 backslashes; backslashes
    at the end of the quoted text add multiples of 2**(n+1) before them. So n
    is the number of ones at the end of `run` in binary.
    """
    return (run ^ (run + 1)) >> 1


def begins_word(data: bytes, start: int) -> bool:
    r"""True when a value may begin here: no letter or digit before it, unless that ends an escape."""
    if after_escape(data, start) != start:
        return False
    if start == 0 or data[start - 1] not in _WORD_BYTES:
        return True
    if start >= 2 and data[start - 2] == _BACKSLASH and data[start - 1] in _ESCAPE_LETTERS:
        return True
    return start >= 6 and data[start - 6] == _BACKSLASH and bool(_UNICODE_ESCAPE.match(data, start - 5))


def passes_luhn(digits: bytes) -> bool:
    """ISO/IEC 7812-1 check digit over ASCII digits."""
    total = 0
    for index, byte in enumerate(reversed(digits)):
        value = (byte - 48) * (1 + index % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def passes_mod_97(iban: bytes) -> bool:
    """ISO 7064 MOD 97-10 over a compact IBAN in upper case."""
    return int("".join(str(int(chr(byte), 36)) for byte in iban[4:] + iban[:4])) % 97 == 1


def _word(data: bytes, start: int, end: int) -> Span | None:
    del data
    return start, end


def _email(data: bytes, start: int, end: int) -> Span | None:
    begin = after_escape(data, start)
    if data[begin] == ord("@") or data[start:end].endswith(_UNIT_ENDINGS):
        return None
    return begin, end


def _card(data: bytes, start: int, end: int) -> Span | None:
    """The longest prefix of whole digit groups that is a card number.

    A shorter one is tried because `4111 1111 1111 1111 123` is a card and its code.
    """
    if start >= 2 and data[start - 1] == ord(".") and data[start - 2] in _DIGITS_OR_REPLACED:
        return None  # the digits of a fraction; a replaced number before the point counts as one
    if data[end : end + 1] == b"." and data[end + 1 : end + 2].isdigit():
        return None
    if data[start - 1 : start] == b"-" and (start < 2 or data[start - 2] not in _WORD_BYTES):
        return None  # a negative number
    separators = {byte for byte in data[start:end] if byte not in _DIGITS}
    if len(separators) > 1:
        return None
    group_ends = [group.end() for group in _CARD_GROUP_END.finditer(data, start, end)]
    for group_end in reversed(group_ends):
        digits = data[start:group_end].translate(None, b" -")
        if _CARD_NETWORKS.fullmatch(digits) and passes_luhn(digits):
            return start, group_end
    return None


def _iban(data: bytes, start: int, end: int) -> Span | None:
    """Exactly as many characters as the country's IBAN has; words may follow."""
    length = _IBAN_LENGTHS.get(data[start : start + 2])
    if length is None:
        return None
    stop, taken = start, 0
    while stop < end and taken < length:
        taken += data[stop] != 0x20
        stop += 1
    if taken < length or (stop < len(data) and data[stop] in _WORD_BYTES):
        return None
    compact = data[start:stop].replace(b" ", b"")
    return (start, stop) if passes_mod_97(compact) else None


def _ssn(data: bytes, start: int, end: int) -> Span | None:
    """Area, group and serial that the Social Security Administration gives out."""
    area, group, serial = data[start:end].split(b"-")
    if area in (b"000", b"666") or area[0] == ord("9") or group == b"00" or serial == b"0000":
        return None
    # What follows is not looked at: it may be replaced itself, and a second
    # scan would then judge differently.
    return None if data[max(start - 1, 0) : start] in (b"-", b".") else (start, end)


def _phone(data: bytes, start: int, end: int) -> Span | None:
    digits = data[start:end].translate(None, b"+ -")
    # E.164 allows 15 digits; a `+` within a word is a version or an encoded space.
    return (start, end) if len(digits) <= 15 else None


def _bearer(data: bytes, start: int, end: int) -> Span | None:
    token = data[start:end].split()[-1]
    if len(token) < 32 and not any(byte in _DIGITS for byte in token):
        return None
    while data[end : end + 1] == b"=":
        end += 1
    return start, end


def _private_key(data: bytes, start: int, end: int) -> Span | None:
    """From BEGIN to END, or to where the record or its string stops."""
    stop = _PEM_STOP.search(data, end)
    if stop is None:
        return start, len(data)
    if stop.group().startswith(b"-----END"):
        return start, stop.end()
    if stop.group() in b"\r\n":
        return start, stop.start()
    return start, stop.start() - quote_escape(backslashes_before(data, stop.start(), end))


CHECKS: dict[Check, Callable[[bytes, int, int], Span | None]] = {
    "none": _word,
    "email": _email,
    "luhn": _card,
    "iban": _iban,
    "ssn": _ssn,
    "phone": _phone,
    "bearer": _bearer,
    "private-key": _private_key,
}
