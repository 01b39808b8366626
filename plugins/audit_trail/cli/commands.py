"""One handler for each command: parsed arguments in, exit status out."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.cli.output import Output, table
from audit_trail.errors import ConfigurationError
from audit_trail.settings import Settings, load_settings

if TYPE_CHECKING:
    from audit_trail.evidence.ledger_entry import Sample
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.verification.ledger_walk import LedgerView


NEEDS_STORE = {
    "init",
    "check-bucket",
    "process",
    "verify",
    "restore",
    "prove",
    "status",
    "declare-gap",
    "rotate-keys",
    "revoke-key",
    "export",
    "check-task-log",
    "report",
    "metrics",
}


def init(args: Namespace, output: Output) -> int:
    """Found the archive, or check that it is there."""
    from audit_trail.archive.bucket_points import exit_code_of
    from audit_trail.cli.bucket_command import show_points
    from audit_trail.pipeline.found_archive import found_archive

    context = _context(load_settings())
    founded = found_archive(context)
    archive = context.settings.archive
    value = {
        "archive": archive.name,
        "bucket": archive.bucket,
        "genesis_sha256": founded.genesis_sha256,
        "made_bucket": founded.made_bucket,
        "made_genesis": founded.made_genesis,
        "points": [point.to_json() for point in founded.bucket_points],
    }

    def human(console: Any) -> None:
        state = "founded" if founded.made_genesis else "is there, and its ledger verifies"
        console.print(f"Archive {archive.name} in s3://{archive.bucket} {state}.")
        console.print("Its identity, to be written on paper and given to every auditor:")
        console.print(f"  {founded.genesis_sha256}", style="bold")
        show_points(console, founded.bucket_points)

    output.result(value, human)
    return exit_code_of(founded.bucket_points)


def generate_keys(args: Namespace, output: Output) -> int:
    """Make the signing key pairs; fetch the public parts of those that live elsewhere."""
    from audit_trail.signing import local_keys

    settings = load_settings()
    made_passphrase = None
    if args.make_passphrase:
        made_passphrase = local_keys.make_passphrase(settings)
    keys = local_keys.generate_keys(settings)
    value = {
        "keys_dir": str(settings.keys),
        "passphrase_file": str(made_passphrase) if made_passphrase else None,
        "keys": [
            {"scheme": key.public_key.scheme, "keyid": key.public_key.keyid, "uri": key.uri} for key in keys
        ],
    }

    def human(console: Any) -> None:
        table(
            console,
            f"Keys in {settings.keys}",
            ("scheme", "key id (SHA-256 of the public key)", "where"),
            [(key.public_key.scheme, key.public_key.keyid, key.uri) for key in keys],
        )
        if made_passphrase:
            console.print(f"Passphrase in {made_passphrase}: keep it elsewhere in production.")

    output.result(value, human)
    return 0


def generate_samples(args: Namespace, output: Output) -> int:
    """Write sample logs of one or several days."""
    from audit_trail.demo.samples import write_samples

    settings = load_settings()
    last = parse_day(args.date) if args.date else yesterday()
    if args.days > last.toordinal():
        raise ConfigurationError(
            "that many days have not been", where="--days", expected=f"at most {last.toordinal()}"
        )
    days = [last - timedelta(days=offset) for offset in reversed(range(args.days))]
    written: dict[str, dict[str, int]] = {}
    with output.progress() as progress:
        for number, day in enumerate(days):
            summary = write_samples(settings.journal, day=day, count=args.count)
            progress("samples", number + 1, len(days))
            written[day.isoformat()] = dict(summary.records)

    def human(console: Any) -> None:
        rows = [(day, ", ".join(f"{k} {n}" for k, n in records.items())) for day, records in written.items()]
        table(console, f"Sample logs in {settings.journal}", ("day", "records"), rows)

    output.result({"journal": str(settings.journal), "days": written}, human)
    return 0


def process(args: Namespace, output: Output) -> int:
    """Seal one day."""
    from audit_trail.cli.summaries import show_day
    from audit_trail.pipeline.processor import AuditTrailProcessor

    with (
        output.progress() as progress,
        AuditTrailProcessor(load_settings(), on_progress=progress) as processor,
    ):
        result = processor.process_daily_logs(args.date)
    output.result(result.to_json(), lambda console: show_day(console, result))
    return 0


def verify(args: Namespace, output: Output) -> int:
    """Verify the archive, one day, or a file on disk."""
    from audit_trail.cli.sample import check_sample
    from audit_trail.cli.summaries import show_report
    from audit_trail.pipeline.late_data import check_sources
    from audit_trail.verification.sampling import confidence_statement
    from audit_trail.verification.verifier import Verifier, check_level

    context = _context(load_settings())
    if args.date:
        parse_day(args.date)
    if args.log_file:
        return _verify_file(args, context, output)
    _check_sample_arguments(args)
    samples: list[Sample] = []

    def also(view: LedgerView, days: list[str]) -> None:
        if args.sources:
            check_sources(context, view, days, verifier.checks)
        if args.sample:
            samples.append(check_sample(verifier, view, size=args.sample, seed_entry=args.seed_entry))

    with output.progress() as progress:
        verifier = Verifier(
            context.store,
            genesis=context.genesis,
            remembered=context.pin.read(),
            times=context.time_trust,
            keep_passed=bool(args.date),
            on_progress=lambda done, total: progress("objects", done, total),
        )
        report = verifier.verify(
            "objects" if args.sample else check_level(args.level),
            day=args.date,
            now=context.now(),
            due_hours=context.settings.verification.due_hours,
            also=also,
        )
    if report.view is not None and not report.exit_code:
        context.pin.advance(report.view.head)
    value, statement = report.to_json(), ""
    if samples:
        value["sample"] = samples[0].to_json()
        if not report.exit_code:
            value["statement"] = statement = confidence_statement(samples[0])

    def human(console: Any) -> None:
        show_report(console, report)
        if statement:
            console.print(statement)

    output.result(value, human)
    return report.exit_code


def _check_sample_arguments(args: Namespace) -> None:
    if args.sample and (args.level != "content" or args.date):
        raise ConfigurationError(
            "a sample is of the content of the whole history",
            where="--sample",
            expected="--level content, and no --date",
        )
    if args.seed_entry and not args.sample:
        raise ConfigurationError("only a sample is drawn by an entry", where="--seed-entry")


def _verify_file(args: Namespace, context: StageContext, output: Output) -> int:
    from audit_trail.cli.summaries import show_lookup
    from audit_trail.verification.file_lookup import look_up_file

    found = look_up_file(context.store, context.ledger(), Path(args.log_file), day=args.date)
    value = {
        "path": found.path,
        "sha256": found.sha256,
        "bytes": found.bytes,
        "sealed": found.is_sealed,
        "matches": [match.to_json() for match in found.matches],
    }
    output.result(value, lambda console: show_lookup(console, found))
    return 0 if found.is_sealed else 1


def status(args: Namespace, output: Output) -> int:
    """Say what the archive holds and what is missing."""
    from audit_trail.cli.summaries import show_status
    from audit_trail.pipeline.weaknesses import weaknesses
    from audit_trail.verification.days import expected_days

    context = _context(load_settings())
    view = context.ledger()
    due_hours = context.settings.verification.due_hours
    missing = [
        day
        for day in expected_days(view, now=context.now(), due_hours=due_hours)
        if not view.seals_of(day) and day not in view.gaps
    ]
    last = view.verifications[-1] if view.verifications else None
    value: dict[str, Any] = {
        "archive": view.genesis.archive,
        "bucket": context.settings.archive.bucket,
        "genesis_sha256": view.genesis_sha256,
        "head": {"sequence": view.head.sequence, "sha256": view.head.sha256},
        "keys": [{"scheme": key.scheme, "keyid": key.keyid} for key in view.keys],
        "days_sealed": len(view.seals_by_day),
        "first_day": min(view.seals_by_day, default=None),
        "last_day": max(view.seals_by_day, default=None),
        "records": sum(seal.totals.records for seal in view.seals),
        "stored_bytes": sum(seal.totals.stored_bytes for seal in view.seals),
        "missing": missing,
        "gaps": {day: gap.reason for day, gap in sorted(view.gaps.items()) if not view.seals_of(day)},
        "last_verification": last.to_json() if last else None,
        "weaker_than_default": weaknesses(context.settings),
    }
    output.result(value, lambda console: show_status(console, value))
    return 1 if missing else 0


def demo(args: Namespace, output: Output) -> int:
    """Seal a day of real logs through Airflow into an embedded store."""
    if args.attack:
        from audit_trail.demo.attacks.attack_demo import run_attacks

        return run_attacks(output, args.attack)
    from audit_trail.demo.demo_run import run_demo

    return run_demo(output, clean=args.clean, count=args.count)


def up(args: Namespace, output: Output) -> int:
    """Run Airflow with an embedded store until interrupted."""
    from audit_trail.demo.up import run_up

    return run_up(output, port=args.port)


@contextmanager
def reachable_store(command: str) -> Iterator[None]:
    """Run the embedded store meanwhile, if the settings name one and the command needs it."""
    folder = load_settings().embedded_store_dir if command in NEEDS_STORE else None
    if folder is None:
        yield
        return
    from audit_trail.demo.embedded_store import EmbeddedStore

    with EmbeddedStore(folder):
        yield


def parse_day(text: str, *, where: str = "--date") -> date:
    """A day given on the command line.

    Raises:
        ConfigurationError: Not `YYYY-MM-DD`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ConfigurationError("not a day", where=where, expected="YYYY-MM-DD", found=text[:40])
    return day


def yesterday() -> date:
    """The last UTC day that is over."""
    return datetime.now(UTC).date() - timedelta(days=1)


def _context(settings: Settings) -> StageContext:
    from audit_trail.pipeline.stage_context import StageContext

    return StageContext(settings=settings)
