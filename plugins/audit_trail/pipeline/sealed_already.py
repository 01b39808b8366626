"""What a stage hands on whose staged files are gone because the day is sealed.

A seal clears its day's staging. A stage that runs after it (a single task of a
sealed run that somebody clears, or the second of two runs of one day) has
nothing to work on any more, and nothing to do: what it would have made is
sealed. It hands on what the ledger says, so that the tasks after it find each
item in its place. Where the ledger says nothing, the files are missing indeed.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.ledger_entry import Seal, SealedObject
from audit_trail.evidence.manifest import Manifest, Segment, encode_manifest
from audit_trail.evidence.object_keys import segment_key
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, say
from audit_trail.pipeline.handoffs import (
    Collected,
    HashedSegment,
    RawSegment,
    SanitizedSegment,
    Signed,
    StagedObject,
    Uploaded,
)
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import MANIFEST, StagedFileGoneError, sanitized_name
from audit_trail.verification.content_checks import read_manifest


def sanitized_already(
    context: StageContext, day: str, raw: RawSegment, gone: StagedFileGoneError
) -> SanitizedSegment:
    """A segment that was redacted for its seal.

    Of two revisions with as many records of one source in one segment it may be the other
    one's: nothing is made of it but what is sealed already. How often each rule replaced
    something is in the manifest for all segments together, and not here.

    Raises:
        StagedFileGoneError: `gone`; no seal of the day holds such a segment.
    """
    for seal, manifest in _manifests(context, day):
        for segment in manifest.segments[raw.number : raw.number + 1]:
            key = segment_key(
                source=raw.source,
                day=day,
                number=raw.number,
                stored_sha256=segment.stored_sha256,
                suffix=raw.suffix,
            )
            if (segment.key, segment.records) == (key, raw.records):
                _say(seal, key, segment.stored_sha256)
                return SanitizedSegment(
                    number=raw.number,
                    source=raw.source,
                    suffix=raw.suffix,
                    records=segment.records,
                    content_bytes=segment.content_bytes,
                    stored_bytes=segment.stored_bytes,
                    stored_sha256=segment.stored_sha256,
                    policy_sha256=manifest.redaction.policy_sha256,
                    replacements={},
                )
    raise gone


def hashed_already(
    context: StageContext, day: str, sanitized: SanitizedSegment, key: str, gone: StagedFileGoneError
) -> HashedSegment:
    """A segment whose digests are in a sealed manifest, under its key.

    Raises:
        StagedFileGoneError: `gone`; no seal of the day holds this very segment.
    """
    for seal, manifest in _manifests(context, day):
        for segment in manifest.segments:
            if segment.key == key and _is_same(segment, sanitized):
                _say(seal, key, segment.stored_sha256)
                return HashedSegment(
                    **sanitized.model_dump(),
                    content_sha256=segment.content_sha256,
                    merkle_root=segment.merkle_root,
                    key=key,
                )
    raise gone


def signed_already(
    context: StageContext, day: str, collected: Collected, gone: StagedFileGoneError
) -> Signed:
    """A revision whose manifest is sealed.

    Raises:
        StagedFileGoneError: `gone`; the revision is not sealed.
        IntegrityError: It is, with other inputs.
    """
    view = context.ledger()
    seals = view.seals_of(day)
    if len(seals) < collected.revision:
        raise gone
    seal = seals[collected.revision - 1]
    manifest = read_manifest(context.store, view, seal)
    found = sha256(canonical.encode([item.to_json() for item in manifest.inputs])).hexdigest()
    if found != collected.inputs_sha256:
        raise IntegrityError(
            "the day was sealed with other inputs meanwhile",
            where=seal.manifest.key,
            expected=collected.inputs_sha256,
            found=found,
            remedy="clear the run from `collect`: what is not sealed yet becomes the next revision",
        )
    _say(seal, seal.manifest.key, seal.manifest.sha256)
    return Signed(
        day=day,
        revision=collected.revision,
        new=True,
        statement_sha256=sha256(encode_manifest(manifest)).hexdigest(),
        records=manifest.records,
        content_bytes=manifest.content_bytes,
        inputs=collected.inputs,
        late_bytes=collected.late_bytes,
        objects=(
            *(_staged(item, sanitized_name(number)) for number, item in enumerate(seal.objects)),
            _staged(seal.manifest, MANIFEST),
        ),
    )


def uploaded_already(
    context: StageContext, day: str, staged: StagedObject, gone: StagedFileGoneError
) -> Uploaded:
    """An object that a seal of the day names.

    Raises:
        StagedFileGoneError: `gone`; none does.
    """
    for seal in reversed(context.ledger().seals_of(day)):
        for item in (*seal.objects, seal.manifest):
            # A key has the digest of the segment, or of the manifest's statement.
            if item.key == staged.key:
                _say(seal, item.key, item.sha256)
                return Uploaded(object=item)
    raise gone


def _manifests(context: StageContext, day: str) -> Iterator[tuple[Seal, Manifest]]:
    """Of all revisions of a day, the newest first; a rehearsal never goes on from a real seal."""
    if context.is_dry_run:
        return
    view = context.ledger()
    for seal in reversed(view.seals_of(day)):
        yield seal, read_manifest(context.store, view, seal)


def _is_same(segment: Segment, sanitized: SanitizedSegment) -> bool:
    names = ("source", "records", "content_bytes", "stored_bytes", "stored_sha256")
    return all(getattr(segment, name) == getattr(sanitized, name) for name in names)


def _staged(item: SealedObject, file: str) -> StagedObject:
    return StagedObject(key=item.key, file=file, bytes=item.bytes, sha256=item.sha256)


def _say(seal: Seal, key: str, digest: str) -> None:
    entry = {"revision": seal.revision, "sequence": seal.sequence}
    say(fact("sealed-before", day=seal.date, **entry, key=key, sha256=digest))
    conclude(
        f"ALREADY SEALED: staging of {seal.date} is cleared, and {key} is in ledger entry {seal.sequence}"
    )
