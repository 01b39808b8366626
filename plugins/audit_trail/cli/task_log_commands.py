"""Commands about task logs of Airflow: read the evidence in one, and is one still what it was."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.cli.output import Output, printable, table
from audit_trail.errors import ConfigurationError
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from audit_trail.pipeline.evidence_log import Evidence


def add_read_task_log(parser: ArgumentParser) -> None:
    """The arguments of `read-task-log`."""
    parser.add_argument("file", metavar="FILE", help="attempt=N.log, or the same as plain text")
    parser.add_argument("--commands", action="store_true", help="only the commands, for bash")


def add_check_task_log(parser: ArgumentParser) -> None:
    """The arguments of `check-task-log`."""
    parser.add_argument("file", metavar="FILE", help="…/dag_id=D/run_id=R/task_id=T/attempt=N.log")
    parser.add_argument("--date", metavar="D", help="the day on which it ended (from its last line)")


def read_task_log(args: Namespace, output: Output) -> int:
    """Show the facts, checks and commands of a task log; nothing of it has been checked."""
    from audit_trail.pipeline.evidence_log import read_events

    path = Path(args.file)
    try:
        with path.open("rb") as file:
            found = list(read_events(iter(file)))
    except OSError as error:
        raise ConfigurationError(
            "the file cannot be read", where=str(path), found=error.strerror or type(error).__name__
        ) from error
    if not found:
        raise ConfigurationError(
            "the file holds no line of evidence",
            where=str(path),
            expected="the log of a task of this package",
            remedy="name the file attempt=N.log of a task of audit_trail_daily or audit_trail_verify",
        )
    bad = [item for item in found if item.outcome in ("FAIL", "UNVERIFIABLE")]
    value = {
        "file": str(path),
        "summary": [item.text for item in found if item.kind == "summary"],
        "facts": [item.to_json() for item in found if item.kind == "fact"],
        "checks": [item.to_json() for item in found if item.kind == "check"],
        "notes": [item.text for item in found if item.kind == "note"],
        "commands": [item.text for item in found if item.kind == "command"],
    }
    output.result(value, lambda console: _show(console, found, only_commands=args.commands))
    return 1 if any(item.outcome == "FAIL" for item in bad) else 2 if bad else 0


def _show(console: Any, found: list[Evidence], *, only_commands: bool) -> None:
    if only_commands:
        for item in found:
            if item.kind == "command":
                console.print(printable(item.text), markup=False)
        return
    rows = [
        (
            item.outcome or item.kind,
            printable(item.text),
            ", ".join(_field(*pair) for pair in item.fields.items()),
        )
        for item in found
        if item.kind in ("fact", "check")
    ]
    table(console, "Facts and checks", ("", "name", "fields"), rows)
    for item in found:
        if item.kind in ("summary", "note"):
            console.print(printable(item.text), style="bold" if item.kind == "summary" else "", markup=False)


def _field(name: str, text: str) -> str:
    return f"{name} {printable(text)}"


def check_task_log(args: Namespace, output: Output) -> int:
    """Is this task log, byte for byte, the one whose digest was sealed?"""
    from audit_trail.cli.commands import parse_day
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.verification.task_log_check import check_task_log

    if args.date:
        parse_day(args.date)
    context = StageContext(settings=load_settings())
    found = check_task_log(context.store, context.ledger(), Path(args.file), day=args.date)

    def human(console: Any) -> None:
        console.print(f"{printable(found.path)}: {found.bytes} bytes, SHA-256 {found.sha256}", markup=False)
        console.print(printable(found.sentence), style="bold green" if found.is_sealed else "bold red")
        if found.sealed:
            sealed = found.sealed
            console.print(
                f"  record {sealed.path}, SHA-256 {sealed.sha256}, {sealed.bytes} bytes", markup=False
            )
            console.print(
                f"  day {sealed.day}, ledger entry {sealed.sequence} of {sealed.sealed_at}", markup=False
            )
            console.print(f"  segment {sealed.segment}", markup=False)

    output.result(found.to_json(), human)
    return 0 if found.is_sealed else 1
