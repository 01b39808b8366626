"""Finding the record that is to be proven: by event id, by line of a source file, or by place.

Whether an id is sealed is answered from sealed bytes only: a segment that was
read whole without finding it must have been the sealed one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.input_records import InputRecord, record_count, segment_record
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.manifest import Input, Manifest, Segment
from audit_trail.evidence.segment import SegmentContent
from audit_trail.journal.event_id import day_of_event_id
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.verifier import WORKERS

OnProgress = Callable[[str, int, int], None]
"""Called with what is read (`manifests`, `search`), how much of it was, and its total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPlace:
    """A record's place in the archive: a segment of a sealed manifest, and an index from 0."""

    seal: Seal
    manifest: Manifest
    number: int
    index: int

    @property
    def segment(self) -> Segment:
        """What the manifest says of the segment."""
        return self.manifest.segments[self.number]

    @property
    def sealed(self) -> SealedObject:
        """The segment in the version that was sealed."""
        return self.seal.objects[self.number]


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """No sealed record is what was asked for, and where it was looked for."""

    what: str
    searched: str


class RecordLookup:
    """Looks records up in an archive whose ledger has been walked.

    Args:
        store: Only ever read.
        view: The ledger.
        on_progress: Shown while it takes long.
    """

    def __init__(self, store: ObjectReader, view: LedgerView, on_progress: OnProgress) -> None:
        self._store = store
        self._view = view
        self._on_progress = on_progress

    def by_place(self, key: str, number: int, *, day: str | None = None) -> RecordPlace | Absent:
        """Record `number`, from 1, of a segment.

        Raises:
            IntegrityError: The manifest is not the sealed one.
            StorageError: It cannot be read.
        """
        seals = self._view.seals_of(day) if day else self._view.seals
        for seal in seals:
            for place, item in enumerate(seal.objects):
                if item.key == key:
                    manifest = read_manifest(self._store, self._view, seal)
                    records = manifest.segments[place].records
                    if number > records:
                        return Absent(what=f"record {number}", searched=f"the {records} records of {key}")
                    return RecordPlace(seal=seal, manifest=manifest, number=place, index=number - 1)
        return Absent(what=f"segment {key}", searched=_days_searched(seals))

    def by_line(self, file: str, line: int, *, day: str | None) -> RecordPlace | Absent:
        """Line `line`, from 1, of a source file that inputs name by its URI, or by its path.

        Lines count through the byte ranges of all revisions of a day: those of the
        file itself, or, where a source selects records by their own time, of the
        selected ones.

        Raises:
            ConfigurationError: The file was sealed for several days or by several
                sources, or the line as two records.
            IntegrityError: A manifest is not a sealed one, or ranges do not join up.
            StorageError: A manifest cannot be read.
        """
        seals = self._view.seals_of(day) if day else self._view.seals
        names = _uris(file)
        streams: dict[tuple[str, str], list[_Range]] = {}
        for seal, manifest in self._manifests(seals):
            for item in manifest.inputs:
                if item.uri in names and record_count(item):
                    found = _Range(seal=seal, manifest=manifest, input=item)
                    streams.setdefault((seal.date, item.source), []).append(found)
        if len(streams) > 1:
            raise ConfigurationError(
                "the file was sealed more than once, each time with lines of its own",
                where=file,
                expected="one day and source",
                found=", ".join(f"{date} by source {source}" for date, source in sorted(streams)[:5]),
                remedy="name its day with --date, or the record's place with --segment and --record",
            )
        if not streams:
            return Absent(what=f"file {file}", searched=_days_searched(seals))
        ((_, ranges),) = streams.items()
        return _line_of(ranges, line, file)

    def by_event_id(self, event_id: str, *, day: str | None) -> RecordPlace | Absent:
        """The first record whose JSON object has this `event_id`.

        An id of AuditLogger says on which day it was made: that day is searched
        first, then the ones beside it, and then, as for any other id, all days.

        Raises:
            IntegrityError: A manifest or segment is not the sealed one.
            StorageError: One cannot be read.
        """
        seals = self._candidates(event_id, day)
        total = sum(seal.totals.content_bytes for seal in seals)
        done = 0
        for seal, manifest in self._manifests(seals):
            for number in _json_first(manifest.segments):
                place = RecordPlace(seal=seal, manifest=manifest, number=number, index=0)
                index = self._search(place, event_id, done, total)
                if index is not None:
                    return replace(place, index=index)
                done += place.segment.content_bytes
        return Absent(what=f"event {event_id}", searched=_days_searched(seals))

    def _candidates(self, event_id: str, day: str | None) -> list[Seal]:
        if day:
            return self._view.seals_of(day)
        made = day_of_event_id(event_id)
        if made is None:
            return self._view.seals
        near = [(made + timedelta(days=offset)).isoformat() for offset in (0, 1, -1)]
        first = [seal for day in near for seal in self._view.seals_of(day)]
        return first + [seal for seal in self._view.seals if seal.date not in near]

    def _search(self, place: RecordPlace, event_id: str, done: int, total: int) -> int | None:
        sealed, segment = place.sealed, place.segment
        where = f"{sealed.key} version {sealed.version_id}"
        content = SegmentContent(
            self._store.stream(sealed.key, sealed.version_id),
            max_content_bytes=segment.content_bytes,
            where=where,
        )
        lines_before = 0
        for block in content.line_blocks():
            line = _line_with(block, event_id)
            if line is not None:
                return lines_before + line
            lines_before += block.count(b"\n")
            self._on_progress("search", done + content.bytes, total)
        found = content.digests(records=0, merkle_root=b"")
        if found.stored_sha256 != sealed.sha256 or found.content_sha256 != segment.content_sha256:
            raise IntegrityError(
                "a segment is not the sealed one, so it cannot be said what is not in it",
                where=where,
                expected=sealed.sha256,
                found=found.stored_sha256,
                remedy="compare with the store's versions and access log",
            )
        return None

    def _manifests(self, seals: Sequence[Seal]) -> Iterator[tuple[Seal, Manifest]]:
        """Read a few at a time, so that years of them are never held at once."""
        with ThreadPoolExecutor(WORKERS) as pool:
            for start in range(0, len(seals), WORKERS):
                few = seals[start : start + WORKERS]
                read = pool.map(lambda seal: read_manifest(self._store, self._view, seal), few)
                yield from zip(few, read, strict=True)
                self._on_progress("manifests", start + len(few), len(seals))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """A byte range of a source file, in the revision that sealed it."""

    seal: Seal
    manifest: Manifest
    input: Input

    def place(self, index: int) -> RecordPlace:
        found = segment_record(self.manifest, InputRecord(input=self.input, index=index))
        return RecordPlace(seal=self.seal, manifest=self.manifest, number=found.segment, index=found.index)


