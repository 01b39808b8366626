"""Counting records, fast where it can be."""

from __future__ import annotations

import sys


def count_newlines(data: bytes | memoryview) -> int:
    r"""How many `\n` there are.

    numpy takes a quarter of the time, once something else has loaded it:
    `bytes.count` stops at each one, and records are short.
    """
    if "numpy" not in sys.modules:
        return bytes(data).count(b"\n")
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, dtype=np.uint8) == ord("\n")))
