"""Appending to the ledger: one entry behind its head, whoever else writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from audit_trail.archive.ledger import MAX_ENTRY_BYTES, put_entry
from audit_trail.archive.object_store import KeyTakenError
from audit_trail.errors import StorageError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import LinkedEntry, encode_entry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.verification.ledger_walk import LedgerView

MAX_RACES = 1000
"""Lost races in a row before giving up: somebody else is then writing without pause."""

Made = TypeVar("Made", bound=LinkedEntry | None)


def append_entry(context: StageContext, make: Callable[[LedgerView], Made]) -> tuple[Made, LedgerView]:
    """Append what `make` makes of the ledger.

    Of writers that race for a place one wins; the others make their entry
    anew, of the ledger as it is then, and take the next.

    Args:
        context: Of all stages.
        make: Gives the entry, with the fields of `linked`; or None, and nothing is appended.

    Returns:
        What `make` gave, and the ledger with it.

    Raises:
        ConfigurationError: The keys that sign here are not the archive's.
        IntegrityError: The ledger cannot be believed, so nothing is appended to it.
        StorageError: The ledger could not be read or written.
    """
    for _ in range(MAX_RACES):
        view = context.ledger()
        entry = make(view)
        if entry is None:
            return entry, view
        if _put(context, view, entry):
            return entry, context.ledger()
    raise StorageError("other writers took every place in the ledger", where="ledger/", remedy="try again")


def linked(context: StageContext, view: LedgerView) -> dict[str, Any]:
    """The fields by which the next entry hangs on `view`'s head."""
    return {
        "archive": view.genesis.archive,
        "genesis": view.genesis_sha256,
        "sequence": view.head.sequence + 1,
        "previous": view.head.sha256,
        "at": format_timestamp(context.now()),
    }


def _put(context: StageContext, view: LedgerView, entry: LinkedEntry) -> bool:
    """Sign an entry and put it behind `view`'s head; False when another writer has the place."""
    data = context.signed(
        view,
        encode_entry(entry),
        where=ledger_key(entry.sequence),
        keys=view.history.signers_of(entry),
        max_bytes=MAX_ENTRY_BYTES,
    )
    try:
        put_entry(context.store, entry.sequence, data, context.storage.retention())
    except KeyTakenError:
        return False
    return True
