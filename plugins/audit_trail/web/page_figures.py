"""The figures of the compliance report, as far as the ledger alone gives them.

They are made by the report's own functions, so both say the same of the same
ledger. What needs every object or the account's policies is named, with what it
needs, and never given a value here: `/api/report` measures it when asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audit_trail.reporting.compliance import archive_figures, key_figures, verification_figures
from audit_trail.reporting.compliance.figures import DEFINITIONS, Figure
from audit_trail.reporting.compliance.measurement import Measurement, Period, RecordCounts
from audit_trail.reporting.compliance.observed_store import Observations
from audit_trail.settings import Settings
from audit_trail.verification.checks import CheckList
from audit_trail.verification.days import DayVerdict
from audit_trail.verification.ledger_walk import LedgerView

NEEDS = {
    "signed-records": "every manifest, and what the store says of every segment",
    "algorithms": "the signatures of every envelope, manifests included",
    "storage": "what the store says of every object",
    "storage-class": "what the store says of every object",
    "encryption": "what the store says of every object",
    "content-verified": "the samples of all recent verifications, drawn again",
    "redactions": "every manifest",
    "write-access": "the policies of the AWS account and the bucket",
    "configure-access": "the policies of the AWS account and the bucket",
}
"""What has to be read for a figure that the ledger does not give."""
FROM_LEDGER = "the ledger; objects as the last verification left them"


def page_figures(
    view: LedgerView,
    days: Sequence[DayVerdict],
    checks: CheckList,
    *,
    settings: Settings,
    now: datetime,
) -> list[dict[str, Any]]:
    """All figures there are, in the report's order: measured, or what they need.

    Args:
        view: Walked.
        days: The verdicts of all due days.
        checks: What was found on the way to them.
        settings: For what is due when.
        now: When this was measured.
    """
    found = Measurement(
        view=view,
        checks=checks,
        days=list(days),
        records=RecordCounts(),
        seen=Observations(),
        period=Period(),
        now=now,
        due_hours=settings.verification.due_hours,
    )
    measured = (
        archive_figures.days_covered(found),
        archive_figures.seal_lag(found),
        key_figures.keys(found),
        verification_figures.frequency(found, every_days=settings.compliance.verify_every_days),
        verification_figures.success(found),
    )
    by_name = {figure.name: _measured(figure) for figure in measured}
    return [by_name.get(name) or _needed(name) for name in DEFINITIONS]


def _measured(figure: Figure) -> dict[str, Any]:
    """Without `sources`, which say what the report read, and `data`, which is for machines."""
    names = ("name", "title", "how", "value", "standing", "explanation", "findings")
    value = figure.to_json()
    return {name: value[name] for name in names} | {"from": FROM_LEDGER}


def _needed(name: str) -> dict[str, Any]:
    definition = DEFINITIONS[name]
    return {"name": name, "title": definition.title, "how": definition.how, "needs": NEEDS[name]}
