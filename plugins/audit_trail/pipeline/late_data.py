"""Does a sealed day's source hold bytes that no seal has? Sizes tell; no file is read."""

from __future__ import annotations

from datetime import date

from audit_trail.errors import AuditTrailError
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.sources.listing import SourceFile, list_all
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.days import COMPLETE
from audit_trail.verification.ledger_walk import LedgerView


def check_sources(context: StageContext, view: LedgerView, days: list[str], checks: CheckList) -> None:
    """Compare what the sources hold for some sealed days with what is sealed of it.

    A file that has grown, or that no manifest knows by name or size, is late
    data. A file renamed by rotation is known by its size. Sources that select
    records by their own time are left out: their files' sizes say nothing of a day.

    Args:
        context: Whose settings name the sources.
        view: The walked ledger.
        days: Which days; those without a seal are passed over.
        checks: Where results go, as `day.complete`.
    """
    for day in days:
        seals = view.seals_of(day)
        if not seals:
            continue
        try:
            late = _late(context, view, seals, day)
        except AuditTrailError as error:
            checks.add_error(COMPLETE, error, where=f"day {day}", day=day)
            continue
        checks.add(
            Check(
                name=COMPLETE,
                where=f"day {day}",
                outcome=Outcome.FAIL if late else Outcome.PASS,
                expected="every byte of the sources sealed",
                found="; ".join(late)[:300] or "every byte of the sources sealed",
                remedy=f"seal it as a further revision: audit-trail process --date {day}" if late else "",
                day=day,
            )
        )


def _late(context: StageContext, view: LedgerView, seals: list[Seal], day: str) -> list[str]:
    ends: dict[tuple[str, str], int] = {}
    for seal in seals:
        for item in read_manifest(context.store, view, seal).inputs:
            place = item.source, item.uri
            ends[place] = max(ends.get(place, 0), item.end)
    sources = [source for source in context.settings.all_sources() if source.event_time is None]
    found = list_all(sources, date.fromisoformat(day))
    return [
        f"{file.uri}: {file.size_bytes} bytes, {ends.get((source, file.uri), 0)} of them sealed"
        for source, listing in found.items()
        for file in listing.files
        if not _is_sealed(source, file, ends)
    ]


def _is_sealed(source: str, file: SourceFile, ends: dict[tuple[str, str], int]) -> bool:
    end = ends.get((source, file.uri))
    if end is not None:
        return file.size_bytes <= end
    return file.size_bytes in {size for (name, _), size in ends.items() if name == source}
