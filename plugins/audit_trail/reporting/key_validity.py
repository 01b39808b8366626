"""For which entries each key was to be believed."""

from __future__ import annotations

from dataclasses import dataclass

from audit_trail.evidence.ledger_entry import KeyRevocation
from audit_trail.evidence.public_key import PublicKey
from audit_trail.verification.key_history import KeyHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValidity:
    """A key signs entries `first` to `last`; None: it still does.

    A revocation takes it away from its `from_sequence` on, whatever it signed.
    """

    key: PublicKey
    first: int
    last: int | None
    revocation: KeyRevocation | None


def key_validities(history: KeyHistory) -> list[KeyValidity]:
    """Every key that was ever believed, in the order in which the ledger brought them."""
    found: dict[str, KeyValidity] = {}
    ends = [era.first - 1 for era in history.eras[1:]] + [None]
    for era, end in zip(history.eras, ends, strict=True):
        for key in era.keys:
            known = found.get(key.keyid)
            found[key.keyid] = KeyValidity(
                key=key,
                first=known.first if known else era.first,
                last=end,
                revocation=history.revocations.get(key.keyid),
            )
    return list(found.values())
