"""Counting records, fast where it can be."""

from __future__ import annotations

from audit_trail.evidence.block_code import loaded_block_code
from audit_trail.memory import address


def count_newlines(data: bytes | memoryview) -> int:
    r"""How many `\n` there are.

    Compiled code takes a tenth of the time, once something else has loaded it:
    `bytes.count` stops at each one, and records are short.
    """
    code = loaded_block_code()
    return bytes(data).count(b"\n") if code is None else code.count_newlines(address(data), len(data))
