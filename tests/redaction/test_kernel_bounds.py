"""The compiled scanner beside its own source run as Python: same answers, within bounds, linear work."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from benchmarks.redaction.hostile import HOSTILE
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.redaction.interpreted_kernel import KEY, POLICIES, InterpretedKernel, answer
from tests.redaction.log_bytes import BEGIN_KEY, END_KEY, KEY_BYTES, LOG_BYTES, PEM_LINE

from audit_trail.redaction import Redactor

SIZE = 2048
MOST_GROWTH = 1.2
MOST_READS_PER_BYTE = 1500
"""Of an ordinary record there are 10 to 20; a look ahead from every byte has a fixed limit."""


@pytest.fixture(scope="module")
def interpreted() -> Iterator[InterpretedKernel]:
    kernel = InterpretedKernel()
    yield kernel
    kernel.close()


@pytest.fixture(scope="module")
def redactors() -> dict[str, Redactor]:
    return {name: Redactor(policy, pseudonym_key=KEY) for name, policy in POLICIES.items()}


@settings(deadline=None, max_examples=400)
@given(data=st.one_of(LOG_BYTES, KEY_BYTES), policy=st.sampled_from(sorted(POLICIES)))
@example(data=f"{PEM_LINE}\n{END_KEY}\n".encode(), policy="nothing")
@example(data=f"{BEGIN_KEY}\n{PEM_LINE}\n".encode(), policy="actions")
@example(data=b"\\", policy="default")
@example(data=b"[REDACTED:", policy="default")
@example(data=b"eyJhbGciOiJI.eyJ", policy="default")
@example(data=b"KEEP-1234 DROP-1234 password=x token=abcdefghijklmno", policy="actions")
def test_compiled_and_interpreted_code_agree_and_stay_in_bounds(
    interpreted: InterpretedKernel, redactors: dict[str, Redactor], data: bytes, policy: str
) -> None:
    found = interpreted.redact(data, policy)
    del found["reads"]
    assert found == answer(redactors[policy], data)


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_the_work_grows_with_the_bytes_and_no_faster(interpreted: InterpretedKernel, name: str) -> None:
    """Counted, not timed: bytes read for each byte of input, at one size and at four times that."""
    shorter, longer = (
        interpreted.redact(HOSTILE[name].build(size))["reads"] / size for size in (SIZE, 4 * SIZE)
    )
    assert longer <= min(MOST_GROWTH * shorter, MOST_READS_PER_BYTE)
