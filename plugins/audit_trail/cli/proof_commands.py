"""One record: writing the proof of it, and checking such a proof with nothing else at hand."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.cli.argument_types import positive
from audit_trail.cli.output import Output, printable, shown
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from audit_trail.verification.proof_check import ProvenRecord
    from audit_trail.verification.record_lookup import Absent, RecordLookup, RecordPlace

RECORD_SHOWN_CHARACTERS = 2000
"""A screenful; `--json` has all of it."""
EXIT_ABSENT = 1
"""As for `verify --log-file`: nothing found is never good."""


def add_prove(parser: ArgumentParser) -> None:
    """The arguments of `prove`."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--event-id", metavar="X", help="the record whose JSON has this event_id")
    which.add_argument("--file", metavar="F", help="a record of this source file: its URI, or its path")
    which.add_argument("--segment", metavar="KEY", help="a record of this segment")
    parser.add_argument("--line", type=positive, metavar="N", help="with --file: the line, from 1")
    parser.add_argument("--record", type=positive, metavar="N", help="with --segment: the record, from 1")
    parser.add_argument("--date", metavar="D", help="only look in this day, YYYY-MM-DD")
    parser.add_argument("--output", metavar="FILE", help="where to write it (standard output)")


def add_verify_proof(parser: ArgumentParser) -> None:
    """The arguments of `verify-proof`."""
    parser.add_argument("file", metavar="FILE", help="a proof that `prove` wrote")
    parser.add_argument(
        "--genesis", metavar="SHA256", help="the archive's identity (the one of the settings)"
    )


def prove(args: Namespace, output: Output) -> int:
    """Write the proof of one record."""
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.verification.proof_check import check_proof
    from audit_trail.verification.proof_making import make_proof
    from audit_trail.verification.record_lookup import Absent, RecordLookup

    _check_arguments(args)
    context = StageContext(settings=load_settings())
    with output.progress() as progress:
        view = context.ledger()
        place = _find(RecordLookup(context.store, view, progress), args)
        if isinstance(place, Absent):
            return _show_absent(place, output)
        data = make_proof(context.store, view, place, lambda done, total: progress("segment", done, total))
    if args.output is None:
        # Exactly the document: it is in canonical form, which ends without a newline.
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return 0
    _write(Path(args.output), data)
    proven = check_proof(data, view.genesis_sha256, where=args.output)
    value = {"output": args.output, "bytes": len(data), **proven.to_json()}

    def human(console: Any) -> None:
        _show_proven(console, proven)
        console.print(f"The proof is in {args.output}, {len(data)} bytes. Whoever has it can check it with")
        console.print(f"  audit-trail verify-proof {args.output} --genesis {view.genesis_sha256}")

    output.result(value, human)
    return 0


def verify_proof(args: Namespace, output: Output) -> int:
    """Check the proof of one record."""
    from audit_trail.evidence.proof import MAX_PROOF_BYTES
    from audit_trail.verification.proof_check import check_proof

    genesis = _genesis(args.genesis)
    try:
        with Path(args.file).open("rb") as file:
            # One byte more than allowed shows that there are too many.
            data = file.read(MAX_PROOF_BYTES + 1)
    except OSError as error:
        raise StorageError(
            "the proof cannot be read", where=args.file, found=error.strerror or type(error).__name__
        ) from error
    proven = check_proof(data, genesis, where=args.file)
    output.result(proven.to_json(), lambda console: _show_proven(console, proven))
    return 0


def _genesis(given: str | None) -> str:
    """The digest on the command line, so that no settings are read; else theirs."""
    from audit_trail.signing.pins import genesis_pin

    if given is None:
        return genesis_pin(load_settings())
    genesis = given.strip().lower()
    if not re.fullmatch("[0-9a-f]{64}", genesis):
        raise ConfigurationError(
            "not a genesis digest", where="--genesis", expected="64 hex digits", found=given[:80]
        )
    return genesis


def _check_arguments(args: Namespace) -> None:
    from audit_trail.cli.commands import parse_day

    if args.date:
        parse_day(args.date)
    if args.event_id == "":
        raise ConfigurationError("an empty event id", where="--event-id")
    for name, number in (("file", "line"), ("segment", "record")):
        if (getattr(args, name) is None) != (getattr(args, number) is None):
            raise ConfigurationError(
                f"--{name} and --{number} go together",
                where=f"--{number}",
                expected=f"--{name} with --{number}",
            )


def _find(lookup: RecordLookup, args: Namespace) -> RecordPlace | Absent:
    if args.event_id is not None:
        return lookup.by_event_id(args.event_id, day=args.date)
    if args.file is not None:
        return lookup.by_line(args.file, args.line, day=args.date)
    return lookup.by_place(args.segment, args.record, day=args.date)


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise StorageError(
            "the proof cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy="name another file with --output",
        ) from error


def _show_absent(absent: Absent, output: Output) -> int:
    value = {"proven": False, "absent": absent.what, "searched": absent.searched}

    def human(console: Any) -> None:
        console.print(printable(f"Not sealed: {absent.what}. Searched: {absent.searched}."), style="bold red")

    output.result(value, human)
    return EXIT_ABSENT


def _show_proven(console: Any, proven: ProvenRecord) -> None:
    text = shown(proven.record)
    more = len(text) - RECORD_SHOWN_CHARACTERS
    console.print("This record is proven:", style="bold green")
    console.print(f"  {text[:RECORD_SHOWN_CHARACTERS]}")
    if more > 0:
        console.print(f"  … and {more} characters more; --json shows all of it")
    origin = f"record {proven.input_number} of bytes {proven.start} to {proven.end} of {proven.uri}"
    rows = [
        ("archive", f"{proven.archive}, genesis {proven.genesis_sha256}"),
        ("day", f"{proven.day}, revision {proven.revision}"),
        ("source", f"{proven.source}: {origin}"),
        ("segment", f"{proven.segment}, record {proven.number} of {proven.records}"),
        ("sealed", f"{proven.sealed_at}, ledger entry {proven.sequence}, {proven.entry_sha256}"),
        *(("signed", f"{key.scheme} by key {key.keyid}") for key in proven.keys),
    ]
    for name, value in rows:
        console.print(f"{name:<9} {printable(value)}")
    console.print("NOT proven by it alone:", style="bold yellow")
    for sentence in proven.not_proven:
        console.print(f"  {sentence}")
