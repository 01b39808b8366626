"""The compiled scanner as Python objects: buffers in, spans and bytes out."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from audit_trail import kept_code
from audit_trail.memory import address, numbers
from audit_trail.redaction.kernel import layout as kernel
from audit_trail.redaction.policy import Policy
from audit_trail.redaction.replacements import Table
from audit_trail.redaction.tables import tables_of

MIN_SPANS = 1024
BYTES_A_SPAN = 128
"""Room for spans at first, as bytes of input for each; there is more when it runs out."""

_PACKAGE = Path(__file__).parents[1]
SOURCES = (
    str(_PACKAGE / "native.py"),
    str(_PACKAGE / "kept_code.py"),
    *map(str, (_PACKAGE / "redaction/kernel").glob("*.py")),
)
"""What the machine code is made from."""

_PEM = (kernel.PEM_LINES, kernel.PEM_BODY, kernel.PEM_COLUMN)


@dataclass(slots=True, kw_only=True)
class Scratch:
    """Memory of one scan, written by compiled code."""

    state: array[int]
    memo: array[int]
    context: array[int]


@dataclass(slots=True)
class Spans:
    """What a scan found, in order.

    Attributes:
        numbers: int32, `SPAN_INTS` for each: start, end, rule, quote and number of the replacement.
        count: How many there are; there may be room for more.
    """

    numbers: array[int]
    count: int

    def __len__(self) -> int:
        return self.count

    def rows(self) -> Iterator[tuple[int, ...]]:
        """One after the other."""
        size = kernel.SPAN_INTS
        flat = self.numbers[: self.count * size]
        return zip(*(flat[place::size] for place in range(size)), strict=True)


@lru_cache(maxsize=1)
def _compiled_code() -> Mapping[str, Callable[..., int]]:
    """`scan`, `output_size`, `assemble` and `changed_lines`, compiled now or earlier."""
    if kept_code.is_interpreted():
        from audit_trail.redaction.kernel.assemble import assemble, output_size
        from audit_trail.redaction.kernel.compare import changed_lines
        from audit_trail.redaction.kernel.scan import scan

        functions = (scan, output_size, assemble, changed_lines)
        return {function.__name__: function for function in functions}
    return kept_code.kept_functions("redaction", SOURCES, _compile)


def _compile() -> Iterable[kept_code.CompiledFunction]:
    from audit_trail import native
    from audit_trail.redaction.kernel import assemble, compare, scan

    for function, arguments in (
        (scan.scan, 5),
        (assemble.output_size, 6),
        (assemble.assemble, 10),
        (compare.changed_lines, 7),
    ):
        yield native.machine_code(function, arguments)


class Scanner:
    """One policy, compiled. Holds nothing that a scan changes."""

    def __init__(self, policy: Policy) -> None:
        self._tables = tables_of(policy)
        self._rules = len(policy.rules)
        self._code = _compiled_code()

    @contextmanager
    def scratch(self) -> Iterator[Scratch]:
        """Fresh memory for one thread's scans."""
        yield Scratch(
            state=numbers("q", kernel.STATE),
            memo=numbers("q", max(self._tables.shape_count, 1) * 2),
            context=numbers("q", len(kernel.FIELDS)),
        )

    def scan(
        self, data: bytes | memoryview, scratch: Scratch, *, pem: tuple[int, int, int]
    ) -> tuple[Spans, tuple[int, int, int]]:
        """All spans in the data, and the private key that is open at its end.

        Args:
            data: Whole records.
            scratch: Written.
            pem: What the data before said about a private key: in how many
                lines it may go on, 1 when the last line was part of it, and
                its column.

        Returns:
            The spans; `pem` for the data that follow.
        """
        scratch.state = numbers("q", kernel.STATE)
        for place, number in zip(_PEM, pem, strict=True):
            scratch.state[place] = number
        ranges = array("q", [0, len(data)])
        spans = self._scan(data, ranges, scratch, room=len(data) // BYTES_A_SPAN + MIN_SPANS)
        lines, body, column = (scratch.state[place] for place in _PEM)
        return spans, (lines, body, column)

    def scan_lines(self, data: bytes | memoryview, lines: array[int], scratch: Scratch) -> Spans:
        """All spans in some lines, each looked at by itself.

        Args:
            data: Whole records.
            lines: Start and end of each (int64).
            scratch: Written.
        """
        scratch.state = numbers("q", kernel.STATE)
        return self._scan(data, lines, scratch, room=MIN_SPANS)

    def _scan(self, data: bytes | memoryview, ranges: array[int], scratch: Scratch, *, room: int) -> Spans:
        state = scratch.state
        scratch.memo = numbers("q", len(scratch.memo), -1)
        spans = numbers("i", room * kernel.SPAN_INTS)
        place, position = 0, -1
        while True:
            state[kernel.ROOM] = len(spans) // kernel.SPAN_INTS
            context = self._context(data, scratch, spans)
            place = self._code["scan"](address(context), address(ranges), len(ranges) // 2, place, position)
            if place >= len(ranges) // 2:
                return Spans(spans, state[kernel.COUNT])
            position = state[kernel.POSITION]
            spans *= 2

    def _context(self, data: bytes | memoryview, scratch: Scratch, spans: array[int]) -> array[int]:
        """All addresses in the order of `kernel.FIELDS`."""
        written = (address(scratch.memo), address(spans), address(scratch.state))
        scratch.context = array("q", (address(data), len(data), *self._tables.addresses, *written))
        return scratch.context

    def assemble(
        self, data: bytes | memoryview, spans: Spans, table: Table
    ) -> tuple[bytes, array[int], dict[int, int]]:
        """The data with its spans replaced; where the lines are that changed; replacements per rule."""
        counts = numbers("q", self._rules)
        places, starts, quote_sizes = (
            address(spans.numbers),
            address(table.starts),
            address(kernel.QUOTE_SIZES),
        )
        size = self._code["output_size"](len(data), places, len(spans), starts, quote_sizes, address(counts))
        # Made here and seen by nobody else yet, so it may be written: the copy
        # that a bytearray would need is a third of all the time.
        out = bytes(size)
        lines = numbers("q", 2 * len(spans))
        count = self._code["assemble"](
            address(data), len(data), places, len(spans), starts, address(table.text),
            address(kernel.QUOTE_BYTES), quote_sizes, address(out), address(lines),
        )  # fmt: skip
        return out, lines[: 2 * count], {rule: found for rule, found in enumerate(counts) if found}

    def changed_lines(self, before: bytes | memoryview, after: bytes, spans: Spans) -> array[int] | None:
        """Where the lines are that differ, told from the bytes alone.

        Args:
            before: Whole records.
            after: What became of them.
            spans: What was found in them.

        Returns:
            Start and end of each in `after` (int64); None where a line is the same in which something
            was found, another one differs, or there are more or fewer lines.
        """
        lines = numbers("q", 2 * len(spans))
        count = self._code["changed_lines"](
            address(before), len(before), address(after), len(after),
            address(spans.numbers), len(spans), address(lines),
        )  # fmt: skip
        return None if count < 0 else lines[: 2 * count]
