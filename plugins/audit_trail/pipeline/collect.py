"""Stage 1: find the day's logs, pin their bytes, copy them into staging."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.evidence import canonical
from audit_trail.evidence.background_hashing import background_hashing_for
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import Policy
from audit_trail.evidence.manifest import Input
from audit_trail.evidence.paired_hashing import RunningHash
from audit_trail.pipeline.chosen_sources import chosen_sources
from audit_trail.pipeline.evidence_log import fact
from audit_trail.pipeline.evidence_writer import conclude, group, say, say_commands, warn
from audit_trail.pipeline.hand_commands import check_range
from audit_trail.pipeline.handoffs import Collected, RawSegment
from audit_trail.pipeline.sealed_inputs import SealedInputs
from audit_trail.pipeline.segment_packer import SegmentPacker
from audit_trail.pipeline.segment_work import SegmentTaker
from audit_trail.pipeline.stage_context import StageContext, check_day
from audit_trail.pipeline.staging import INPUTS, DayStaging, collected_name, raw_name
from audit_trail.pipeline.task_log_digests import note_task_logs
from audit_trail.pipeline.weaknesses import weaknesses
from audit_trail.settings import ArchiveSettings, SourceSettings
from audit_trail.sources.input_stream import InputStream
from audit_trail.sources.listing import list_all
from audit_trail.sources.local_tree import local_path
from audit_trail.sources.source_files import SourceFile
from audit_trail.verification.ledger_walk import LedgerView

LARGE_BYTES = 64 * 1024 * 1024
"""A day from which on loading compiled code (about 1 s) takes less time than doing without."""
MAX_SKIPPED_SHOWN = 20
"""The rest is in the task log; a handoff stays small."""
_JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
_INPUTS: TypeAdapter[tuple[Input, ...]] = TypeAdapter(tuple[Input, ...])


def collect(context: StageContext, day: str, taker: SegmentTaker | None = None) -> Collected:
    """Pin what the day's sources hold and no seal holds yet.

    A day collected before and not sealed is taken as it was pinned then, even
    if its sources have changed: what was collected will be sealed, and what
    came later is late data of the next revision.

    Args:
        context: Of all stages.
        day: The UTC day, `YYYY-MM-DD`.
        taker: Is handed each segment when it is closed, and so may work on it
            while the next ones are collected.

    Raises:
        ConfigurationError: Not a day, a day that is not over, or a wrong source.
        CollectionError: A source could not be read whole.
        IntegrityError: Bytes that are sealed already have changed at their source.
        StorageError: Ledger or staging could not be read or written.
    """
    parsed = check_day(day, context.now())
    view = context.ledger()
    _check_promises(view.genesis.policy, context.settings.archive)
    for sentence in weaknesses(context.settings):
        warn(f"weaker than the default: {sentence}")
    revision = len(view.seals_of(day)) + 1
    staging = context.staging(day)
    staging.check()
    with staging.locked(), _stopped_on_error(taker):
        pinned = _resume(staging, revision)
        if pinned is not None:
            conclude(f"COLLECTED {day}, before: taken as it was pinned then, {pinned.inputs} inputs")
            if taker is not None:
                for segment in pinned.segments:
                    taker.take(segment)
            return pinned
        staging.withdraw(collected_name(revision))
        staging.start_over()
        note_task_logs(context.settings, parsed)
        return _collect_anew(context, view, parsed, revision, taker)


@contextmanager
def _stopped_on_error(taker: SegmentTaker | None) -> Iterator[None]:
    """Whoever gets the lock next may clear staging: nobody of ours may write there then."""
    try:
        yield
    except BaseException:
        if taker is not None:
            taker.stop()
        raise


def _check_promises(policy: Policy, archive: ArchiveSettings) -> None:
    """Refuse to seal under a weaker lock than the archive was founded with."""
    weaker = archive.lock_mode != policy.lock_mode and policy.lock_mode == "COMPLIANCE"
    if weaker or archive.retain_days < policy.retain_days:
        raise ConfigurationError(
            "the settings are weaker than what the archive's genesis promises",
            where="archive.lock_mode, archive.retain_days",
            expected=f"{policy.lock_mode}, at least {policy.retain_days} days",
            found=f"{archive.lock_mode}, {archive.retain_days} days",
            remedy="set both at least as strong",
        )


def _collect_anew(
    context: StageContext,
    view: LedgerView,
    day: date,
    revision: int,
    taker: SegmentTaker | None,
) -> Collected:
    settings, staging = context.settings, context.staging(day.isoformat())
    sealed = SealedInputs(context, view, day.isoformat())
    inputs: list[Input] = []
    skipped: list[str] = []
    sources = chosen_sources(context, day.isoformat(), revision)
    listings = list_all(sources, day, context.source_access)
    found = [(source, listings[source.name]) for source in sources]
    total = sum(file.size_bytes for _, listing in found for file in listing.files)
    done = 0
    if taker and total and not sealed:
        taker.prepare()
    new_hash = background_hashing_for(total)
    packer = SegmentPacker(
        staging,
        target_bytes=settings.segment_target_bytes,
        max_segments=settings.max_segments,
        on_segment=taker.take if taker else None,
        new_hash=new_hash,
    )
    try:
        with group(f"Inputs of {day}"):
            for source, listing in found:
                skipped += [f"{item.uri}: {item.reason}" for item in listing.skipped]
                if not listing.files:
                    warn(f"source {source.name} has no file for {day}: {source.url}")
                for file in listing.files:
                    stream = _stream(
                        source, file, day, sealed, is_large=total >= LARGE_BYTES, new_hash=new_hash
                    )
                    item = _collect_file(source, file, stream, sealed, packer)
                    if item is not None:
                        inputs.append(item)
                    done += file.size_bytes
                    context.on_progress("collect", done, total)
        segments = packer.finish()
    finally:
        packer.abandon()
    for notice in skipped:
        warn(f"skipped {notice}")
    collected = _pinned(day.isoformat(), revision, inputs, segments, skipped)
    _keep(staging, collected, inputs)
    return collected


def _stream(
    source: SourceSettings,
    file: SourceFile,
    day: date,
    sealed: SealedInputs,
    *,
    is_large: bool,
    new_hash: Callable[[], RunningHash],
) -> InputStream:
    ranges = sealed.ranges(source.name, file.uri)
    return InputStream(
        file.uri,
        start=ranges[-1].end if ranges else 0,
        event_time=source.event_time,
        day=day,
        sealed=ranges,
        identity=file.identity,
        is_large=is_large,
        open_file=file.open,
        new_hash=new_hash,
    )


def _collect_file(
    source: SourceSettings,
    file: SourceFile,
    stream: InputStream,
    sealed: SealedInputs,
    packer: SegmentPacker,
) -> Input | None:
    if sealed and not sealed.ranges(source.name, file.uri) and sealed.holds(stream):
        say(fact("known", source=source.name, uri=file.uri, sealed="under another name"))
        return None
    parts = packer.add(source.name, _suffix(file), stream.parts())
    if sealed and stream.end == stream.start:
        return None
    _say_read(source, stream, sum(part.records for part in parts))
    times = {"first_event": stream.first_event_time, "last_event": stream.last_event_time}
    return Input(
        source=source.name,
        uri=file.uri,
        start=stream.start,
        end=stream.end,
        sha256=stream.raw_sha256,
        final_newline=stream.final_newline,
        parts=parts,
        object_version=stream.version,
        **{name: format_timestamp(moment) for name, moment in times.items() if moment is not None},
    )


def _say_read(source: SourceSettings, stream: InputStream, records: int) -> None:
    say(
        fact(
            "read",
            source=source.name,
            uri=stream.file_uri,
            start=stream.start,
            end=stream.end,
            records=records,
            sha256=stream.raw_sha256,
        )
    )
    path = local_path(stream.file_uri)
    # Selected by their own time, the pinned bytes are no range of the file.
    if path is not None and source.event_time is None:
        say_commands([check_range(path, stream.start, stream.end, stream.raw_sha256)])


def _pinned(
    day: str, revision: int, inputs: list[Input], segments: tuple[RawSegment, ...], skipped: list[str]
) -> Collected:
    size = sum(item.end - item.start for item in inputs)
    new = revision == 1 or bool(inputs)
    return Collected(
        day=day,
        revision=revision if new else revision - 1,
        new=new,
        inputs=len(inputs),
        inputs_sha256=sha256(_encode(inputs)).hexdigest(),
        input_bytes=size,
        late_bytes=size if revision > 1 else 0,
        segments=segments,
        skipped=tuple(skipped[:MAX_SKIPPED_SHOWN]),
    )


def _keep(staging: DayStaging, collected: Collected, inputs: list[Input]) -> None:
    if not collected.new:
        conclude(f"NOTHING NEW in the sources of {collected.day}, sealed up to revision {collected.revision}")
        staging.wipe()
        return
    staging.write(INPUTS, _encode(inputs))
    # Written last: with it, the day counts as collected.
    staging.publish(collected_name(collected.revision), canonical.encode(collected.to_json()))
    _say_collected(collected)


def _say_collected(collected: Collected) -> None:
    with group(f"{len(collected.segments)} raw segments in staging"):
        for item in collected.segments:
            staged = {"segment": item.number, "source": item.source, "file": raw_name(item.number)}
            size = {"bytes": item.bytes, "records": item.records}
            say(fact("wrote", **staged, **size, sha256=item.sha256, place="staging"))
    conclude(
        f"COLLECTED {collected.day} revision {collected.revision}: {collected.inputs} inputs, "
        f"{collected.input_bytes} bytes, pinned in {len(collected.segments)} segments, "
        f"list of inputs {collected.inputs_sha256}"
    )


def _encode(inputs: list[Input]) -> bytes:
    return canonical.encode([item.to_json() for item in inputs])


def _resume(staging: DayStaging, revision: int) -> Collected | None:
    """What an earlier run pinned, if all of it is still there and for this revision."""
    try:
        collected = Collected.model_validate_json(staging.published(collected_name(revision)))
        if collected.revision != revision:
            return None
        staging.read(INPUTS, expected_sha256=collected.inputs_sha256)
        for segment in collected.segments:
            if staging.digest(raw_name(segment.number), segment.sha256) != segment.sha256:
                return None
    except (StorageError, ValidationError):
        return None
    return collected


def read_inputs(staging: DayStaging, collected: Collected) -> tuple[Input, ...]:
    """The list of inputs that `collect` left in staging.

    Raises:
        IntegrityError: It was changed since.
    """
    return _INPUTS.validate_json(staging.read(INPUTS, expected_sha256=collected.inputs_sha256))


def _suffix(file: SourceFile) -> str:
    if file.is_events:
        return "jsonl"
    stem = file.uri.lower()
    for ending in (".gz", ".zst", ".bz2", ".xz"):
        stem = stem.removesuffix(ending)
    return "jsonl" if stem.endswith(_JSON_ENDINGS) else "log"
