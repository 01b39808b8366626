"""What the report says of one sealed revision: little enough to keep for all of them."""

from __future__ import annotations

from dataclasses import dataclass

from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.manifest import Input, Manifest, Segment
from audit_trail.verification.ledger_walk import LedgerView

SHOWN_LINES = 20
"""Inputs and segments listed for each revision; all of them are in its manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionRecord:
    """A revision, and the beginning of what its manifest lists.

    `replacements` and the two lists are empty when the manifest cannot be used.
    """

    seal: Seal
    entry_sha256: str
    keyids: tuple[str, ...]
    inputs: tuple[Input, ...]
    segments: tuple[Segment, ...]
    replacements: tuple[tuple[str, int], ...]
    readable: bool

    @property
    def more_inputs(self) -> int:
        """How many inputs are not listed."""
        return max(0, self.seal.totals.inputs - len(self.inputs))

    @property
    def more_segments(self) -> int:
        """How many segments are not listed."""
        return max(0, self.seal.totals.segments - len(self.segments))


def record_revision(view: LedgerView, seal: Seal, manifest: Manifest | None) -> RevisionRecord:
    """Keep what the report needs."""
    replacements = manifest.redaction.replacements if manifest else {}
    return RevisionRecord(
        seal=seal,
        entry_sha256=view.heads[seal.sequence],
        keyids=tuple(key.keyid for key in view.history.era_at(seal.sequence).keys),
        inputs=manifest.inputs[:SHOWN_LINES] if manifest else (),
        segments=manifest.segments[:SHOWN_LINES] if manifest else (),
        replacements=tuple(sorted(replacements.items(), key=lambda item: (-item[1], item[0]))),
        readable=manifest is not None,
    )
