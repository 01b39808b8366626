"""Exporting some days of an archive: everything is verified as it is copied.

Memory is bounded by one manifest and by what the report says of each day;
segments pass in blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path

from audit_trail.archive.ledger import RawEntry, list_ledger, read_entries
from audit_trail.archive.object_store import ObjectReader, ObjectVersion
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence import canonical
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.manifest import Manifest, Segment
from audit_trail.evidence.object_keys import ledger_sequence
from audit_trail.reporting import pack_layout as layout
from audit_trail.reporting.guide import guide
from audit_trail.reporting.pack_writer import PackWriter
from audit_trail.reporting.report import ReportContent, report_blocks
from audit_trail.reporting.revision_record import RevisionRecord, record_revision
from audit_trail.reporting.templates import script
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import CheckList
from audit_trail.verification.content_checks import check_segment_bytes, load_manifest
from audit_trail.verification.days import DayVerdict, Grace, judge_days
from audit_trail.verification.ledger_walk import LedgerView, walk
from audit_trail.verification.object_checks import check_entry, check_listing, check_object
from audit_trail.verification.range_checks import check_ranges
from audit_trail.verification.time_checks import TimeTrust, check_times
from audit_trail.verification.verifier import Verifier

PACK_VERSION = 1
MAX_TOKEN_BYTES = 64 * 1024
"""A time-stamp token with its certificates is about 6 KB."""

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOrder:
    """Which days, how much of them, and where to.

    Attributes:
        first: The first day.
        last: The last day, itself included.
        output: The zip file to be.
        digests_only: Leave the records out.
        allow_findings: Write the pack even when something is wrong.
    """

    first: date
    last: date
    output: Path
    digests_only: bool = False
    allow_findings: bool = False

    def check(self, now: datetime) -> None:
        """Refuse days that are not over.

        Raises:
            ConfigurationError: They are not, or the range is empty.
        """
        if self.first > self.last:
            raise ConfigurationError(
                "the range is empty",
                where="--from",
                expected=f"a day up to {self.last}",
                found=str(self.first),
            )
        if self.last >= now.date():
            raise ConfigurationError(
                "that day is not over in UTC",
                where="--to",
                expected=f"a day before {now.date()}",
                found=str(self.last),
            )

    @property
    def days(self) -> list[str]:
        """Every day of the range."""
        count = (self.last - self.first).days + 1
        return [(self.first + timedelta(days=number)).isoformat() for number in range(count)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What came of it. `sha256` is the pack's, None when findings kept it from being written."""

    view: LedgerView
    checks: CheckList
    days: list[DayVerdict]
    files: int
    sha256: str | None


def export_pack(
    store: ObjectReader,
    order: ExportOrder,
    *,
    genesis: str,
    remembered: Head | None,
    now: datetime,
    due_hours: int,
    times: TimeTrust | None = None,
    on_progress: Progress = lambda stage, done, total: None,
) -> Exported:
    """Write an auditor's pack.

    The same archive and the same `now` give the same bytes.

    Args:
        store: Only ever read.
        order: What is asked for.
        genesis: The archive's identity, from outside the bucket.
        remembered: The newest head seen before, from outside the bucket.
        now: The moment that the pack says it was made at.
        due_hours: For how many hours objects may wait for their seal.
        times: What is believed of time-stamp tokens; None: they are copied unchecked.
        on_progress: Called with (stage, done, total).

    Raises:
        ConfigurationError: A range or an output file that cannot be.
        IntegrityError: Not even the genesis can be believed.
        StorageError: The store or the disk failed; nothing was written.
    """
    order.check(now)
    with PackWriter(order.output) as pack:
        checks = CheckList()
        view, versions = _believed_ledger(store, genesis, remembered, checks)
        export = _Export(
            store=store, order=order, view=view, checks=checks, pack=pack, on_progress=on_progress
        )
        export.copy_ledger(versions)
        if times is not None:
            check_times(store, view, times, checks, now=now)
        if export.may_go_on:
            export.copy_days(Grace(view=view, now=now, hours=due_hours))
        days = judge_days(view, order.days, checks)
        if not export.may_go_on:
            return Exported(view=view, checks=checks, days=days, files=0, sha256=None)
        export.add_documents(days, now)
        return Exported(view=view, checks=checks, days=days, files=len(pack.files), sha256=pack.finish())


