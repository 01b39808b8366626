"""Founding an archive: the bucket, and entry 0 of its ledger."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import sha256

from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.bucket_points import Point
from audit_trail.archive.ledger import put_entry
from audit_trail.archive.s3_store import make_client
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import Genesis, Policy, encode_entry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.timestamp_entries import stamp_entries
from audit_trail.signing.local_keys import newest_keys
from audit_trail.signing.pins import genesis_pin, note_genesis
from audit_trail.signing.signatures import sign_payload, verify_envelope

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """The archive's identity, whether it and its bucket were made now, and how right the bucket is."""

    genesis_sha256: str
    made_bucket: bool
    made_genesis: bool
    bucket_points: tuple[Point, ...]


def found_archive(context: StageContext) -> Founded:
    """Make what is missing of bucket, genesis and its time-stamp token. Doing it again changes nothing.

    Raises:
        ConfigurationError: There is an archive here that is not the known one.
        IntegrityError: The known archive's ledger cannot be believed.
        StorageError: The store refused or could not be reached.
    """
    if context.settings.timestamps.url is not None:
        context.authority  # noqa: B018 - wrong certificates fail before anything is made
    archive = context.settings.archive
    bucket = found_bucket(archive, make_client(archive, context.clients))
    known = _known_genesis(context)
    there = context.store.head(ledger_key(0))
    if known is not None:
        if there is None:
            raise ConfigurationError(
                "the known archive is not in this bucket",
                where=f"s3://{context.settings.archive.bucket}",
                expected=f"an archive with genesis {known}",
                found="no ledger",
                remedy="check archive.bucket and archive.prefix; for a new archive use another home folder",
            )
        stamp_entries(context, context.ledger())
        return Founded(
            genesis_sha256=known, made_bucket=bucket.made, made_genesis=False, bucket_points=bucket.points
        )
    if there is not None:
        raise ConfigurationError(
            "there is an archive in this bucket already, and its identity is not known here",
            where=f"s3://{context.settings.archive.bucket}",
            remedy="set archive.genesis_sha256 to the digest you were given, or name another prefix",
        )
    digest = _put_genesis(context)
    note_genesis(context.settings, digest)
    stamp_entries(context, context.ledger())
    log.info("founded archive=%s genesis=%s", context.settings.archive.name, digest)
    return Founded(
        genesis_sha256=digest, made_bucket=bucket.made, made_genesis=True, bucket_points=bucket.points
    )


def _known_genesis(context: StageContext) -> str | None:
    try:
        return genesis_pin(context.settings)
    except ConfigurationError:
        return None


def _put_genesis(context: StageContext) -> str:
    archive, timestamps = context.settings.archive, context.settings.timestamps
    keys = newest_keys(context.settings)
    genesis = Genesis(
        archive=archive.name,
        at=format_timestamp(context.now()),
        keys=keys,
        policy=Policy(
            lock_mode=archive.lock_mode,
            retain_days=archive.retain_days,
            algorithms=tuple(sorted({key.scheme for key in keys})),
            timestamp_hours=timestamps.due_hours if timestamps.url else None,
        ),
    )
    envelope = sign_payload(encode_entry(genesis), context.signers(keys))
    # Before it is locked: a key that lives elsewhere may not be the one that the index says.
    verify_envelope(envelope, keys=keys, algorithms=genesis.policy.algorithms, where=ledger_key(0))
    data = envelope.to_bytes()
    put_entry(context.store, 0, data, context.storage.retention())
    return sha256(data).hexdigest()