def _line_of(ranges: list[_Range], line: int, file: str) -> RecordPlace | Absent:
    """The record of a line, through ranges that join up from the file's beginning."""
    ranges.sort(key=lambda part: part.input.start)
    places: list[RecordPlace] = []
    lines, end, ended = 0, 0, True
    for part in ranges:
        if part.input.start != end:
            raise IntegrityError(
                "the sealed ranges of a file do not join up",
                where=part.seal.manifest.key,
                expected=f"a range from byte {end} on",
                found=f"[{part.input.start}, {part.input.end}) of {file}",
            )
        # Sealed when its last line was not whole yet: what came later continues that line.
        first = lines + 1 if ended else lines
        if first <= line < first + record_count(part.input):
            places.append(part.place(line - first))
        lines = first + record_count(part.input) - 1
        end, ended = part.input.end, part.input.final_newline
    if len(places) > 1:
        raise ConfigurationError(
            "the line was sealed while it was being written, as more than one record",
            where=f"line {line} of {file}",
            expected="one record",
            found="; ".join(f"--segment {place.segment.key} --record {place.index + 1}" for place in places),
            remedy="prove each of them by its place",
        )
    return places[0] if places else Absent(what=f"line {line}", searched=f"the {lines} lines of {file}")


def _line_with(block: bytes, event_id: str) -> int | None:
    """The first line of a block that is a JSON object with this event id, from 0."""
    found = [_first_with(block, event_id, spelling) for spelling in _spellings(event_id)]
    return min((line for line in found if line is not None), default=None)


def _first_with(block: bytes, event_id: str, spelling: bytes) -> int | None:
    found = block.find(spelling)
    while found >= 0:
        start = block.rfind(b"\n", 0, found) + 1
        end = block.find(b"\n", found)
        end = len(block) if end < 0 else end
        if _event_id_of(block[start:end]) == event_id:
            return block.count(b"\n", 0, start)
        found = block.find(spelling, end)
    return None


def _spellings(event_id: str) -> set[bytes]:
    """How JSON writers spell it, with and without escapes; of AuditLogger's ids there is one."""
    texts = (json.dumps(event_id, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return {text.encode("utf-8", "surrogatepass") for text in texts}


def _event_id_of(record: bytes) -> object:
    try:
        value = json.loads(record)
    except (ValueError, RecursionError):
        return None
    return value.get("event_id") if isinstance(value, dict) else None


def _json_first(segments: Sequence[Segment]) -> list[int]:
    """Segments of JSON lines before the others, which may hold such records too."""
    return sorted(range(len(segments)), key=lambda number: not segments[number].key.endswith(".jsonl.zst"))


def _uris(file: str) -> set[str]:
    """How inputs may name a file: by a URI, or, for a path, by that of the local file."""
    return {file} if "://" in file else {file, f"file://{file}", f"file://{os.path.abspath(file)}"}  # noqa: PTH100


def _days_searched(seals: Sequence[Seal]) -> str:
    days = sorted({seal.date for seal in seals})
    if not days:
        return "no sealed day"
    return days[0] if len(days) == 1 else f"{len(days)} sealed days, {days[0]} to {days[-1]}"
