"""The report: all figures of one measurement, and what they support."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.archive.object_store import ObjectReader
from audit_trail.evidence.fields import format_timestamp
from audit_trail.reporting.compliance import (
    access_figures,
    archive_figures,
    key_figures,
    object_figures,
    verification_figures,
)
from audit_trail.reporting.compliance.access_figures import Access, measure_access
from audit_trail.reporting.compliance.controls import Framework, frameworks
from audit_trail.reporting.compliance.figures import DEFINITIONS, Figure, Standing
from audit_trail.reporting.compliance.measurement import Measurement, Period, measure
from audit_trail.settings import Settings
from audit_trail.signing.pins import Head
from audit_trail.verification.time_checks import TimeTrust

EXIT_GOOD, EXIT_FINDINGS, EXIT_OPEN = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceReport:
    """What was measured, when, and of which archive."""

    found: Measurement
    access: Access
    figures: tuple[Figure, ...]
    bucket: str
    measured_at: datetime

    @property
    def exit_code(self) -> int:
        """0 all in order; 1 there are findings; 2 something could not be measured."""
        standings = {figure.standing for figure in self.figures}
        if Standing.FINDING in standings:
            return EXIT_FINDINGS
        return EXIT_OPEN if Standing.OPEN in standings else EXIT_GOOD

    @property
    def frameworks(self) -> tuple[Framework, ...]:
        """What the figures support."""
        return frameworks()

    def figure(self, name: str) -> Figure:
        """The figure of that name."""
        return next(figure for figure in self.figures if figure.name == name)

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        view, period = self.found.view, self.found.period
        return {
            "archive": view.genesis.archive,
            "bucket": self.bucket,
            "genesis_sha256": view.genesis_sha256,
            "head": {"sequence": view.head.sequence, "sha256": view.head.sha256},
            "measured_at": format_timestamp(self.measured_at),
            "from": period.first.isoformat() if period.first else None,
            "to": period.last.isoformat() if period.last else None,
            "exit_code": self.exit_code,
            "figures": [figure.to_json() for figure in self.figures],
            "days": [{"day": day.day, "verdict": day.verdict} for day in self.found.days],
            "supports": [framework.to_json() for framework in self.frameworks],
        }


def make_report(
    store: ObjectReader,
    period: Period,
    settings: Settings,
    *,
    genesis: str,
    remembered: Head | None,
    now: datetime,
    times: TimeTrust | None = None,
    clients: ClientFactory = open_client,
    on_progress: Callable[[str, int, int], None] = lambda stage, done, total: None,
) -> ComplianceReport:
    """Measure everything.

    Raises:
        AuditTrailError: See `measure`. What IAM does not tell is a figure that is not measured.
    """
    found = measure(
        store,
        period,
        genesis=genesis,
        remembered=remembered,
        now=now,
        due_hours=settings.verification.due_hours,
        times=times,
        on_progress=on_progress,
    )
    access = measure_access(settings.archive, clients)
    return ComplianceReport(
        found=found,
        access=access,
        figures=_figures(found, access, settings),
        bucket=settings.archive.bucket,
        measured_at=now,
    )


def _figures(found: Measurement, access: Access, settings: Settings) -> tuple[Figure, ...]:
    chosen = settings.compliance
    made = (
        archive_figures.days_covered(found),
        archive_figures.signed_records(found),
        archive_figures.seal_lag(found),
        key_figures.algorithms(found),
        key_figures.keys(found),
        object_figures.storage(found),
        object_figures.storage_class(
            found, allowed=chosen.storage_classes or (settings.archive.storage_class,)
        ),
        object_figures.encryption(found, allowed=chosen.encryption),
        verification_figures.frequency(found, every_days=chosen.verify_every_days),
        verification_figures.success(found),
        verification_figures.content_verified(found, days=chosen.content_days),
        archive_figures.redactions(found),
        access_figures.write_access(access, chosen),
        access_figures.configure_access(access),
    )
    order = list(DEFINITIONS)
    return tuple(sorted(made, key=lambda figure: order.index(figure.name)))
