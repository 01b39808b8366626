"""What the demo shows at its end: stages, ledger, checks, files, and how to check by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.archive.s3_store import S3Store
from audit_trail.cli.output import size, table
from audit_trail.cli.summaries import worst
from audit_trail.evidence.manifest import Manifest
from audit_trail.verification.checks import Outcome
from audit_trail.verification.content_checks import read_manifest

if TYPE_CHECKING:
    from rich.console import Console

    from audit_trail.archive.object_store import ObjectReader
    from audit_trail.demo.hand_check import HandCheck
    from audit_trail.evidence.ledger_entry import Seal
    from audit_trail.settings import Settings
    from audit_trail.verification.verifier import Report


@dataclass(slots=True, kw_only=True)
class DemoResult:
    """Everything that the summary says; read from the archive, not from what the run said of itself."""

    settings: Settings
    day: str
    sealed_before: bool
    report: Report
    hand_check: HandCheck | None
    seconds: float
    log_path: Path
    redacted_when_written: int = 0
    manifests: list[Manifest] = field(default_factory=list)

    @property
    def seals(self) -> list[Seal]:
        """The day's seals, by revision."""
        return self.report.view.seals_of(self.day) if self.report.view else []

    def load_manifests(self, store: ObjectReader) -> None:
        """Read the manifests of the day's seals, and count what AuditLogger had redacted."""
        for path in self.settings.journal.glob(f"*/{self.day}/*.jsonl"):
            self.redacted_when_written += path.read_bytes().count(b"[REDACTED:")
        view = self.report.view
        if view is not None and not self.report.exit_code:
            self.manifests = [read_manifest(store, view, seal) for seal in self.seals]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "day": self.day,
            "sealed_before": self.sealed_before,
            "seconds": round(self.seconds, 1),
            "seals": [seal.to_json() for seal in self.seals],
            "verification": self.report.to_json(),
            "hand_check": list(self.hand_check.commands) if self.hand_check else [],
            "airflow_log": str(self.log_path),
        }


def show_demo(console: Console, result: DemoResult) -> None:
    """Print the summary."""
    again = "was sealed before: nothing new was sealed, and all of it was verified again"
    state = again if result.sealed_before else "is sealed"
    console.print(f"\nDay {result.day} {state}.")
    if result.manifests:
        _show_stages(console, result)
    _show_ledger(console, result)
    _show_checks(console, result)
    _show_places(console, result)
    good = not result.report.exit_code
    passed, rest = result.report.checks.total(Outcome.PASS), len(result.report.checks.not_passed)
    verdict = "All good" if good else "NOT GOOD"
    console.print(
        f"{verdict}: {passed} checks passed, {rest} did not, in {result.seconds:.0f} s.",
        style="bold green" if good else "bold red",
    )


def _show_stages(console: Console, result: DemoResult) -> None:
    view, last = result.report.view, result.seals[-1]
    if view is None:
        return
    inputs = [item for manifest in result.manifests for item in manifest.inputs]
    segments = [item for manifest in result.manifests for item in manifest.segments]
    replaced: Counter[str] = Counter()
    for manifest in result.manifests:
        replaced.update(manifest.redaction.replacements)
    content, stored = sum(s.content_bytes for s in segments), sum(s.stored_bytes for s in segments)
    now = ", ".join(f"{rule} {number}" for rule, number in replaced.most_common()) or "nothing"
    before = f"{result.redacted_when_written} values were redacted by AuditLogger when they were written"
    raw = sum(item.end - item.start for item in inputs)
    sources = ", ".join(sorted({item.source for item in inputs}))
    lock = f"{last.manifest.lock_mode} lock until {last.manifest.retain_until}"
    rows = [
        ("collect", f"{len(inputs)} files of {sources}",
         f"{size(raw)}, pinned by SHA-256"),
        ("sanitize", f"{sum(segment.records for segment in segments)} records", f"replaced {now}; {before}"),
        ("hash", f"{len(segments)} segments, {size(content)}",
         f"{size(stored)} as zstd, SHA-256 and Merkle root each"),
        ("sign", f"{len(result.manifests)} manifest", ", ".join(key.scheme for key in view.keys)),
        ("upload", f"{len(segments) + len(result.manifests)} objects", lock),
        ("seal", f"revision {last.revision}", f"ledger entry {last.sequence}"),
        ("verify_sample", "ledger, objects, sample",
         f"{len(view.verifications)} verification entries in the ledger"),
    ]  # fmt: skip
    table(console, "Stages", ("stage", "in", "out"), rows)


def _show_ledger(console: Console, result: DemoResult) -> None:
    view = result.report.view
    if view is None:
        return
    kinds = {0: "genesis"}
    kinds |= {seal.sequence: f"seal of {seal.date}, revision {seal.revision}" for seal in view.seals}
    kinds |= {item.sequence: f"verification of {item.date}" for item in view.verifications}
    rows = [(number, kinds[number], digest) for number, digest in enumerate(view.heads)]
    table(console, "Ledger", ("entry", "says", "SHA-256"), rows[:1] + rows[1:][-6:])


def _show_checks(console: Console, result: DemoResult) -> None:
    rows: dict[str, dict[Outcome, int]] = {}
    for (name, outcome), number in result.report.checks.counts.items():
        rows.setdefault(name, {})[outcome] = number
    table(console, "Checks", ("check", "result", "times"),
          [(name, worst(ended), sum(ended.values())) for name, ended in sorted(rows.items())])  # fmt: skip
    for check in result.report.checks.not_passed:
        console.print(f"{check.outcome.value} {check.name} at {check.where}: expected {check.expected}, "
                      f"found {check.found}. {check.remedy}", style="bold red", markup=False)  # fmt: skip


def _show_places(console: Console, result: DemoResult) -> None:
    settings, view = result.settings, result.report.view
    home = settings.home
    rows = [
        ("archive", f"{S3Store(settings.archive).uri('')} at {settings.archive.endpoint_url}"),
        ("identity (genesis)", view.genesis_sha256 if view else ""),
        ("objects on disk", str(home / "store" / "data")),
        ("keys", str(settings.keys)),
        ("logs that went in", f"{settings.journal}, {home / 'machine'}"),
        ("task logs", str(result.log_path)),
    ]
    table(console, "Where things are", ("", ""), rows)
    if result.hand_check:
        console.print("Check it by hand, without this package:", style="bold")
        for command in result.hand_check.commands:
            console.print(f"  {command}", markup=False)
    console.print(
        "\nLook around: `./run.sh status`, `./run.sh verify --level content`, `./run.sh up` for the UI.\n"
    )
