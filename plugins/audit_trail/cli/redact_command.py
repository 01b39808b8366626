"""`audit-trail redact`: the redaction alone, on files or standard input."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from audit_trail.cli.output import Output
from audit_trail.errors import CollectionError, StorageError
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from audit_trail.redaction import Policy, Redactor

BLOCK_BYTES = 4 * 1024 * 1024
STANDARD_INPUT = "-"
EXIT_FOUND = 1
"""With `--check`: something would go."""


def redact(args: Namespace, output: Output) -> int:
    """Write the records without what must not be kept, or say what that is."""
    redactor, policy = _redactor(Path(args.policy) if args.policy else None)
    names = args.files or [STANDARD_INPUT]
    if args.explain:
        counts = _explain(names, redactor, policy, output)
    else:
        writes = not (args.check or args.json)
        counts = _redact(names, redactor, sys.stdout.buffer if writes else None)
        if not writes:
            _show_counts(counts, policy, output)
    return EXIT_FOUND if args.check and counts else 0


def _redactor(policy_file: Path | None) -> tuple[Redactor, Policy]:
    """The policy that was named, or the settings' one, or the default."""
    from audit_trail.redaction.configured_redactor import configured_redactor
    from audit_trail.redaction.policy_file import default_policy, load_policy

    settings = load_settings().redaction
    chosen = policy_file or settings.policy_file
    redactor = configured_redactor(policy_file=chosen, pseudonym_key_file=settings.pseudonym_key_file)
    return redactor, default_policy() if chosen is None else load_policy(chosen)


def _redact(names: list[str], redactor: Redactor, target: BinaryIO | None) -> Counter[str]:
    """Redact all inputs, each by itself; nowhere is more than a block and a record held."""
    counts: Counter[str] = Counter()
    for name in names:
        with _opened(name) as file:
            for redaction in redactor.redact_blocks(_blocks(file, name)):
                counts.update(redaction.counts)
                if target is not None:
                    _write(target, redaction.data)
    return counts


def _explain(names: list[str], redactor: Redactor, policy: Policy, output: Output) -> Counter[str]:
    from audit_trail.cli.redaction_view import FindingsView, changed_records
    from audit_trail.redaction.finding_reasons import Reasons

    counts: Counter[str] = Counter()
    view = FindingsView(output, reasons=Reasons(policy), names_files=len(names) > 1)
    for name in names:
        with _opened(name) as file:
            for record in changed_records(_blocks(file, name), redactor.find):
                counts.update(finding.rule for finding in record.findings)
                view.show(name, record)
    if not output.as_json:
        _show_counts(counts, policy, output)
    return counts


def _show_counts(counts: Counter[str], policy: Policy, output: Output) -> None:
    from audit_trail.cli.redaction_view import show_counts

    value = {
        "policy_sha256": policy.sha256,
        "replacements": sum(counts.values()),
        "replacements_by_rule": dict(sorted(counts.items())),
    }
    output.result(value, lambda console: show_counts(console, counts, policy))


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    try:
        file = Path(name).open("rb")  # noqa: SIM115
    except OSError as error:
        raise _unreadable(name, error) from error
    with file:
        yield file


def _blocks(file: BinaryIO, name: str) -> Iterator[bytes]:
    """What is there, as soon as it is there: `tail -f` may be at the other end."""
    read = getattr(file, "read1", file.read)
    while True:
        try:
            block = read(BLOCK_BYTES)
        except OSError as error:
            raise _unreadable(name, error) from error
        if not block:
            return
        yield block


def _write(target: BinaryIO, data: bytes) -> None:
    try:
        target.write(data)
        target.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise StorageError(
            "the redacted records cannot be written",
            where="standard output",
            found=error.strerror or type(error).__name__,
            remedy="nothing was kept of them; make room and run it again",
        ) from error


def _unreadable(name: str, error: OSError) -> CollectionError:
    return CollectionError(
        "the records cannot be read",
        where="standard input" if name == STANDARD_INPUT else name,
        found=error.strerror or type(error).__name__,
    )
