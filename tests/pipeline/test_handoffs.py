"""What a stage makes of what it was handed."""

from __future__ import annotations

import pytest

from audit_trail.errors import IntegrityError
from audit_trail.pipeline.handoffs import RawSegment

RAW = {"number": 0, "source": "app", "suffix": "log", "bytes": 4, "records": 1, "sha256": "ab" * 32}


def test_what_the_stage_before_returns_is_taken() -> None:
    raw = RawSegment.receive(RAW)
    assert (raw.to_json(), RawSegment.receive(raw)) == (RAW, raw)


def test_of_nothing_it_says_how_that_comes_about() -> None:
    """As Airflow hands on for a task that was marked as a success."""
    with pytest.raises(IntegrityError, match="handed nothing") as caught:
        RawSegment.receive(None)
    assert caught.value.where == "RawSegment"
    assert "marked as a success and did not run" in caught.value.remedy


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (RAW | {"records": -1}, "RawSegment.records"),
        (RAW | {"other": 1}, "RawSegment.other"),
        ([], "RawSegment."),
        ("", "RawSegment."),
    ],
    ids=range(4),
)
def test_anything_else_is_refused_by_name(wrong: object, where: str) -> None:
    with pytest.raises(IntegrityError, match="handed something else") as caught:
        RawSegment.receive(wrong)
    assert caught.value.where == where
