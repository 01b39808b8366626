"""For how long the sealed objects are locked, as their seals say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import Seal


def lock_summary(seals: Iterable[Seal], now: datetime) -> dict[str, Any]:
    """How many objects are locked, in which mode, and when the first locks end.

    RFC 3339 times of one form compare as text.
    """
    moment = format_timestamp(now)
    modes: Counter[str] = Counter()
    ends: list[tuple[str, str]] = []
    objects = expired = stored_bytes = 0
    for seal in seals:
        for item in (seal.manifest, *seal.objects):
            modes[item.lock_mode] += 1
            objects += 1
            stored_bytes += item.bytes
            expired += item.retain_until <= moment
        ends.append((min(item.retain_until for item in (seal.manifest, *seal.objects)), seal.date))
    coming = [end for end in ends if end[0] > moment]
    first = min(coming, default=None)
    return {
        "objects": objects,
        "stored_bytes": stored_bytes,
        "modes": dict(modes),
        "expired": expired,
        "next_end": {"at": first[0], "day": first[1]} if first else None,
        "last_end": max((end for end, _ in ends), default=None),
    }
