"""Compiled code hashes only where it pays, can run, and has shown that it is right."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail.evidence import line_hasher, line_hashing
from audit_trail.evidence.line_hasher import LineHasher, has_instructions
from audit_trail.evidence.line_hashing import WORTH_LOADING_BYTES, WORTH_USING_BYTES, line_hashing_for
from audit_trail.evidence.merkle import MerkleTree
from audit_trail.evidence.paired_hashing import hashing_for

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
    alone(
        "assert line_hashing_for(WORTH_LOADING_BYTES - 1) is None\n"
        "assert not {'numba', 'numpy', 'llvmlite'} & set(sys.modules)\n"
    )


def test_what_was_compiled_once_takes_no_compiler(tmp_path: Path) -> None:
    for expected in (has_instructions(), False):
        alone(
            "assert (line_hashing_for(WORTH_LOADING_BYTES) is None) == (not has_instructions())\n"
            f"assert ('numba' in sys.modules) == {expected}\n",
            NUMBA_CACHE_DIR=str(tmp_path),
        )


@pytest.mark.parametrize("variable", [{"NUMBA_CPU_NAME": "generic"}, {"NUMBA_DISABLE_JIT": "1"}])
def test_what_numba_may_not_compile_is_hashed_by_hashlib(tmp_path: Path, variable: dict[str, str]) -> None:
    alone("assert line_hashing_for(WORTH_LOADING_BYTES) is None\n", **variable, NUMBA_CACHE_DIR=str(tmp_path))


def alone(code: str, **environment: str) -> None:
    """Run code in a process of its own."""
    imports = (
        "import sys\n"
        "from audit_trail.evidence.line_hashing import line_hashing_for, WORTH_LOADING_BYTES\n"
        "from audit_trail.evidence.line_hasher import has_instructions\n"
    )
    if "has_instructions" not in code:
        imports = imports.rpartition("from")[0]
    done = subprocess.run(
        [sys.executable, "-c", imports + code],
        env={"PYTHONPATH": str(PLUGINS), "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_processor_without_the_instructions_uses_hashlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_hasher, "has_instructions", lambda: False)
    assert line_hashing_for(WORTH_LOADING_BYTES) is None


def test_without_numba_hashlib_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "audit_trail.evidence.line_hasher", None)
    assert line_hashing_for(WORTH_LOADING_BYTES) is None


def test_code_that_hashes_wrongly_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong:
        def __init__(self, beside: object) -> None:
            pass

        def append(self, block: bytes, pending: bytearray, size: int) -> int:
            return size + block.count(b"\n") + (not block.endswith(b"\n"))

    monkeypatch.setattr(line_hasher, "has_instructions", lambda: True)
    monkeypatch.setattr(line_hasher, "LineHasher", Wrong)
    with caplog.at_level(logging.WARNING):
        assert line_hashing_for(WORTH_LOADING_BYTES) is None
    assert "wrong on this machine" in caplog.text


@pytest.mark.parametrize("length", [0, 1, 40, 63, 64, 130, 5000])
@pytest.mark.parametrize("also", [0, 100])
def test_a_hash_beside_the_lines_is_that_of_all_it_was_given(length: int, also: int) -> None:
    """Short lines leave more room beside them than there is to hash, long ones less."""
    content = hashing_for(WORTH_LOADING_BYTES)()
    expected, found = MerkleTree(), MerkleTree(line_hashing_for(WORTH_LOADING_BYTES, content))
    passed = sha256()
    for number in range(20):
        lines = (b"%d" % number * length)[:length] + b"\n"
        block = lines * (100_000 // len(lines))
        more = bytes(also * number)
        for data in (block, more):
            content.update(data)
            passed.update(data)
        expected.extend_lines(block)
        found.extend_lines(block)
    assert (found.size, found.root()) == (expected.size, expected.root())
    assert content.hexdigest() == passed.hexdigest()


@pytest.mark.skipif(not has_instructions(), reason="no SHA-256 instructions")
def test_a_hash_beside_the_lines_that_is_wrong_is_not_used(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Forgetful(LineHasher):
        def _note_taken(self) -> None:
            """So that what was taken is hashed again."""

    monkeypatch.setattr(line_hasher, "LineHasher", Forgetful)
    with caplog.at_level(logging.WARNING):
        assert line_hashing_for(WORTH_LOADING_BYTES) is None
    assert "wrong on this machine" in caplog.text
