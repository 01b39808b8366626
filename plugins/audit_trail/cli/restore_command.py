"""`restore`: say what restoring cold objects amounts to, ask for consent, ask the store."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from audit_trail.cli.argument_types import positive
from audit_trail.cli.output import Output, size
from audit_trail.errors import ConfigurationError
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from audit_trail.archive.restore import Asked, ColdObjects, Version
    from audit_trail.archive.restore_estimate import RestoreEstimate
    from audit_trail.verification.ledger_walk import LedgerView

MAX_DAYS = 365


def add_restore(parser: ArgumentParser) -> None:
    """The arguments of `restore`."""
    parser.description = (
        "Asks the store for copies of what lies in a cold storage class (GLACIER, DEEP_ARCHIVE), so that "
        "`verify --level content` can read it. Says first what that amounts to; on a terminal it then asks, "
        "elsewhere it needs --yes. Asking again asks only for what is not on its way and not there."
    )
    parser.add_argument("--from", dest="first", metavar="D", help="the first day, YYYY-MM-DD")
    parser.add_argument("--to", dest="last", metavar="D", help="the last day (that of --from)")
    parser.add_argument(
        "--sample", type=positive, metavar="N", help="instead: N random segments of the whole history"
    )
    parser.add_argument(
        "--seed-entry", type=positive, metavar="N", help="draw the sample by this ledger entry (the newest)"
    )
    parser.add_argument(
        "--tier", choices=("Bulk", "Standard", "Expedited"), help="how fast and how dear (restore.tier)"
    )
    parser.add_argument("--days", type=positive, metavar="N", help="days the copies are kept (restore.days)")
    consent = parser.add_mutually_exclusive_group()
    consent.add_argument("--yes", action="store_true", help="do not ask for consent")
    consent.add_argument("--dry-run", action="store_true", help="say what it amounts to, ask for nothing")


def restore(args: Namespace, output: Output) -> int:
    """Restore the objects of some days, or of a sample."""
    from audit_trail.archive.restore import Asked, ask_for, look_at
    from audit_trail.pipeline.cold_objects import estimate_cold
    from audit_trail.pipeline.stage_context import StageContext

    days_asked = _check(args)
    context = StageContext(settings=load_settings())
    chosen = context.settings.restore
    tier, days = args.tier or chosen.tier, args.days or chosen.days
    view, now = context.ledger(), context.now()
    versions, command = _sampled(args, view) if days_asked is None else _of_days(view, *days_asked)
    with output.progress() as progress:
        cold = look_at(
            context.store, versions, now=now, on_progress=lambda done: progress("look", done, len(versions))
        )
    estimate, kept_longer = estimate_cold(context, cold, tier=tier, now=now, days=days)
    if not output.as_json:
        _show_estimate(output.console, cold, estimate)
    asked = Asked()
    wanted = [*cold.archived, *kept_longer]
    if wanted and not args.dry_run and _consents(args, output, estimate):
        asked = ask_for(context.store, wanted, tier=tier, days=days, fall_back=chosen.fall_back)
    status = 2 if asked.refused or cold.unknown or cold.absent else 0
    by = now + estimate.longest
    output.result(
        _as_json(cold, estimate, asked, command=command, by=by, status=status),
        lambda console: _show_end(
            console, cold, asked, is_open=bool(wanted) and not asked.answers, command=command, by=by
        ),
    )
    return status


def _check(args: Namespace) -> tuple[str, str] | None:
    """The first and the last day; None for a sample.

    Raises:
        ConfigurationError: Neither is named, or both, or something that does not go with it.
    """
    from audit_trail.cli.commands import parse_day

    if bool(args.first) == bool(args.sample) or (args.last and not args.first):
        raise ConfigurationError(
            "say what to restore",
            where="--from, --to, --sample",
            expected="days (--from D [--to D]), or --sample N of the whole history",
        )
    if args.seed_entry and not args.sample:
        raise ConfigurationError("only a sample is drawn by an entry", where="--seed-entry")
    if args.days and args.days > MAX_DAYS:
        raise ConfigurationError(
            "restored copies are kept too long", where="--days", expected=f"at most {MAX_DAYS}"
        )
    if args.sample:
        return None
    first = parse_day(args.first, where="--from")
    last = parse_day(args.last or args.first, where="--to")
    if last < first:
        raise ConfigurationError("the last day is before the first", where="--to", found=args.last)
    return first.isoformat(), last.isoformat()


def _sampled(args: Namespace, view: LedgerView) -> tuple[list[Version], str]:
    """The sealed versions that `verify` will have to read for a sample, and how it is called then."""
    from audit_trail.cli.sample import draw
    from audit_trail.verification.sampling import versions_to_read

    _, drawn = draw(view, size=args.sample, seed_entry=args.seed_entry)
    entry = args.seed_entry or view.head.sequence
    command = f"audit-trail verify --level content --sample {args.sample} --seed-entry {entry}"
    return versions_to_read(drawn), command


def _of_days(view: LedgerView, first: str, last: str) -> tuple[list[Version], str]:
    """The sealed versions that `verify` will have to read for some days, and how it is called then."""
    held = [seal for seal in view.seals if first <= seal.date <= last]
    if not held:
        raise ConfigurationError(
            "none of these days is sealed",
            where="--from, --to",
            found=f"{first} to {last}",
            remedy="audit-trail status says which days are",
        )
    days = sorted({seal.date for seal in held})
    command = f"audit-trail verify --level content --date {days[0]}"
    if len(days) > 1:
        command += f", and so on to {days[-1]}"
    return [(item.key, item.version_id) for seal in held for item in (seal.manifest, *seal.objects)], command


def _consents(args: Namespace, output: Output, estimate: RestoreEstimate) -> bool:
    """Whether to go on.

    Raises:
        ConfigurationError: Without --yes, and nobody is there to be asked.
    """
    if args.yes:
        return True
    if output.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise ConfigurationError(
            "nothing was asked for: restores cost money, and nobody can be asked here",
            where="--yes",
            found=str(estimate),
            remedy="add --yes, or --dry-run to see only what it amounts to",
        )
    try:
        answer = input(f"Send {estimate.requests} requests now? [y/N] ")
    except EOFError:
        return False
    return answer.strip().lower() in {"y", "yes"}


def _show_estimate(console: Any, cold: ColdObjects, estimate: RestoreEstimate) -> None:
    from audit_trail.archive.restore_estimate import hours
    from audit_trail.cli.output import table

    rows: list[tuple[object, ...]] = [
        (line.storage_class, line.tier, line.objects, size(line.bytes), hours(line.longest))
        for line in estimate.lines
    ]
    if rows:
        columns = ("class", "tier", "objects", "bytes", "typically within")
        table(console, "To be restored", columns, rows)
        kept = f"{estimate.requests} requests; copies kept for {estimate.days} days"
        console.print(f"{kept}; {estimate.money}." if estimate.money else f"{kept}.")
    if estimate.kept_longer:
        console.print(f"{estimate.kept_longer} of the requests only keep copies for longer.")
    console.print(
        f"{cold.hot} can be read without a restore, {len(cold.restored)} are restored, "
        f"{len(cold.restoring)} are on their way."
    )


def _show_end(
    console: Any, cold: ColdObjects, asked: Asked, *, is_open: bool, command: str, by: datetime
) -> None:
    for error in _first(asked.refused + cold.unknown):
        console.print(str(error), style="yellow")
    if cold.absent:
        console.print(f"{cold.absent} are not there: audit-trail verify says which.", style="bold red")
    if is_open:
        console.print("Nothing was asked for.")
        return
    for answer, count in sorted(asked.answers.items()):
        console.print(f"{count} {answer}", style="bold")
    if asked.waiting or cold.restoring:
        console.print(f"Come back by {by:%Y-%m-%d %H:%M} UTC:" if asked.waiting else "Come back later:")
    else:
        console.print("Nothing has to be waited for:")
    console.print(f"  {command}")


def _first(errors: Iterable[Any], count: int = 10) -> list[Any]:
    return list(errors)[:count]


def _as_json(
    cold: ColdObjects,
    estimate: RestoreEstimate,
    asked: Asked,
    *,
    command: str,
    by: datetime,
    status: int,
) -> dict[str, Any]:
    from audit_trail.evidence.fields import format_timestamp

    return {
        "estimate": estimate.to_json(),
        "readable": cold.hot + len(cold.restored),
        "restored_until": format_timestamp(min(until for _, until in cold.restored))
        if cold.restored
        else None,
        "restoring": len(cold.restoring),
        "absent": cold.absent,
        "unknown": [str(error) for error in cold.unknown],
        "answers": dict(asked.answers),
        "refused": [str(error) for error in asked.refused],
        "come_back_by": format_timestamp(by) if estimate.longest > timedelta(0) else None,
        "then": command,
        "exit_code": status,
    }
