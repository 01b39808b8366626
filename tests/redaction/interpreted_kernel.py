"""The scanner as plain Python, over memory that checks every index and counts what is read.

Compiled code reads and writes wherever its arithmetic points. With
NUMBA_DISABLE_JIT=1 the same functions run interpreted; here they get buffers
in the place of addresses. Since numba must not have compiled anything in that
process, it is a child's work: one JSON request a line in, one answer a line out.
"""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audit_trail.memory import address
from audit_trail.redaction import Policy, Redactor, Rule, default_policy
from audit_trail.redaction.tables import Tables

PLUGINS = Path(__file__).parents[2] / "plugins"
KEY = b"0123456789abcdef"
POLICIES = {
    "default": default_policy(),
    "nothing": Policy(rules=()),
    "actions": Policy(
        rules=(
            Rule(name="keep", shapes=("KEEP-[0-9]{4}",), action="keep"),
            Rule(name="drop", keys=("password", "pin"), shapes=("DROP-[0-9]{4}",), action="drop-value"),
            Rule(name="part", keys=("token",), weak_keys=("pass",), detectors=("email",), action="partial"),
            Rule(
                name="same", keys=("user",), parameters=("sig",), detectors=("phone",), action="pseudonymize"
            ),
            Rule(name="word", shapes=("[a-f]{6}-[0-9]{2,9}",)),
        ),
    ),
}
Span = tuple[int, int, str, str]
_ITEMS = {1: ctypes.c_uint8, 4: ctypes.c_int32, 8: ctypes.c_int64}


