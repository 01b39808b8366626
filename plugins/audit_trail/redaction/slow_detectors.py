"""What a policy may switch on: addresses of machines, and national numbers.

These run in Python over what the compiled scanner left, tens of times slower
than it. They are off by default, since an audit log lives from addresses.
"""

from __future__ import annotations

import ipaddress
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from audit_trail.errors import ConfigurationError
from audit_trail.redaction.policy import NATIONAL_NUMBER, Policy

_PLACEHOLDER = rb"\[REDACTED:[A-Za-z0-9:-]+\]"
_IPV4 = rb"(?<![\w.-])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![\w-]|\.[0-9])"
# At least two colons; `ipaddress` decides. A time such as 10:11:12 is no address.
_IPV6 = rb"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4})(?![\w:])"
_MAC = rb"(?<![\w:-])[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2}){5}(?![\w:-])"
_NUMBER = rb"(?<![\w.-])[A-Za-z0-9]{1,20}(?:[ ./-][A-Za-z0-9]{1,20}){0,5}(?![\w])"
_GROUP_END = re.compile(rb"[ ./-]")
_BARE_VALUE = re.compile(rb'(?:"[ \t]*:|[\[,])[ \t]*\Z')
_VALUE_FOLLOWS = re.compile(rb"[ \t]*(?:[,}\]\r\n]|\Z)")
_STRING_MARKS = re.compile(rb'\\.|"', re.DOTALL)
_MAX_LOOKBACK = 40
DOUBLE_QUOTE = 1

Span = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detector:
    rule: int
    pattern: re.Pattern[bytes]
    check: Callable[[bytes], int]
    """How many bytes of a candidate are what is looked for; 0 is none."""


class SlowDetectors:
    """The detectors of a policy that the compiled scanner does not have.

    Raises:
        ConfigurationError: python-stdnum has no such module.
    """

    def __init__(self, policy: Policy) -> None:
        self._detectors = [
            _detector(number, name)
            for number, rule in enumerate(policy.rules)
            for name in rule.detectors
            if name in ("ip-address", "mac-address") or name.startswith(NATIONAL_NUMBER)
        ]

    def __bool__(self) -> bool:
        return bool(self._detectors)

    def spans(self, data: bytes) -> list[Span]:
        """Start, end, rule and quote (as the scanner has them) of all that is found, in order."""
        found: list[Span] = []
        for detector in self._detectors:
            strings = _Strings(data)
            matches = [
                (start, end, detector.rule, _quote(data, start, end, strings))
                for start, end in _matches(detector, data)
            ]
            found = merged(found, matches)
        return found


class _Strings:
    """Whether a JSON string is open; asked for places in order, it goes on where it stopped."""

    def __init__(self, data: bytes) -> None:
        self._data, self._known_to, self._open = data, 0, False

    def open_at(self, place: int) -> bool:
        """Whether a string is open at a place behind the last one asked for."""
        line = self._data.rfind(b"\n", self._known_to, place) + 1
        if line:
            self._known_to, self._open = line, False
        marks = _STRING_MARKS.finditer(self._data, self._known_to, place)
        quotes = sum(match.group() == b'"' for match in marks)
        self._known_to, self._open = place, self._open != (quotes % 2 == 1)
        return self._open


def merged(first: list[Span], second: list[Span]) -> list[Span]:
    """All of the first, and of the second what does not touch them; both, and the result, in order."""
    starts = [span[0] for span in first]

    def is_free(span: Span) -> bool:
        place = bisect_left(starts, span[1])
        return place == 0 or first[place - 1][1] <= span[0]

    return sorted([*first, *(span for span in second if is_free(span))])


def _matches(detector: _Detector, data: bytes) -> Iterator[tuple[int, int]]:
    for match in detector.pattern.finditer(data):
        if match.group().startswith(b"[REDACTED:"):
            continue
        size = detector.check(match.group())
        if size:
            yield match.start(), match.start() + size


def _detector(rule: int, name: str) -> _Detector:
    if name == "mac-address":
        return _Detector(rule=rule, pattern=_pattern(_MAC), check=len)
    if name == "ip-address":
        return _Detector(rule=rule, pattern=_pattern(_IPV4 + rb"|" + _IPV6), check=_address)
    module = name.removeprefix(NATIONAL_NUMBER)
    try:
        is_valid = import_module(f"stdnum.{module}").is_valid
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            "python-stdnum knows no such number",
            where=f"detector {name!r}",
            expected="a module of python-stdnum, such as es.nif",
            found=module,
        ) from error
    return _Detector(rule=rule, pattern=_pattern(_NUMBER), check=lambda value: _national(value, is_valid))


def _pattern(source: bytes) -> re.Pattern[bytes]:
    return re.compile(_PLACEHOLDER + rb"|" + source)


def _address(value: bytes) -> int:
    try:
        ipaddress.ip_address(value.decode())
    except ValueError:
        return 0
    return len(value)


def _national(value: bytes, is_valid: Callable[[str], bool]) -> int:
    """The longest run of groups from the first one on that is valid."""
    ends = [len(value), *(match.start() for match in reversed(list(_GROUP_END.finditer(value))))]
    for end in ends:
        if any(byte in b"0123456789" for byte in value[:end]) and is_valid(value[:end].decode("ascii")):
            return end
    return 0


def _quote(data: bytes, start: int, end: int, strings: _Strings) -> int:
    """A double quote where a bare JSON number is replaced."""
    if not data[start:end].isdigit() or not _VALUE_FOLLOWS.match(data, end):
        return 0
    if not _BARE_VALUE.search(data, max(0, start - _MAX_LOOKBACK), start):
        return 0
    return 0 if strings.open_at(start) else DOUBLE_QUOTE
