"""Finding a record by its event id, by its line in a source file, or by its place."""

from __future__ import annotations

import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.verification.memory_archive import MemoryArchive, SourceFile

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence.segment import SegmentContent
from audit_trail.journal.event_id import _format
from audit_trail.verification.record_lookup import Absent, RecordLookup, RecordPlace

DAY, NEXT, FAR = "2026-01-05", "2026-01-06", "2026-01-08"
URI = "file:///logs/app.log"


def event_id(day: str, random: int = 1, *, hour: int = 12) -> str:
    """An id as AuditLogger made it on that day."""
    year, month, number = (int(part) for part in day.split("-"))
    moment = datetime(year, month, number, hour, tzinfo=UTC)
    return _format(int(moment.timestamp() * 1000), random)


def line(**fields: Any) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def lookup(archive: MemoryArchive) -> RecordLookup:
    return RecordLookup(archive.store, archive.view, lambda *_: None)


def record_at(archive: MemoryArchive, place: RecordPlace | Absent) -> bytes:
    """The bytes that a place names."""
    assert isinstance(place, RecordPlace), place
    content = SegmentContent(
        archive.store.stream(place.sealed.key, place.sealed.version_id),
        max_content_bytes=place.segment.content_bytes,
        where="x",
    )
    return b"".join(content.line_blocks()).split(b"\n")[place.index]


def searched(place: RecordPlace | Absent) -> str:
    assert isinstance(place, Absent)
    return place.searched


