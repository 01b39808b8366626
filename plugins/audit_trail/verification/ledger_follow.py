"""Following a ledger that has been walked, without reading it again."""

from __future__ import annotations

from contextlib import closing

from audit_trail.archive.ledger import list_ledger, read_entries
from audit_trail.archive.object_store import ObjectReader
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.ledger_walk import LedgerView, check_sizes, extend


def is_still_there(store: ObjectReader, view: LedgerView) -> bool:
    """Whether the store holds the newest entry of `view` as it was read.

    Says nothing of older entries: only a new walk does.

    Raises:
        StorageError: The store refused or could not be reached.
    """
    head = view.head
    described = store.head(ledger_key(head.sequence), view.versions[head.sequence])
    # A version's bytes never change; where the store keeps no checksum, its version id has to do.
    return described is not None and described.sha256 in (None, head.sha256)


def follow_ledger(store: ObjectReader, view: LedgerView) -> int:
    """Check what was appended since `view` was read, and take it over: one listing an entry, and one more.

    Returns:
        How many entries were taken.

    Raises:
        IntegrityError: The first thing that is wrong; the view ends before it.
        StorageError: The store refused or could not be reached.
    """
    taken = 0
    while True:
        prefix = ledger_key(len(view.heads)).partition(".")[0] + "."
        listing = list_ledger(store, prefix=prefix)
        if not listing.first_versions:
            return taken
        check_sizes(listing)
        with closing(read_entries(store, listing.first_versions)) as raw:
            extend(view, raw)
        view.tokens |= listing.tokens
        view.overlaid += listing.overlaid
        taken += 1
