"""A small archive on a real store, sealed by the pipeline, to be attacked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.archive.object_store import ObjectReader
from audit_trail.archive.s3_store import S3Store
from audit_trail.archive.storage_processor import StorageProcessor
from audit_trail.pipeline.processor import AuditTrailProcessor, DayResult
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings
from audit_trail.signing.pins import Head
from audit_trail.verification.ledger_walk import LedgerView, read_ledger
from audit_trail.verification.verifier import Level, Report, Verifier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_BYTES = 64 * 1024 * 1024


@dataclass(kw_only=True)
class SealedArchive:
    """An archive founded in a prefix of its own, with a folder of logs as its source."""

    settings: Settings
    logs: Path
    genesis: str
    client: S3Client
    """The S3 API with the administrator's credentials."""
    now: datetime
    """What its clock shows."""
    due_hours: int = 24 * 365
    """Of grace after a day's end; a year: no day is due unless a caller says so."""

    @cached_property
    def store(self) -> S3Store:
        """The archive as its own code sees it."""
        return S3Store(self.settings.archive, self.client)

    @property
    def bucket(self) -> str:
        """The bucket that it lies in."""
        return self.settings.archive.bucket

    def full_key(self, key: str) -> str:
        """A key as the S3 API knows it."""
        return f"{self.settings.archive.prefix}/{key}"

    @property
    def view(self) -> LedgerView:
        """The ledger as it is now."""
        return read_ledger(self.store, self.genesis)

    def write_log(self, day: str, name: str, data: bytes) -> Path:
        """Write a log file of a day, or append to it."""
        path = self.logs / day / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(data)
        return path

    def seal(self, day: str) -> DayResult:
        """Run the whole workflow for a day."""
        with AuditTrailProcessor(self.settings, now=lambda: self.now) as processor:
            # One client for all archives: making one costs more than sealing a small day.
            processor.context.storage = self._storage()
            return processor.process_daily_logs(day)

    def context(self) -> StageContext:
        """What single stages work with."""
        context = StageContext(settings=self.settings, now=lambda: self.now)
        context.storage = self._storage()
        return context

    def _storage(self) -> StorageProcessor:
        return StorageProcessor(self.settings, store=self.store, now=lambda: self.now)

    def verify(
        self,
        level: Level = "content",
        *,
        store: ObjectReader | None = None,
        remembered: Head | None = None,
        now: datetime | None = None,
        due_hours: int | None = None,
    ) -> Report:
        """Verify this archive, or another store in its place, against its genesis."""
        verifier = Verifier(store or self.store, genesis=self.genesis, remembered=remembered)
        due = self.due_hours if due_hours is None else due_hours
        return verifier.verify(level, now=now or self.now, due_hours=due)

    # What an administrator can do through the API

    def put_over(self, key: str, data: bytes, **extra: Any) -> str:
        """Put an object without asking whether the key is taken; its version id."""
        answer = self.client.put_object(Bucket=self.bucket, Key=self.full_key(key), Body=data, **extra)
        return answer["VersionId"]

    def delete(self, key: str) -> None:
        """Delete without naming a version: a marker is laid over the object."""
        self.client.delete_object(Bucket=self.bucket, Key=self.full_key(key))

    def read(self, key: str) -> bytes:
        """The newest version of an object."""
        return self.store.read(key, max_bytes=MAX_BYTES)


def failed_checks(report: Report) -> set[str]:
    """Names of the checks that did not pass."""
    return {check.name for check in report.checks.not_passed}