class TestByEventId:
    @pytest.mark.parametrize("random", range(7))
    def test_the_record_that_has_it(self, fresh: MemoryArchive, random: int) -> None:
        records = [line(event_id=event_id(DAY, number), n=number) for number in range(7)]
        fresh.seal(DAY, b"plain\n" + b"".join(records[:3]), b"".join(records[3:]))
        found = lookup(fresh).by_event_id(event_id(DAY, random), day=None)
        assert record_at(fresh, found) + b"\n" == records[random]

    @pytest.mark.parametrize("sealed_on", ["2026-01-04", DAY, NEXT])
    def test_the_day_of_the_id_and_the_ones_beside_it_are_read_first(
        self, fresh: MemoryArchive, sealed_on: str
    ) -> None:
        wanted = event_id(DAY)
        fresh.seal("2026-01-01", b"x\n")
        fresh.seal(sealed_on, line(event_id=wanted))
        found = lookup(fresh)
        fresh.store.unreadable.add(fresh.view.seals[0].objects[0].key)
        assert record_at(fresh, found.by_event_id(wanted, day=None)) == line(event_id=wanted)[:-1]

    def test_a_record_logged_with_an_id_of_another_day(self, fresh: MemoryArchive) -> None:
        wanted = event_id(DAY)
        fresh.seal(DAY, b"x\n")
        fresh.seal(FAR, line(event_id=wanted))
        assert record_at(fresh, lookup(fresh).by_event_id(wanted, day=None)) == line(event_id=wanted)[:-1]

    def test_no_other_day_is_read_than_the_one_that_is_named(self, fresh: MemoryArchive) -> None:
        wanted = event_id(DAY)
        fresh.seal(FAR, line(event_id=wanted))
        fresh.seal(DAY, b"x\n")
        assert isinstance(lookup(fresh).by_event_id(wanted, day=FAR), RecordPlace)
        assert searched(lookup(fresh).by_event_id(wanted, day=DAY)) == DAY
        assert searched(lookup(fresh).by_event_id(wanted, day="2026-02-01")) == "no sealed day"
        assert (
            searched(lookup(fresh).by_event_id(event_id(DAY, 9), day=None))
            == f"2 sealed days, {DAY} to {FAR}"
        )

    @pytest.mark.parametrize("other", ["order-17", "9b2f4c1e-8a40-4d5e-9d43-0f2f8b2f6a11", 'ä"b'])
    def test_any_other_id_is_looked_for_in_all_days(self, fresh: MemoryArchive, other: str) -> None:
        fresh.seal(DAY, b"x\n")
        for escaped in (True, False):
            record = json.dumps({"event_id": other, "escaped": escaped}, ensure_ascii=escaped).encode()
            fresh.seal(FAR, record + b"\n")
            assert record_at(fresh, lookup(fresh).by_event_id(other, day=None)) == record
            fresh = MemoryArchive(keys=fresh.keys)

    def test_only_a_field_of_that_name_at_the_top_counts(self, fresh: MemoryArchive) -> None:
        wanted = event_id(DAY)
        decoys = [
            wanted.encode() + b"\n",
            line(id=wanted),
            line(details={"event_id": wanted}),
            line(event_id=[wanted]),
            line(event_id=wanted + "0"),
            json.dumps([{"event_id": wanted}]).encode() + b"\n",
            b'{"event_id": "' + wanted.encode() + b'"\n',
            b"[" * 20_000 + wanted.encode() + b"\n",
        ]
        fresh.seal(DAY, b"".join(decoys))
        assert isinstance(lookup(fresh).by_event_id(wanted, day=None), Absent)
        fresh.seal(DAY, b"".join(decoys) + line(event_id=wanted, found=True))
        assert b"found" in record_at(fresh, lookup(fresh).by_event_id(wanted, day=None))

    def test_what_is_not_in_changed_bytes_is_not_said(self, fresh: MemoryArchive) -> None:
        import zstandard

        fresh.seal(DAY, line(event_id=event_id(DAY)))
        emptied = zstandard.ZstdCompressor().compress(line(event_id=event_id(NEXT)))
        fresh.store.change_bytes(fresh.view.seals[0].objects[0].key, emptied)
        with pytest.raises(IntegrityError, match="cannot be said"):
            lookup(fresh).by_event_id(event_id(DAY), day=None)

    def test_what_cannot_be_read_is_not_absent(self, fresh: MemoryArchive) -> None:
        fresh.seal(DAY, b"x\n")
        fresh.store.unreadable.add(fresh.view.seals[0].objects[0].key)
        with pytest.raises(StorageError):
            lookup(fresh).by_event_id(event_id(DAY), day=None)

    def test_progress_ends_at_the_total(self, fresh: MemoryArchive) -> None:
        fresh.seal(DAY, b"a\n" * 100, b"b\n" * 50)
        fresh.seal(NEXT, b"c\n")
        shown: list[tuple[str, int, int]] = []
        found = RecordLookup(fresh.store, fresh.view, lambda *call: shown.append(call))
        found.by_event_id("other", day=None)
        assert [call[1:] for call in shown if call[0] == "search"] == [(200, 302), (300, 302), (302, 302)]

    def test_memory_does_not_grow_with_the_segment(self, fresh: MemoryArchive) -> None:
        fresh.seal(DAY, b"".join(line(event_id="no", n=number) for number in range(400_000)))
        found = lookup(fresh)
        seal = fresh.view.seals[0]
        stored = fresh.store.read(seal.objects[0].key, max_bytes=1 << 30)
        # Not in pieces of seven bytes, which would take minutes.
        fresh.store.stream = lambda *_: iter([stored])  # type: ignore[method-assign]
        tracemalloc.start()
        assert isinstance(found.by_event_id("other", day=DAY), Absent)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seal.totals.content_bytes > 10_000_000
        assert peak < 6_000_000


