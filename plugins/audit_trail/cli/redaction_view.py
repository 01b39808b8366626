"""How `redact --explain` shows what would go: as a diff for people, as lines of JSON for machines."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from audit_trail.cli.output import Output, shown, table
from audit_trail.sources.record_blocks import record_blocks

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from audit_trail.redaction import Finding, Policy
    from audit_trail.redaction.finding_reasons import Reasons

EXPLAIN_BLOCK_BYTES = 4 * 1024 * 1024
CONTEXT_CHARACTERS = 60
"""Of what stays, shown on each side of what goes."""
MAX_KEY_LINES = 400
"""A private key that begins this near the end of a block is looked at with the next one."""

_KEY_BEGINS, _KEY_ENDS = b"-----BEGIN ", b"-----END "


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRecord:
    """A record and what would go of it.

    Attributes:
        number: The record's place in its input, from 1.
        data: The record without its newline.
        findings: With offsets in `data`, in order; at least one.
    """

    number: int
    data: bytes
    findings: tuple[Finding, ...]


def changed_records(
    blocks: Iterable[bytes], find: Callable[[bytes], list[Finding]]
) -> Iterator[ChangedRecord]:
    """The records that redaction would change, in order; holds a block and a record."""
    number = 1
    for block in _with_whole_keys(record_blocks(blocks, EXPLAIN_BLOCK_BYTES)):
        start = 0
        findings = find(block)
        place = 0
        while place < len(findings):
            record_start = block.rfind(b"\n", start, findings[place].start) + 1 or start
            number += block.count(b"\n", start, record_start)
            end = block.find(b"\n", findings[place].end)
            end = len(block) if end < 0 else end
            first = place
            while place < len(findings) and findings[place].start < end:
                place += 1
            yield ChangedRecord(
                number=number,
                data=block[record_start:end],
                findings=tuple(_moved(finding, record_start) for finding in findings[first:place]),
            )
            start = record_start
        number += block.count(b"\n", start)


class FindingsView:
    """Shows changed records one by one.

    Args:
        output: Where to, and whether as JSON.
        reasons: Of the policy in force.
        names_files: There are several inputs to be told apart.
    """

    def __init__(self, output: Output, *, reasons: Reasons, names_files: bool) -> None:
        self._console = None if output.as_json else output.console
        self._reasons = reasons
        self._names_files = names_files

    def show(self, name: str, record: ChangedRecord) -> None:
        """Show one record of one input."""
        if self._console is None:
            self._show_json(name, record)
        else:
            self._show_diff(self._console, name, record)

    def _show_json(self, name: str, record: ChangedRecord) -> None:
        for finding in record.findings:
            reason = self._reasons.of(record.data, finding)
            line = {
                "file": name,
                "record": record.number,
                "start": finding.start,
                "end": finding.end,
                "rule": finding.rule,
                "because": {"kind": reason.kind, "text": reason.text},
                "replacement": finding.replacement.decode("utf-8", "backslashreplace"),
            }
            sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    def _show_diff(self, console: Console, name: str, record: ChangedRecord) -> None:
        from rich.text import Text

        place = f"{name}:{record.number}" if self._names_files else f"{record.number}"
        reasons = [
            f"{finding.rule} ({self._reasons.of(record.data, finding)})" for finding in record.findings
        ]
        console.print(Text.assemble((place, "bold cyan"), "  ", ", ".join(dict.fromkeys(reasons))))
        console.print(_side("- ", record, "red strike", lambda finding: shown(_old(record, finding))))
        console.print(_side("+ ", record, "green", lambda finding: shown(finding.replacement)))


def show_counts(console: Console, counts: Counter[str], policy: Policy) -> None:
    """How often each rule found something, in the policy's order."""
    actions = {rule.name: rule.action for rule in policy.rules}
    names = sorted(counts, key=lambda name: list(actions).index(name) if name in actions else -1)
    if not counts:
        console.print("Nothing would go.", style="bold green")
        return
    rows = [(name, actions.get(name, "mask"), counts[name]) for name in names]
    table(console, "What goes", ("rule", "action", "places"), rows)


def _with_whole_keys(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The same blocks, cut before a private key whose end is not in sight."""
    held = b""
    for block in blocks:
        whole = held + block if held else block
        begins = whole.rfind(_KEY_BEGINS)
        cut = whole.rfind(b"\n", 0, begins) + 1 if begins >= 0 else len(whole)
        if begins >= 0 and (_KEY_ENDS in whole[begins:] or whole.count(b"\n", begins) > MAX_KEY_LINES):
            cut = len(whole)
        if cut:
            yield whole[:cut]
        held = whole[cut:]
    if held:
        yield held


def _moved(finding: Finding, start: int) -> Finding:
    return replace(finding, start=finding.start - start, end=finding.end - start)


def _old(record: ChangedRecord, finding: Finding) -> bytes:
    return record.data[finding.start : finding.end]


def _side(mark: str, record: ChangedRecord, style: str, changed: Callable[[Finding], str]) -> Text:
    """One side of the diff: what is around the findings in short, what changes in full."""
    from rich.text import Text

    line = Text.assemble((mark, style.partition(" ")[0]))
    position = 0
    for finding in record.findings:
        line.append(_short(shown(record.data[position : finding.start]), first=not position))
        line.append(changed(finding), style=style)
        position = finding.end
    line.append(_short(shown(record.data[position:]), last=True))
    return line


def _short(text: str, *, first: bool = False, last: bool = False) -> str:
    """What stays: whole when it is short, else its ends that touch a finding."""
    if len(text) <= 2 * CONTEXT_CHARACTERS:
        return text
    left = "" if first else text[:CONTEXT_CHARACTERS]
    right = "" if last else text[-CONTEXT_CHARACTERS:]
    return f"{left} … {right}"
