"""Time-stamp tokens for the ledger entries that have none yet.

An authority that cannot be reached delays the token, never the seal: the next
run catches up. A token over an entry attests to all entries before it, because
each names the digest of the one before; so the newest is asked for first, and
a backlog is attested with one answer.
"""

from __future__ import annotations

import time
from hashlib import sha256

from audit_trail.archive.ledger import MAX_ENTRY_BYTES, put_token
from audit_trail.archive.object_store import KeyTakenError
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import say, warn
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.verification.ledger_walk import LedgerView

MAX_TOKENS = 200
MAX_SECONDS = 120.0
"""Of one run: a backlog must not hold up the day's other stages; the next run goes on with it."""


def stamp_entries(context: StageContext, view: LedgerView) -> int:
    """Get and store tokens for entries of `view` that have none; how many were stored.

    Idempotent, and safe beside other writers: a token is put once, and whoever
    comes second leaves the first one's. Killed anywhere, the next run goes on.

    Raises:
        ConfigurationError: The authority's certificates cannot be read.
        IntegrityError: An entry has changed since the ledger was walked.
        StorageError: The archive could not be read or written; not the authority.
    """
    waiting = entries_without_token(view)
    if context.settings.timestamps.url is None:
        if view.genesis.policy.timestamp_hours is not None and waiting:
            warn("the archive promises time-stamps and timestamps.url names no authority")
        return 0
    started, stored = time.monotonic(), 0
    for sequence in waiting[:MAX_TOKENS]:
        if time.monotonic() - started > MAX_SECONDS:
            break
        try:
            stored += _stamp(context, view, sequence)
        except _AuthorityError as error:
            warn(f"no time-stamp entry={sequence}: {error.__cause__}")
            break
    return stored


def entries_without_token(view: LedgerView) -> list[int]:
    """Entries to be stamped: the newest first, then from the oldest on.

    An archive that was founded without tokens gets them from its newest entry
    on: a token of today would show all older ones as back-dated.
    """
    head = view.head.sequence
    promised = view.genesis.policy.timestamp_hours is not None
    first = 0 if promised else min(view.tokens, default=head)
    waiting = [sequence for sequence in range(first, head + 1) if sequence not in view.tokens]
    return waiting[-1:] + waiting[:-1]


class _AuthorityError(Exception):
    """Tells the authority's failures from the store's; the cause says what happened."""


def _stamp(context: StageContext, view: LedgerView, sequence: int) -> bool:
    entry = context.store.read(ledger_key(sequence), view.versions[sequence], max_bytes=MAX_ENTRY_BYTES)
    if sha256(entry).hexdigest() != view.heads[sequence]:
        raise IntegrityError(
            "a ledger entry has changed since it was checked",
            where=ledger_key(sequence),
            expected=view.heads[sequence],
            found=sha256(entry).hexdigest(),
        )
    try:
        answer, token = context.authority.request(entry)
    except StorageError as error:
        raise _AuthorityError from error
    try:
        put_token(context.store, sequence, answer, context.storage.retention())
    except KeyTakenError:
        return False
    time, key = format_timestamp(token.time), token_key(sequence)
    say(fact("stamped", entry=sequence, key=key, time=time, authority=token.authority, serial=token.serial))
    return True
