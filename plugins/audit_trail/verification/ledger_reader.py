"""Reading a ledger again and again, at the cost of what is new in it.

Every task that writes needs all that the ledger says, and nearly all of it is
what it said an hour ago. So entries are kept in memory and on disk. That something
was kept is no reason to believe it:
  1. the store must list the kept entries in the same versions;
  2. entries from disk are checked like any others, signature by signature and link by link;
  3. the newest known entry is read from the store. Its digest stands for all
     before it, because each entry names the digest of the one before.
Where one of these does not hold, everything is read from the store.

What this cannot see is an older entry whose bytes the store changed or lost under the same
version id. That is what verifications are for: they read every entry from the
store, each day (`ledger_walk.read_ledger`).
"""

from __future__ import annotations

from contextlib import closing
from hashlib import sha256
from threading import Lock

from audit_trail.archive.kept_entries import KeptEntries
from audit_trail.archive.ledger import MAX_ENTRY_BYTES, LedgerListing, list_ledger, read_entries
from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import IntegrityError
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.ledger_walk import LedgerView, check_sizes, extend, walk


class LedgerReader:
    """One ledger. May be used by several threads.

    Args:
        store: Only ever read.
        genesis_sha256: The archive's identity, from outside the bucket.
        kept: Entries on disk.
    """

    def __init__(self, store: ObjectReader, genesis_sha256: str, kept: KeptEntries) -> None:
        self._store = store
        self._genesis_sha256 = genesis_sha256
        self._kept = kept
        self._view: LedgerView | None = None
        self._lock = Lock()

    def read(self) -> LedgerView:
        """The ledger as it is now, checked; the caller's own. Of kept entries it knows no lock.

        Raises:
            IntegrityError: The first thing that is wrong, and at which entry.
            StorageError: The store refused or could not be reached.
        """
        with self._lock:
            listing = list_ledger(self._store)
            check_sizes(listing)
            view = self._known(listing)
            rest = listing.first_versions[len(view.heads) if view else 0 :]
            with (
                closing(read_entries(self._store, rest)) as fetched,
                closing(self._kept.keep(fetched)) as raw,
            ):
                if view is None:
                    view = walk(raw, self._genesis_sha256)
                else:
                    extend(view, raw)
            view.note_listed(listing)
            self._view = view
            return view.copy()

    def _known(self, listing: LedgerListing) -> LedgerView | None:
        """What was read before, where it is how the ledger begins."""
        view = self._view
        if view is None or not _begins_with(listing, view):
            view = self._from_disk(listing)
        if view is not None and self._holds_head_of(view):
            return view
        self._kept.discard()
        return None

    def _from_disk(self, listing: LedgerListing) -> LedgerView | None:
        with closing(self._kept.read(listing.first_versions)) as raw:
            try:
                return walk(raw, self._genesis_sha256)
            except IntegrityError:
                # Nothing is kept, or something else than the ledger; the store decides what that is.
                return None

    def _holds_head_of(self, view: LedgerView) -> bool:
        sequence = view.head.sequence
        data = self._store.read(ledger_key(sequence), view.versions[sequence], max_bytes=MAX_ENTRY_BYTES)
        return sha256(data).hexdigest() == view.head.sha256


def _begins_with(listing: LedgerListing, view: LedgerView) -> bool:
    known = [(ledger_key(sequence), version_id) for sequence, version_id in sorted(view.versions.items())]
    return known == [(item.key, item.version_id) for item in listing.first_versions[: len(known)]]
