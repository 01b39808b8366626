"""Segments in parallel: the same segments, errors of the same family, and no thread left behind."""

from __future__ import annotations

import gzip
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

import pytest

from audit_trail.errors import CollectionError, ConfigurationError, IntegrityError
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.sanitize import BLOCK_BYTES, sanitize
from audit_trail.pipeline.segment_work import SegmentWork
from audit_trail.pipeline.staging import raw_name
from audit_trail.redaction import Redaction

if TYPE_CHECKING:
    from audit_trail.pipeline.handoffs import RawSegment
    from audit_trail.pipeline.stage_context import StageContext

    from .conftest import Archive

DAY = "2026-03-14"
FILES = 7
MakeArchive = Callable[..., "Archive"]


@pytest.fixture
def archive(make_archive: MakeArchive) -> Archive:
    """A day of several segments."""
    made = make_archive(segment_target_bytes=1024, workers=3)
    for number in range(FILES):
        lines = (b"%d user=u%d password=hunter%d\n" % (line, number, line) for line in range(100))
        made.log(f"{DAY}-{number}.log", b"".join(lines))
    return made


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("segment")] == []


class SlowRedactor:
    """Changes nothing, and takes its time for each block."""

    policy_sha256 = "0" * 64

    def __init__(self, block_s: float) -> None:
        self._block_s = block_s
        self.begun = threading.Event()

    def redact(self, data: bytes) -> Redaction:
        return Redaction(data=data, counts={})

    def redact_blocks(self, blocks: Iterable[bytes], *, look_again: bool) -> Iterator[Redaction]:
        assert look_again
        for block in blocks:
            self.begun.set()
            time.sleep(self._block_s)
            yield self.redact(block)


def test_they_are_the_ones_that_the_stages_make_one_by_one(archive: Archive) -> None:
    context = archive.context()
    with SegmentWork(context, DAY, workers=3) as work:
        collected = collect(context, DAY, work)
        found = work.results()
    expected = [hash_segment(context, DAY, sanitize(context, DAY, segment)) for segment in collected.segments]
    assert len(expected) == FILES
    assert found == expected


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_statement_does_not_depend_on_the_number_of_workers(archive: Archive, workers: int) -> None:
    alone = archive.settings.model_copy(update={"workers": workers})
    context = archive.context()
    collected = collect(context, DAY)
    expected = [
        hash_segment(context, DAY, sanitize(context, DAY, segment)).key for segment in collected.segments
    ]
    result = AuditTrailProcessor(alone, now=context.now).process_daily_logs(DAY)
    assert [item.key for item in result.signed.objects[:-1]] == expected


def test_what_was_collected_before_is_worked_on_too(archive: Archive) -> None:
    collect(archive.context(), DAY)
    assert archive.processor().process_daily_logs(DAY).sealed.segments == FILES


def test_a_failure_keeps_its_family_and_ends_the_others(archive: Archive) -> None:
    context = archive.context()
    collected = collect(context, DAY)
    (context.staging(DAY).folder / raw_name(4)).write_bytes(b"other\n")
    with (
        SegmentWork(context, DAY, workers=3) as work,
        pytest.raises(IntegrityError, match="changed between two stages"),
    ):
        for segment in collected.segments:
            work.take(segment)
        work.results()
    assert [path for path in archive.staged() if path.name.endswith(".tmp")] == []


def test_a_failed_segment_ends_the_collection_early(archive: Archive) -> None:
    context = archive.context()
    collected = collect(context, DAY)
    (context.staging(DAY).folder / raw_name(0)).write_bytes(b"other\n")
    with SegmentWork(context, DAY, workers=1) as work:
        work.take(collected.segments[0])
        with pytest.raises(IntegrityError):
            for _ in range(1000):
                time.sleep(0.01)
                work.take(collected.segments[1])


def test_a_redactor_that_cannot_be_made_is_a_configuration_error(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(**_: object) -> None:
        raise ConfigurationError("the policy is wrong")

    monkeypatch.setattr("audit_trail.redaction.configured_redactor.configured_redactor", wrong)
    with pytest.raises(ConfigurationError, match="the policy is wrong"):
        archive.processor().process_daily_logs(DAY)


def test_nobody_works_in_staging_after_a_collection_that_failed(archive: Archive) -> None:
    """Whoever gets the lock next clears the folder."""
    archive.log(f"{DAY}-bad.log.gz", gzip.compress(b"x\n" * 1000)[:-9])
    context = archive.context()
    context.redactor = SlowRedactor(0.2)  # type: ignore[assignment]
    stopped_in_time: list[bool] = []
    with SegmentWork(context, DAY, workers=3) as work:
        with pytest.raises(CollectionError):
            collect(context, DAY, work)
        stopped_in_time.append(not [t for t in threading.enumerate() if t.name.startswith("segment")])
    assert stopped_in_time == [True]
    assert [path for path in archive.staged() if path.name.endswith(".tmp")] == []


def test_ctrl_c_stops_at_the_next_block(make_archive: MakeArchive) -> None:
    archive = make_archive()
    archive.log(f"{DAY}.log", b"one record\n" * (20 * BLOCK_BYTES // 11))
    context = archive.context()
    redactor = context.redactor = SlowRedactor(0.2)  # type: ignore[assignment]
    collected = collect(context, DAY)
    begun = 0.0

    def interrupted() -> None:
        nonlocal begun
        with SegmentWork(context, DAY, workers=2) as work:
            work.take(collected.segments[0])
            assert redactor.begun.wait(10)
            begun = time.monotonic()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - begun < 2  # all twenty blocks take 4 s
    assert [path.name for path in archive.staged() if "segment" in path.name] == []


def test_progress_adds_up_over_all_segments(archive: Archive) -> None:
    told: dict[str, list[tuple[int, int]]] = {}
    context = archive.context()
    context.on_progress = lambda stage, done, total: told.setdefault(stage, []).append((done, total))
    processor = AuditTrailProcessor(archive.settings, now=context.now, on_progress=context.on_progress)
    result = processor.process_daily_logs(DAY)
    size = result.collected.input_bytes
    stored = sum(item.bytes for item in result.signed.objects)
    assert told["sanitize"][-1] == told["hash"][-1] == (size, size)
    assert told["upload"][-1] == (stored, stored)
    for steps in told.values():
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_one_worker_for_each_usable_core_unless_set(make_archive: MakeArchive) -> None:
    assert make_archive().context().workers == len(os.sched_getaffinity(0))
    assert make_archive(workers=5).context().workers == 5


def names(segments: Iterable[RawSegment]) -> list[int]:
    return [segment.number for segment in segments]


def test_segments_are_handed_over_in_order_when_they_are_closed(archive: Archive) -> None:
    class Taker:
        def __init__(self, context: StageContext) -> None:
            self.folder = context.staging(DAY).folder
            self.taken: list[RawSegment] = []
            self.whole: list[bool] = []

        def prepare(self) -> None:
            assert not self.taken

        def take(self, segment: RawSegment) -> None:
            self.taken.append(segment)
            self.whole.append((self.folder / raw_name(segment.number)).stat().st_size == segment.bytes)

        def stop(self) -> None:
            raise AssertionError("nothing failed")

    context = archive.context()
    taker = Taker(context)
    collected = collect(context, DAY, taker)
    assert names(taker.taken) == names(collected.segments) == list(range(FILES))
    assert taker.whole == [True] * FILES