def _believed_ledger(
    store: ObjectReader, genesis: str, remembered: Head | None, checks: CheckList
) -> tuple[LedgerView, list[ObjectVersion]]:
    """The ledger as far as it can be believed, and the entries to copy."""
    verifier = Verifier(store, genesis=genesis, remembered=remembered)
    verifier.checks = checks
    view = verifier.check_ledger()
    versions = list_ledger(store).first_versions
    if view is not None:
        # What was appended since then belongs to the next pack.
        return view, [item for item in versions if (ledger_sequence(item.key) or 0) < len(view.heads)]
    taken = 0

    def counted() -> Iterator[RawEntry]:
        nonlocal taken
        for entry in read_entries(store, versions):
            taken += 1
            yield entry

    try:
        walk(counted(), genesis)
    except IntegrityError:
        # The last one taken is the first that is wrong; without any before it, this raises again.
        view = walk(read_entries(store, versions[: max(taken - 1, 0)] or versions[:1]), genesis)
        return view, list(versions)
    raise StorageError("the ledger changes while it is read", where="ledger/", remedy="try again")


@dataclass(slots=True, kw_only=True)
class _Export:
    store: ObjectReader
    order: ExportOrder
    view: LedgerView
    checks: CheckList
    pack: PackWriter
    on_progress: Progress
    revisions: list[RevisionRecord] = field(default_factory=list)
    seals: list[Seal] = field(default_factory=list)

    @property
    def may_go_on(self) -> bool:
        """Whether nothing is wrong so far, or that was allowed."""
        return self.order.allow_findings or not self.checks.not_passed

    def copy_ledger(self, versions: list[ObjectVersion]) -> None:
        """Copy every entry as it is stored, then the time-stamp tokens."""
        for done, raw in enumerate(read_entries(self.store, versions), 1):
            self.pack.add(layout.packed_key(raw.key), raw.data)
            if raw.sequence < len(self.view.heads):
                expected = self.view.heads[raw.sequence]
                self.checks.compare("ledger.entry", raw.key, expected=expected, found=raw.sha256)
                check_entry(self.view, raw.sequence, self.checks)
            self.on_progress("ledger", done, len(versions))
        numbers = {ledger_sequence(item.key) for item in versions}
        tokens: dict[str, ObjectVersion] = {}
        for version in self.store.list_versions("ledger/"):
            match = layout.TOKEN_KEY.match(version.key)
            if match and int(match[1]) in numbers and not version.is_delete_marker:
                tokens[version.key] = version  # the first that was put: versions come newest first
        for key in sorted(tokens):
            data = self.store.read(key, tokens[key].version_id, max_bytes=MAX_TOKEN_BYTES)
            self.pack.add(layout.packed_key(key), data)

    def copy_days(self, grace: Grace) -> None:
        """Copy manifests and segments of the range, by day and revision."""
        first, last = self.order.first.isoformat(), self.order.last.isoformat()
        self.seals = sorted(
            (seal for seal in self.view.seals if first <= seal.date <= last),
            key=lambda seal: (seal.date, seal.revision),
        )
        done = 0
        for day, seals in groupby(self.seals, key=lambda seal: seal.date):
            revisions = list(seals)
            check_ranges(map(self._copy_seal, revisions), self.checks, day=day)
            done += len(revisions)
            self.on_progress("days", done, len(self.seals))
            if not self.may_go_on:
                return
        if self.seals:
            sealed = [item for seal in self.seals for item in (seal.manifest, *seal.objects)]
            folders = sorted({item.key.rpartition("/")[0] + "/" for item in sealed})
            listed = chain.from_iterable(self.store.list_versions(folder) for folder in folders)
            where = f"the folders of {first} to {last}"
            check_listing(listed, self.seals, self.checks, where=where, grace=grace)

    def _copy_seal(self, seal: Seal) -> Manifest | None:
        data, manifest = load_manifest(self.store, self.view, seal, self.checks)
        if data is not None:
            self.pack.add(layout.packed_key(seal.manifest.key), data)
        segments = {segment.key: segment for segment in manifest.segments} if manifest else {}
        for sealed in seal.objects:
            check_object(self.store, sealed, self.checks, day=seal.date)
            if not self.order.digests_only:
                self._copy_segment(seal, sealed, segments.get(sealed.key))
        self.revisions.append(record_revision(self.view, seal, manifest))
        return manifest

    def _copy_segment(self, seal: Seal, sealed: SealedObject, segment: Segment | None) -> None:
        where = f"{sealed.key} version {sealed.version_id}"
        blocks = self.store.stream(sealed.key, sealed.version_id)
        try:
            first = next(blocks, b"")
        except StorageError as error:
            # Deleted, denied, or in a cold class: the pack says so and goes without it.
            self.checks.add_error("content.readable", error, where=where, day=seal.date)
            return
        name = layout.packed_key(sealed.key)
        with self.pack.writing(name, expected_bytes=sealed.bytes) as write:
            passing = _Passing(chain([first], blocks), write)
            if segment is not None:
                check_segment_bytes(passing, sealed, segment, self.checks, day=seal.date)
            passing.drain()
        if segment is None:
            found = self.pack.files[-1].sha256
            self.checks.compare("content.stored", where, expected=sealed.sha256, found=found, day=seal.date)

    def add_documents(self, days: list[DayVerdict], now: datetime) -> None:
        """Add the keys, the report, how to check it all, and the index."""
        for key in sorted(self.view.history.known().values(), key=layout.key_file):
            self.pack.add(layout.key_file(key), key.public.encode("ascii"))
        content = ReportContent(
            view=self.view,
            checks=self.checks,
            days=days,
            revisions=self.revisions,
            first=self.order.first,
            last=self.order.last,
            digests_only=self.order.digests_only,
            now=now,
        )
        self.pack.add_blocks(layout.REPORT, report_blocks(content))
        self.pack.add(layout.GUIDE, guide(content))
        self.pack.add(layout.SCRIPT, script())
        self.pack.add(layout.INDEX, self._index(now))
        listed = sorted(self.pack.files, key=lambda file: file.name)
        sums = "".join(f"{file.sha256}  {file.name}\n" for file in listed)
        self.pack.add(layout.SUMS, sums.encode())

    def _index(self, now: datetime) -> bytes:
        sealed: Iterable[SealedObject] = (
            item for seal in self.seals for item in (seal.manifest, *seal.objects)
        )
        return canonical.encode(
            {
                "version": PACK_VERSION,
                "archive": self.view.genesis.archive,
                "genesis": self.view.genesis_sha256,
                "head": {"sequence": self.view.head.sequence, "sha256": self.view.head.sha256},
                "range": {"from": self.order.first.isoformat(), "to": self.order.last.isoformat()},
                "segments_included": not self.order.digests_only,
                "exported_at": format_timestamp(now),
                "findings": len(self.checks.not_passed),
                "sealed_versions": [{"key": item.key, "version_id": item.version_id} for item in sealed],
                "files": [
                    {"name": file.name, "sha256": file.sha256, "bytes": file.bytes}
                    for file in sorted(self.pack.files, key=lambda file: file.name)
                ],
            }
        )


class _Passing:
    """Blocks that are written as they are read; a transport that broke is not taken for content."""

    def __init__(self, blocks: Iterable[bytes], write: Callable[[bytes], None]) -> None:
        self._blocks = iter(blocks)
        self._write = write
        self._broken: StorageError | None = None

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            block = next(self._blocks)
            self._write(block)
        except StorageError as error:
            self._broken = error
            raise
        return block

    def drain(self) -> None:
        """Take what the reader had no use for.

        Raises:
            StorageError: The object could not be read to its end, or not written.
        """
        for _ in self:
            pass
        if self._broken is not None:
            raise self._broken
