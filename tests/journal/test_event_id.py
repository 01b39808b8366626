"""Event ids are UUIDv7 and only grow."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, date, datetime

import pytest

from audit_trail.journal.event_id import EventIds, day_of_event_id, new_event_id


def test_an_id_is_an_rfc_9562_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(new_event_id())
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 >= before


def test_ids_grow_within_a_millisecond_and_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = EventIds()
    times = iter([5_000_000_000, 5_000_000_000, 4_000_000_000, 3_000_000_000, 6_000_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(times))
    made = [ids.next_id() for _ in range(5)]
    assert made == sorted(set(made))


def test_ids_grow_when_the_random_part_overflows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 5_000_000_000)
    ids = EventIds()
    first = ids.next_id()
    ids._random = (1 << 74) - 1
    assert ids.next_id() > first


def test_threads_never_get_the_same_id() -> None:
    made: list[str] = []

    def take() -> None:
        made.extend(new_event_id() for _ in range(500))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


def test_the_day_is_read_from_an_id() -> None:
    before = datetime.now(UTC).date()
    assert day_of_event_id(new_event_id()) in (before, datetime.now(UTC).date())
    assert day_of_event_id("017F22E2-79B0-7CC3-98C4-DC0C0C07398F") == date(2022, 2, 22), "RFC 9562, A.6"


@pytest.mark.parametrize(
    "other", ["", "order-17", str(uuid.UUID(int=0)), "cf638478-66ed-4b54-8bc7-ab8c582689b0"]
)
def test_any_other_id_has_no_day(other: str) -> None:
    assert day_of_event_id(other) is None


def test_a_day_that_no_calendar_has() -> None:
    assert day_of_event_id("ffffffff-ffff-7fff-bfff-ffffffffffff") is None
