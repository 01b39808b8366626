"""Compiled code hashes only where it pays, can run, and has shown that it is right."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from audit_trail.evidence import line_hashing, merkle_kernel
from audit_trail.evidence.line_hashing import WORTH_LOADING_BYTES, WORTH_USING_BYTES, line_hashing_for
from audit_trail.evidence.merkle_kernel import LineHasher, has_instructions

PLUGINS = Path(__file__).parents[2] / "plugins"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    line_hashing._tested_hasher.cache_clear()
    yield
    line_hashing._tested_hasher.cache_clear()


def test_large_segments_are_hashed_by_compiled_code_where_the_processor_can() -> None:
    found = line_hashing_for(WORTH_LOADING_BYTES)
    assert isinstance(found, LineHasher) == has_instructions()


def test_each_tree_has_its_own_memory() -> None:
    found = [line_hashing_for(WORTH_LOADING_BYTES) for _ in range(2)]
    assert found[0] is not found[1] or not has_instructions()


def test_small_segments_are_not_worth_it() -> None:
    assert line_hashing_for(WORTH_USING_BYTES - 1) is None


def test_nothing_is_loaded_for_a_segment_of_middling_size() -> None:
    code = (
        "import sys\n"
        "from audit_trail.evidence.line_hashing import line_hashing_for, WORTH_LOADING_BYTES\n"
        "assert line_hashing_for(WORTH_LOADING_BYTES - 1) is None\n"
        "assert not {'numba', 'numpy', 'llvmlite'} & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PLUGINS), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_processor_without_the_instructions_uses_hashlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merkle_kernel, "has_instructions", lambda: False)
    assert line_hashing_for(WORTH_LOADING_BYTES) is None


def test_without_numba_hashlib_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "audit_trail.evidence.merkle_kernel", None)
    assert line_hashing_for(WORTH_LOADING_BYTES) is None


def test_code_that_hashes_wrongly_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong:
        def append(self, block: bytes, pending: bytearray, size: int) -> int:
            return size + block.count(b"\n") + (not block.endswith(b"\n"))

    monkeypatch.setattr(merkle_kernel, "has_instructions", lambda: True)
    monkeypatch.setattr(merkle_kernel, "LineHasher", Wrong)
    with caplog.at_level(logging.WARNING):
        assert line_hashing_for(WORTH_LOADING_BYTES) is None
    assert "wrong on this machine" in caplog.text
