"""`export`: the auditor's pack."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from audit_trail.cli.output import Output, size
from audit_trail.cli.summaries import show_findings
from audit_trail.settings import load_settings


def add_export(parser: ArgumentParser) -> None:
    """The arguments of `export`."""
    parser.description = (
        "Writes a zip file that proves some days to an auditor who has openssl, sha256sum, zstd and jq and "
        "nothing of this package. Everything in it is verified on the way: with findings no file is written "
        "(exit status 1 or 2), unless --allow-findings."
    )
    parser.add_argument("--from", dest="first", metavar="D", required=True, help="the first day, YYYY-MM-DD")
    parser.add_argument("--to", dest="last", metavar="D", required=True, help="the last day, YYYY-MM-DD")
    parser.add_argument(
        "--output", metavar="FILE", required=True, help="the zip file to write; never overwritten"
    )
    parser.add_argument(
        "--digests-only", action="store_true", help="leave the records out: ledger and manifests only"
    )
    parser.add_argument(
        "--allow-findings",
        action="store_true",
        help="write the pack even when something is wrong; its report says what",
    )


def export(args: Namespace, output: Output) -> int:
    """Write a pack that proves some days to an auditor."""
    from audit_trail.cli.commands import parse_day
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.reporting.export import ExportOrder, export_pack

    order = ExportOrder(
        first=parse_day(args.first, where="--from"),
        last=parse_day(args.last, where="--to"),
        output=Path(args.output),
        digests_only=args.digests_only,
        allow_findings=args.allow_findings,
    )
    context = StageContext(settings=load_settings())
    with output.progress() as progress:
        exported = export_pack(
            context.store,
            order,
            genesis=context.genesis,
            remembered=context.pin.read(),
            now=context.now(),
            due_hours=context.settings.verification.due_hours,
            times=context.time_trust,
            on_progress=progress,
        )
    head, written = exported.view.head, exported.sha256 is not None
    pack_bytes = order.output.stat().st_size if written else 0
    value = {
        "path": args.output if written else None,
        "sha256": exported.sha256,
        "bytes": pack_bytes,
        "files": exported.files,
        "genesis_sha256": exported.view.genesis_sha256,
        "head": {"sequence": head.sequence, "sha256": head.sha256},
        "days": [{"day": day.day, "verdict": day.verdict} for day in exported.days] if written else [],
        "findings": [check.to_json() for check in exported.checks.not_passed],
        "exit_code": exported.checks.exit_code,
    }

    def human(console: Any) -> None:
        show_findings(console, exported.checks)
        if not written:
            console.print("No pack was written.", style="bold red")
            console.print(
                "audit-trail verify --level content shows everything; --allow-findings writes anyway."
            )
            return
        console.print(f"{args.output}: {exported.files} files, {size(pack_bytes)}", style="bold")
        console.print(f"  SHA-256 {exported.sha256}")
        console.print("The auditor unpacks it anywhere and runs, with the identity from paper:")
        console.print(f"  ./verify.sh {exported.view.genesis_sha256} {head.sha256}")

    output.result(value, human)
    return exported.checks.exit_code
