"""A sample that is drawn by hand: now, or again by the entry that it was drawn with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError

if TYPE_CHECKING:
    from audit_trail.evidence.ledger_entry import Sample
    from audit_trail.verification.ledger_walk import LedgerView
    from audit_trail.verification.sampling import DrawnObject
    from audit_trail.verification.verifier import Verifier


def draw(view: LedgerView, *, size: int, seed_entry: int | None) -> tuple[Sample, list[DrawnObject]]:
    """Draw segments of all that was sealed up to an entry, by that entry's digest.

    Args:
        view: The ledger as it is now.
        size: How many.
        seed_entry: The entry's number; None: the newest.

    Raises:
        ConfigurationError: There is no such entry.
    """
    from audit_trail.signing.pins import Head
    from audit_trail.verification.sampling import draw_sample

    sequence = view.head.sequence if seed_entry is None else seed_entry
    if sequence >= len(view.heads):
        raise ConfigurationError(
            "the ledger has no such entry",
            where="--seed-entry",
            expected=f"at most {view.head.sequence}",
            found=str(sequence),
        )
    seals = [seal for seal in view.seals if seal.sequence <= sequence]
    return draw_sample(seals, seed=Head(sequence=sequence, sha256=view.heads[sequence]), size=size)


def check_sample(verifier: Verifier, view: LedgerView, *, size: int, seed_entry: int | None) -> Sample:
    """Read a sample's bytes; findings go to the verifier's checks.

    Raises:
        ConfigurationError: There is no such entry.
    """
    sample, drawn = draw(view, size=size, seed_entry=seed_entry)
    verifier.check_drawn(view, [(item.seal, item.sealed) for item in drawn])
    return sample
