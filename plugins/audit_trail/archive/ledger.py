"""The ledger as objects: its entries and the time-stamp tokens over them.

Nothing is believed here: `verification.ledger_walk` decides what the bytes say.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256

from audit_trail.archive.object_store import ObjectReader, ObjectStore, ObjectVersion, Retention, StoredObject
from audit_trail.errors import IntegrityError
from audit_trail.evidence.object_keys import ledger_key, ledger_sequence, token_key, token_sequence

MAX_ENTRY_BYTES = 8 * 1024 * 1024
"""A seal names at most 1,000 objects of about 400 bytes each; base64 adds a third."""
READERS = 16
"""Entries are small, so reading is all latency; S3 takes far more than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawEntry:
    """A ledger object as it was read."""

    sequence: int
    key: str
    version_id: str
    data: bytes
    retention: Retention | None = None

    @property
    def sha256(self) -> str:
        """Digest of the stored bytes: what the next entry's `previous` must be."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerListing:
    """The first version of every entry and token in order, and what lies over them.

    Both are put under `If-None-Match: *`, so the first version is the one that
    was put; later versions and delete markers are somebody's attempt. A token
    without its entry is a stranger.
    """

    first_versions: tuple[ObjectVersion, ...]
    tokens: dict[int, ObjectVersion]
    overlaid: tuple[ObjectVersion, ...]
    strangers: tuple[ObjectVersion, ...]


def list_ledger(store: ObjectReader, *, prefix: str = "ledger/") -> LedgerListing:
    """List all ledger objects with all their versions.

    Args:
        store: Only ever read.
        prefix: Of the keys to list; a longer one lists a part of the ledger.

    Raises:
        StorageError: The store refused or could not be reached.
    """
    entries: dict[int, ObjectVersion] = {}
    tokens: dict[int, ObjectVersion] = {}
    overlaid: list[ObjectVersion] = []
    strangers: list[ObjectVersion] = []
    for version in store.list_versions(prefix):
        oldest, sequence = entries, ledger_sequence(version.key)
        if sequence is None:
            oldest, sequence = tokens, token_sequence(version.key)
        if sequence is None:
            strangers.append(version)
            continue
        if version.is_delete_marker:
            overlaid.append(version)
            continue
        # A listing gives the versions of a key newest first.
        if sequence in oldest:
            overlaid.append(oldest[sequence])
        oldest[sequence] = version
    strangers += [tokens.pop(sequence) for sequence in sorted(tokens.keys() - entries.keys())]
    return LedgerListing(
        first_versions=tuple(entries[sequence] for sequence in sorted(entries)),
        tokens=tokens,
        overlaid=tuple(overlaid),
        strangers=tuple(strangers),
    )


def read_entries(store: ObjectReader, versions: Iterable[ObjectVersion]) -> Generator[RawEntry, None, None]:
    """Read entries concurrently, in order.

    Close it where it may not be read to its end: left to the garbage collector, its
    threads are waited for whenever and wherever that happens to run.
    """

    def read(version: ObjectVersion) -> RawEntry:
        described, data = store.fetch(version.key, version.version_id, max_bytes=MAX_ENTRY_BYTES)
        sequence = ledger_sequence(version.key)
        if sequence is None:
            raise IntegrityError("not a ledger entry", where=version.key)
        return RawEntry(
            sequence=sequence,
            key=version.key,
            version_id=version.version_id,
            data=data,
            retention=described.retention,
        )

    with ThreadPoolExecutor(READERS) as pool:
        yield from pool.map(read, versions)


def put_entry(store: ObjectStore, sequence: int, data: bytes, retention: Retention) -> StoredObject:
    """Put the entry with that number, once and for all.

    Durable when it returns; killed before, nothing has happened or the entry
    is there. Putting the same bytes again succeeds.

    Raises:
        KeyTakenError: Another writer's entry has that number.
    """
    return store.put_once(
        ledger_key(sequence),
        data,
        sha256=sha256(data).hexdigest(),
        retention=retention,
        storage_class="STANDARD",
        content_type="application/vnd.in-toto+json",
    )


def put_token(store: ObjectStore, sequence: int, data: bytes, retention: Retention) -> StoredObject:
    """Put the time-stamp token over the entry with that number; see `put_entry`.

    Raises:
        KeyTakenError: Another writer's token is there.
    """
    return store.put_once(
        token_key(sequence),
        data,
        sha256=sha256(data).hexdigest(),
        retention=retention,
        storage_class="STANDARD",
        content_type="application/timestamp-reply",
    )
