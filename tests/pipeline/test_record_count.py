from __future__ import annotations

import sys

import pytest

from audit_trail.pipeline.record_count import count_newlines


@pytest.mark.parametrize("loaded", [True, False])
@pytest.mark.parametrize("data", [b"", b"\n", b"a\r\n\n\x0b\nb", b"x" * 5000 + b"\n" * 300])
def test_newlines_are_counted_alike_with_numpy_and_without(
    monkeypatch: pytest.MonkeyPatch, data: bytes, loaded: bool
) -> None:
    import numpy as np

    assert np.uint8(10) == ord("\n")
    if not loaded:
        monkeypatch.delitem(sys.modules, "numpy")
    assert count_newlines(data) == data.count(b"\n")
