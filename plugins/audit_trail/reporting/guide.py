"""`VERIFY.md`: how an auditor who has never heard of us checks the pack, and one day by hand."""

from __future__ import annotations

from typing import Any

from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.reporting.pack_layout import SHORT_SCHEMES, key_file, packed_key
from audit_trail.reporting.report import ReportContent
from audit_trail.reporting.revision_record import RevisionRecord
from audit_trail.reporting.templates import fill
from audit_trail.verification.ledger_walk import LedgerView


def guide(content: ReportContent) -> bytes:
    """The guide's bytes, with the commands for one day of this pack."""
    shown = _chosen(content)
    values: dict[str, Any] = {
        "view": content.view,
        "first": content.first.isoformat(),
        "last": content.last.isoformat(),
        "digests_only": content.digests_only,
        "shown": shown,
        "genesis_file": packed_key(ledger_key(0)),
        "tokens_promised": content.view.genesis.policy.timestamp_hours is not None,
    }
    if shown is not None:
        values |= _paths(content.view, shown.seal)
        values["segment"] = shown.segments[0] if shown.segments else None
        values["segment_file"] = packed_key(shown.segments[0].key) if shown.segments else ""
    return b"".join(fill("VERIFY.md.jinja", values, escape=False))


def _chosen(content: ReportContent) -> RevisionRecord | None:
    """The newest revision with records, or else the newest one."""
    usable = [revision for revision in content.revisions if revision.readable]
    with_records = [revision for revision in usable if revision.segments]
    return next(reversed(with_records or usable), None)


def _paths(view: LedgerView, seal: Seal) -> dict[str, Any]:
    keys: dict[str, PublicKey] = {key.scheme: key for key in view.history.era_at(seal.sequence).keys}
    ml_dsa = keys.pop("ml-dsa-65/1", None)
    return {
        "seal": seal,
        "entry_file": packed_key(ledger_key(seal.sequence)),
        "before_file": packed_key(ledger_key(seal.sequence - 1)),
        "manifest_file": packed_key(seal.manifest.key),
        # What every openssl can check; an archive may have several, and one shows how it is done.
        "key": _named(next((keys[scheme] for scheme in SHORT_SCHEMES if scheme in keys), None)),
        "ml_dsa": _named(ml_dsa),
    }


def _named(key: PublicKey | None) -> dict[str, str] | None:
    return {"keyid": key.keyid, "file": key_file(key), "scheme": key.scheme} if key else None
