"""Parsing `audit-trail`'s arguments, and its exit statuses.

0 all good; 1 something is wrong; 2 something could not be read, written or
checked; 3 wrong usage or settings.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from audit_trail import __version__
from audit_trail.cli import (
    commands,
    export_command,
    ledger_commands,
    metrics_command,
    proof_commands,
    redact_command,
    report_command,
    restore_command,
    task_log_commands,
)
from audit_trail.cli.argument_types import positive
from audit_trail.cli.bucket_command import check_bucket
from audit_trail.cli.output import Output
from audit_trail.errors import AuditTrailError

EXIT_USAGE = 3
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141
"""As a shell says it of a program that SIGPIPE ended."""
EPILOG = (
    "exit status: 0 all good, 1 something is wrong, 2 something could not be read, written or checked, "
    "3 wrong usage or settings"
)

Handler = Callable[[argparse.Namespace, Output], int]
AddCommand = Callable[[str, Handler, str], argparse.ArgumentParser]
"""Adds a command by its name, handler and help."""


class Arguments(argparse.Namespace):
    """What every command is given."""

    command: str
    json: bool
    handler: Handler


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = _Parser(prog="audit-trail", description="Provable logs with Apache Airflow.", epilog=EPILOG)
    parser.add_argument("--version", action="version", version=f"audit-trail {__version__}")
    adding = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, handler: Handler, help_text: str) -> argparse.ArgumentParser:
        made = adding.add_parser(name, help=help_text, description=help_text, epilog=EPILOG)
        made.add_argument("--json", action="store_true", help="results as JSON on standard output")
        made.set_defaults(handler=handler)
        return made

    _add_sealing(command)
    _add_verifying(command)
    _add_measuring(command)
    _add_ledger(command)
    _add_task_logs(command)
    _add_redact(command("redact", redact_command.redact, "take secrets and personal data out of logs"))
    _add_trying(command)
    return parser


def _add_sealing(command: AddCommand) -> None:
    command("init", commands.init, "found the archive: bucket, Object Lock, genesis entry; or check it")
    command(
        "check-bucket",
        check_bucket,
        "look whether the bucket is as it should be, and say exactly what is not; changes nothing",
    )
    keys = command(
        "generate-keys", commands.generate_keys, "make the signing key pairs, fetch those that live elsewhere"
    )
    keys.add_argument(
        "--make-passphrase", action="store_true", help="write a random passphrase beside the keys"
    )
    sealing = command("process", commands.process, "seal one day, without Airflow")
    sealing.add_argument("--date", metavar="D", help="the day, YYYY-MM-DD in UTC (yesterday)")
    command("status", commands.status, "say what the archive holds and what is missing")


def _add_verifying(command: AddCommand) -> None:
    checking = command("verify", commands.verify, "verify the archive, one day, or a file on disk")
    checking.add_argument("--date", metavar="D", help="only this day")
    checking.add_argument(
        "--log-file", metavar="PATH", help="is exactly this file sealed, where, when, by whom"
    )
    checking.add_argument(
        "--level", choices=("ledger", "objects", "content"), default="objects", help="how deep (objects)"
    )
    checking.add_argument(
        "--sources",
        action="store_true",
        help="also: do the sources hold bytes of sealed days that no seal has",
    )
    checking.add_argument(
        "--sample", type=positive, metavar="N", help="level content: read N random segments, not all"
    )
    checking.add_argument(
        "--seed-entry", type=positive, metavar="N", help="draw the sample by this ledger entry (the newest)"
    )
    restore_command.add_restore(
        command("restore", restore_command.restore, "ask for copies of what lies in a cold storage class")
    )
    proof_commands.add_prove(
        command("prove", proof_commands.prove, "write a proof of one record, to be handed to anybody")
    )
    proof_commands.add_verify_proof(
        command(
            "verify-proof",
            proof_commands.verify_proof,
            "check a proof of one record, with the genesis digest and nothing else",
        )
    )
    export_command.add_export(
        command("export", export_command.export, "write a pack that proves some days to an auditor")
    )


def _add_task_logs(command: AddCommand) -> None:
    task_log_commands.add_read_task_log(
        command(
            "read-task-log",
            task_log_commands.read_task_log,
            "show the facts, checks and commands in a task log of Airflow, as it stands",
        )
    )
    task_log_commands.add_check_task_log(
        command(
            "check-task-log",
            task_log_commands.check_task_log,
            "is a task log of Airflow the one whose digest was sealed",
        )
    )


def _add_measuring(command: AddCommand) -> None:
    report_command.add_report(
        command("report", report_command.report, "measure what the archive keeps to, and who may change it")
    )
    metrics_command.add_metrics(
        command(
            "metrics", metrics_command.metrics, "show what CloudWatch is told, and tell it what is missing"
        )
    )


def _add_ledger(command: AddCommand) -> None:
    ledger_commands.add_declare_gap(
        command("declare-gap", ledger_commands.declare_gap, "declare that a day has no logs, and why")
    )
    ledger_commands.add_rotate_keys(
        command(
            "rotate-keys",
            ledger_commands.rotate_keys,
            "replace the signing keys: signed by the old and the new",
        )
    )
    ledger_commands.add_revoke_key(
        command("revoke-key", ledger_commands.revoke_key, "stop believing a key, and replace it")
    )


def _add_trying(command: AddCommand) -> None:
    samples = command("generate-samples", commands.generate_samples, "write sample logs with AuditLogger")
    samples.add_argument("--count", type=positive, default=1000, metavar="N", help="records a day (1000)")
    samples.add_argument("--date", metavar="D", help="the last day, YYYY-MM-DD (yesterday)")
    samples.add_argument("--days", type=positive, default=1, metavar="N", help="how many days (1)")
    showing = command("demo", commands.demo, "seal a day of real logs through Airflow into an embedded store")
    showing.add_argument(
        "--attack",
        metavar="NAME",
        help="instead: play a known attack, or `all`, and show what finds it",
    )
    showing.add_argument("--clean", action="store_true", help="start from nothing")
    showing.add_argument("--count", type=positive, default=3000, metavar="N", help="sample records (3000)")
    running = command("up", commands.up, "run Airflow and an embedded store until Ctrl-C")
    running.add_argument(
        "--port", type=positive, metavar="N", help="port of Airflow's UI (8080, or the next free)"
    )


def _add_redact(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes the records of the files, or of standard input, without secrets and personal data. "
        "--explain shows instead what would go, by which rule and why: also THE SECRETS THEMSELVES; "
        "with --json it shows places, rules and replacements, and none of them. "
        "--json alone counts the places of each rule."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="`-` or none: standard input")
    parser.add_argument(
        "--policy", metavar="FILE", help="a policy as YAML (redaction.policy_file, or the default)"
    )
    parser.add_argument("--explain", action="store_true", help="show what would go, secrets included")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write no records; exit with 1 when something would go, with 0 when not",
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    args = make_parser().parse_args(arguments, namespace=Arguments())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A path may hold bytes that the terminal's encoding has no character for.
            stream.reconfigure(errors="backslashreplace")
    output = Output(as_json=args.json)
    try:
        with commands.reachable_store(args.command):
            return args.handler(args, output)
    except AuditTrailError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has seen enough. Not 0: it may not have seen the verdict.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
