"""Is a task log of Airflow the one whose digest was sealed with the day it ended on?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.manifest import Segment
from audit_trail.evidence.segment import SegmentContent
from audit_trail.settings import TASK_LOGS
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.file_lookup import file_digest
from audit_trail.verification.ledger_walk import LedgerView

LAST_LINE_BYTES = 64 * 1024
_NAME = re.compile(r"(?:.*/)?(dag_id=[^/]+/run_id=[^/]+/task_id=[^/]+/(?:map_index=[0-9]+/)?attempt=[^/]+)\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedTaskLog:
    """The sealed record of a task log, and where it is sealed."""

    path: str
    sha256: str
    bytes: int
    day: str
    revision: int
    sequence: int
    sealed_at: str
    segment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLogCheck:
    """A log file, and the first sealed record of its path, or of its digest."""

    path: str
    sha256: str
    bytes: int
    sealed: SealedTaskLog | None

    @property
    def is_sealed(self) -> bool:
        """Whether exactly these bytes are the sealed ones."""
        return self.sealed is not None and self.sealed.sha256 == self.sha256

    @property
    def sentence(self) -> str:
        """The verdict."""
        if self.sealed is None:
            return "No sealed record names this log: it ended too lately, or elsewhere, or was made up."
        return "These bytes are the sealed ones." if self.is_sealed else "NOT the log that was sealed."

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self) | {"is_sealed": self.is_sealed, "verdict": self.sentence}


def check_task_log(
    store: ObjectReader, view: LedgerView, path: Path, *, day: str | None = None
) -> TaskLogCheck:
    """Compare a log file with its sealed record.

    Looked for is the record of the file's path from `dag_id=` on, and where the
    path does not say it, that of the file's digest: on the day on which the log
    ended and its neighbours first, then on all days. The earliest record counts.

    Args:
        store: Of the archive.
        view: Its walked ledger.
        path: The file.
        day: Look at this day alone.

    Raises:
        ConfigurationError: The file cannot be read.
        IntegrityError: A sealed segment is not what was sealed.
        StorageError: A segment or manifest cannot be read.
    """
    digest, size = file_digest(path)
    match = _NAME.match(path.absolute().as_posix())
    name = match[1] if match else None
    near = [day] if day else _days_near(path)
    found = _first(_records(store, view, _seals(view, near)), name, digest)
    if found is None and day is None:
        rest = [seal for seal in view.seals if seal.date not in near]
        found = _first(_records(store, view, rest), name, digest)
    return TaskLogCheck(path=name or str(path), sha256=digest, bytes=size, sealed=found)


def _first(records: Iterable[SealedTaskLog], name: str | None, digest: str) -> SealedTaskLog | None:
    for record in records:
        if record.path == name if name else record.sha256 == digest:
            return record
    return None


def _seals(view: LedgerView, days: Iterable[str]) -> list[Seal]:
    return [seal for day in days for seal in view.seals_of(day)]


def _days_near(path: Path) -> list[str]:
    """The day of the log's last line, and those around it: a killed task's log is sealed a day later."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - LAST_LINE_BYTES))
            lines = file.read().splitlines()
        last = datetime.fromisoformat(json.loads(lines[-1])["timestamp"]).astimezone(UTC).date()
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return []
    return [(last + timedelta(days=offset)).isoformat() for offset in (0, 1, -1) if _in_range(last)]


def _in_range(day: date) -> bool:
    return date.min < day < date.max


def _records(store: ObjectReader, view: LedgerView, seals: Iterable[Seal]) -> Iterator[SealedTaskLog]:
    """The sealed records of some seals, each segment read and checked to its end before one is believed."""
    for seal in seals:
        if not any(f"/source={TASK_LOGS}/" in f"/{item.key}" for item in seal.objects):
            continue
        manifest = read_manifest(store, view, seal)
        for sealed, segment in zip(seal.objects, manifest.segments, strict=True):
            if segment.source == TASK_LOGS:
                for line in _checked_lines(store, segment, sealed.version_id):
                    yield _record(line, seal, segment)


def _checked_lines(store: ObjectReader, segment: Segment, version_id: str) -> list[bytes]:
    content = SegmentContent(
        store.stream(segment.key, version_id), max_content_bytes=segment.content_bytes, where=segment.key
    )
    lines = [line for block in content.line_blocks() for line in block.splitlines()]
    found = content.digests(records=len(lines), merkle_root=b"")
    if (found.content_sha256, found.stored_sha256) != (segment.content_sha256, segment.stored_sha256):
        raise IntegrityError(
            "a segment is not the sealed one",
            where=segment.key,
            expected=segment.stored_sha256,
            found=found.stored_sha256,
            remedy="verify the day: what this segment says of task logs is not believed",
        )
    return lines


def _record(line: bytes, seal: Seal, segment: Segment) -> SealedTaskLog:
    try:
        value = json.loads(line)
        path, digest, size = value["path"], value["sha256"], value["bytes"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise ConfigurationError(
            f"the source {TASK_LOGS} holds something else than digests of task logs",
            where=segment.key,
            remedy="no other source may have its name",
        ) from error
    return SealedTaskLog(
        path=str(path),
        sha256=str(digest),
        bytes=int(size),
        day=seal.date,
        revision=seal.revision,
        sequence=seal.sequence,
        sealed_at=seal.at,
        segment=segment.key,
    )
