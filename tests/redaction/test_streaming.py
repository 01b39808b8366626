"""A stream, however it is cut, gives what all of it at once gives, and is never held whole."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.redaction.log_bytes import BEGIN_KEY, END_KEY, KEY_BYTES, LOG_BYTES, PEM_LINE

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import Redactor
from audit_trail.redaction.record_blocks import record_pieces, whole_records
from audit_trail.redaction.rest_of_key import begins_with_rest_of_key, with_decided_beginning

REST_OF_A_KEY = f"{PEM_LINE}\n{PEM_LINE}\n{END_KEY}\npassword=x\n{PEM_LINE}\n{END_KEY}\n".encode()


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@settings(deadline=None, max_examples=300)
@given(data=st.one_of(LOG_BYTES, KEY_BYTES), cuts=st.lists(st.integers(0, 200), max_size=6))
@example(data=REST_OF_A_KEY, cuts=[1, 66, 67, 140])
@example(data=f"INFO {BEGIN_KEY}\nINFO {PEM_LINE}\nINFO {END_KEY}\n".encode(), cuts=[40, 100])
@example(data=b"\n\n\n", cuts=[1, 1, 2])
def test_a_stream_cut_anywhere_gives_the_same(redactor: Redactor, data: bytes, cuts: list[int]) -> None:
    borders = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    blocks = [data[start:end] for start, end in pairwise(borders)]
    parts = list(redactor.redact_blocks(blocks))
    whole = redactor.redact(data)
    assert b"".join(part.data for part in parts) == whole.data
    counts: dict[str, int] = {}
    for part in parts:
        for rule, count in part.counts.items():
            counts[rule] = counts.get(rule, 0) + count
    assert counts == whole.counts


@settings(deadline=None)
@given(
    data=st.lists(st.sampled_from([b"a", b"\n", b"bc\n", b"defg", b""]), max_size=20),
    piece=st.integers(1, 8),
)
def test_pieces_are_all_the_bytes_and_end_at_newlines(data: list[bytes], piece: int) -> None:
    pieces = [bytes(part) for part in whole_records(with_decided_beginning(data), piece)]
    assert b"".join(pieces) == b"".join(data)
    assert all(part.endswith(b"\n") for part in pieces[:-1])
    assert all(part for part in pieces)
    assert all(len(part) <= piece or part.count(b"\n") <= 1 for part in pieces)


@pytest.mark.parametrize(
    "line", [b"password=x\n", b"INFO started\n", PEM_LINE.encode() + b" \n", b"a" * 81, b"short\n"]
)
def test_a_line_of_a_log_is_not_waited_behind(line: bytes) -> None:
    """`tail -f` shows each record when it is written."""
    assert next(with_decided_beginning(iter([line, b"never asked for"]))) == line


@pytest.mark.parametrize("block_bytes", [1, 7, 64, 1000])
def test_the_rest_of_a_key_is_held_until_its_end(block_bytes: int) -> None:
    data = f"{PEM_LINE}\r\n" * 400 + f"{END_KEY}\n"
    blocks = (data.encode()[start : start + block_bytes] for start in range(0, len(data), block_bytes))
    assert begins_with_rest_of_key(next(with_decided_beginning(blocks)))


@pytest.mark.parametrize(
    "record", [b"password=x and more\n", b"bob@example.com 4111111111111111\n", b"nothing at all\n"]
)
def test_a_stream_is_never_held_whole(redactor: Redactor, record: bytes) -> None:
    """One block that is being read, one that is in work, and what is made of a piece of it."""
    block_bytes = 4 << 20

    def blocks() -> Iterator[bytes]:
        for _ in range(10):
            yield record * (block_bytes // len(record))

    redactor.redact(record)
    tracemalloc.start()
    try:
        records = sum(part.data.count(b"\n") for part in redactor.redact_blocks(blocks()))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert records == 10 * (block_bytes // len(record))
    assert peak <= 3 * block_bytes


def test_a_record_without_an_end_is_an_error_that_says_what_to_do() -> None:
    assert list(record_pieces(b"ab\ncd\ne", 3)) == [b"ab\n", b"cd\n", b"e"]
    with pytest.raises(ConfigurationError, match="too long") as caught:
        list(record_pieces(b"ab\ncdef\n", 3))
    assert caught.value.remedy
