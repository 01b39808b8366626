"""Makes the arrays that the scanner reads from a policy; a tenth of a second, most of it numpy's import."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from audit_trail.redaction import word_lists
from audit_trail.redaction.kernel import layout as kernel
from audit_trail.redaction.policy import Policy, Rule
from audit_trail.redaction.shape_tables import ShapeTables
from audit_trail.redaction.window_tables import (
    ends_table,
    heads_table,
    lasts_table,
    leads_table,
)

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


def arrays_of(policy: Policy) -> tuple[tuple[Any, ...], int]:
    """The arrays in the order of `layout.FIELDS`, without what is no table; and how many shapes there are.

    Raises:
        ConfigurationError: A shape cannot be matched in one pass.
    """
    shapes = ShapeTables(policy)
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
        leads_table(shapes.leads),
        heads_table(shapes.heads),
        ends_table(_sensitive_words(policy)),
        lasts_table(_sensitive_words(policy)),
    )
    return arrays, len(shapes.shapes) // kernel.SHAPE_INTS


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
