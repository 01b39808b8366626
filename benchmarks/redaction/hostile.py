r"""Inputs made to make a redactor slow: whatever it may have to look at twice, many times over.

All are one long line unless their text has newlines. Where a scanner goes back
to where something began, or looks ahead for an end that never comes, the time
per byte grows with the length, and 8 MB are enough to see it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

_USUAL_MB = 8
_LONG_LINE_MB = 100
_USUAL_BLOCK_BYTES = 4 * 1024 * 1024
_SMALL_BLOCK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileInput:
    """One input.

    Attributes:
        build: Makes so many bytes of it.
        megabytes: How many it takes to tell, in units of 10^6 bytes.
        block_bytes: In which pieces they are fed in.
    """

    build: Callable[[int], bytes]
    megabytes: float = _USUAL_MB
    block_bytes: int = _USUAL_BLOCK_BYTES


def _repeated(unit: bytes, size: int, *, before: bytes = b"") -> bytes:
    return (before + unit * (size // len(unit) + 1))[:size]


def _nested_json_strings(size: int) -> bytes:
    """JSON in a string in JSON, and so on: each level doubles the backslashes."""
    text = '{"password":"secret-value","email":"ada@example.com"}'
    while len(text) < size:
        text = json.dumps({"a": text})
    return text.encode()[:size]


def _balanced(size: int, unit: tuple[bytes, bytes, bytes]) -> bytes:
    opening, inside, closing = unit
    depth = (size - len(inside)) // (len(opening) + len(closing))
    return opening * depth + inside + closing * depth


def _random_bytes(size: int) -> bytes:
    return random.Random(1).randbytes(size)


def _random_digits(size: int) -> bytes:
    """With a number in it at any size, so that the line is looked at twice at any size."""
    return (b"+14155552671 " + _random_of(b"0123456789 -.+", size))[:size]


def _random_of(alphabet: bytes, size: int) -> bytes:
    return bytes(random.Random(2).choices(alphabet, k=size))


_UNITS: Mapping[str, bytes] = {
    # Punctuation
    "double-quotes": b'"',
    "single-quotes": b"'",
    "quotes-and-commas": b'",',
    "quotes-and-colons": b'":',
    "backslashes": b"\\",
    "backslashes-and-quotes": b'\\"',
    "three-backslashes-and-quotes": b'\\\\\\"',
    "equals": b"=",
    "colons": b":",
    "equals-and-colons": b"=:",
    "dashes": b"-",
    "dots": b".",
    "commas": b",",
    "ampersands": b"&",
    "question-marks": b"?",
    "percents": b"%",
    "slashes": b"/",
    "angle-brackets": b"<>",
    "square-brackets": b"[]",
    "ats": b"@",
    "spaces": b" ",
    "tabs": b"\t",
    "spaces-and-tabs": b" \t",
    "newlines": b"\n",
    "carriage-returns": b"\r",
    "crlf": b"\r\n",
    "nul-bytes": b"\x00",
    "all-bytes": bytes(range(256)),
    "bytes-above-ascii": b"\xff",
    "umlauts": "ä".encode(),
    # Nesting
    "opening-braces": b"{",
    "opening-brackets": b"[",
    "opening-objects": b'{"a":',
    "opening-escaped-objects": b'{\\"a\\":',
    "opening-object-lists": b'[{"a":[',
    # Keys
    "key-words-joined": b"password",
    "key-words-underscored": b"password_",
    "key-words-camel": b"passwordSecretToken",
    "key-words-then-spaces": b"password  ",
    "password-equals": b"password=",
    "password-colons": b"password: ",
    "json-password-keys": b'{"name":"password",',
    "json-name-value": b'{"name":"password","value":"x"},',
    "json-values-open": b'"value":"',
    "json-passwords-open": b'"password":"',
    "json-passwords-escaped-open": b'\\"password\\":\\"',
    "json-passwords-in-objects": b'{"password":{',
    "json-passwords-in-lists": b'{"password":["a",',
    "python-passwords-open": b"'password': '",
    "long-option-password": b"--password ",
    "long-options": b"--",
    "password-tags": b"<password",
    "password-elements": b"<password>",
    "password-elements-with-values": b"<password>x</password>",
    "replaced-already": b"password=[REDACTED:password] ",
    "replacements-open": b"[REDACTED:",
    "literals": b'"password":null,',
    "logfmt-pairs": b"pin=1 ",
    "short-parameters": b"?key=a&code=b",
    "long-parameters": b"&sig=aaaaaaaaaa",
    "escaped-ampersands": b"\\u0026code=",
    # Headers
    "cookie-pairs": b"a=b;",
    "cookie-headers": b"Cookie: a=b; ",
    "set-cookie-headers": b"Set-Cookie: a=b; Path=/; ",
    "digest-headers": b"Authorization: Digest a=b,",
    "digest-pairs": b'a="b",',
    "bearer-words": b"Bearer ",
    "basic-words": b"Authorization: Basic ",
    "authorization-words": b"Authorization: ",
    # Shapes
    "jwt-beginnings": b"eyJ-",
    "jwt-parts": b"eyJhbGci.",
    "jwt-dots": b"eyJhbGciOiJI.eyJzdWIiOiIx.",
    "aws-key-beginnings": b"AKIA",
    "aws-keys-one-short": b"AKIAABCDEFGHIJKLMNO ",
    "github-beginnings": b"ghp_",
    "stripe-beginnings": b"sk_live_",
    "slack-beginnings": b"xoxb-",
    "pem-beginnings": b"-----BEGIN PRIVATE KEY-----",
    "pem-beginning-lines": b"-----BEGIN PRIVATE KEY-----\n",
    "pem-beginnings-escaped": b"-----BEGIN PRIVATE KEY-----\\n",
    "pem-ends": b"-----END PRIVATE KEY-----",
    "base64": b"aGVsbG8gd29ybGQ+/0",
    "hex": b"0123456789abcdef",
    "dashed-words": b"abc-def-",
    "slack-hooks": b"hooks.slack.com/services/",
    # Addresses
    "email-locals": b"a.b+c_",
    "email-chains": b"a@a@a@",
    "email-dots-then-at": b"x.x.x.x@",
    "email-domains": b"a@b.c.d.",
    "email-domain-dashes": b"a@b-",
    "email-percent-signs": b"%40",
    "emails": b"a@b.cd ",
    "email-escapes": b"\\u0040",
    "unit-names": b"a@b.service ",
    "url-beginnings": b"://",
    "url-users": b"://a:b@",
    "url-userinfo-without-end": b"://user:",
    "url-schemes": b"http://",
    "unicode-escapes": b"\\u0070",
    "percent-escapes": b"%2540",
    # Numbers
    "digits": b"1",
    "all-digits": b"1234567890",
    "phone-beginnings": b"+1 ",
    "phone-groups": b"+1 415 555 2671 ",
    "phone-digit-groups": b"+1 23 ",
    "plus-signs": b"+",
    "ssn-chain": b"123-45-6789-",
    "ssn-dots": b"123-45-6789.",
    "ssns": b"123-45-6789 ",
    "card-groups": b"4111 ",
    "card-groups-dashed": b"4111-1111-",
    "card-like-wrong-check": b"4111111111111112 ",
    "cards": b"4111111111111111 ",
    "cards-joined": b"4111111111111111-",
    "cards-of-orders": b"order number 4111111111111111 ",
    "cards-in-rows": b"4111111111111111 12345678 ",
    "cards-in-lists": b"[4111111111111111,",
    "cards-behind-labels": b'{device="eth0"} 4111111111111111',
    "cards-behind-marks": b"4111111111111111" + b"[ #" * 16,
    "cards-before-jwt": b"4111111111111111eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
    "cards-in-fractions": b"0.4111111111111111",
    "iban-beginnings": b"DE89 ",
    "iban-groups": b"DE89 3704 0044 ",
    "ibans": b"DE89370400440532013000 ",
    "ibans-wrong-check": b"DE88370400440532013000 ",
    "ip-chains": b"10.1.2.3.",
    "mac-chains": b"aa:bb:cc:",
}

_OTHERS: Mapping[str, HostileInput] = {
    "nested-json-strings": HostileInput(build=_nested_json_strings),
    "nested-objects-closed": HostileInput(build=partial(_balanced, unit=(b'{"a":', b'{"pin":"x"}', b"}"))),
    "nested-password-objects": HostileInput(build=partial(_balanced, unit=(b'{"password":', b'"x"', b"}"))),
    "nested-lists-closed": HostileInput(build=partial(_balanced, unit=(b"[", b"1", b"]"))),
    "random-bytes": HostileInput(build=_random_bytes),
    "random-punctuation": HostileInput(build=partial(_random_of, b"\"'\\:=,;{}[]@.-+ ")),
    "random-letters-and-signs": HostileInput(build=partial(_random_of, b'aeyJ14@.-_"\\:=+ \n')),
    "random-digits-and-signs": HostileInput(build=_random_digits),
    "one-open-password-string": HostileInput(build=partial(_repeated, b"x", before=b'{"password":"')),
    "one-open-password-then-quotes": HostileInput(build=partial(_repeated, b'\\"', before=b'{"password":"')),
    "one-open-pem-many-lines": HostileInput(
        build=partial(_repeated, b"MIIEvQIBADANBgkqhkiG9\n", before=b"-----BEGIN PRIVATE KEY-----\n")
    ),
    "one-open-cookie": HostileInput(build=partial(_repeated, b"a=b; ", before=b"Cookie: ")),
    "one-bearer-without-end": HostileInput(build=partial(_repeated, b"a1", before=b"Authorization: Bearer ")),
    "one-url-userinfo-without-end": HostileInput(build=partial(_repeated, b"a:b", before=b"https://")),
    "one-backslash-run-in-string": HostileInput(build=partial(_repeated, b"\\", before=b'{"password":"')),
    "one-message-without-end": HostileInput(build=partial(_repeated, b"a", before=b"failed to get token: ")),
    "one-key-then-spaces": HostileInput(build=partial(_repeated, b" ", before=b'"password"')),
    "long-line-json-string": HostileInput(
        build=partial(_repeated, b"lorem ipsum dolor ", before=b'{"message":"'), megabytes=_LONG_LINE_MB
    ),
    "long-line-letters": HostileInput(build=partial(_repeated, b"abcdefghij"), megabytes=_LONG_LINE_MB),
    "long-line-digits": HostileInput(build=partial(_repeated, b"4111111111"), megabytes=_LONG_LINE_MB),
    "long-line-json-events": HostileInput(
        build=partial(_repeated, b'{"user":"ada","password":"x-1-y","email":"ada@example.com","n":12},'),
        megabytes=_LONG_LINE_MB,
    ),
    "long-line-in-small-blocks": HostileInput(
        build=partial(_repeated, b'{"user":"ada","path":"/v1/orders/12","status":200},'),
        megabytes=_LONG_LINE_MB,
        block_bytes=_SMALL_BLOCK_BYTES,
    ),
}

HOSTILE: Mapping[str, HostileInput] = {
    **{name: HostileInput(build=partial(_repeated, unit)) for name, unit in _UNITS.items()},
    **_OTHERS,
}
"""Every hostile input by its name."""
