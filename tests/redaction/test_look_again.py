"""The second look at an output: which records it is at, and what it finds when the redactor has failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.redaction.interpreted_kernel import InterpretedKernel, compared
from tests.redaction.log_bytes import BEGIN_KEY, END_KEY, PEM_LINE

from audit_trail.redaction import Policy, Redactor, Rule
from audit_trail.redaction.kernel.layout import SPAN_INTS
from audit_trail.redaction.scanner import Scanner, Spans

SECRET = b'{"user":"a","password":"hunter2"}\n'
CLEAN = b'{"user":"a","status":200}\n'

LINES = st.lists(
    st.sampled_from([b"", b"a", b"b" * 63, b"b" * 64, b"c" * 65, b"d" * 200]), max_size=6
)  # fmt: skip


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.fixture(scope="module")
def interpreted() -> Iterator[InterpretedKernel]:
    kernel = InterpretedKernel()
    yield kernel
    kernel.close()


def line_by_line(before: bytes, after: bytes) -> tuple[list[list[int]], list[list[int]]] | None:
    """Where the lines are that differ, in both, said in Python."""
    old, new = before.split(b"\n"), after.split(b"\n")
    if len(old) != len(new):
        return None
    places: tuple[list[list[int]], list[list[int]]] = ([], [])
    i = j = 0
    for left, right in zip(old, new, strict=True):
        if left != right:
            places[0].append([i, i + len(left)])
            places[1].append([j, j + len(right)])
        i, j = i + len(left) + 1, j + len(right) + 1
    return places


@settings(deadline=None)
@given(before=LINES, after=LINES, end=st.sampled_from([b"", b"\n"]))
@example(before=[b"x" * 64 + b"y"], after=[b"x" * 64 + b"z"], end=b"")
@example(before=[b"a", b"b"], after=[b"a"], end=b"\n")
def test_the_lines_that_differ_are_found(
    interpreted: InterpretedKernel, before: list[bytes], after: list[bytes], end: bytes
) -> None:
    after = (after + before)[: len(before)] if end else after  # often as many
    old, new = b"\n".join(before) + end, b"\n".join(after) + end
    expected = line_by_line(old, new)
    places = expected[0] if expected else [[0, 0]] * 20
    assert compared(old, new, places) == (expected[1] if expected else None)
    assert interpreted.compared(old, new, places) == (expected[1] if expected else None)


@pytest.mark.parametrize(
    ("after", "places"),
    [
        (b"x\ny\n", [[0, 1]]),  # another line differs
        (b"x\nb\n", [[0, 1], [2, 3]]),  # what was found in the second line is still there
        (b"a\ny\n", [[0, 1], [2, 3]]),
        (b"x\ny\n", [[0, 1], [0, 1]]),
        (b"a\nb\n", [[2, 3]]),
    ],
)
def test_lines_that_do_not_fit_what_was_found_are_not_trusted(after: bytes, places: list[list[int]]) -> None:
    assert compared(b"a\nb\n", after, places) is None


def test_nothing_is_left_of_what_was_redacted_well(redactor: Redactor) -> None:
    key = f"{BEGIN_KEY}\n{PEM_LINE}\n{PEM_LINE}\n{END_KEY}\n".encode()
    data = (SECRET + CLEAN) * 50 + key + CLEAN
    (redaction,) = redactor.redact_blocks([data], look_again=True)
    assert redaction.counts["password"] == 50
    assert redaction.left == {}
    assert redaction.data == redactor.redact(data).data


Forget = Callable[[Spans], Spans]


@pytest.mark.parametrize(
    "forget",
    [
        lambda spans: Spans(spans.numbers, spans.count - 1),
        lambda spans: Spans(spans.numbers[SPAN_INTS:], spans.count - 1),
        lambda spans: Spans(spans.numbers, 0),
    ],
    ids=["the last", "the first", "all"],
)
@pytest.mark.parametrize("detectors", [(), ("ip-address",)], ids=["scanned", "slow"])
def test_what_the_assembly_leaves_out_is_found(
    monkeypatch: pytest.MonkeyPatch, forget: Forget, detectors: tuple[str, ...]
) -> None:
    policy = Policy(rules=(Rule(name="password", keys=("password",), detectors=detectors),))
    forgetful(monkeypatch, forget)
    (redaction,) = Redactor(policy).redact_blocks([(SECRET + CLEAN) * 3], look_again=True)
    assert redaction.left["password"] > 0


def test_a_record_that_changed_and_was_not_to_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    assemble = Scanner.assemble

    def misplaced(self: Scanner, data: bytes, spans: Spans, table: Any) -> tuple[bytes, Any, Any]:
        out, lines, counts = assemble(self, data, spans, table)
        return out.replace(CLEAN, SECRET), lines, counts

    monkeypatch.setattr(Scanner, "assemble", misplaced)
    (redaction,) = Redactor().redact_blocks([SECRET + CLEAN], look_again=True)
    assert redaction.left == {"password": 1}


def test_nobody_is_told_who_did_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    forgetful(monkeypatch, lambda spans: Spans(spans.numbers, 0))
    (redaction,) = Redactor().redact_blocks([SECRET])
    assert redaction.left == {}


def forgetful(monkeypatch: pytest.MonkeyPatch, forget: Forget) -> None:
    """Let the assembly of the output leave places out, and say that it changed no other line."""
    assemble = Scanner.assemble

    def forgetting(self: Scanner, data: bytes, spans: Spans, table: Any) -> tuple[bytes, Any, Any]:
        out, lines, _ = assemble(self, data, forget(spans), table)
        return out, lines[:0], assemble(self, data, spans, table)[2]

    monkeypatch.setattr(Scanner, "assemble", forgetting)
