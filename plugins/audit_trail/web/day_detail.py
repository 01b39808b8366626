"""One day, opened: its revisions with segments, inputs and redactions, and what was found about it."""

from __future__ import annotations

from typing import Any

from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import AuditTrailError
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.manifest import Input, Manifest, Segment
from audit_trail.reporting.metrics.data_points import lag_hours
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.web.snapshot import Snapshot, group_findings, recorded_verification

INPUTS_SHOWN = 500
"""Of a revision; the count says how many there are."""
VERIFICATIONS_SHOWN = 50


def day_detail(store: ObjectReader, snapshot: Snapshot, day: str) -> dict[str, Any]:
    """Everything about a day that the ledger and its manifests say.

    Manifests are read and checked now; one that cannot be believed is shown as
    its problem, beside what its seal says.

    Args:
        store: Only ever read.
        snapshot: Of the archive.
        day: `YYYY-MM-DD`, any.
    """
    view, verdict = snapshot.view, snapshot.days.get(day)
    gap = view.gaps.get(day)
    verifications = [entry for entry in view.verifications if entry.date == day][-VERIFICATIONS_SHOWN:]
    return {
        "day": day,
        "verdict": verdict.verdict if verdict else None,
        "gap": {"sequence": gap.sequence, "at": gap.at, "reason": gap.reason} if gap else None,
        "revisions": [_revision(store, view, seal) for seal in view.seals_of(day)],
        "verifications": [recorded_verification(entry) for entry in verifications][::-1],
        "findings": group_findings([check for check in snapshot.findings if check.day == day]),
    }


def problem_json(error: AuditTrailError) -> dict[str, Any]:
    """An error as the page shows it: what, where, expected, found, remedy."""
    return {"what": error.what, "family": type(error).__name__, **error.details()}


def _revision(store: ObjectReader, view: LedgerView, seal: Seal) -> dict[str, Any]:
    manifest, problem = None, None
    try:
        manifest = read_manifest(store, view, seal)
    except AuditTrailError as error:
        problem = problem_json(error)
    return {
        "revision": seal.revision,
        "reason": seal.reason,
        "sequence": seal.sequence,
        "entry_sha256": view.heads[seal.sequence],
        "at": seal.at,
        "lag_hours": lag_hours(seal),
        "signed_by": [
            {"scheme": key.scheme, "keyid": key.keyid} for key in view.history.era_at(seal.sequence).keys
        ],
        "run": seal.run.to_json() if seal.run else None,
        "totals": seal.totals.to_json(),
        "manifest": _sealed(seal.manifest),
        "problem": problem,
        **_contents(seal, manifest),
    }


def _contents(seal: Seal, manifest: Manifest | None) -> dict[str, Any]:
    if manifest is None:
        return {"segments": [_sealed(item) for item in seal.objects], "inputs": [], "redaction": None}
    return {
        "segments": [
            _sealed(item) | _segment(segment)
            for item, segment in zip(seal.objects, manifest.segments, strict=True)
        ],
        "inputs": [_input(item) for item in manifest.inputs[:INPUTS_SHOWN]],
        "redaction": manifest.redaction.to_json(),
    }


def _sealed(item: SealedObject) -> dict[str, Any]:
    return item.to_json()


def _segment(segment: Segment) -> dict[str, Any]:
    names = ("source", "records", "content_bytes", "content_sha256", "merkle_root")
    return {name: getattr(segment, name) for name in names}


def _input(item: Input) -> dict[str, Any]:
    return {
        "source": item.source,
        "uri": item.uri,
        "start": item.start,
        "end": item.end,
        "sha256": item.sha256,
        "records": sum(part.records for part in item.parts),
        "first_event": item.first_event,
        "last_event": item.last_event,
    }
