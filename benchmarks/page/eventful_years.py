"""Years as they are in practice: busy and quiet days, some missing, some found wanting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from audit_trail.archive.object_store import StoredObject
from audit_trail.evidence.ledger_entry import FailedCheck, Gap, Verification
from audit_trail.evidence.manifest import Manifest
from audit_trail.evidence.object_keys import ledger_key
from benchmarks.verification.archive_of_years import YearsWriter

Sealed = tuple[date, Manifest, StoredObject, list[StoredObject]]


@dataclass(slots=True, kw_only=True)
class EventfulYears(YearsWriter):
    """The archive of years, with something on some days.

    Counted from the last day: a missing one 9 days ago, a gap 40 days ago, a
    changed object of 23 days ago, a day of 65 days ago that could not be checked.
    """

    def records_of(self, day: date) -> int:
        """Fewer at weekends, more from year to year, and never the same twice; seeded by the day."""
        number = int(sha256(day.isoformat().encode()).hexdigest()[:8], 16)
        weekend = 0.35 if day.weekday() >= 5 else 1.0
        growth = 1 + (day.year - 2015) / 6
        return int(self.records * weekend * growth * (0.75 + (number % 1000) / 2000))

    def _chain(self, sealed: list[Sealed]) -> list[tuple[str, bytes]]:
        entries: list[tuple[str, bytes]] = []
        previous = self.genesis
        for place, (day, manifest, stored, objects) in enumerate(sealed):
            ago = len(sealed) - place
            for kind in () if ago == 9 else ("gap",) if ago == 40 else ("seal", "verification"):
                linked = {
                    "archive": self.context.settings.archive.name,
                    "genesis": self.genesis,
                    "sequence": len(entries) + 1,
                    "previous": previous,
                    "at": f"{day + timedelta(days=1)}T00:{12 + place % 7:02d}:00Z",
                }
                made: Any
                if kind == "gap":
                    made = Gap(**linked, date=day.isoformat(), reason="maintenance: nothing was running")
                elif kind == "seal":
                    made = self._seal(linked, day, manifest, stored, objects)
                else:
                    made = self._found(linked, day, ago, sealed)
                data = self._signed(made)
                previous = sha256(data).hexdigest()
                entries.append((ledger_key(len(entries) + 1), data))
        return entries

    def _found(self, linked: dict[str, Any], day: date, ago: int, sealed: list[Sealed]) -> Verification:
        entry = self._verification(linked, day)
        sampled = entry.sample.model_copy(update={"size": 20, "population": 3 * (len(sealed) - ago)})
        changed: dict[str, Any] = {"sample": sampled}
        if ago == 65:
            changed["unverifiable"] = 2
        if ago == 22 and len(sealed) > 23:
            item = sealed[-23][3][0]
            where = f"{item.key} version {item.version_id}"
            changed |= {"failed": 1, "failures": (FailedCheck(check="content.stored", where=where),)}
        return entry.model_copy(update=changed)
