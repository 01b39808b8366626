from __future__ import annotations

import pytest

from audit_trail.evidence import block_code
from audit_trail.evidence.block_code import WORTH_LOADING_BYTES, block_code_for
from audit_trail.pipeline import record_count
from audit_trail.pipeline.record_count import count_newlines


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("data", [b"", b"\n", b"a\r\n\n\x0b\nb", b"x" * 5000 + b"\n" * 300])
def test_newlines_are_counted_alike_with_compiled_code_and_without(
    monkeypatch: pytest.MonkeyPatch, data: bytes, loaded: bool
) -> None:
    code = block_code_for(WORTH_LOADING_BYTES) if loaded else None
    monkeypatch.setattr(record_count, "loaded_block_code", lambda: code)
    assert count_newlines(data) == count_newlines(memoryview(data)) == data.count(b"\n")


def test_counting_loads_nothing() -> None:
    block_code._tested_code.cache_clear()
    count_newlines(b"\n")
    assert block_code.loaded_block_code() is None
