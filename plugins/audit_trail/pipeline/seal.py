"""Stage 6: the commit point. One conditional PUT makes the day a fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from audit_trail.errors import IntegrityError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import Seal, Totals
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.pipeline.archive_evidence import key_commands, seal_commands
from audit_trail.pipeline.evidence_log import fact, made_by
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_commands
from audit_trail.pipeline.handoffs import Sealed, Signed, Uploaded
from audit_trail.pipeline.ledger_writer import append_entry, linked
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.timestamp_entries import stamp_entries
from audit_trail.verification.ledger_walk import LedgerView


def seal(context: StageContext, day: str, signed: Signed, uploaded: Sequence[Uploaded]) -> Sealed:
    """Append the seal to the ledger and clear the day's staging.

    Killed before the PUT, nothing has happened; killed after it, the next try
    finds the entry and only clears up; killed before the entry has its
    time-stamp token, the next run of any day asks for it. Of writers that race for a place, one
    wins and the others take the next.

    Raises:
        IntegrityError: The day is sealed with another content, or not every
            object was uploaded.
        StorageError: The store refused or could not be reached.
    """
    if not signed.new:
        view = context.ledger()
        sealed = _as_sealed(view, day, new=False)
        _say(context, view, sealed)
        return sealed
    _check_complete(signed, uploaded)
    made, view = append_entry(
        context,
        lambda view: None if _is_sealed(view, signed) else _entry(context, view, signed, uploaded),
    )
    sealed = _as_sealed(view, day, new=made is not None)
    context.staging(day).wipe()
    _say(context, view, sealed)
    context.on_progress("seal", 1, 1)
    stamp_entries(context, view)
    return sealed


def _check_complete(signed: Signed, uploaded: Sequence[Uploaded]) -> None:
    expected = sorted(item.key for item in signed.objects)
    found = sorted(item.object.key for item in uploaded)
    if expected != found:
        raise IntegrityError(
            "not every object of the day was uploaded",
            where=f"day {signed.day}",
            expected=f"{len(expected)} objects",
            found=f"{len(found)} objects",
            remedy="clear the run from `upload`",
        )
    digests = {item.object.key: item.object.sha256 for item in uploaded}
    for item in signed.objects[:-1]:
        if digests[item.key] != item.sha256:
            raise IntegrityError(
                "an uploaded object is not the signed one",
                where=item.key,
                expected=item.sha256,
                found=digests[item.key],
            )


def _is_sealed(view: LedgerView, signed: Signed) -> bool:
    seals = view.seals_of(signed.day)
    if len(seals) < signed.revision:
        return False
    there = seals[signed.revision - 1]
    if there.manifest.key != signed.objects[-1].key:
        raise IntegrityError(
            "the day was sealed with another content meanwhile",
            where=f"day {signed.day} revision {signed.revision}",
            expected=signed.objects[-1].key,
            found=there.manifest.key,
            remedy="clear the run from `collect`: what is not sealed yet becomes the next revision",
        )
    return True


def _entry(context: StageContext, view: LedgerView, signed: Signed, uploaded: Sequence[Uploaded]) -> Seal:
    by_key = {item.object.key: item.object for item in uploaded}
    segments = [by_key[item.key] for item in signed.objects[:-1]]
    manifest = by_key[signed.objects[-1].key]
    day = date.fromisoformat(signed.day)
    return Seal(
        **linked(context, view),
        date=signed.day,
        interval_start=f"{day.isoformat()}T00:00:00Z",
        interval_end=f"{(day + timedelta(days=1)).isoformat()}T00:00:00Z",
        revision=signed.revision,
        reason=f"late data: {signed.late_bytes} bytes in {signed.inputs} inputs"
        if signed.revision > 1
        else None,
        manifest=manifest,
        objects=tuple(segments),
        totals=Totals(
            inputs=signed.inputs,
            segments=len(segments),
            records=signed.records,
            content_bytes=signed.content_bytes,
            stored_bytes=sum(item.bytes for item in segments),
        ),
        run=context.run,
    )


def _as_sealed(view: LedgerView, day: str, *, new: bool) -> Sealed:
    seals = view.seals_of(day)
    if not seals:
        raise IntegrityError("the day has no seal", where=f"day {day}", remedy="clear the run from `collect`")
    last: Seal = seals[-1]
    return Sealed(
        day=day,
        revision=last.revision,
        new=new,
        sequence=last.sequence,
        entry_sha256=view.heads[last.sequence],
        manifest_key=last.manifest.key,
        manifest_sha256=last.manifest.sha256,
        segments=sum(seal.totals.segments for seal in seals),
        records=sum(seal.totals.records for seal in seals),
    )


def _say(context: StageContext, view: LedgerView, sealed: Sealed) -> None:
    seal, archive = view.seals_of(sealed.day)[-1], context.settings.archive
    with group(f"Ledger entry {sealed.sequence}, the seal of {sealed.day}"):
        say(
            fact(
                "sealed",
                day=sealed.day,
                revision=sealed.revision,
                new=str(sealed.new).lower(),
                at=seal.at,
                key=ledger_key(sealed.sequence),
                version_id=view.versions[sealed.sequence],
                sequence=sealed.sequence,
                sha256=sealed.entry_sha256,
                previous=seal.previous,
                genesis=view.genesis_sha256,
                manifest=sealed.manifest_key,
                manifest_sha256=sealed.manifest_sha256,
                reason=seal.reason,
                **seal.totals.to_json(),
            )
        )
        # Of the entry, which another run may have made than the one whose log this is.
        say(*made_by(seal))
        stored = context.store.head(ledger_key(sealed.sequence), view.versions[sealed.sequence])
        lock = stored.retention if stored else None
        if lock is not None:
            until = format_timestamp(lock.until)
            say(fact("locked", key=ledger_key(sealed.sequence), lock_mode=lock.mode, retain_until=until))
        for key in view.history.era_at(sealed.sequence).keys:
            say(fact("signed", key=ledger_key(sealed.sequence), keyid=key.keyid, scheme=key.scheme))
        keys = view.history.era_at(sealed.sequence).keys
        say_commands([*key_commands(archive, view, keys), *seal_commands(archive, view, seal)])
    state = "SEALED" if sealed.new else "ALREADY SEALED:"
    conclude(
        f"{state} {sealed.day} as ledger entry {sealed.sequence}, {sealed.entry_sha256}: revision "
        f"{sealed.revision}, {sealed.segments} segments, {sealed.records} records in all"
    )
