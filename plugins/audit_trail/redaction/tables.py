"""A policy as the arrays that the scanner reads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import word_lists
from audit_trail.redaction.kernel import layout as kernel
from audit_trail.redaction.policy import Policy, Rule
from audit_trail.redaction.shape_pattern import UNLIMITED, Item, LinearShape, parse_shape
from audit_trail.redaction.window_tables import (
    ANY,
    Head,
    ends_table,
    head_of_iban,
    head_of_items,
    head_of_word,
    heads_table,
    lasts_table,
)

_WORD_BYTES = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
_SCHEMES = ("bearer", "basic", "negotiate", "ntlm", "apikey", "plain")
_RULE_FLAGS = {
    "authorization": kernel.AUTHORIZATION,
    "cookie": kernel.COOKIE,
    "password": kernel.PASSWORD,
    "phone": kernel.PHONE,
    "seed-phrase": kernel.PHRASE,
    "pin": kernel.PIN,
    "secret": kernel.SECRET,
    "payment-card": kernel.CARD_NUMBER,
    "us-ssn": kernel.SSN_NUMBER,
    "iban": kernel.IBAN_NUMBER,
    "basic-credentials": kernel.BASIC_PAIR,
}
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
_DETECTORS = {
    "email": kernel.EMAIL,
    "phone": kernel.TELEPHONE,
    "payment-card": kernel.CARD,
    "us-ssn": kernel.SSN,
    "url-userinfo": kernel.USERINFO,
    "private-key": kernel.PRIVATE_KEY,
}
_TAKES = (
    kernel.TAKES_P,
    kernel.TAKES_CAPITAL_P,
    kernel.TAKES_W,
    kernel.TAKES_K,
    kernel.TAKES_A,
    kernel.TAKES_C,
    kernel.TAKES_B,
    kernel.TAKES_P_ATTACHED,
    kernel.TAKES_USER,
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Arrays, and their addresses in the order in which the scanner takes them."""

    arrays: tuple[Any, ...]
    addresses: Any
    shape_count: int
    rules: tuple[Rule, ...]


@lru_cache(maxsize=8)
def tables_of(policy: Policy) -> Tables:
    """Compile a policy; the same policy is compiled once.

    Raises:
        ConfigurationError: A shape cannot be matched in one pass.
    """
    shapes = _Shapes(policy)
    arrays = (
        _classes(),
        _codes(),
        _tails(policy),
        _key_trie(policy).array(),
        _word_trie(policy).array(),
        shapes.starts,
        shapes.lists,
        shapes.candidates,
        shapes.shapes,
        shapes.items,
        shapes.masks,
        np.array([_rule_flags(rule) for rule in policy.rules] or [0], dtype=np.int32),
        _detectors(policy),
        shapes.broad,
        heads_table(shapes.heads),
        ends_table(_sensitive_words(policy)),
        lasts_table(_sensitive_words(policy)),
    )
    # data and size come first, memo, spans and state last: `kernel.FIELDS`
    addresses = np.array([array.ctypes.data for array in arrays], dtype=np.int64)
    return Tables(
        arrays=arrays,
        addresses=addresses,
        shape_count=len(shapes.shapes) // kernel.SHAPE_INTS,
        rules=policy.rules,
    )


def _rule_flags(rule: Rule) -> int:
    return _RULE_FLAGS.get(rule.name, 0) | (kernel.KEEPS if rule.action == "keep" else 0)


def _detectors(policy: Policy) -> Any:
    places = np.full(kernel.DETECTORS, -1, dtype=np.int32)
    for number, rule in reversed(list(enumerate(policy.rules))):
        for detector in rule.detectors:
            if detector in _DETECTORS:
                places[_DETECTORS[detector]] = number
        if rule.name == "password":
            places[kernel.SQL_PASSWORD] = number
    return places


def _classes() -> Any:
    classes = np.zeros(256, dtype=np.uint8)
    digits, letters = range(48, 58), (*range(65, 91), *range(97, 123))
    high = range(128, 256)
    members = {
        kernel.WORD: (*digits, *letters, 95),
        kernel.DIGIT: digits,
        kernel.LETTER: letters,
        kernel.LOCAL: (*digits, *letters, *high, *b"._%+-"),
        kernel.DOMAIN: (*digits, *letters, *high, *b".-_"),
        kernel.BARE: set(range(1, 256)) - set(b" \t\n\r\v\f&,;\"'\\<>)]}"),
        kernel.MARK: b":=,\n\\-@+(%<'&\xef",
    }
    for bit, chosen in members.items():
        classes[list(chosen)] |= bit
    return classes


def _codes() -> Any:
    codes = np.full(256, 37, dtype=np.uint8)
    for k in range(26):
        codes[65 + k] = codes[97 + k] = k
    for k in range(10):
        codes[48 + k] = 26 + k
    codes[list(b"_-. ")] = 36
    return codes


class _Trie:
    """Words as nodes of `NODE_INTS` integers; 0 is the root."""

    def __init__(self) -> None:
        self._nodes: list[list[int]] = [[0] * kernel.NODE_INTS]

    def add(self, word: str, place: int, value: int, *, flag: bool = False) -> None:
        """Store a value at the end of a word; what stands there already stays, unless they are flags."""
        node = 0
        for letter in word:
            code = ord(letter) - 97 if letter.isalpha() else ord(letter) - 22
            if not self._nodes[node][code]:
                self._nodes[node][code] = len(self._nodes)
                self._nodes.append([0] * kernel.NODE_INTS)
            node = self._nodes[node][code]
        if flag:
            self._nodes[node][place] |= value
        elif not self._nodes[node][place]:
            self._nodes[node][place] = value

    def array(self) -> Any:
        return np.array(self._nodes, dtype=np.int32).ravel()


