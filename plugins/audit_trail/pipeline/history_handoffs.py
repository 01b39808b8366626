"""What the tasks of a verification in slices hand to each other: requests, slices, and what they found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from audit_trail.evidence.fields import Count, Day, Sha256, Text
from audit_trail.pipeline.handoffs import Handoff
from audit_trail.pipeline.verification_entry import MAX_FAILURES_SEALED

MAX_SLICES = 64
"""Each checks the ledger for itself, and costs a task; more gain little."""
Level = Literal["ledger", "objects", "content"]


class HistoryRequest(Handoff):
    """What is to be verified.

    `sample` segments of the whole history are read, drawn as the daily sample
    is; None: all of the range. It goes with level `content` and no range.
    """

    level: Level = "objects"
    first: Day | None = None
    last: Day | None = None
    sample: Annotated[int, Field(ge=1, le=100_000)] | None = None
    slices: Annotated[int, Field(ge=1, le=MAX_SLICES)] = 8


class HistorySlice(Handoff):
    """A part of a verification: everything that is needed to make it, anywhere.

    `archive` is the ledger with its times, the days and what nobody sealed;
    `days` are the objects of all revisions of the sealed days from `first_day` to `last_day`.
    """

    part: Literal["archive", "days"]
    request: HistoryRequest
    head_sequence: Count
    head_sha256: Sha256
    first_day: Day
    last_day: Day


class FoundCheck(Handoff):
    """A check that did not pass."""

    check: Text
    where: str
    outcome: Literal["FAIL", "UNVERIFIABLE"]
    expected: str = ""
    found: str = ""
    remedy: str = ""
    day: str = ""


class SliceResult(Handoff):
    """What a slice amounts to; of findings the first `MAX_FAILURES_SEALED`."""

    slice: HistorySlice
    passed: Count
    failed: Count
    unverifiable: Count
    findings: Annotated[tuple[FoundCheck, ...], Field(max_length=MAX_FAILURES_SEALED)] = ()
