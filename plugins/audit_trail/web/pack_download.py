"""The auditor's pack as a download: made into a private file, streamed, and gone."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.verification.checks import Check
from audit_trail.web.snapshot import Snapshot

if TYPE_CHECKING:
    from audit_trail.pipeline.stage_context import StageContext

MAX_DAYS = 366
MAX_STORED_BYTES = 512 * 1024**2
"""Of segments in a pack: it is made while the browser waits, and proxies wait for minutes only."""
MAX_AT_ONCE = 2
"""Packs being made in one process: each reads, hashes and decompresses all of its records."""
BLOCK_BYTES = 256 * 1024
_BY_HAND = "export it by the command line: audit-trail export --from D --to D --output FILE"


class FindingsError(IntegrityError):
    """A pack was not written because of what was found on the way.

    Args:
        findings: The checks that did not pass.
    """

    def __init__(self, findings: list[Check]) -> None:
        super().__init__(
            "no pack was written, because not every check passed",
            found=f"{len(findings)} findings, first {findings[0].name} at {findings[0].where}",
            remedy="look at the findings; a pack that says so in its report can be asked for",
        )
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class PackOrder:
    """Which days, both included, and how much of them."""

    first: date
    last: date
    digests_only: bool
    allow_findings: bool

    @property
    def filename(self) -> str:
        """What the browser saves it as."""
        kind = "digests" if self.digests_only else "records"
        return f"audit-trail-{self.first}-to-{self.last}-{kind}.zip"


@dataclass(slots=True, kw_only=True)
class PackDesk:
    """Makes packs, a few at a time. Shared by all requests of a process."""

    _free: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(MAX_AT_ONCE))

    def make(self, context: StageContext, snapshot: Snapshot, order: PackOrder) -> IO[bytes]:
        """Write a pack and open it; its file has no name any more and goes when it is closed.

        Raises:
            ConfigurationError: A range that cannot be, or is too large to be made while one waits.
            FindingsError: Something is wrong, and a pack that says so was not asked for.
            StorageError: Others are being made, or the store or the disk failed.
        """
        from audit_trail.reporting.export import ExportOrder, export_pack

        _check_size(snapshot, order)
        with self._turn(), tempfile.TemporaryDirectory(prefix="audit-trail-pack-") as folder:
            output = Path(folder) / order.filename
            exported = export_pack(
                context.store,
                ExportOrder(
                    first=order.first,
                    last=order.last,
                    output=output,
                    digests_only=order.digests_only,
                    allow_findings=order.allow_findings,
                ),
                genesis=context.genesis,
                remembered=context.pin.read(),
                now=context.now(),
                due_hours=context.settings.verification.due_hours,
                times=context.time_trust,
            )
            if exported.sha256 is None:
                raise FindingsError(exported.checks.not_passed)
            return output.open("rb")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._free.acquire(blocking=False):
            raise StorageError(
                "other packs are being made", where="this API server", remedy="try again in a minute"
            )
        try:
            yield
        finally:
            self._free.release()


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The file's bytes; it is closed at their end."""
    with file:
        while block := file.read(BLOCK_BYTES):
            yield block


def limits() -> dict[str, Any]:
    """What a pack may hold, for the page to say so beforehand."""
    return {"days": MAX_DAYS, "stored_bytes": MAX_STORED_BYTES}


def _check_size(snapshot: Snapshot, order: PackOrder) -> None:
    count = (order.last - order.first).days + 1
    if count > MAX_DAYS:
        raise ConfigurationError(
            "too many days for a download",
            where="first, last",
            expected=f"at most {MAX_DAYS} days",
            found=f"{count} days",
            remedy=_BY_HAND,
        )
    first, last = order.first.isoformat(), order.last.isoformat()
    size = sum(seal.totals.stored_bytes for seal in snapshot.view.seals if first <= seal.date <= last)
    if size > MAX_STORED_BYTES and not order.digests_only:
        raise ConfigurationError(
            "too many bytes for a download",
            where="first, last",
            expected=f"at most {MAX_STORED_BYTES} stored bytes",
            found=f"{size} stored bytes",
            remedy=f"ask for fewer days, for digests only, or {_BY_HAND}",
        )
