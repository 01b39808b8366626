"""The compiled scanner as Python objects: buffers in, spans and bytes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from audit_trail import kept_code
from audit_trail.redaction.kernel import layout as kernel
from audit_trail.redaction.policy import Policy
from audit_trail.redaction.replacements import Table
from audit_trail.redaction.tables import tables_of

MIN_SPANS = 1024
BYTES_A_SPAN = 128
"""Room for spans at first, as bytes of input for each; there is more when it runs out."""

_PEM = (kernel.PEM_LINES, kernel.PEM_BODY, kernel.PEM_COLUMN)


@dataclass(slots=True, kw_only=True)
class Scratch:
    """Memory of one scan, written by compiled code."""

    state: Any
    memo: Any
    context: Any


@lru_cache(maxsize=1)
def _compiled_code() -> Mapping[str, Callable[..., int]]:
    """`scan`, `output_size`, `assemble` and `changed_lines`, compiled now or earlier."""
    if kept_code.is_interpreted():
        from audit_trail.redaction.kernel.assemble import assemble, output_size
        from audit_trail.redaction.kernel.compare import changed_lines
        from audit_trail.redaction.kernel.scan import scan

        functions = (scan, output_size, assemble, changed_lines)
        return {function.__name__: function for function in functions}
    package = Path(kept_code.__file__).parent
    sources = [package / "native.py", package / "kept_code.py", *(package / "redaction/kernel").glob("*.py")]
    return kept_code.kept_functions("redaction", [str(source) for source in sources], _compile)


def _compile() -> Iterable[kept_code.CompiledFunction]:
    from audit_trail import native
    from audit_trail.redaction.kernel import assemble, compare, scan

    for function, arguments in (
        (scan.scan, 5),
        (assemble.output_size, 5),
        (assemble.assemble, 10),
        (compare.changed_lines, 6),
    ):
        yield native.machine_code(function, arguments)


class Scanner:
    """One policy, compiled. Holds nothing that a scan changes."""

    def __init__(self, policy: Policy) -> None:
        self._tables = tables_of(policy)
        self._code = _compiled_code()

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """Fresh memory for one thread's scans."""
        yield Scratch(
            state=np.zeros(kernel.STATE, dtype=np.int64),
            memo=np.full(max(self._tables.shape_count, 1) * 2, -1, dtype=np.int64),
            context=np.zeros(len(kernel.FIELDS), dtype=np.int64),
        )

    def scan(
        self, data: bytes | memoryview, scratch: Scratch, *, pem: tuple[int, int, int]
    ) -> tuple[Any, tuple[int, int, int]]:
        """All spans in the data, and the private key that is open at its end.

        Args:
            data: Whole records.
            scratch: Written.
            pem: What the data before said about a private key: in how many
                lines it may go on, 1 when the last line was part of it, and
                its column.

        Returns:
            int32 rows of start, end, rule, quote and number of the replacement;
            `pem` for the data that follow.
        """
        scratch.state[:] = 0
        scratch.state[list(_PEM)] = pem
        ranges = np.array([[0, len(data)]], dtype=np.int64)
        spans = self._scan(data, ranges, scratch, room=len(data) // BYTES_A_SPAN + MIN_SPANS)
        lines, body, column = (int(scratch.state[place]) for place in _PEM)
        return spans, (lines, body, column)

    def scan_lines(self, data: bytes | memoryview, lines: Any, scratch: Scratch) -> Any:
        """All spans in some lines, each looked at by itself."""
        scratch.state[:] = 0
        return self._scan(data, lines, scratch, room=MIN_SPANS)

    def _scan(self, data: bytes | memoryview, ranges: Any, scratch: Scratch, *, room: int) -> Any:
        state = scratch.state
        scratch.memo[:] = -1
        spans = np.empty((room, kernel.SPAN_INTS), dtype=np.int32)
        place, position = 0, -1
        while True:
            state[kernel.ROOM] = len(spans)
            context = self._context(data, scratch, spans)
            place = self._code["scan"](address(context), address(ranges), len(ranges), place, position)
            if place >= len(ranges):
                return spans[: state[kernel.COUNT]]
            position = int(state[kernel.POSITION])
            spans = _doubled(spans)

    def _context(self, data: bytes | memoryview, scratch: Scratch, spans: Any) -> Any:
        """All addresses in the order of `kernel.FIELDS`."""
        row = scratch.context
        row[0], row[1] = address(data), len(data)
        row[2:-3] = self._tables.addresses
        row[-3:] = address(scratch.memo), address(spans), address(scratch.state)
        return row

    def assemble(self, data: bytes | memoryview, spans: Any, table: Table) -> tuple[bytes, Any]:
        """The data with its spans replaced, and the places of the lines that changed."""
        spans = np.ascontiguousarray(spans)
        size = self._code["output_size"](
            len(data), address(spans), len(spans), address(table.starts), address(kernel.QUOTE_SIZES)
        )
        # Made here and seen by nobody else yet, so it may be written: the copy
        # that a bytearray would need is a third of all the time.
        out = bytes(size)
        lines = np.empty((len(spans), 2), dtype=np.int64)
        count = self._code["assemble"](
            address(data), len(data), address(spans), len(spans), address(table.starts), address(table.text),
            address(kernel.QUOTE_BYTES), address(kernel.QUOTE_SIZES), address(out), address(lines),
        )  # fmt: skip
        return out, lines[:count]

    def changed_lines(self, before: bytes | memoryview, after: bytes, spans: Any) -> Any | None:
        """Where the lines are that differ, told from the bytes alone.

        Args:
            before: Whole records.
            after: What became of them.
            spans: What was found in them.

        Returns:
            int64 rows of start and end in `after`; None where a line is the same in which something
            was found, another one differs, or there are more or fewer lines.
        """
        rows = np.empty((len(spans), 4), dtype=np.int64)
        count = self._code["changed_lines"](
            address(before), len(before), address(after), len(after), address(rows), len(rows)
        )
        if count < 0:
            return None
        rows = rows[:count]
        places = np.searchsorted(rows[:, 0], spans[:, 0], side="right") - 1
        if np.any(places < 0) or np.any(spans[:, 1] > rows[places, 1]) or len(np.unique(places)) < count:
            return None
        return np.ascontiguousarray(rows[:, 2:])

    def counts(self, spans: Any) -> dict[int, int]:
        """Replacements per rule number."""
        found = np.bincount(spans[:, 2])
        return {int(rule): int(found[rule]) for rule in np.flatnonzero(found)}


def _doubled(spans: Any) -> Any:
    larger = np.empty((len(spans) * 2, spans.shape[1]), dtype=spans.dtype)
    larger[: len(spans)] = spans
    return larger


def address(buffer: Any) -> int:
    """Where a buffer's bytes are; the caller keeps the buffer alive."""
    if isinstance(buffer, bytes | memoryview):
        return int(np.frombuffer(buffer, dtype=np.uint8).ctypes.data) if len(buffer) else 0
    return int(buffer.ctypes.data)
