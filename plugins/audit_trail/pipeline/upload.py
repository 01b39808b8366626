"""Stage 5: put one object into the archive, under lock."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

from audit_trail.archive.object_store import KeyTakenError, StoredObject
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.canonical import MAX_DOCUMENT_BYTES
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import SealedObject
from audit_trail.pipeline.evidence_log import fact, note, passed
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_commands
from audit_trail.pipeline.hand_commands import ArchiveCommands
from audit_trail.pipeline.handoffs import StagedObject, Uploaded
from audit_trail.pipeline.sealed_already import uploaded_already
from audit_trail.pipeline.shared_progress import SharedProgress
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import MANIFEST, StagedFileGoneError

MAX_AT_ONCE = 8
"""Uploads wait for the network more than they work; each holds a connection and a read buffer."""


def upload_all(context: StageContext, day: str, objects: Sequence[StagedObject]) -> list[Uploaded]:
    """Run `upload` for each object, several at once.

    Raises:
        AuditTrailError: As `upload`; uploads that have begun are waited for.
    """
    progress = SharedProgress(context.on_progress)
    _ = context.storage  # opened once, before the copies are made

    def one(staged: StagedObject) -> Uploaded:
        own = copy.copy(context)
        own.on_progress = progress.part(staged.bytes)
        return upload(own, day, staged)

    pool = ThreadPoolExecutor(MAX_AT_ONCE, thread_name_prefix="upload")
    try:
        return list(pool.map(one, objects))
    finally:
        pool.shutdown(cancel_futures=True)


def upload(context: StageContext, day: str, staged: StagedObject) -> Uploaded:
    """Upload a segment or the manifest. Doing it again is harmless.

    The store itself compares the bytes with their digest, and keeps it.
    Of an object that is sealed by now, what the ledger says is handed on.

    Raises:
        IntegrityError: The staged file was changed, or the store holds
            something else than it was given.
        StorageError: The store refused or could not be reached.
    """
    try:
        return _upload(context, day, staged)
    except StagedFileGoneError as gone:
        return uploaded_already(context, day, staged, gone)


def _upload(context: StageContext, day: str, staged: StagedObject) -> Uploaded:
    with context.staging(day).local_copy(staged.file, staged.sha256) as path:
        stored = _put(context, staged, path)
    if stored.retention is None:
        raise IntegrityError(
            "the store took the object and did not lock it",
            where=staged.key,
            expected=context.settings.archive.lock_mode,
            found="no lock",
            remedy="the bucket needs Object Lock; check it with `audit-trail init`",
        )
    uploaded = SealedObject(
        key=staged.key,
        version_id=stored.version_id,
        bytes=stored.size,
        sha256=stored.sha256 or "",
        lock_mode=stored.retention.mode,  # type: ignore[arg-type]
        retain_until=format_timestamp(stored.retention.until),
    )
    _say(context, staged, uploaded, stored)
    context.on_progress("upload", staged.bytes, staged.bytes)
    return Uploaded(object=uploaded)


def _say(context: StageContext, staged: StagedObject, uploaded: SealedObject, stored: StoredObject) -> None:
    # Of two writers of one manifest the second takes the first one's bytes.
    expected = uploaded.sha256 if staged.file == MANIFEST else staged.sha256
    archive = context.settings.archive
    commands, where = ArchiveCommands(archive=archive), f"{uploaded.key} version {uploaded.version_id}"
    with group(f"Stored {uploaded.key}"):
        say(
            fact("read", file=staged.file, place="staging", bytes=staged.bytes, sha256=staged.sha256),
            passed("staged.object", staged.file, expected=staged.sha256, found=staged.sha256),
            fact(
                "stored",
                bucket=archive.bucket,
                **uploaded.to_json(),
                storage_class=stored.storage_class,
            ),
            passed("upload.checksum", where, expected=expected, found=stored.sha256),
            passed("upload.locked", where, expected=archive.lock_mode, found=uploaded.lock_mode),
        )
        say_commands(commands.check_fetched(uploaded.key, uploaded.version_id, uploaded.sha256))
        say_commands([commands.check_described(uploaded), commands.check_lock(uploaded)])
    conclude(
        f"STORED {uploaded.key} ({uploaded.bytes} bytes, {uploaded.sha256}) "
        f"under {uploaded.lock_mode} lock until {uploaded.retain_until}"
    )


def _put(context: StageContext, staged: StagedObject, path: Path) -> StoredObject:
    is_manifest = staged.file == MANIFEST
    try:
        return context.storage.upload_file(
            path, staged.key, sha256=staged.sha256, storage_class="STANDARD" if is_manifest else None
        )
    except KeyTakenError as error:
        if not is_manifest:
            # A segment's key holds its digest: other bytes there are nobody's accident.
            raise IntegrityError(
                "another object lies under a segment's key",
                where=error.where,
                expected=error.expected,
                found=error.found,
                remedy="find out who put it there; the day cannot be sealed while it hides the segment",
            ) from error
        return _adopt_manifest(context, staged, path.read_bytes())


def _adopt_manifest(context: StageContext, staged: StagedObject, ours: bytes) -> StoredObject:
    """Take the manifest that another writer put for the same statement.

    Signatures differ each time they are made, so two writers of the same day
    meet at one key with different bytes; the first one's stay.
    """
    there = context.store.head(staged.key)
    if there is None or there.sha256 is None:
        raise StorageError(
            "the manifest's key is taken and cannot be read", where=staged.key, remedy="try again"
        )
    data = context.store.read(staged.key, there.version_id, max_bytes=2 * MAX_DOCUMENT_BYTES)
    envelope = parse_envelope(data, where=staged.key)
    view = context.ledger()
    view.history.check_document(envelope, sequence=view.head.sequence + 1, where=staged.key)
    if (
        envelope.payload != parse_envelope(ours, where=staged.file).payload
        or sha256(data).hexdigest() != there.sha256
    ):
        raise IntegrityError(
            "another manifest is stored under this one's key",
            where=staged.key,
            expected=staged.sha256,
            found=there.sha256,
        )
    say(note(f"another writer signed the same statement first, its manifest is used: {staged.key}"))
    return there
