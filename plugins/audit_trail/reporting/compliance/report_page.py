"""The report as one HTML file: no script, no network, made to be printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from audit_trail.evidence.fields import format_timestamp
from audit_trail.reporting.calendar_months import LETTERS, calendar_months
from audit_trail.reporting.compliance.archive_figures import lag_since_due
from audit_trail.reporting.compliance.charts import lag_chart, verification_chart
from audit_trail.reporting.compliance.figures import Standing
from audit_trail.reporting.compliance.report_document import ComplianceReport
from audit_trail.reporting.compliance.verification_figures import history
from audit_trail.reporting.templates import fill

STYLES = {
    Standing.GOOD: "good",
    Standing.STATED: "calm",
    Standing.OPEN: "open",
    Standing.FINDING: "bad",
}
SIGNS = {Standing.GOOD: "✓", Standing.STATED: "i", Standing.OPEN: "?", Standing.FINDING: "!"}
"""Colour alone does not print, and not everybody sees it."""


def page_blocks(report: ComplianceReport) -> Iterator[bytes]:
    """The page's bytes."""
    return fill("compliance.html.jinja", _values(report), escape=True)


def _values(report: ComplianceReport) -> dict[str, Any]:
    found = report.found
    days = [day.day for day in found.days]
    lags = [
        (date.fromisoformat(seal.date), lag_since_due(seal, found))
        for seal in found.seals
        if seal.revision == 1
    ]
    return {
        "report": report,
        "view": found.view,
        "first": found.period.first or (days[0] if days else "–"),  # noqa: RUF001 - for people
        "last": found.period.last or (days[-1] if days else "–"),  # noqa: RUF001
        "measured_at": format_timestamp(report.measured_at),
        "findings": [(figure, text) for figure in report.figures for text in figure.findings],
        "open": [figure for figure in report.figures if figure.standing is Standing.OPEN],
        "styles": STYLES,
        "signs": SIGNS,
        "months": calendar_months(found.days),
        "letters": LETTERS,
        "verdicts": Counter(day.verdict for day in found.days),
        "history": verification_chart(history(found)),
        "lags": lag_chart(lags, due_hours=found.due_hours),
        "due_hours": found.due_hours,
        "access": report.access,
    }
