"""The report in the pack: one HTML file for people, without script and without network."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import Gap, Verification
from audit_trail.reporting.calendar_months import LETTERS, calendar_months
from audit_trail.reporting.key_validity import key_validities
from audit_trail.reporting.pack_layout import key_file
from audit_trail.reporting.revision_record import RevisionRecord
from audit_trail.reporting.templates import fill
from audit_trail.verification.checks import CheckList, Outcome
from audit_trail.verification.days import DayVerdict
from audit_trail.verification.ledger_walk import LedgerView

SHOWN_FINDINGS = 200
SHOWN_VERIFICATIONS = 60
"""The newest; all of them are in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """All that the report and the guide speak of."""

    view: LedgerView
    checks: CheckList
    days: list[DayVerdict]
    revisions: list[RevisionRecord]
    first: date
    last: date
    digests_only: bool
    now: datetime

    @property
    def gaps(self) -> list[Gap]:
        """Declared gaps of the range that no seal has filled since."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return [
            gap
            for day, gap in sorted(self.view.gaps.items())
            if first <= day <= last and not self.view.seals_of(day)
        ]

    @property
    def verifications(self) -> list[Verification]:
        """The verifications of the range's days, oldest first."""
        first, last = self.first.isoformat(), self.last.isoformat()
        return [item for item in self.view.verifications if first <= item.date <= last]


def report_blocks(content: ReportContent) -> Iterator[bytes]:
    """The report's bytes."""
    return fill("report.html.jinja", _values(content), escape=True)


def _values(content: ReportContent) -> dict[str, Any]:
    view, findings, verifications = content.view, content.checks.not_passed, content.verifications
    totals = [revision.seal.totals for revision in content.revisions]
    return {
        "view": view,
        "first": content.first.isoformat(),
        "last": content.last.isoformat(),
        "exported_at": format_timestamp(content.now),
        "digests_only": content.digests_only,
        "findings": findings[:SHOWN_FINDINGS],
        "more_findings": max(0, len(findings) - SHOWN_FINDINGS),
        "failed": content.checks.total(Outcome.FAIL),
        "unverifiable": content.checks.total(Outcome.UNVERIFIABLE),
        "passed": content.checks.total(Outcome.PASS),
        "months": calendar_months(content.days),
        "letters": LETTERS,
        "verdicts": Counter(day.verdict for day in content.days),
        "days": content.days,
        "revisions": content.revisions,
        "totals": {
            "records": sum(item.records for item in totals),
            "segments": sum(item.segments for item in totals),
            "inputs": sum(item.inputs for item in totals),
            "stored_bytes": sum(item.stored_bytes for item in totals),
        },
        "gaps": content.gaps,
        "verifications": verifications[-SHOWN_VERIFICATIONS:],
        "more_verifications": max(0, len(verifications) - SHOWN_VERIFICATIONS),
        "keys": key_validities(view.history),
        "key_file": key_file,
        "checks": _check_rows(content.checks),
    }


def _check_rows(checks: CheckList) -> list[tuple[str, int, int, int]]:
    counts = checks.counts
    return [
        (
            name,
            counts[name, Outcome.PASS],
            counts[name, Outcome.FAIL],
            counts[name, Outcome.UNVERIFIABLE],
        )
        for name in sorted({name for name, _ in counts})
    ]
