"""Identifiers come by the million: whatever happens in one of ten thousand is lost evidence every day."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable

import pytest

from audit_trail.redaction import Redactor
from audit_trail.redaction.word_lists import IBAN_ACCOUNTS

COUNT = 50_000
HEX = "0123456789abcdef"
MOSTLY_DIGITS = "0123456789" * 3 + "abcdef"
IBAN_BEGINNINGS = ("ad", "ae", "ba", "be", "de", "ee")


def _uuid(draw: random.Random, letters: str) -> str:
    groups = ["".join(draw.choices(letters, k=length)) for length in (8, 4, 4, 4, 12)]
    return "-".join(groups)


def _uuid_like_an_iban(draw: random.Random) -> str:
    """With a country and nothing but digits behind it, at each of the inner groups."""
    groups = _uuid(draw, "0123456789").split("-")
    place = draw.randrange(1, 4)
    groups[place] = draw.choice(IBAN_BEGINNINGS) + groups[place][2:]
    return "-".join(groups)


def _hex(length: int) -> Callable[[random.Random], str]:
    return lambda draw: "".join(draw.choices(HEX, k=length))


IDENTIFIERS: dict[str, Callable[[random.Random], str]] = {
    "uuid": lambda draw: _uuid(draw, HEX),
    "uuid mostly of digits": lambda draw: _uuid(draw, MOSTLY_DIGITS),
    "uuid like an IBAN": _uuid_like_an_iban,
    "MD5": _hex(32),
    "SHA-1": _hex(40),
    "object id": _hex(24),
    "trace context": lambda draw: f"00-{_hex(32)(draw)}-a{_hex(15)(draw)}-01",
}


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize("kind", IDENTIFIERS)
@pytest.mark.parametrize("record", ['{"id":"%s","n":1}', "request %s done", "GET /items/%s HTTP/1.1"])
def test_no_identifier_is_changed(redactor: Redactor, kind: str, record: str) -> None:
    draw = random.Random(f"{kind} {record}")
    found = [IDENTIFIERS[kind](draw) for _ in range(COUNT)]
    written = found[: COUNT // 2] + [identifier.upper() for identifier in found[COUNT // 2 :]]
    data = "\n".join(record % identifier for identifier in written).encode()

    redacted = redactor.redact(data)

    changed = [
        old for old, new in zip(data.split(b"\n"), redacted.data.split(b"\n"), strict=True) if old != new
    ]
    assert changed == []


def test_the_ibans_of_all_countries_are_built_as_the_registry_says() -> None:
    from stdnum import numdb

    registry = {
        country: _each_character(re.findall(r"(\d+)!([nac])", properties["bban"]))
        for _, country, _, properties, _ in numdb.get("iban").prefixes
    }
    assert {
        country: _each_character(re.findall(r"(\d+)([nac])", account))
        for country, account in IBAN_ACCOUNTS.items()
    } == registry


def _each_character(runs: Iterable[tuple[str, str]]) -> str:
    return "".join(kind * int(length) for length, kind in runs)
