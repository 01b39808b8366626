"""Hashes that wait for each other say what `hashlib` says, in whatever order their bytes come."""

from __future__ import annotations

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_trail.evidence import background_hashing, block_code, line_hasher, paired_hashing
from audit_trail.evidence.background_hashing import background_hashing_for
from audit_trail.evidence.block_code import WORTH_LOADING_BYTES, BlockCode, block_code_for
from audit_trail.evidence.line_hasher import has_instructions
from audit_trail.evidence.paired_hashing import RunningHash, hashing_for

SIZES = st.one_of(st.integers(0, 200), st.integers(0, 5000))
TAKEN = st.lists(st.tuples(st.integers(0, 2), SIZES), max_size=40)
Hashing = Callable[[int], Callable[[], RunningHash]]
NOISE = b"".join(sha256(b"%d" % number).digest() for number in range(200))

needs_instructions = pytest.mark.skipif(not has_instructions(), reason="no SHA-256 instructions")


@pytest.fixture
def _anew() -> Iterator[None]:
    block_code._tested_code.cache_clear()
    yield
    block_code._tested_code.cache_clear()


def several(count: int, hashing: Hashing = hashing_for) -> list[RunningHash]:
    new_hash = hashing(WORTH_LOADING_BYTES)
    return [new_hash() for _ in range(count)]


def test_large_days_are_hashed_by_compiled_code_where_the_processor_can() -> None:
    for hashing in (hashing_for, background_hashing_for):
        assert (hashing(WORTH_LOADING_BYTES) is not hashlib.sha256) == has_instructions()
        assert hashing(WORTH_LOADING_BYTES - 1) is hashlib.sha256


@pytest.mark.parametrize("hashing", [hashing_for, background_hashing_for])
@given(taken=TAKEN, looks=st.sets(st.integers(0, 39)))
def test_each_digest_is_that_of_its_own_bytes(
    hashing: Hashing, taken: list[tuple[int, int]], looks: set[int]
) -> None:
    found, expected = several(3, hashing), [sha256() for _ in range(3)]
    for number, (which, size) in enumerate(taken):
        data = memoryview(NOISE)[number : number + size]
        found[which].update(data)
        expected[which].update(data)
        if number in looks:
            assert found[which].hexdigest() == expected[which].hexdigest()
    assert [one.hexdigest() for one in found] == [one.hexdigest() for one in expected]


def test_a_hash_may_be_given_up_while_others_go_on() -> None:
    left, one, other = several(3)
    left.update(NOISE)
    one.update(NOISE)
    del left
    other.update(NOISE[1:])
    one.update(b"end")
    assert one.hexdigest() == sha256(NOISE + b"end").hexdigest()
    assert other.hexdigest() == sha256(NOISE[1:]).hexdigest()


@needs_instructions
def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paired_hashing, "MAX_WAITING_BYTES", 1000)
    (one,) = several(1)
    assert isinstance(one, paired_hashing.PairedHash)
    for size in range(400):
        one.update(NOISE[:size])
        assert one.waiting_bytes <= 1000
    assert one.hexdigest() == sha256(b"".join(NOISE[:size] for size in range(400))).hexdigest()


@needs_instructions
def test_who_reads_waits_for_a_thread_that_does_not_keep_up() -> None:
    (one,) = several(1, background_hashing_for)
    assert isinstance(one, background_hashing._BackgroundHash)
    for _ in range(5 * background_hashing.MAX_RUNNING):
        one.update(NOISE)
        assert len(one._background._running) <= background_hashing.MAX_RUNNING
    assert one.hexdigest() == sha256(NOISE * 5 * background_hashing.MAX_RUNNING).hexdigest()


@needs_instructions
def test_two_of_the_same_bytes_leave_nothing_to_wait_for() -> None:
    one, other = several(2)
    assert isinstance(one, paired_hashing.PairedHash)
    for size in (64, 100, 1000, 6400):
        one.update(NOISE[:size])
        other.update(NOISE[:size])
        assert one.waiting_bytes < 64


@pytest.mark.usefixtures("_anew")
def test_a_processor_without_the_instructions_uses_hashlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_hasher, "has_instructions", lambda: False)
    assert hashing_for(WORTH_LOADING_BYTES) is hashlib.sha256


@pytest.mark.usefixtures("_anew")
def test_without_llvm_hashlib_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "audit_trail.evidence.line_hasher", None)
    assert hashing_for(WORTH_LOADING_BYTES) is hashlib.sha256


@needs_instructions
@pytest.mark.usefixtures("_anew")
@pytest.mark.parametrize("name", BlockCode._fields)
def test_code_that_is_wrong_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    code = block_code_for(WORTH_LOADING_BYTES)
    assert code is not None
    block_code._tested_code.cache_clear()
    wrong = code._replace(**{name: lambda *_: 0})._asdict()
    monkeypatch.setattr(block_code.kept_code, "kept_functions", lambda *_: wrong)
    with caplog.at_level(logging.WARNING):
        assert block_code_for(WORTH_LOADING_BYTES) is None
    assert "wrong on this machine" in caplog.text
