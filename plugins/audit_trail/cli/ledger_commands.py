"""Commands that append to the ledger: a declared gap, new keys, a revoked key."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any, get_args

from audit_trail.cli.output import Output, table
from audit_trail.evidence.public_key import Scheme
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from audit_trail.pipeline.ledger_appends import Appended


def add_declare_gap(parser: ArgumentParser) -> None:
    """The arguments of `declare-gap`."""
    parser.add_argument("--date", metavar="D", required=True, help="the day, YYYY-MM-DD in UTC")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why it has no logs")


def add_rotate_keys(parser: ArgumentParser) -> None:
    """The arguments of `rotate-keys`."""
    parser.add_argument(
        "--scheme",
        action="append",
        choices=get_args(Scheme),
        help="only the key of this scheme; may be given twice (all)",
    )


def add_revoke_key(parser: ArgumentParser) -> None:
    """The arguments of `revoke-key`."""
    parser.add_argument("--key", metavar="ID", required=True, help="its id, or the first 8 digits or more")
    parser.add_argument("--reason", metavar="TEXT", required=True, help="why it is not believed any more")
    parser.add_argument(
        "--from-entry",
        type=int,
        metavar="N",
        help="the ledger entry from which on it is not believed (the next one)",
    )


def declare_gap(args: Namespace, output: Output) -> int:
    """Declare that a day has no logs."""
    from audit_trail.pipeline.ledger_appends import declare_gap

    return _show(declare_gap(_context(), args.date, args.reason), output)


def rotate_keys(args: Namespace, output: Output) -> int:
    """Replace the signing keys by new ones."""
    from audit_trail.pipeline.ledger_appends import rotate_keys

    return _show(rotate_keys(_context(), schemes=tuple(args.scheme or ())), output)


def revoke_key(args: Namespace, output: Output) -> int:
    """Stop believing a key."""
    from audit_trail.pipeline.ledger_appends import revoke_key

    found = revoke_key(_context(), args.key, reason=args.reason, from_sequence=args.from_entry)
    return _show(found, output)


def _context() -> Any:
    from audit_trail.pipeline.stage_context import StageContext

    return StageContext(settings=load_settings())


def _show(appended: Appended, output: Output) -> int:
    entry = appended.entry
    value = {"entry": entry.to_json(), "sha256": appended.sha256, "new": appended.new}

    def human(console: Any) -> None:
        state = "is in the ledger now" if appended.new else "was in the ledger before"
        console.print(f"Entry {entry.sequence}, a {entry.kind}, {state}: {appended.sha256}")
        keys = getattr(entry, "keys", ())
        if keys:
            rows = [(key.scheme, key.keyid) for key in keys]
            table(console, "Keys that sign from the next entry on", ("scheme", "key id"), rows)
            console.print(
                "Keep the old keys' files as long as nothing else is decided; no old day needs them."
            )

    output.result(value, human)
    return 0
