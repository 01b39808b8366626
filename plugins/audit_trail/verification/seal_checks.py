"""Does each seal keep to its own day and to what the genesis promised?

The signatures say who wrote a seal. These checks hold its writer, too, to the
rules: whoever has the keys and the settings cannot pass off one day's objects
as another's, seal a day before it ended, or lock more weakly than promised.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from audit_trail.evidence.fields import format_timestamp, parse_timestamp
from audit_trail.evidence.ledger_entry import Policy, Seal
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.verification.checks import CheckList

STRONG_ENOUGH = {"GOVERNANCE": {"GOVERNANCE", "COMPLIANCE"}, "COMPLIANCE": {"COMPLIANCE"}}
"""The lock modes that keep what each mode promises."""
_REMEDY = "it was signed like this: find out who ran the pipeline, with which settings and clock"


def check_seal(seal: Seal, policy: Policy, checks: CheckList) -> None:
    """Check one seal against its day and the archive's policy."""
    check_day_of(seal, checks)
    _check_policy(seal, policy, checks)


def check_day_of(seal: Seal, checks: CheckList) -> None:
    """Check that a seal holds its own day's objects, and was written after that day."""
    where = _where(seal)
    foreign = [item.key for item in seal.objects if not _is_segment_of(seal.date, item.key)]
    if not _is_manifest_of(seal, seal.manifest.key):
        foreign.append(seal.manifest.key)
    checks.compare(
        "seal.keys",
        where,
        expected="keys in the folders of its day",
        found=", ".join(foreign)[:300] or "keys in the folders of its day",
        day=seal.date,
        remedy=_REMEDY,
    )
    start, end = _interval(seal)
    checks.compare(
        "seal.interval",
        where,
        expected=f"{format_timestamp(start)} to {format_timestamp(end)}, sealed after it",
        found=f"{seal.interval_start} to {seal.interval_end}, sealed "
        + ("after it" if parse_timestamp(seal.at) >= end else f"at {seal.at}"),
        day=seal.date,
        remedy=_REMEDY,
    )
    if seal.revision > 1 and seal.reason is None:
        checks.compare(
            "seal.reason",
            where,
            expected="why the day is sealed again",
            found="",
            day=seal.date,
            remedy=_REMEDY,
        )


def _check_policy(seal: Seal, policy: Policy, checks: CheckList) -> None:
    """Objects are put after the day's end, so their locks reach `retain_days` beyond it."""
    least = _interval(seal)[1] + timedelta(days=policy.retain_days)
    weak = [
        f"{item.key}: {item.lock_mode} until {item.retain_until}"
        for item in (seal.manifest, *seal.objects)
        if item.lock_mode not in STRONG_ENOUGH[policy.lock_mode] or parse_timestamp(item.retain_until) < least
    ]
    promised = f"{policy.lock_mode} until {format_timestamp(least)} or later"
    checks.compare(
        "seal.policy",
        _where(seal),
        expected=promised,
        found="; ".join(weak)[:300] or promised,
        day=seal.date,
        remedy=f"{_REMEDY}; lock these versions as the genesis promised",
    )


def _where(seal: Seal) -> str:
    return f"{ledger_key(seal.sequence)} day {seal.date}"


def _interval(seal: Seal) -> tuple[datetime, datetime]:
    start = parse_timestamp(f"{seal.date}T00:00:00Z")
    return start, start + timedelta(days=1)


def _is_segment_of(day: str, key: str) -> bool:
    return re.fullmatch(rf"logs/source=[^/]+/date={day}/part-[^/]+", key) is not None


def _is_manifest_of(seal: Seal, key: str) -> bool:
    folder = f"manifests/date={seal.date}/r{seal.revision:04d}-"
    return key.startswith(folder) and "/" not in key.removeprefix(folder)