class InterpretedKernel:
    """A child process that answers what the interpreted scanner makes of some bytes."""

    def __init__(self) -> None:
        self._child = subprocess.Popen(
            [sys.executable, __file__],
            env={"PYTHONPATH": f"{PLUGINS}:{PLUGINS.parent}", "NUMBA_DISABLE_JIT": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def redact(self, data: bytes, policy: str = "default", *, windows: bool = True) -> dict[str, Any]:
        """What `answer` says.

        Args:
            data: To be redacted.
            policy: One of `POLICIES`.
            windows: Skip what a window of 64 bytes says may be skipped; without, every byte is judged.

        Raises:
            AssertionError: The scanner read or wrote out of bounds, or failed otherwise.
        """
        return self._ask(data, {"data": data.hex(), "policy": policy, "windows": windows})

    def compared(self, before: bytes, after: bytes, places: Sequence[Sequence[int]]) -> Any:
        """What `compared` says."""
        request = {"before": before.hex(), "after": after.hex(), "places": list(places)}
        return self._ask(before, request)["lines"]

    def _ask(self, data: bytes, request: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin and self._child.stdout
        self._child.stdin.write(json.dumps(request) + "\n")
        self._child.stdin.flush()
        reply: dict[str, Any] = json.loads(
            self._child.stdout.readline() or '{"error": "the child has ended"}'
        )
        if "error" in reply:
            raise AssertionError(f"{data!r}: {reply['error']}")
        return reply

    def close(self) -> None:
        """End the child."""
        self._child.communicate()


def answer(redactor: Redactor, data: bytes) -> dict[str, Any]:
    """Everything that a scan of the data leads to, in words of JSON."""
    result = redactor.redact(data)
    return {
        "data": result.data.hex(),
        "counts": dict(result.counts),
        "spans": [
            [found.start, found.end, found.rule, found.replacement.hex()] for found in redactor.find(data)
        ],
    }


def compared(before: bytes, after: bytes, places: Sequence[Sequence[int]]) -> list[list[int]] | None:
    """What `Scanner.changed_lines` says where something was found at some places, as pairs."""
    from audit_trail.redaction.scanner import Scanner, Spans

    flat = [number for start, end in places for number in (start, end, 0, 0, 0)]
    spans = Spans(array("i", flat), len(places))
    lines = Scanner(POLICIES["nothing"]).changed_lines(before, after, spans)
    return None if lines is None else [list(pair) for pair in zip(lines[::2], lines[1::2], strict=True)]


class CheckedBuffer:
    """Some memory as numbers; an index outside of it, or a number that does not fit, is an error."""

    __slots__ = ("_items", "_most", "_size", "reads")

    def __init__(self, address: int, size: int, item_bytes: int) -> None:
        self._items = (_ITEMS[item_bytes] * size).from_address(address)
        self._size = size
        self._most = 256 if item_bytes == 1 else 1 << (8 * item_bytes - 1)
        self.reads = 0

    def __getitem__(self, index: int) -> int:
        if not 0 <= index < self._size:
            raise IndexError(f"read at {index} of {self._size}")
        self.reads += 1
        return self._items[index]

    def __setitem__(self, index: int, value: int) -> None:
        if not 0 <= index < self._size:
            raise IndexError(f"write at {index} of {self._size}")
        if not (0 if self._most == 256 else -self._most) <= value < self._most:
            raise OverflowError(f"write of {value}")
        self._items[index] = value


class Memory:
    """All buffers by their address, so that what is no buffer's beginning is no address."""

    def __init__(self) -> None:
        self._buffers: dict[int, CheckedBuffer] = {}
        self._tables: dict[int, CheckedBuffer] = {}
        self.reads = 0

    def keep(self, tables: Tables) -> None:
        """Know a policy's tables, which live as long as this."""
        for place, (count, item_bytes) in zip(tables.addresses, tables.sizes, strict=True):
            self._tables[place] = CheckedBuffer(place, count, item_bytes)

    def address(self, buffer: Any) -> int:
        """In the place of `scanner.address`: the same number, and what lies there is known from now on."""
        place = address(buffer)
        before = self._buffers.get(place)
        self.reads += before.reads if before else 0
        item_bytes = buffer.itemsize if isinstance(buffer, array) else 1
        self._buffers[place] = CheckedBuffer(place, len(buffer), item_bytes)
        return place

    def at(self, address: int) -> CheckedBuffer:
        """In the place of `bytes_at`, `ints_at` and `longs_at`."""
        return self._buffers[address] if address in self._buffers else self._tables[address]

    def forget(self) -> int:
        """Drop what does not last; how many items were read of all since the last time."""
        buffers = [*self._buffers.values(), *self._tables.values()]
        reads = self.reads + sum(buffer.reads for buffer in buffers)
        self._buffers, self.reads = {}, 0
        for buffer in self._tables.values():
            buffer.reads = 0
        return reads


def _text_class(memory: Memory, fields: dict[str, Any], size_place: int) -> Any:
    class Text:
        """In the place of `text.text_at`: the row of addresses as attributes; its size may change."""

        __slots__ = (*(name for name in fields if name != "size"), "row")

        def __init__(self, context: int) -> None:
            self.row = memory.at(context)
            for place, name in enumerate(fields):
                if name != "size":
                    setattr(self, name, memory.at(self.row[place]))

        @property
        def size(self) -> int:
            return self.row[size_place]

    return Text


def _copy_bytes(target: CheckedBuffer, place: int, source: CheckedBuffer, start: int, count: int) -> int:
    """In the place of `native.copy_bytes`."""
    if count < 0:
        raise IndexError(f"copy of {count} bytes")
    for i in range(count):
        target[place + i] = source[start + i]
    return place + count


def _lowest_bit(bits: int) -> int:
    """In the place of `native.lowest_bit`."""
    return (bits & -bits).bit_length() - 1


def _highest_bit(bits: int) -> int:
    """In the place of `native.highest_bit`."""
    return (bits & (1 << 64) - 1).bit_length() - 1


def _byte_mask(data: CheckedBuffer, place: int, low: int, span: int, fold: int, shift: int) -> int:
    """In the place of `native.byte_mask`."""
    found = sum(1 << k for k in range(64) if (((data[place + k] | fold) - low) & 255) <= span) >> shift
    return found - (1 << 64) if found >> 63 else found


def _equal_mask(data: CheckedBuffer, place: int, other: CheckedBuffer, other_place: int) -> int:
    """In the place of `native.equal_mask`."""
    found = sum(1 << k for k in range(64) if data[place + k] == other[other_place + k])
    return found - (1 << 64) if found >> 63 else found


def _loader(size: int) -> Any:
    def load(data: CheckedBuffer, place: int) -> int:
        """In the place of `native.four_bytes` and `native.eight_bytes`."""
        number = int.from_bytes(bytes(data[place + k] for k in range(size)), "little")
        return number - (1 << 64) if number >> 63 else number

    return load


def checked_memory() -> Memory:
    """Make the scanner of this process, which must be interpreted, use checked memory from now on."""
    import numba

    from audit_trail.redaction import scanner
    from audit_trail.redaction.kernel import assemble, compare, scan, text, window

    assert numba.config.DISABLE_JIT
    memory = Memory()
    tables_of = scanner.tables_of

    def known_tables_of(policy: Policy) -> Any:
        tables = tables_of(policy)
        memory.keep(tables)
        return tables

    vars(scanner).update(address=memory.address, tables_of=known_tables_of)
    vars(scan).update(text_at=_text_class(memory, text.FIELDS, text.SIZE_PLACE), longs_at=memory.at)
    for module in (window, text, assemble):
        vars(module).update(byte_mask=_byte_mask, lowest_bit=_lowest_bit, highest_bit=_highest_bit)
    vars(window).update(four_bytes=_loader(4))
    vars(text).update(eight_bytes=_loader(8))
    vars(scan).update(lowest_bit=_lowest_bit)
    vars(assemble).update(
        bytes_at=memory.at, ints_at=memory.at, longs_at=memory.at, copy_bytes=_copy_bytes
    )  # fmt: skip
    vars(compare).update(
        bytes_at=memory.at, ints_at=memory.at, longs_at=memory.at,
        equal_mask=_equal_mask, byte_mask=_byte_mask,
        lowest_bit=_lowest_bit, highest_bit=_highest_bit,
    )  # fmt: skip
    return memory


def _walks() -> Any:
    """A function that chooses between windows and every byte, where nothing that windows know is asked."""
    from audit_trail.redaction.kernel import window

    names = ("may_end_key", "may_end_numbered_key")
    known = {"fits": window.fits, **{name: vars(window)[name] for name in names}}
    unknown = {"fits": lambda *_: False, **{name: lambda *_: True for name in names}}

    def choose(*, windows: bool) -> None:
        vars(window).update(known if windows else unknown)

    return choose


def serve() -> None:
    """Answer requests until there are no more."""
    memory = checked_memory()
    redactors = {name: Redactor(policy, pseudonym_key=KEY) for name, policy in POLICIES.items()}
    choose_walk = _walks()
    for line in sys.stdin:
        request = json.loads(line)
        memory.forget()
        try:
            if "before" in request:
                both = bytes.fromhex(request["before"]), bytes.fromhex(request["after"])
                reply = {"lines": compared(*both, request["places"])}
            else:
                choose_walk(windows=request["windows"])
                reply = answer(redactors[request["policy"]], bytes.fromhex(request["data"]))
        except Exception as error:  # noqa: BLE001 - whatever it is, the test has to show it
            reply = {"error": f"{type(error).__name__}: {error} {_place_of(error)}"}
        print(json.dumps({**reply, "reads": memory.forget()}), flush=True)  # noqa: T201 - the answer


def _place_of(error: Exception) -> list[str]:
    trace, names = error.__traceback__, []
    while trace:
        names.append(f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}")
        trace = trace.tb_next
    return names[-6:]


if __name__ == "__main__":
    serve()
