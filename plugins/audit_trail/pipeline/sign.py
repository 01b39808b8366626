"""Stage 4: write the day's manifest and sign it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

from audit_trail.errors import AuditTrailError, IntegrityError
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.manifest import Input, Manifest, Redaction, Segment, check_parts, encode_manifest
from audit_trail.evidence.object_keys import manifest_key
from audit_trail.pipeline.archive_evidence import key_commands
from audit_trail.pipeline.collect import read_inputs
from audit_trail.pipeline.evidence_log import fact, passed
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_commands
from audit_trail.pipeline.hand_commands import (
    ArchiveCommands,
    check_payload,
    check_signature,
    file_name,
    rsa_keys,
)
from audit_trail.pipeline.handoffs import Collected, HashedSegment, Signed, StagedObject
from audit_trail.pipeline.sealed_already import signed_already
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import MANIFEST, DayStaging, StagedFileGoneError, sanitized_name
from audit_trail.verification.ledger_walk import LedgerView


def sign(context: StageContext, day: str, collected: Collected, hashed: Sequence[HashedSegment]) -> Signed:
    """Bring all segments of a day together in one signed statement.

    The statement is the same whenever and wherever it is made. Signatures are
    not, so a signed manifest that is already in staging is used again. Of a revision
    that is sealed by now, what the ledger says is handed on.

    Raises:
        IntegrityError: Segments are missing or not the collected ones.
        ConfigurationError: A signing key cannot be used.
    """
    if not collected.new:
        conclude(f"NOTHING TO SIGN: {day} is sealed already")
        return Signed(
            day=day, revision=collected.revision, new=False, statement_sha256=collected.inputs_sha256
        )
    try:
        return _sign(context, day, collected, hashed)
    except StagedFileGoneError as gone:
        return signed_already(context, day, collected, gone)


def _sign(context: StageContext, day: str, collected: Collected, hashed: Sequence[HashedSegment]) -> Signed:
    staging = context.staging(day)
    segments = sorted(hashed, key=lambda segment: segment.number)
    check_complete(collected, segments)
    view = context.ledger()
    manifest = make_manifest(context, view, collected, read_inputs(staging, collected), segments)
    check_parts(manifest, where=f"day {day}")
    payload = encode_manifest(manifest)
    digest = sha256(payload).hexdigest()
    envelope = _staged_envelope(staging, view, payload)
    if envelope is None:
        envelope = context.signed(view, payload, where=MANIFEST)
        staging.write(MANIFEST, envelope)
    key = manifest_key(day=day, revision=collected.revision, statement_sha256=digest)
    _say(context, view, manifest, key=key, digest=digest)
    context.on_progress("sign", 1, 1)
    objects = [
        StagedObject(
            key=segment.key,
            file=sanitized_name(segment.number),
            bytes=segment.stored_bytes,
            sha256=segment.stored_sha256,
        )
        for segment in segments
    ]
    objects.append(
        StagedObject(key=key, file=MANIFEST, bytes=len(envelope), sha256=sha256(envelope).hexdigest())
    )
    return Signed(
        day=day,
        revision=collected.revision,
        new=True,
        statement_sha256=digest,
        records=manifest.records,
        content_bytes=manifest.content_bytes,
        inputs=collected.inputs,
        late_bytes=collected.late_bytes,
        objects=tuple(objects),
    )


def check_complete(collected: Collected, hashed: Sequence[HashedSegment]) -> None:
    """Check that every collected segment is there.

    Raises:
        IntegrityError: One is missing, or is not of the day.
    """
    expected = [(segment.number, segment.source) for segment in collected.segments]
    found = [(segment.number, segment.source) for segment in hashed]
    if expected != found:
        raise IntegrityError(
            "not every collected segment arrived for signing",
            where=f"day {collected.day}",
            expected=f"{len(expected)} segments",
            found=f"{len(found)} segments",
            remedy="clear the run from `sanitize`",
        )


def make_manifest(
    context: StageContext,
    view: LedgerView,
    collected: Collected,
    inputs: tuple[Input, ...],
    hashed: Sequence[HashedSegment],
) -> Manifest:
    """What is signed: the same whenever and wherever it is made.

    Raises:
        IntegrityError: Segments were redacted by different policies, or the
            list of inputs is not the one that was collected.
    """
    policies = {segment.policy_sha256 for segment in hashed} or {context.redactor.policy_sha256}
    if len(policies) != 1:
        raise IntegrityError(
            "segments were redacted by different policies",
            where=f"day {collected.day}",
            found=", ".join(sorted(policies)),
            remedy="clear the run from `sanitize`, so that all of it is redacted by one policy",
        )
    replacements: Counter[str] = Counter()
    for segment in hashed:
        replacements.update(segment.replacements)
    return Manifest(
        archive=view.genesis.archive,
        genesis=view.genesis_sha256,
        date=collected.day,
        revision=collected.revision,
        inputs=inputs,
        segments=tuple(
            Segment(
                key=segment.key,
                source=segment.source,
                records=segment.records,
                content_bytes=segment.content_bytes,
                content_sha256=segment.content_sha256,
                stored_bytes=segment.stored_bytes,
                stored_sha256=segment.stored_sha256,
                merkle_root=segment.merkle_root,
            )
            for segment in hashed
        ),
        redaction=Redaction(policy_sha256=policies.pop(), replacements=dict(replacements)),
    )


def _staged_envelope(staging: DayStaging, view: LedgerView, payload: bytes) -> bytes | None:
    """The manifest that an earlier try signed, if it says the same and verifies."""
    try:
        data = staging.published(MANIFEST)
        envelope = parse_envelope(data, where=MANIFEST)
        view.check_envelope(envelope, where=MANIFEST)
    except AuditTrailError:
        return None
    return data if envelope.payload == payload else None


def _say(context: StageContext, view: LedgerView, manifest: Manifest, *, key: str, digest: str) -> None:
    """Say what was signed by which keys. Nothing is signed that did not verify here."""
    archive, name = context.settings.archive, file_name(key)
    with group(f"Manifest of {manifest.date}, signed"):
        say(fact("ledger", sequence=view.head.sequence, sha256=view.head.sha256, genesis=view.genesis_sha256))
        say(
            fact(
                "manifest",
                key=key,
                statement_sha256=digest,
                inputs=len(manifest.inputs),
                segments=len(manifest.segments),
                records=manifest.records,
                content_bytes=manifest.content_bytes,
                policy_sha256=manifest.redaction.policy_sha256,
            )
        )
        for believed in view.keys:
            say(fact("signed", key=key, keyid=believed.keyid, scheme=believed.scheme))
            where = f"{key} by {believed.keyid}"
            say(passed("manifest.signature", where, expected="verifies", found="verifies"))
        # It is in the archive once it is uploaded.
        say_commands(key_commands(archive, view, view.keys))
        say_commands([ArchiveCommands(archive=archive).fetch(key, None), check_payload(name, digest)])
        for believed in rsa_keys(view.keys):
            say_commands(check_signature(name, believed))
    signers = ", ".join(f"{believed.scheme} {believed.keyid[:16]}" for believed in view.keys)
    conclude(f"SIGNED {manifest.date} revision {manifest.revision}: statement {digest} by {signers}")