def _joined(words: str) -> str:
    return re.sub(r"[^a-z0-9]", "", words)


def _backwards(words: str) -> str:
    return _joined(words)[::-1]


def _key_trie(policy: Policy) -> _Trie:
    trie = _Trie()
    for number, rule in enumerate(policy.rules, 1):
        for place, names in (
            (kernel.STRONG, rule.keys),
            (kernel.WEAK, rule.weak_keys),
            (kernel.PARAMETER, rule.parameters),
        ):
            for name in names:
                trie.add(_backwards(name), place, number)
    for flag, names in (
        (kernel.HARMLESS, policy.harmless_keys),
        (kernel.ENDING, policy.ignored_endings),
        (kernel.PAIR_NAME, word_lists.PAIR_NAME_KEYS),
        (kernel.PAIR_VALUE, word_lists.PAIR_VALUES),
        (kernel.IDENTIFIER, word_lists.IDENTIFIER_KEYS),
        (kernel.NAMES_CARD, word_lists.CARD_KEYS),
        (kernel.FILLER, word_lists.FILLER_KEYS),
        (kernel.PART, word_lists.PART_KEYS),
    ):
        for name in names:
            trie.add(_backwards(name), kernel.FLAGS, flag, flag=True)
    return trie


def _tails(policy: Policy) -> Any:
    """One bit for each three last codes of a key; 36 stands for all that is no letter or digit."""
    found = np.zeros(37**3, dtype=np.uint8)
    for word in _sensitive_words(policy):
        for tail in _endings(word):
            # Of a shorter word, anything may stand before it.
            missing = 3 - len(tail)
            for before in range(37**missing):
                number = 0
                for letter in tail:
                    number = number * 37 + _code(letter)
                found[number * 37**missing + before] = 1
    return np.packbits(found, bitorder="little")


def _sensitive_words(policy: Policy) -> list[str]:
    """All that a key may end with to mean something."""
    words = [*policy.ignored_endings, *word_lists.PAIR_NAME_KEYS, *word_lists.PAIR_VALUES]
    words += word_lists.FOREIGN_ENDINGS
    for rule in policy.rules:
        words += [*rule.keys, *rule.weak_keys, *rule.parameters]
    return words


def _endings(words: str) -> set[str]:
    """The last three letters, backwards, with and without a separator where the words are joined."""
    parts = re.split(r"[^a-z0-9]+", words)
    forms = {parts[-1]}
    for part in reversed(parts[:-1]):
        forms = {part + mark + form for form in forms for mark in ("", "_")}
    return {form[::-1][:3] for form in forms}


def _code(letter: str) -> int:
    if letter.isalpha():
        return ord(letter) - 97
    return ord(letter) - 22 if letter.isdigit() else 36


def _word_trie(policy: Policy) -> _Trie:
    trie = _Trie()
    for flag, words in (
        (kernel.PROSE, word_lists.PROSE),
        (kernel.FILE_ENDING, word_lists.FILE_ENDINGS),
        (kernel.NOTHING, word_lists.NOTHING),
        (kernel.MASKED, word_lists.MASKED),
        (kernel.PACKAGE, word_lists.PACKAGES),
        (kernel.COMPLAINT, word_lists.COMPLAINTS),
        (kernel.DESCRIPTION, word_lists.DESCRIPTIONS),
        (kernel.SCHEME_OF_TOKEN, word_lists.SCHEMES_OF_TOKEN),
        (kernel.SCHEME_OF_PARAMETERS, word_lists.SCHEMES_OF_PARAMETERS),
        (kernel.UNIT, word_lists.UNITS),
        (kernel.STATUS, word_lists.STATES),
        (kernel.VERDICT, word_lists.VERDICTS),
        (kernel.VERB, word_lists.VERBS),
        (kernel.SENTENCE, word_lists.SENTENCES),
        (kernel.USAGE, word_lists.USAGE),
        (kernel.BEGINNING, policy.harmless_beginnings),
        *zip(_TAKES, (words.split() for words in word_lists.COMMANDS.values()), strict=True),
    ):
        for word in words:
            trie.add(_joined(word), kernel.FLAGS, flag, flag=True)
    return trie


class _Shapes:
    """The shapes of all rules, in their order, listed under the pairs of bytes they begin with."""

    def __init__(self, policy: Policy) -> None:
        self._shapes: list[int] = []
        self._items: list[int] = []
        self._masks: dict[frozenset[int], int] = {}
        self._by_pair: dict[int, list[int]] = {}
        self._broad: list[int] = []
        self.heads: list[Head] = []
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
        if len(pairs) <= _MAX_PAIRS:
            self.heads.append(head_of_items(shape.items))
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
        for country, length in word_lists.IBAN_LENGTHS.items():
            number = self._add(kernel.IBAN, rule, length, 0, -1, 0)
            self.heads.append(head_of_iban(country))
            for name in (country, country.lower()):
                self._by_pair.setdefault(ord(name[0]) * 256 + ord(name[1]), []).append(number)

    def _add_words(self, kind: int, rule: int, words: tuple[str, ...], *, as_written: bool = False) -> None:
        following = _FOLLOWING.get(kind, ANY)
        for word in words:
            # What the beginning by which it is found does not tell: up to four letters more.
            more = kernel.packed(word[2:6].lower().encode())
            number = self._add(kind, rule, more, 0, -1, 0)
            self.heads.append(head_of_word(word, following, as_written=as_written))
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
