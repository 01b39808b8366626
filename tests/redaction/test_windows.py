"""Windows of 64 bytes leave nothing out: the same places as where every byte is judged, however they lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.redaction.interpreted_kernel import KEY, InterpretedKernel, answer
from tests.redaction.log_bytes import KEY_BYTES, LOG_BYTES

from audit_trail.redaction import Policy, Redactor, Rule, default_policy

CORPUS = Path(__file__).parent / "corpus"
RECORDS = list(
    dict.fromkeys(
        case["record"].encode()
        for path in sorted(CORPUS.glob("*.yaml"))
        for case in yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    )
)
WIDTH = 64
LONG_LINE = b"a line of plain words, " * 8


@pytest.fixture(scope="module")
def interpreted() -> Iterator[InterpretedKernel]:
    kernel = InterpretedKernel()
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor(default_policy(), pseudonym_key=KEY)


def _lines_of(size: int) -> bytes:
    """Text of this size in which nothing is found, ended by a newline if there is any."""
    return (b"of " * size)[: size - 1] + b"\n" if size else b""


def _found(redactor: Redactor, data: bytes, begin: int) -> list[list[Any]]:
    """What is found, by its distance from `begin`."""
    return [[one.start - begin, one.end - begin, one.rule] for one in redactor.find(data)]


def _judged(interpreted: InterpretedKernel, data: bytes, begin: int = 0) -> list[list[Any]]:
    """The same where every byte is judged."""
    spans = interpreted.redact(data, windows=False)["spans"]
    return [[start - begin, end - begin, rule] for start, end, rule, _ in spans]


def test_a_record_alone_is_judged_as_byte_by_byte(interpreted: InterpretedKernel, redactor: Redactor) -> None:
    different = [record for record in RECORDS if _found(redactor, record, 0) != _judged(interpreted, record)]
    assert different == []


def test_a_record_is_judged_the_same_wherever_it_lies(
    interpreted: InterpretedKernel, redactor: Redactor
) -> None:
    """Behind 1 to 64 bytes, and before so many that windows reach all of it."""
    different = []
    for record in RECORDS:
        expected = _judged(interpreted, b"of\n" + record + b"\n" + LONG_LINE, begin=3)
        for shift in range(1, WIDTH + 1):
            data = _lines_of(shift) + record + b"\n" + LONG_LINE
            if _found(redactor, data, shift) != expected:
                different.append((shift, record))
    assert different == []


@pytest.mark.parametrize("key", ["track2", "oauth 2", "pin 1 x", "sha256", "iso 9564", "door7key8"])
@pytest.mark.parametrize("form", ['{"some":1,"%s":"v41ue"}', "%s=v41ue", "%s: v41ue", "a='b', %s='v41ue'"])
def test_keys_that_hold_digits_are_known_in_every_place(key: str, form: str) -> None:
    """A number behind a key is looked through, and may be a part of it all the same."""
    redactor = Redactor(Policy(rules=(Rule(name="own", keys=(key,)),)))
    for written in (key.replace(" ", "_"), key.replace(" ", "")):
        record = (form % written).encode()
        for shift in range(1, WIDTH + 1):
            data = _lines_of(shift) + record + b"\n" + LONG_LINE
            assert b"v41ue" not in redactor.redact(data).data, data


def test_all_records_in_a_row_are_judged_as_byte_by_byte(
    interpreted: InterpretedKernel, redactor: Redactor
) -> None:
    data = b"\n".join(RECORDS)
    assert _found(redactor, data, 0) == _judged(interpreted, data)


@settings(deadline=None, max_examples=300)
@given(data=st.one_of(LOG_BYTES, KEY_BYTES), shift=st.integers(0, WIDTH))
def test_whatever_may_be_in_a_log_is_judged_as_byte_by_byte(
    interpreted: InterpretedKernel, redactor: Redactor, data: bytes, shift: int
) -> None:
    data = _lines_of(shift) + data + b"\n" + LONG_LINE
    found = interpreted.redact(data, windows=False)
    del found["reads"]
    assert found == answer(redactor, data)
