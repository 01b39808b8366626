"""How results look to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit_trail.cli.output import size, table
from audit_trail.verification.checks import CheckList, Outcome

if TYPE_CHECKING:
    from rich.console import Console

    from audit_trail.pipeline.processor import DayResult
    from audit_trail.verification.file_lookup import FileLookup
    from audit_trail.verification.verifier import Report

DAYS_SHOWN = 14
FINDINGS_SHOWN = 50


def show_day(console: Console, result: DayResult) -> None:
    """What each stage made of a day."""
    collected, signed, sealed, verified = result.collected, result.signed, result.sealed, result.verified
    if sealed.new:
        title = f"Day {sealed.day} is sealed, revision {sealed.revision}"
    else:
        title = f"Day {sealed.day} was sealed already; its sources hold nothing new"
    segments = len(signed.objects) - 1 if signed.objects else 0
    rows = [
        ("collect", f"{collected.inputs} inputs, {size(collected.input_bytes)}"),
        ("sanitize, hash", f"{segments} segments, {signed.records} records, {size(signed.content_bytes)}"),
        ("sign", f"statement {signed.statement_sha256}" if signed.new else "nothing new"),
        ("upload", f"{len(signed.objects)} objects, {size(sum(item.bytes for item in signed.objects))}"),
        ("seal", f"ledger entry {sealed.sequence}, {sealed.entry_sha256}"),
        ("verify_sample", f"{verified.passed} checks passed. {verified.statement}"),
    ]
    table(console, title, ("stage", "result"), rows)


def show_report(console: Console, report: Report) -> None:
    """Counts of checks, verdicts of days, and every finding."""
    counts: dict[str, dict[Outcome, int]] = {}
    for (name, outcome), count in sorted(report.checks.counts.items()):
        counts.setdefault(name, {})[outcome] = count
    rows = [
        (name, worst(ended), ", ".join(f"{count} {outcome.value}" for outcome, count in ended.items()))
        for name, ended in counts.items()
    ]
    table(console, f"Checks, level {report.level}", ("check", "result", "count"), rows)
    days = [(d.day, d.verdict, d.revisions, d.segments, d.records) for d in report.days[-DAYS_SHOWN:]]
    if days:
        table(console, f"Days (last {len(days)} of {len(report.days)})",
              ("day", "verdict", "revisions", "segments", "records"), days)  # fmt: skip
    show_findings(console, report.checks)
    if report.view is not None:
        head = report.view.head
        console.print(f"Ledger head: entry {head.sequence}, {head.sha256}", markup=False)
    verdict = {0: "All good.", 1: "Something is wrong.", 2: "Something could not be checked."}
    console.print(verdict[report.exit_code], style="bold green" if not report.exit_code else "bold red")


def show_findings(console: Console, checks: CheckList) -> None:
    """Every check that did not pass, and what to do about it."""
    for check in checks.not_passed[:FINDINGS_SHOWN]:
        console.print(f"{check.outcome.value} {check.name} at {check.where}", style="bold", markup=False)
        console.print(f"  expected {check.expected or '-'}, found {check.found or '-'}", markup=False)
        if check.remedy:
            console.print(f"  {check.remedy}", markup=False)
    more = len(checks.not_passed) - FINDINGS_SHOWN
    if more > 0:
        console.print(f"… and {more} more findings; --json shows all of them", markup=False)


def show_lookup(console: Console, found: FileLookup) -> None:
    """Where a file is sealed."""
    console.print(f"{found.path}: {found.bytes} bytes, SHA-256 {found.sha256}", markup=False)
    for match in found.matches:
        whole = match.sealed_bytes == found.bytes
        subject = "These bytes are" if whole else f"The first {match.sealed_bytes} bytes are"
        console.print(
            f"{subject} sealed as {match.what}",
            style="bold green" if whole else "bold yellow",
            markup=False,
        )
        console.print(f"  {match.name}", markup=False)
        console.print(
            f"  day {match.day}, revision {match.revision}, manifest {match.manifest_key}", markup=False
        )
        console.print(
            f"  ledger entry {match.sequence} of {match.sealed_at}, {match.entry_sha256}", markup=False
        )
        console.print(f"  signed by keys {', '.join(match.keyids)}", markup=False)
    if not found.matches:
        console.print("No seal holds these bytes.", style="bold red")
    elif not found.is_sealed:
        console.print("The rest of the file is not sealed.", style="bold red")


def show_status(console: Console, value: dict[str, Any]) -> None:
    """What the archive holds and what is missing."""
    head, last = value["head"], value["last_verification"]
    rows = [
        ("archive", f"{value['archive']} in s3://{value['bucket']}"),
        ("identity", value["genesis_sha256"]),
        ("ledger head", f"entry {head['sequence']}, {head['sha256']}"),
        ("days sealed", f"{value['days_sealed']} ({value['first_day']} to {value['last_day']})"),
        ("records", f"{value['records']}, stored in {size(value['stored_bytes'])}"),
        ("last verification", _verification(last) if last else "none yet"),
        ("missing days", ", ".join(value["missing"]) or "none"),
    ]
    rows += [(f"key {key['scheme']}", key["keyid"]) for key in value["keys"]]
    table(console, "Archive", ("", ""), rows)
    for sentence in value["weaker_than_default"]:
        console.print(f"Weaker than the default: {sentence}", style="yellow", markup=False)
    for day in value["missing"]:
        console.print(f"Seal the missing day: audit-trail process --date {day}", markup=False)


def worst(ended: dict[Outcome, int]) -> str:
    """The outcome that counts."""
    for outcome in (Outcome.FAIL, Outcome.UNVERIFIABLE):
        if outcome in ended:
            return outcome.value
    return Outcome.PASS.value


def _verification(last: dict[str, Any]) -> str:
    return (
        f"{last['at']}: {last['passed']} passed, {last['failed']} failed, {last['unverifiable']} unverifiable"
    )
