"""Made-up values for the made-up logs: identifiers, names, and secrets of the right shape."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable, Iterator, Mapping
from itertools import chain

_POOL = 8192
"""Distinct values of a kind: repeats are too far apart for a compressor to profit from."""
_ALPHANUMERIC = string.ascii_letters + string.digits
_FIRST_NAMES = ("ada", "alan", "barbara", "edsger", "frances", "grace", "ken", "margaret", "radia", "tony")
_LAST_NAMES = ("lovelace", "turing", "liskov", "dijkstra", "allen", "hopper", "thompson", "hamilton")
_PATHS = ("orders", "accounts", "invoices", "shipments", "carts", "reviews", "sessions", "catalogue")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36",
    "okhttp/5.1.0", "curl/8.14.1", "python-requests/2.32.5", "Go-http-client/2.0",
)  # fmt: skip

Maker = Callable[[random.Random], str]


def draws(slot: str, seed: str) -> Iterator[str]:
    """An endless sequence of values of one kind; the same seed gives the same ones.

    Args:
        slot: A name in `MAKERS`.
        seed: Any text.
    """
    dice = random.Random(f"{seed}/{slot}")
    make = MAKERS[slot]
    pool = [make(dice) for _ in range(_POOL)]
    return chain.from_iterable(iter(lambda: dice.choices(pool, k=_POOL), None))


def _hex(dice: random.Random, digits: int) -> str:
    return f"{dice.getrandbits(4 * digits):0{digits}x}"


def _uuid(dice: random.Random) -> str:
    digits = _hex(dice, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _text(dice: random.Random, length: int, alphabet: str = _ALPHANUMERIC) -> str:
    return "".join(dice.choices(alphabet, k=length))


def _ip(dice: random.Random) -> str:
    return f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"


def _email(dice: random.Random) -> str:
    return f"{dice.choice(_FIRST_NAMES)}.{dice.choice(_LAST_NAMES)}{dice.randrange(1000)}@mail.example.com"


def _card(dice: random.Random) -> str:
    digits = f"4{dice.randrange(10**14):014d}"
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(digits)]
    check = -sum(value // 10 + value % 10 for value in doubled) % 10
    return f"{digits}{check}"


def _ssn(dice: random.Random) -> str:
    return f"{dice.randrange(100, 600)}-{dice.randrange(10, 100)}-{dice.randrange(1000, 10000)}"


def _phone(dice: random.Random) -> str:
    return f"+1 415 555 {dice.randrange(10000):04d}"


def _iban(dice: random.Random) -> str:
    account = f"{dice.randrange(10**18):018d}"
    # D and E are 13 and 14 in ISO 13616's check, and 00 stands for the check digits.
    return f"DE{98 - int(account + '131400') % 97:02d}{account}"


def _jwt(dice: random.Random) -> str:
    parts: tuple[dict[str, object], ...] = (
        {"alg": "HS256", "typ": "JWT"},
        {"sub": _hex(dice, 12), "exp": 1_800_000_000 + dice.randrange(10**6)},
    )
    encoded = [_base64url(json.dumps(part, separators=(",", ":")).encode()) for part in parts]
    return ".".join([*encoded, _base64url(dice.randbytes(32))])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


MAKERS: Mapping[str, Maker] = {
    "id": lambda dice: _hex(dice, 32),
    "short": lambda dice: _hex(dice, 12),
    "uuid": _uuid,
    "ip": _ip,
    "pid": lambda dice: str(dice.randrange(300, 65536)),
    "port": lambda dice: str(dice.randrange(1024, 65536)),
    "user": lambda dice: f"u-{dice.randrange(10000, 99999)}",
    "login": lambda dice: f"{dice.choice(_FIRST_NAMES)}{dice.randrange(100)}",
    "host": lambda dice: f"app-{dice.randrange(1, 25):02d}",
    "number": lambda dice: str(dice.randrange(1, 10000)),
    "millis": lambda dice: f"{dice.expovariate(1 / 40):.1f}",
    "path": lambda dice: f"/v1/{dice.choice(_PATHS)}/{dice.randrange(10**6)}",
    "method": lambda dice: dice.choice(("GET", "GET", "GET", "POST", "PUT", "DELETE")),
    "status": lambda dice: dice.choice(("200", "200", "200", "201", "204", "304", "404", "500")),
    "agent": lambda dice: dice.choice(_AGENTS),
    "email": _email,
    "card": _card,
    "ssn": _ssn,
    "phone": _phone,
    "iban": _iban,
    "jwt": _jwt,
    "password": lambda dice: _text(dice, dice.randrange(10, 18), _ALPHANUMERIC + "!#$%*+-_"),
    "secret": lambda dice: _text(dice, 40),
    "accesskey": lambda dice: "AKIA" + _text(dice, 16, string.ascii_uppercase + "234567"),
}
"""How a value of each kind is made. From `email` on, they are what a redactor must find."""
