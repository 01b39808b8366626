"""`report`: what the archive keeps to, measured and with its sources."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.cli.output import Output, printable, table
from audit_trail.errors import ConfigurationError
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from audit_trail.reporting.compliance.report_document import ComplianceReport


def add_report(parser: ArgumentParser) -> None:
    """The arguments of `report`."""
    parser.description = (
        "Measures the archive: days, records, signatures, every object's storage, verifications, and who may "
        "write or delete by the policies of its AWS account. Every figure says where it comes from. "
        "Exit status: 0 all in order, 1 there are findings, 2 something could not be measured."
    )
    parser.add_argument("--from", dest="first", metavar="D", help="the first day, YYYY-MM-DD (the archive's)")
    parser.add_argument(
        "--to", dest="last", metavar="D", help="the last day, YYYY-MM-DD (the last that is due)"
    )
    parser.add_argument("--format", choices=("text", "json", "html"), help="how it is written (text)")
    parser.add_argument(
        "--output", metavar="FILE", help="the file to write, never overwritten (standard output)"
    )


VERDICTS = {0: "All in order.", 1: "There are findings.", 2: "Something could not be measured."}


def report(args: Namespace, output: Output) -> int:
    """Measure what the archive keeps to."""
    from audit_trail.cli.commands import parse_day
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.reporting.compliance.measurement import Period
    from audit_trail.reporting.compliance.report_document import make_report

    period = Period(
        first=parse_day(args.first, where="--from") if args.first else None,
        last=parse_day(args.last, where="--to") if args.last else None,
    )
    form = args.format or ("json" if output.as_json else "text")
    if output.as_json and form != "json":
        raise ConfigurationError("--json is another format", where="--format", found=form)
    path = Path(args.output) if args.output else None
    if path is not None and path.exists():
        raise ConfigurationError(
            "the file is there already", where=str(path), remedy="name another one, or move it away"
        )
    context = StageContext(settings=load_settings())
    with output.progress() as progress:
        made = make_report(
            context.store,
            period,
            context.settings,
            genesis=context.genesis,
            remembered=context.pin.read(),
            now=context.now(),
            times=context.time_trust,
            on_progress=progress,
        )
    _write(made, form, path)
    if path is not None:
        sys.stderr.write(f"{VERDICTS[made.exit_code]} The report is {path}\n")
    return made.exit_code


def _write(made: ComplianceReport, form: str, path: Path | None) -> None:
    if path is None and form == "text":
        _show(made, Output(as_json=False).console)
        return
    blocks = _blocks(made, form)
    if path is None:
        for block in blocks:
            sys.stdout.write(block.decode("utf-8"))
        return
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(number, "wb") as file:
            file.writelines(blocks)
    except OSError as error:
        raise ConfigurationError(
            "the report cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy="name a file in a folder that can be written to",
        ) from error


def _blocks(made: ComplianceReport, form: str) -> Iterable[bytes]:
    import io
    import json

    from rich.console import Console

    from audit_trail.reporting.compliance.report_page import page_blocks

    if form == "html":
        return page_blocks(made)
    if form == "json":
        return [json.dumps(made.to_json(), indent=2).encode() + b"\n"]
    text = io.StringIO()
    _show(made, Console(file=text, width=160, soft_wrap=True, highlight=False, markup=False, emoji=False))
    return [text.getvalue().encode()]


def _show(made: ComplianceReport, console: Any) -> None:
    document = made.to_json()
    console.print(f"Archive {document['archive']} in s3://{made.bucket}, measured {document['measured_at']}")
    console.print(f"  identity {document['genesis_sha256']}")
    console.print(f"  newest ledger entry {document['head']['sequence']}, {document['head']['sha256']}")
    rows = [(figure.title, figure.value or "-", figure.standing.value) for figure in made.figures]
    table(console, "Figures", ("figure", "value", "standing"), rows)
    for figure in made.figures:
        console.print(f"{figure.title}: {figure.value or figure.standing.value}", style="bold")
        console.print(f"  {printable(figure.explanation)}")
        for finding in figure.findings:
            console.print(f"  FINDING {printable(finding)}", style="bold red")
        console.print(f"  how: {figure.how}")
        for source in figure.sources:
            console.print(f"  from: {source}")
    console.print(VERDICTS[made.exit_code], style="bold")
    console.print("`--format html` has pictures, and the controls that each figure supports.")
