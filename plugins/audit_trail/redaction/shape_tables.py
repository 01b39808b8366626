"""The shapes of a policy's rules as arrays, listed under the pairs of bytes that they begin with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import word_lists
from audit_trail.redaction.kernel import layout as kernel
from audit_trail.redaction.policy import Policy
from audit_trail.redaction.shape_pattern import UNLIMITED, Item, LinearShape, parse_shape
from audit_trail.redaction.window_tables import ANY, Head, head_of_iban, head_of_items, head_of_word

_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_IBAN_KINDS = {
    "n": frozenset(b"0123456789"),
    "a": _WORD_BYTES - frozenset(b"0123456789_"),
    "c": _WORD_BYTES - frozenset(b"_"),
}
_SCHEMES = ("bearer", "basic", "negotiate", "ntlm", "apikey", "plain")
# Words that begin a statement, by what is made of it; more letters may follow.
_TRIGGERS = {
    kernel.SAID: ("is", "to", "was"),
    kernel.SAID_FOR: ("for", "from"),
    kernel.QUOTED_AFTER: ("pass", "token", "api", "key", "secret"),
}
# The same for words that are always written so: the fewer beginnings, the faster is all the rest.
_TRIGGERS_AS_WRITTEN = {
    kernel.QUOTED_AFTER: ("storepass", "requirepass", "masterauth", "rocommunity", "rwcommunity"),
    kernel.COMMAND: (
        *("net", "rabbitmqctl", "htpasswd", "composer", "schtasks", "signtool", "xfreerdp", "wfreerdp"),
        *("ConvertTo", "sqlplus", "exp", "imp"),
    ),
    kernel.PROTOCOL: ("AUTH", "PASS", "SETUSER", "LOGIN", "Login"),
    kernel.DIRECTIVE: (
        *("env", "ENV", "SetEnv", "setx", "set", "SET", "fastcgi_param", "uwsgi_param", "proxy_set_header"),
    ),
    kernel.INSERT: ("VALUES", "values"),
    kernel.HEXADECIMAL: ("proctitle", *(f"a{number}" for number in range(10))),
}
# A shape that begins with more pairs of bytes than this is looked for by the length of its first word.
_MAX_PAIRS = 64
_MIN_BROAD_WORD = 3
# What must follow the words of a kind, where they are so short that the window looks at it.
_FOLLOWING = {
    kernel.SAID: frozenset(b" :"),
    kernel.SAID_FOR: frozenset(b" "),
    kernel.COMMAND: frozenset(b" .dD"),
    kernel.DIRECTIVE: ANY - _WORD_BYTES,
    kernel.KEY_TYPE: frozenset(b'"'),
    kernel.HEXADECIMAL: frozenset(b"="),
}


class ShapeTables:
    """The shapes of all rules, in their order, listed under the pairs of bytes they begin with."""

    def __init__(self, policy: Policy) -> None:
        self._shapes: list[int] = []
        self._items: list[int] = []
        self._masks: dict[frozenset[int], int] = {}
        self._by_pair: dict[int, list[int]] = {}
        self._broad: list[int] = []
        self.heads: list[Head] = []  # of the shapes that are listed by a pair of bytes
        self.leads: list[Head] = []  # of all of them, by number
        self.broad = np.full(256, 1 << 30, dtype=np.int32)
        for number, rule in enumerate(policy.rules):
            for source in rule.shapes:
                for shape in parse_shape(source):
                    self._add_linear(number, shape)
            if "jwt" in rule.detectors:
                for shape in _jwt_shapes():
                    self._add_linear(number, shape)
            if "iban" in rule.detectors:
                self._add_ibans(number)
            if rule.name == "password":
                self._add_words(kernel.IDENTIFIED_BY, number, ("identified",))
                for kind, words in _TRIGGERS.items():
                    self._add_words(kind, number, words)
                for kind, words in _TRIGGERS_AS_WRITTEN.items():
                    self._add_words(kind, number, words, as_written=True)
            if rule.name == "pin":
                self._add_words(kernel.ONE_TIME, number, ("is", "code", "pin", "otp", "passcode", "tan"))
            if rule.name == "private-key":
                self._add_words(kernel.KEY_TYPE, number, ("kty",), as_written=True)
            if "auth-scheme" in rule.detectors:
                self._add_words(kernel.SCHEME, number, _SCHEMES)
        self._finish()

    def _add(self, kind: int, rule: int, *numbers: int) -> int:
        self._shapes += [kind, rule, *numbers]
        return len(self._shapes) // kernel.SHAPE_INTS - 1

    def _add_linear(self, rule: int, shape: LinearShape) -> None:
        first = len(self._items) // 3
        unlimited, lead = -1, 0
        for place, item in enumerate(shape.items):
            mask = self._masks.setdefault(item.members, len(self._masks))
            self._items += [mask, item.at_least, item.at_most]
            if unlimited < 0 and item.at_most >= 65535:
                unlimited = place
            elif unlimited < 0:
                lead += item.at_most
        number = self._add(kernel.LINEAR, rule, first, len(shape.items), unlimited, lead)
        pairs = _pairs(shape.items)
        self.leads.append(head_of_items(shape.items))
        if len(pairs) <= _MAX_PAIRS:
            self.heads.append(self.leads[-1])
            for pair in pairs:
                self._by_pair.setdefault(pair, []).append(number)
        else:
            self._add_broad(number, shape.items)

    def _add_broad(self, number: int, items: tuple[Item, ...]) -> None:
        """Remember how long a word must be, and what must follow it, for the shape to be tried."""
        self._broad.append(number)
        length, following = 0, frozenset(range(256))
        for item in items:
            if not item.members <= _WORD_BYTES:
                if not item.members & _WORD_BYTES and item.at_least:
                    following = item.members
                break
            length += item.at_least
        if length < _MIN_BROAD_WORD:
            raise ConfigurationError(
                "a shape of the redaction policy would have to be tried at every word",
                expected=f"known bytes at its beginning, or {_MIN_BROAD_WORD} letters and digits in a row",
                remedy="write what stands at its beginning",
            )
        for byte in following:
            self.broad[byte] = min(self.broad[byte], length)

    def _add_ibans(self, rule: int) -> None:
        for country, account in word_lists.IBAN_ACCOUNTS.items():
            first = len(self._items) // 3
            runs = [(_IBAN_KINDS[run[-1]], int(run[:-1])) for run in account.split()]
            for members, length in runs:
                mask = self._masks.setdefault(members, len(self._masks))
                self._items += [mask, length, length]
            number = self._add(kernel.IBAN, rule, first, len(runs), -1, 0)
            self.leads.append(head_of_iban(country))
            self.heads.append(self.leads[-1])
            for name in (country, country.lower()):
                self._by_pair.setdefault(ord(name[0]) * 256 + ord(name[1]), []).append(number)

    def _add_words(self, kind: int, rule: int, words: tuple[str, ...], *, as_written: bool = False) -> None:
        following = _FOLLOWING.get(kind, ANY)
        for word in words:
            # What the beginning by which it is found does not tell: up to four letters more.
            more = kernel.packed(word[2:6].lower().encode())
            number = self._add(kind, rule, more, 0, -1, 0)
            self.leads.append(head_of_word(word, following, as_written=as_written))
            self.heads.append(self.leads[-1])
            for name in (word,) if as_written else (word, word.upper(), word.title()):
                pair = ord(name[0]) * 256 + ord(name[1])
                if number not in self._by_pair.setdefault(pair, []):
                    self._by_pair[pair].append(number)

    def _finish(self) -> None:
        candidates: list[int] = [*self._broad, -1]
        self.starts = np.zeros(8192, dtype=np.uint8)
        self.lists = np.zeros(65536, dtype=np.int32)
        for pair, numbers in self._by_pair.items():
            self.starts[pair >> 3] |= 1 << (pair & 7)
            self.lists[pair] = len(candidates)
            candidates += [*sorted(numbers), -1]
        self.candidates = np.array(candidates, dtype=np.int32)
        self.shapes = np.array(self._shapes or [0], dtype=np.int32)
        self.items = np.array(self._items or [0], dtype=np.int32)
        masks = np.zeros((max(len(self._masks), 1), 256), dtype=np.uint8)
        for members, number in self._masks.items():
            masks[number, list(members)] = 1
        self.masks = masks.ravel()


def _pairs(items: Iterable[Item]) -> set[int]:
    """The pairs of bytes that a shape may begin with."""
    units: list[frozenset[int]] = []
    for item in items:
        if item.at_least == 0 or (item.at_least == 1 and item.at_most > 1):
            return _pairs_of_optional(list(items))
        units += [item.members] * min(item.at_least, 2)
        if len(units) >= 2:
            break
    if len(units) < 2:
        units.append(frozenset(range(256)))
    return {first * 256 + second for first in units[0] for second in units[1]}


def _pairs_of_optional(items: list[Item]) -> set[int]:
    """The same, where one of the first items may be missing or go on."""
    firsts = _first_bytes(items)
    pairs: set[int] = set()
    for place, item in enumerate(items):
        seconds = (item.members if item.at_most > 1 else frozenset()) | _first_bytes(items[place + 1 :])
        pairs |= {first * 256 + second for first in item.members & firsts for second in seconds}
        if item.at_least:
            break
    return pairs


def _first_bytes(items: list[Item]) -> frozenset[int]:
    found: frozenset[int] = frozenset()
    for item in items:
        found |= item.members
        if item.at_least:
            return found
    return frozenset(range(256))


def _jwt_shapes() -> Iterator[LinearShape]:
    """JWS with three parts (RFC 7515), JWE with five (RFC 7516), and a JWS that was cut off.

    Not written as patterns: their inner runs have no limit, which the scanner
    bears but `parse_shape` rightly refuses to promise for any shape.
    """

    def run(at_least: int) -> Item:
        return Item(members=_WORD_BYTES | {ord("-")}, at_least=at_least, at_most=UNLIMITED)

    def literal(text: bytes) -> tuple[Item, ...]:
        return tuple(Item(members=frozenset({byte}), at_least=1, at_most=1) for byte in text)

    start, dot = (*literal(b"eyJ"), run(6), *literal(b".")), literal(b".")
    yield LinearShape(items=(*start, run(4), *dot, run(0), *dot, run(0), *dot, run(0)))
    yield LinearShape(items=(*start, run(4), *dot, run(0)))
    yield LinearShape(items=(*start, *literal(b"eyJ"), run(4)))
