"""The compliance report, measured while the browser waits."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.web.report_process import ReportOrder, measure_apart
from audit_trail.web.snapshot import Snapshot

if TYPE_CHECKING:
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.reporting.compliance.measurement import Period

MAX_OBJECTS = 20_000
"""Of a period: each manifest is read and each segment is asked for, and proxies wait for minutes only."""


@dataclass(slots=True, kw_only=True)
class ReportDesk:
    """Measures one report at a time. Shared by all requests of a process."""

    _free: threading.Lock = field(default_factory=threading.Lock)

    def measure(self, context: StageContext, snapshot: Snapshot, period: Period) -> dict[str, Any]:
        """The report for machines and the same for people, of one measurement.

        Returns:
            `report`, as `audit-trail report --format json` writes it, and `html`.

        Raises:
            ConfigurationError: A period that cannot be, or with too many objects to wait for.
            IntegrityError: The ledger cannot be believed.
            StorageError: Another one is being measured, or the store failed.
        """
        now = context.now()
        period.check(now)
        _check_size(snapshot, period)
        if not self._free.acquire(blocking=False):
            raise StorageError(
                "another report is being measured", where="this API server", remedy="try again in a minute"
            )
        try:
            return measure_apart(
                ReportOrder(
                    settings=context.settings,
                    genesis=context.genesis,
                    remembered=context.pin.read(),
                    period=period,
                    now=now,
                )
            )
        finally:
            self._free.release()


def limits() -> dict[str, Any]:
    """How much a report may look at, for the page to say so beforehand."""
    return {"objects": MAX_OBJECTS}


def _check_size(snapshot: Snapshot, period: Period) -> None:
    count = sum(1 + len(seal.objects) for seal in snapshot.view.seals if period.holds(seal.date))
    if count > MAX_OBJECTS:
        raise ConfigurationError(
            "too many objects to be measured while one waits",
            where="first, last",
            expected=f"at most {MAX_OBJECTS} objects",
            found=f"{count} objects",
            remedy="ask for fewer days, or use the command line: audit-trail report --from D --to D",
        )
