"""A measured figure, and the list of all there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Standing(StrEnum):
    """What a figure amounts to. What could not be measured is never in order, and never 0."""

    GOOD = "in order"
    STATED = "stated"
    OPEN = "not measured"
    FINDING = "finding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A figure before it is measured."""

    title: str
    how: str


DEFINITIONS: dict[str, Definition] = {
    "days-covered": Definition(
        title="Days sealed or declared",
        how="Days that are sealed or declared a gap and as they were sealed, of all days due since the first",
    ),
    "signed-records": Definition(
        title="Collected records that are signed",
        how="Records in segments that a signed manifest names and the store holds as sealed, of all records "
        "collected; with a day missing it is never in order",
    ),
    "seal-lag": Definition(
        title="Hours from a day's end to its seal",
        how="Longest and median over first revisions; a day before the founding counts from there",
    ),
    "algorithms": Definition(
        title="Signature algorithms in use",
        how="Signatures in every envelope, by algorithm, against the list of those with SHA-256 or stronger",
    ),
    "keys": Definition(
        title="Signing keys and their validity",
        how="Every key that the ledger ever believed, for which entries, and what was revoked",
    ),
    "storage": Definition(
        title="Objects stored as promised",
        how="Every object in its sealed version, with size, checksum, lock mode and lock date, and nothing "
        "over or beside it",
    ),
    "storage-class": Definition(
        title="Objects in the storage class of the policy",
        how="Segments in an allowed class; manifests and ledger in STANDARD",
    ),
    "encryption": Definition(
        title="Objects encrypted at rest",
        how="Objects for which the store states an allowed way of encryption",
    ),
    "verification-frequency": Definition(
        title="Days between verifications",
        how="Longest pause between verification entries, and days since the last one",
    ),
    "verification-success": Definition(
        title="Verifications that passed whole",
        how="Verification entries without a failed and without an open check, of all",
    ),
    "content-verified": Definition(
        title="Segments whose bytes were read again",
        how="Distinct segments in the samples of the passed verifications of the last days; each sample is "
        "drawn again from its seed",
    ),
    "redactions": Definition(
        title="Redactions made by the pipeline",
        how="Replacements by rule, as the signed manifests state them",
    ),
    "write-access": Definition(
        title="Entities with write or delete access",
        how="Everybody whom IAM, bucket policy or ACL let write, delete or expire objects; whoever is not "
        "root or a writing role is a finding",
    ),
    "configure-access": Definition(
        title="Entities that may change what protects the bucket",
        how="Everybody who may change policy, lock, versions, encryption or ACLs, or bypass GOVERNANCE",
    ),
}
"""In the order of the report. `docs/COMPLIANCE.md` has the same list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured figure.

    Attributes:
        name: A key of `DEFINITIONS`.
        value: For people; for a figure that is not measured, nothing.
        standing: What it amounts to.
        explanation: What stands behind the value; for one that is not measured, why.
        findings: What is not as it should be, and what to do.
        sources: Ledger entries, digests and calls that it comes from.
        data: The same for machines.
    """

    name: str
    value: str
    standing: Standing
    explanation: str
    findings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called."""
        return DEFINITIONS[self.name].title

    @property
    def how(self) -> str:
        """How it is computed."""
        return DEFINITIONS[self.name].how

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "name": self.name,
            "title": self.title,
            "how": self.how,
            "value": self.value,
            "standing": self.standing.value,
            "explanation": self.explanation,
            "findings": list(self.findings),
            "sources": list(self.sources),
            "data": dict(self.data),
        }


def not_measured(name: str, why: str, *, sources: tuple[str, ...] = ()) -> Figure:
    """A figure that could not be measured, and why."""
    return Figure(name=name, value="", standing=Standing.OPEN, explanation=why, sources=sources)


def standing_of(findings: tuple[str, ...], *, open_because: str = "") -> Standing:
    """A finding weighs more than what could not be measured, and both more than nothing."""
    if findings:
        return Standing.FINDING
    return Standing.OPEN if open_because else Standing.GOOD


def percent(part: int, whole: int) -> str:
    """A share that says 100 % only when it is the whole."""
    if part == whole:
        return "100 %"
    return f"{min(int(10_000 * part / whole), 9_999) / 100:.2f} %"
