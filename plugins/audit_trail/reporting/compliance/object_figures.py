"""Figures of every single object, from what the store said of it while it was verified."""

from __future__ import annotations

from audit_trail.reporting.compliance.figures import Figure, not_measured, percent, standing_of
from audit_trail.reporting.compliance.measurement import Measurement
from audit_trail.verification.checks import Check, Outcome

STORAGE_CHECKS = (
    "object.present",
    "object.size",
    "object.checksum",
    "object.lock",
    "ledger.lock",
    "ledger.overlaid",
    "seal.policy",
    "listing.clean",
    "listing.delete-marker",
    "listing.overlaid",
    "listing.unsealed",
)
"""The checks of level `objects` that are about how objects are kept."""
SHOWN = 20


def storage(found: Measurement) -> Figure:
    """Whether every object is kept as its seal and the genesis say."""
    name = "storage"
    bad = [check for check in found.checks.not_passed if check.name in STORAGE_CHECKS]
    places = {check.where: check for check in reversed(bad)}
    failed = sum(check.outcome is Outcome.FAIL for check in places.values())
    unclear = [check.name for check in places.values() if check.outcome is not Outcome.FAIL]
    asked = sum(found.seen.classes.values())
    if not asked:
        return not_measured(name, "The store described no object.", sources=_sources(found))
    policy = found.view.genesis.policy
    findings = _findings([check for check in bad if check.outcome is Outcome.FAIL])
    open_because = _why_unclear(unclear)
    checked = sum(count for (check, _), count in found.checks.counts.items() if check in STORAGE_CHECKS)
    return Figure(
        name=name,
        value=_storage_value(asked, failed, len(unclear)),
        standing=standing_of(findings, open_because=open_because),
        explanation=f"The genesis promises {policy.lock_mode}, {policy.retain_days} days. {checked} checks"
        + (f"; {open_because}" if open_because else "")
        + ".",
        findings=findings,
        sources=_sources(found),
        data={
            "objects": asked,
            "not_as_promised": failed,
            "not_checked": len(unclear),
            "checks": _counts(found),
            "lock_mode": policy.lock_mode,
            "retain_days": policy.retain_days,
        },
    )


def storage_class(found: Measurement, *, allowed: tuple[str, ...]) -> Figure:
    """Whether segments are in an allowed class, and everything else in STANDARD."""
    name = "storage-class"
    total = found.seen.classes.total()
    if not total:
        return not_measured(name, "The store described no object.", sources=_sources(found))
    strays = {
        place: count
        for place, count in found.seen.classes.items()
        if place[1] not in (allowed if place[0] == "logs" else ("STANDARD",))
    }
    findings = tuple(
        f"{count} objects below {folder}/ are in {kind}, for instance {found.seen.examples[folder, kind][0]}"
        for (folder, kind), count in sorted(strays.items())
    )
    right = total - sum(strays.values())
    return Figure(
        name=name,
        value=f"{percent(right, total)} of {total} objects",
        standing=standing_of(findings),
        explanation="; ".join(
            f"{folder}/: {count} {kind}" for (folder, kind), count in sorted(found.seen.classes.items())
        )
        + f". Allowed for segments: {', '.join(allowed)}.",
        findings=findings,
        sources=_sources(found),
        data={"classes": {f"{folder}/{kind}": count for (folder, kind), count in found.seen.classes.items()}},
    )


def encryption(found: Measurement, *, allowed: tuple[str, ...]) -> Figure:
    """Whether the store says of every object that it is encrypted at rest."""
    name, counts = "encryption", found.seen.encryption
    total, silent = counts.total(), counts[None]
    if silent == total:
        return not_measured(
            name,
            "The store says of no object whether it is encrypted at rest; S3 of AWS does.",
            sources=_sources(found),
        )
    wrong = {
        kind: count for kind, count in counts.items() if kind is None or (allowed and kind not in allowed)
    }
    findings = tuple(
        f"{count} objects are {f'encrypted by {kind}' if kind else 'not encrypted'}, "
        f"for instance {found.seen.examples['encryption', kind][0]}"
        for kind, count in sorted(wrong.items(), key=lambda item: str(item[0]))
    )
    return Figure(
        name=name,
        value=f"{percent(total - sum(wrong.values()), total)} of {total} objects",
        standing=standing_of(findings),
        explanation=", ".join(f"{count} {kind or 'none'}" for kind, count in counts.most_common())
        + f". Allowed: {', '.join(allowed) or 'any that the store states'}.",
        findings=findings,
        sources=_sources(found),
        data={"encryption": {kind or "none": count for kind, count in counts.items()}},
    )


def _storage_value(asked: int, failed: int, unclear: int) -> str:
    """Places beside the objects, not of them: what is lost, planted or unreadable was not described."""
    places = [
        f"{_several(count, 'place')} {what}"
        for count, what in ((failed, "not as promised"), (unclear, "unclear"))
        if count
    ]
    return f"{', '.join(places)}; {_several(asked, 'object')} described" if places else f"all {asked} objects"


def _why_unclear(names: list[str]) -> str:
    """What the checks of these names could not tell; one of an object that is only new was answered."""
    new = names.count("listing.unsealed")
    unread = len(names) - new
    reasons = [f"{_several(unread, 'place')} could not be checked"] if unread else []
    if new:
        strangers = _several(new, "object")
        reasons.append(f"{strangers} named by no entry, but so new that a seal may still follow")
    return "; ".join(reasons)


def _several(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _findings(checks: list[Check]) -> tuple[str, ...]:
    shown = tuple(
        f"{check.name} at {check.where}: expected {check.expected or '-'}, found {check.found or '-'}"
        + (f"; {check.remedy}" if check.remedy else "")
        for check in checks[:SHOWN]
    )
    more = len(checks) - SHOWN
    return (*shown, f"and {more} more: audit-trail verify --json has all of them") if more > 0 else shown


def _counts(found: Measurement) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for (name, outcome), count in sorted(found.checks.counts.items()):
        if name in STORAGE_CHECKS:
            counts.setdefault(name, {})[outcome.value] = count
    return counts


def _sources(found: Measurement) -> tuple[str, ...]:
    counts = found.seen.requests
    return (", ".join(f"{count} {name}" for name, count in sorted(counts.items())), found.ledger_source)
