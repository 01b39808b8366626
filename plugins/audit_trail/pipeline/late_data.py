"""Does a sealed day's source hold bytes that no seal has, or others than were sealed?

Sizes tell, and what a store names the contents of its objects by. Read is only what has no
size (a day's events of a service), and objects whose content is not the one that was sealed.
"""

from __future__ import annotations

from datetime import date

from audit_trail.errors import AuditTrailError, CollectionError, IntegrityError, StorageError
from audit_trail.pipeline.sealed_inputs import SealedInputs
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.sources.input_stream import InputStream
from audit_trail.sources.listing import list_all
from audit_trail.sources.source_files import SourceFile
from audit_trail.verification.checks import Check, CheckList, Outcome
from audit_trail.verification.days import COMPLETE
from audit_trail.verification.ledger_walk import LedgerView

UNCHANGED = "source.unchanged"
"""The check that fails where a source no longer holds what was sealed of it."""


def check_sources(context: StageContext, view: LedgerView, days: list[str], checks: CheckList) -> None:
    """Compare what the sources hold for some sealed days with what is sealed of it.

    A file that has grown, or that no manifest knows by name or size, is late
    data; so are events that arrived later. A file renamed by rotation is known by its size.
    Sources that select records by their own time are left out: their files' sizes say
    nothing of a day. So are sources that keep days for a shorter time than this one.

    Args:
        context: Whose settings name the sources.
        view: The walked ledger.
        days: Which days; those without a seal are passed over.
        checks: Where results go, as `day.complete` and, for sealed bytes that
            have changed, `source.unchanged`.
    """
    for day in days:
        if not view.seals_of(day):
            continue
        try:
            late = _late(context, view, day, checks)
        except CollectionError as error:
            # Offline or denied: then nothing is known, neither good nor bad.
            unread = StorageError(error.what, **error.details())
            checks.add_error(COMPLETE, unread, where=f"day {day}", day=day)
            continue
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


def _late(context: StageContext, view: LedgerView, day: str, checks: CheckList) -> list[str]:
    sealed = SealedInputs(context, view, day)
    parsed = date.fromisoformat(day)
    age_days = (context.now().date() - parsed).days
    sources = [
        source
        for source in context.settings.all_sources()
        if source.event_time is None and (source.keeps_days is None or age_days < source.keeps_days)
    ]
    found = list_all(sources, parsed, context.source_access)
    late = []
    for source, listing in found.items():
        sizes = sealed.sizes(source)
        for file in listing.files:
            ranges = sealed.ranges(source, file.uri)
            end, size = ranges[-1].end if ranges else 0, file.size_bytes
            if ranges and _must_be_read(source, file, sealed):
                size = _size_if_unchanged(source, file, sealed, checks, day)
            if size > end if ranges else file.is_events or size not in sizes:
                late.append(_sentence(file, size, end))
    return late


def _sentence(file: SourceFile, size: int, end: int) -> str:
    if file.is_events:
        return f"{file.uri}: events that arrived after {end} bytes were sealed"
    return f"{file.uri}: {size} bytes, {end} of them sealed"


def _must_be_read(source: str, file: SourceFile, sealed: SealedInputs) -> bool:
    before = sealed.version(source, file.uri)
    changed = before is not None and file.version is not None and before.etag != file.version.etag
    return file.is_events or changed


def _size_if_unchanged(
    source: str, file: SourceFile, sealed: SealedInputs, checks: CheckList, day: str
) -> int:
    """Read the input; its size, or that of its sealed part where this is not what was sealed."""
    ranges = sealed.ranges(source, file.uri)
    end = ranges[-1].end
    stream = InputStream(file.uri, start=end, sealed=ranges, identity=file.identity, open_file=file.open)
    try:
        for _ in stream.parts():
            pass
    except IntegrityError as error:
        checks.add_error(UNCHANGED, error, where=file.uri, day=day)
        return end
    checks.compare(UNCHANGED, file.uri, expected="as sealed", found="as sealed", day=day)
    return stream.end