class TestByLine:
    def seal(self, archive: MemoryArchive, *pieces: bytes, day: str = DAY) -> None:
        """Seal a file revision by revision, as it grew."""
        data = b""
        for piece in pieces:
            archive.seal(day, files=(SourceFile(uri=URI, data=data + piece, start=len(data)),))
            data += piece

    @pytest.mark.parametrize("number", range(1, 7))
    def test_lines_count_through_all_revisions(self, fresh: MemoryArchive, number: int) -> None:
        self.seal(fresh, b"1\n2\n3\n", b"4\n", b"5\n6")
        assert record_at(fresh, lookup(fresh).by_line(URI, number, day=None)) == b"%d" % number

    def test_a_line_beyond_the_last(self, fresh: MemoryArchive) -> None:
        self.seal(fresh, b"1\n2\n", b"3\n")
        assert searched(lookup(fresh).by_line(URI, 4, day=None)) == f"the 3 lines of {URI}"

    def test_a_file_that_had_no_record_at_first(self, fresh: MemoryArchive) -> None:
        self.seal(fresh, b"", b"1\n2\n")
        assert record_at(fresh, lookup(fresh).by_line(URI, 2, day=None)) == b"2"

    def test_a_line_sealed_in_two_pieces_is_two_records(self, fresh: MemoryArchive) -> None:
        self.seal(fresh, b"1\n2-be", b"gun\n3\n")
        assert record_at(fresh, lookup(fresh).by_line(URI, 3, day=None)) == b"3"
        with pytest.raises(ConfigurationError, match="more than one record") as caught:
            lookup(fresh).by_line(URI, 2, day=None)
        keys = [seal.objects[0].key for seal in fresh.view.seals]
        assert caught.value.found == f"--segment {keys[0]} --record 2; --segment {keys[1]} --record 1"

    def test_a_path_names_the_local_file(
        self, fresh: MemoryArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fresh.seal(DAY, files=(SourceFile(uri=f"file://{tmp_path}/a b%20.log", data=b"1\n2\n"),))
        monkeypatch.chdir(tmp_path)
        for name in ("a b%20.log", "./a b%20.log", f"{tmp_path}/a b%20.log", f"file://{tmp_path}/a b%20.log"):
            assert record_at(fresh, lookup(fresh).by_line(name, 2, day=None)) == b"2"

    def test_of_several_files_in_one_segment(self, fresh: MemoryArchive) -> None:
        files = (
            SourceFile(uri="s3://logs/a", data=b"a1\na2\n"),
            SourceFile(uri="s3://logs/b", data=b"b1\nb2\n"),
        )
        fresh.seal(DAY, files=files)
        assert record_at(fresh, lookup(fresh).by_line("s3://logs/b", 1, day=None)) == b"b1"

    def test_an_unknown_file(self, fresh: MemoryArchive) -> None:
        self.seal(fresh, b"1\n")
        for name in (URI + "x", "/logs/app", "app.log"):
            assert searched(lookup(fresh).by_line(name, 1, day=None)) == DAY

    def test_sealed_for_two_days_the_day_must_be_named(self, fresh: MemoryArchive) -> None:
        self.seal(fresh, b"1\n2\n")
        self.seal(fresh, b"one\ntwo\n", day=NEXT)
        with pytest.raises(ConfigurationError, match="more than once") as caught:
            lookup(fresh).by_line(URI, 2, day=None)
        assert caught.value.found == f"{DAY} by source app, {NEXT} by source app"
        assert record_at(fresh, lookup(fresh).by_line(URI, 2, day=NEXT)) == b"two"

    def test_ranges_that_do_not_join_up(self, fresh: MemoryArchive) -> None:
        self.seal(fresh, b"1\n2\n")
        fresh.seal(DAY, files=(SourceFile(uri=URI, data=b"1\n2\n3\n4\n", start=6),))
        with pytest.raises(IntegrityError, match="join up"):
            lookup(fresh).by_line(URI, 1, day=None)


class TestByPlace:
    def test_any_record_of_any_segment(self, archive: MemoryArchive) -> None:
        for seal, number, record, expected in (
            (0, 0, 3, b"three"),
            (0, 1, 1, b"four"),
            (2, 0, 2, b"eight"),
        ):
            key = archive.view.seals[seal].objects[number].key
            assert record_at(archive, lookup(archive).by_place(key, record)) == expected

    def test_what_is_not_there(self, archive: MemoryArchive) -> None:
        key = archive.view.seals[0].objects[0].key
        assert searched(lookup(archive).by_place(key, 4)) == f"the 3 records of {key}"
        assert searched(lookup(archive).by_place(key + "x", 1)).startswith("3 sealed days")
        assert searched(lookup(archive).by_place(key, 1, day=NEXT)) == NEXT
