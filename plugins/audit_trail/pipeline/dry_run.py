"""A rehearsal of a day: everything but what lasts."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from audit_trail.evidence.manifest import check_parts, encode_manifest
from audit_trail.evidence.object_keys import manifest_key
from audit_trail.pipeline.collect import read_inputs
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, group, say
from audit_trail.pipeline.handoffs import Collected, HashedSegment
from audit_trail.pipeline.sign import check_complete, make_manifest
from audit_trail.pipeline.stage_context import StageContext


def report_dry_run(
    context: StageContext, day: str, collected: Collected, hashed: Sequence[HashedSegment]
) -> None:
    """Say what would be sealed, and leave nothing behind. Nothing is signed, stored or appended.

    Raises:
        IntegrityError: What a real run would fail with.
        StorageError: Ledger or staging could not be read.
    """
    if not collected.new:
        conclude(f"DRY RUN: {day} is sealed, and a run would add nothing")
        return
    segments = sorted(hashed, key=lambda segment: segment.number)
    check_complete(collected, segments)
    view = context.ledger()
    inputs = read_inputs(context.staging(day), collected)
    manifest = make_manifest(context, view, collected, inputs, segments)
    check_parts(manifest, where=f"day {day}")
    digest = sha256(encode_manifest(manifest)).hexdigest()
    key = manifest_key(day=day, revision=collected.revision, statement_sha256=digest)
    with group("What would be sealed"):
        say(fact("would-sign", key=key, statement_sha256=digest))
        for segment in segments:
            size = {"bytes": segment.stored_bytes, "records": segment.records}
            say(fact("would-store", key=segment.key, **size, sha256=segment.stored_sha256))
        replaced = sorted(manifest.redaction.replacements.items())
        say(*(fact("would-replace", rule=rule, times=times) for rule, times in replaced))
    context.staging(day).wipe()
    conclude(
        f"DRY RUN: would seal {day} revision {collected.revision} as ledger entry {view.head.sequence + 1} "
        f"or later: {len(inputs)} inputs, {len(segments)} segments, {manifest.records} records, "
        f"statement {digest}. Nothing was signed, stored or appended."
    )
