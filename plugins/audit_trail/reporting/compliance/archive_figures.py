"""Figures of days and records, from the ledger and the manifests."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from statistics import median

from audit_trail.evidence.fields import parse_timestamp
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.reporting.compliance.figures import Figure, Standing, not_measured, percent, standing_of
from audit_trail.reporting.compliance.measurement import Measurement
from audit_trail.verification.checks import Outcome

SHOWN_DAYS = 20
COVERED = ("sealed", "sealed-empty", "declared-gap")
_NO_DAYS = "No day of the period is due, sealed or declared: there is nothing to measure."


def days_covered(found: Measurement) -> Figure:
    """How many of the days that are due are sealed or declared."""
    name = "days-covered"
    if not found.days:
        return not_measured(name, _NO_DAYS, sources=(found.ledger_source,))
    verdicts: Counter[str] = Counter(day.verdict for day in found.days)
    covered = sum(verdicts[verdict] for verdict in COVERED)
    wrong = [day for day in found.days if day.verdict in ("missing", "tampered", "late")]
    findings = tuple(f"{day.day} is {day.verdict}" for day in wrong[:SHOWN_DAYS])
    if len(wrong) > SHOWN_DAYS:
        findings += (f"and {len(wrong) - SHOWN_DAYS} more days",)
    unclear = "days could not be checked" if verdicts["unverifiable"] else ""
    return Figure(
        name=name,
        value=f"{covered} of {len(found.days)}",
        standing=standing_of(findings, open_because=unclear),
        explanation=", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
        + f"; {found.days[0].day} to {found.days[-1].day}. {_beyond(found)}"
        "Whether the sources hold bytes that no seal has is for audit-trail verify --sources to say.",
        findings=findings,
        sources=(found.ledger_source, _objects_source(found)),
        data={"days": len(found.days), "covered": covered, "verdicts": dict(verdicts)},
    )


def signed_records(found: Measurement) -> Figure:
    """The share of collected records that are signed and in the store."""
    name, records = "signed-records", found.records
    if not found.seals:
        return not_measured(name, "No day of the period is sealed.", sources=(found.ledger_source,))
    missing = sum(day.verdict == "missing" for day in found.days)
    signed = records.collected - records.unsigned - records.open
    findings: tuple[str, ...] = ()
    if records.unsigned:
        findings += (f"{records.unsigned} records are in objects that are not as they were sealed",)
    if missing:
        findings += (f"days missing: {missing}; nobody knows how many records they would have",)
    unclear = f"{records.open} records are in objects that could not be looked at" if records.open else ""
    share = percent(signed, records.collected) if records.collected else "no records"
    return Figure(
        name=name,
        value=share,
        standing=standing_of(findings, open_because=unclear),
        explanation=f"{signed} of {records.collected} records from {records.inputs} inputs"
        + (f"; {unclear}" if unclear else "")
        + ". Each manifest is signed and must hold exactly the records that its inputs gave.",
        findings=findings,
        sources=(f"{len(found.seals)} manifests named by seals", _objects_source(found)),
        data={
            "collected": records.collected,
            "signed": signed,
            "unsigned": records.unsigned,
            "not_looked_at": records.open,
            "missing_days": missing,
            "by_source": dict(sorted(records.by_source.items())),
        },
    )


def redactions(found: Measurement) -> Figure:
    """How often each rule replaced something."""
    name = "redactions"
    if not found.seals:
        return not_measured(name, "No day of the period is sealed.", sources=(found.ledger_source,))
    rules = found.records.replacements.most_common()
    unread = len(found.records.without_manifest)
    return Figure(
        name=name,
        value=str(found.records.replacements.total()),
        standing=Standing.OPEN if unread else Standing.STATED,
        explanation=(f"{unread} manifests could not be used. " if unread else "")
        + (", ".join(f"{rule} {count}" for rule, count in rules) or "The pipeline replaced nothing")
        + ". What AuditLogger redacted before it wrote is not counted here.",
        sources=(f"{len(found.seals) - unread} manifests named by seals",),
        data={"by_rule": dict(rules)},
    )


def seal_lag(found: Measurement) -> Figure:
    """How long days waited for their seal."""
    name = "seal-lag"
    lags = [(lag_since_due(seal, found), seal) for seal in found.seals if seal.revision == 1]
    if not lags:
        return not_measured(name, "No day of the period is sealed.", sources=(found.ledger_source,))
    late = [(hours, seal) for hours, seal in lags if hours > found.due_hours]
    longest, worst = max(lags, key=lambda item: item[0])
    findings = tuple(
        f"{seal.date} was sealed after {hours:.1f} hours, by entry {seal.sequence}"
        for hours, seal in sorted(late, key=lambda item: -item[0])[:SHOWN_DAYS]
    )
    if len(late) > SHOWN_DAYS:
        findings += (f"and {len(late) - SHOWN_DAYS} more days",)
    middle = median(hours for hours, _ in lags)
    return Figure(
        name=name,
        value=f"{longest:.1f} h longest, {middle:.1f} h median",
        standing=standing_of(findings),
        explanation=f"{len(late)} of {len(lags)} days waited more than {found.due_hours} hours.",
        findings=findings,
        sources=(f"ledger entry {worst.sequence}, {found.view.heads[worst.sequence]}", found.ledger_source),
        data={
            "longest_hours": round(longest, 3),
            "median_hours": round(middle, 3),
            "due_hours": found.due_hours,
            "late_days": [seal.date for _, seal in late],
        },
    )


def lag_since_due(seal: Seal, found: Measurement) -> float:
    """Hours that a day waited since it could have been sealed: its end, or the archive's founding."""
    ready = max(parse_timestamp(seal.interval_end), parse_timestamp(found.view.genesis.at))
    return (parse_timestamp(seal.at) - ready) / timedelta(hours=1)


def _beyond(found: Measurement) -> str:
    """That a period reaches further than the days that can be judged."""
    first, last = found.period.first, found.period.last
    said = ""
    if first and first.isoformat() < found.days[0].day:
        said += f"Of days before {found.days[0].day} the ledger says nothing. "
    if last and last.isoformat() > found.days[-1].day:
        said += f"Days after {found.days[-1].day} are not due yet. "
    return said


def _objects_source(found: Measurement) -> str:
    counts = found.seen.requests
    failed = found.checks.total(Outcome.FAIL)
    return (
        f"verification, level objects: {found.checks.total(Outcome.PASS)} checks passed, {failed} failed; "
        + ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    )
