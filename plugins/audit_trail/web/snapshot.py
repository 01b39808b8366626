"""What the page shows of the whole archive, computed once for each head of its ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from audit_trail.errors import AuditTrailError, ConfigurationError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.pipeline.weaknesses import weaknesses
from audit_trail.reporting.key_validity import KeyValidity, key_validities
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.days import DayVerdict, expected_days, judge_days, last_due_day
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.verifier import Verifier
from audit_trail.web.finding_meanings import meaning_of
from audit_trail.web.ledger_metrics import ledger_metrics, waited_hours
from audit_trail.web.locks import lock_summary
from audit_trail.web.page_figures import page_figures
from audit_trail.web.recorded_findings import add_recorded

if TYPE_CHECKING:
    from audit_trail.pipeline.stage_context import StageContext

LETTERS = {
    "sealed": "S",
    "sealed-empty": "E",
    "declared-gap": "G",
    "late": "L",
    "missing": "M",
    "tampered": "T",
    "unverifiable": "U",
}
FINDINGS_SHOWN = 50
"""Of each kind; the count says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An archive at one moment.

    Attributes:
        view: The walked ledger. It may have grown since; days are only looked up in it.
        key: What it was computed from: the same key gives the same snapshot.
        read_at: When the store was last looked at.
        body: The overview as JSON.
        days: The verdicts of all due days, by day.
        findings: Every check that did not pass.
    """

    view: LedgerView
    key: tuple[object, ...]
    read_at: datetime
    body: bytes
    days: dict[str, DayVerdict]
    findings: tuple[Check, ...]


def take_snapshot(
    context: StageContext,
    view: LedgerView,
    *,
    remembered: Head | None,
    pin_problem: AuditTrailError | None,
    former: Snapshot | None,
) -> Snapshot:
    """Judge a ledger's days from the ledger alone.

    Args:
        context: For settings and clock.
        view: Walked.
        remembered: The pin, as it was before the ledger was listed.
        pin_problem: Why there is none, where that is so.
        former: The last one, which is given back when nothing has changed.
    """
    now, due_hours = context.now(), context.settings.verification.due_hours
    key = (
        context.settings,
        view.genesis_sha256,
        view.head,
        remembered,
        str(pin_problem),
        last_due_day(now, due_hours),
        now.date(),
    )
    if former is not None and former.key == key:
        return replace(former, read_at=now)
    verifier = Verifier(context.store, genesis=view.genesis_sha256, remembered=remembered)
    verifier.check_view(view)
    checks = verifier.checks
    if pin_problem is not None:
        checks.add_error("ledger.pin", pin_problem)
    add_recorded(view.verifications, checks)
    days = judge_days(view, expected_days(view, now=now, due_hours=due_hours), checks)
    overview = {
        "archive": _archive(context, view),
        "head": {**_head(view.head), "at": view.times[-1], "entries": len(view.heads)},
        "pin": _pin(context.settings.pin, remembered, checks),
        "policy": view.genesis.policy.to_json(),
        "locks": lock_summary(view.seals, now),
        "keys": [_key(item, view) for item in key_validities(view.history)],
        "days": _columns(view, days),
        "metrics": ledger_metrics(view, days).to_json(),
        "compliance": {
            "measured_at": format_timestamp(now),
            "figures": page_figures(view, days, checks, settings=context.settings, now=now),
        },
        "verifications": [recorded_verification(item) for item in view.verifications[-FINDINGS_SHOWN:]][::-1],
        "findings": group_findings(checks.not_passed),
        "weaker_than_default": _weaknesses(context),
        "tokens": len(view.tokens),
        "today": now.date().isoformat(),
        "due_hours": due_hours,
    }
    return Snapshot(
        view=view,
        key=key,
        read_at=now,
        body=json.dumps(overview, separators=(",", ":")).encode(),
        days={day.day: day for day in days},
        findings=tuple(checks.not_passed),
    )


def group_findings(findings: Sequence[Check]) -> list[dict[str, Any]]:
    """Findings of one kind together, with what they mean; the worst kind first."""
    kinds: dict[tuple[str, str], list[Check]] = {}
    for check in findings:
        kinds.setdefault((check.name, check.outcome.value), []).append(check)
    return [
        {
            "check": name,
            "outcome": outcome,
            "title": meaning_of(name).title,
            "means": meaning_of(name).means,
            "steps": meaning_of(name).steps,
            "count": len(items),
            "items": [item.to_json() for item in items[-FINDINGS_SHOWN:]][::-1],
        }
        for (name, outcome), items in kinds.items()
    ]


def recorded_verification(entry: Any) -> dict[str, Any]:
    """A verification as it stands in the ledger."""
    return {
        "sequence": entry.sequence,
        "at": entry.at,
        "date": entry.date,
        "run": entry.run.to_json() if entry.run else None,
        "passed": entry.passed,
        "failed": entry.failed,
        "unverifiable": entry.unverifiable,
        "sample": {"size": entry.sample.size, "population": entry.sample.population},
        "failures": [{"check": item.check, "where": item.where} for item in entry.failures[:FINDINGS_SHOWN]],
    }


def _archive(context: StageContext, view: LedgerView) -> dict[str, Any]:
    archive = context.settings.archive
    return {
        "name": view.genesis.archive,
        "genesis": view.genesis_sha256,
        "founded_at": view.genesis.at,
        "uri": f"s3://{archive.bucket}/{archive.prefix}",
        "storage_class": archive.storage_class,
    }


def _weaknesses(context: StageContext) -> list[str]:
    try:
        return weaknesses(context.settings)
    except ConfigurationError as error:
        # The API server may lack what only workers need, such as the redaction policy.
        return [f"not known here: {error}"]


def _head(head: Head) -> dict[str, Any]:
    return {"sequence": head.sequence, "sha256": head.sha256}


def _pin(kind: str, remembered: Head | None, checks: CheckList) -> dict[str, Any]:
    problem = next((check for check in checks.not_passed if check.name == "ledger.pin"), None)
    state = "absent" if remembered is None else "extends"
    if problem is not None:
        state = "violated" if problem.outcome is Outcome.FAIL else "unreadable"
    return {
        "kind": kind.partition(":")[0],
        "state": state,
        "head": _head(remembered) if remembered else None,
        "problem": problem.to_json() if problem else None,
    }


def _key(item: KeyValidity, view: LedgerView) -> dict[str, Any]:
    revoked = item.revocation
    return {
        "keyid": item.key.keyid,
        "scheme": item.key.scheme,
        "first": item.first,
        "first_at": view.times[item.first] if item.first < len(view.times) else None,
        "last": item.last,
        "last_at": view.times[item.last] if item.last is not None else None,
        "revoked": {
            "entry": revoked.sequence,
            "at": revoked.at,
            "from": revoked.from_sequence,
            "reason": revoked.reason,
        }
        if revoked
        else None,
    }


def _columns(view: LedgerView, days: Sequence[DayVerdict]) -> dict[str, Any]:
    """One value a day in each column: ten years are 3,650 days, and their names say nothing new."""
    seals = [view.seals_of(day.day) for day in days]
    return {
        "first": days[0].day if days else None,
        "verdicts": "".join(LETTERS[day.verdict] for day in days),
        "revisions": [len(found) for found in seals],
        "records": [day.records for day in days],
        "bytes": [sum(seal.totals.content_bytes for seal in found) for found in seals],
        "stored": [sum(seal.totals.stored_bytes for seal in found) for found in seals],
        "lag_hours": [waited_hours(found[0], view) if found else None for found in seals],
    }


def is_day(text: str) -> bool:
    """Whether it is a date as the archive writes it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
