"""Picking a day's records out of a block of lines, in machine code.

Goes through the lines once and notes the runs of selected ones. Where it is
not sure of a record's time it stops and asks; the answer comes from the reader
by which every case is defined (see `event_time.py`).

Imports numba. Called by `day_scanner.py`, which keeps what is compiled here.
"""

from __future__ import annotations

from typing import Any

from numba import types

from audit_trail.native import bytes_at, compiled, ints_at, longs_at
from audit_trail.sources.day_layout import (
    ANSWER,
    ANSWERED,
    ASKS,
    AT,
    DAY_LENGTH_US,
    DAY_US,
    DONE,
    FIRST_US,
    FOUND,
    FULL,
    KNOWN_END,
    KNOWN_START,
    KNOWN_TIME,
    LAST_US,
    MAX_RUNS,
    NO_TIME,
    RECORD_END,
    RUNS,
    SELECTED_BYTES,
    SELECTING,
    START_BYTES,
    TIME_PARTS,
    TIME_SEEN,
)  # fmt: skip
from audit_trail.sources.json_field_kernel import NOTHING, TEXT_END, TEXT_START, UNSURE, string_field
from audit_trail.sources.time_kernel import cannot_be_time, match_steps, read_time

_NEWLINE = 10
_ASK = NO_TIME + 1
_find_byte: Any = types.ExternalFunction("memchr", types.intp(types.intp, types.int32, types.intp))


@compiled
def scan(
    block: int,
    size: int,
    field: int,
    field_bytes: int,
    steps: int,
    masks: int,
    layout: int,
    state: int,
    runs: int,
) -> int:
    """Go on from `state[AT]`, an offset in the block, which is `size` bytes long.

    Args:
        field: Address of the JSON field's name; the others are addresses, too.
        field_bytes: Its length; negative: the time is found by the steps.
        layout: How many steps, then the steps.

    Returns:
        DONE; ASKS for the time of the record [state[AT], state[RECORD_END]);
        or FULL, where the runs have to be taken away first.
    """
    data, memory, noted = bytes_at(block), longs_at(state), longs_at(runs)
    found, parts = longs_at(state + 8 * FOUND), longs_at(state + 8 * TIME_PARTS)
    if memory[ANSWERED]:
        memory[ANSWERED] = 0
        memory[KNOWN_TIME] = memory[ANSWER]
        _select(memory, noted, memory[AT], memory[RECORD_END], memory[ANSWER])
        memory[AT] = memory[RECORD_END]
    while memory[AT] < size:
        if memory[RUNS] == MAX_RUNS:
            return FULL
        start = memory[AT]
        newline = _find_byte(block + start, _NEWLINE, size - start)
        end = newline - block + 1 if newline else size
        if field_bytes >= 0:
            status = string_field(data, start, end, bytes_at(field), field_bytes, found)
        else:
            status = match_steps(data, start, end, ints_at(steps), bytes_at(masks), found)
        time = _time_of(data, status, ints_at(layout), memory, found, parts)
        memory[RECORD_END] = end
        if time == _ASK:
            return ASKS
        _select(memory, noted, start, end, time)
        memory[AT] = end
    return DONE


@compiled
def _time_of(data: Any, status: int, layout: Any, memory: Any, found: Any, parts: Any) -> Any:
    """A record's time in microseconds, NO_TIME where it surely has none, or _ASK."""
    if status == NOTHING:
        return NO_TIME
    if status == UNSURE:
        memory[KNOWN_END] = 0
        return _ASK
    start, end = found[TEXT_START], found[TEXT_END]
    if _is_known(data, start, end, memory):
        return memory[KNOWN_TIME]
    if cannot_be_time(data, start, end, layout[1]):
        return NO_TIME
    time = read_time(data, start, end, layout, parts)
    memory[KNOWN_START], memory[KNOWN_END], memory[KNOWN_TIME] = start, end, time
    return time if time != NO_TIME else _ASK


@compiled
def _is_known(data: Any, start: int, end: int, memory: Any) -> bool:
    known = memory[KNOWN_START]
    if end - start != memory[KNOWN_END] - known or start == end:
        return False
    for offset in range(end - start):
        if data[start + offset] != data[known + offset]:
            return False
    return True


@compiled
def _select(memory: Any, noted: Any, start: int, end: int, time: int) -> None:
    if time != NO_TIME:
        memory[TIME_SEEN] = 1
        memory[SELECTING] = 1 if 0 <= time - memory[DAY_US] < DAY_LENGTH_US else 0
    if not memory[SELECTING]:
        return
    if time != NO_TIME and memory[SELECTED_BYTES] >= memory[START_BYTES]:
        memory[FIRST_US] = min(memory[FIRST_US], time)
        memory[LAST_US] = max(memory[LAST_US], time)
    memory[SELECTED_BYTES] += end - start
    last = 2 * memory[RUNS] - 1
    if last > 0 and noted[last] == start:
        noted[last] = end
    else:
        noted[last + 1], noted[last + 2] = start, end
        memory[RUNS] += 1
