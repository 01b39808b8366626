"""Ledger entries: the numbered, linked, signed statements that an archive is.

Entry 0 is the genesis; its SHA-256 is the archive's identity. Every later
entry carries that identity and the SHA-256 of the entry before it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, ValidationError, model_validator

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.airflow_run import AirflowRun
from audit_trail.evidence.fields import Count, Day, Document, Sha256, Text, Timestamp, first_problem
from audit_trail.evidence.manifest import Revision
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.public_key import PublicKey, Scheme
from audit_trail.evidence.statement import LEDGER_PREDICATE, encode_statement, parse_statement

LockMode = Literal["COMPLIANCE", "GOVERNANCE"]
Keys = Annotated[tuple[PublicKey, ...], Field(min_length=1, max_length=8)]


class Policy(Document):
    """What an archive promises from its first day on.

    `timestamp_hours`: within so many hours a time-stamping authority attests
    each entry, by a token over it or a later one; absent where no authority
    was named when the archive was founded.
    """

    lock_mode: LockMode
    retain_days: Annotated[int, Field(ge=1, le=36_500)]
    algorithms: tuple[Scheme, ...]
    timestamp_hours: Annotated[int, Field(ge=1, le=24 * 31)] | None = None


class Genesis(Document):
    """Entry 0: the archive's name, first keys and policy."""

    version: Literal[1] = 1
    kind: Literal["genesis"] = "genesis"
    archive: Text
    sequence: Literal[0] = 0
    at: Timestamp
    keys: Keys
    policy: Policy


class _Linked(Document):
    version: Literal[1] = 1
    archive: Text
    genesis: Sha256
    sequence: Annotated[int, Field(ge=1)]
    previous: Sha256
    at: Timestamp


class SealedObject(Document):
    """An object of a sealed day, in the version and under the lock it was sealed with."""

    key: Text
    version_id: Text
    bytes: Count
    sha256: Sha256
    lock_mode: LockMode
    retain_until: Timestamp


class Totals(Document):
    """What a sealed revision amounts to."""

    inputs: Count
    segments: Count
    records: Count
    content_bytes: Count
    stored_bytes: Count


class Seal(_Linked):
    """A revision of a day is complete: its manifest and all its objects.

    `run` sealed it; absent where it was not done by a task of Airflow.
    """

    kind: Literal["seal"] = "seal"
    date: Day
    interval_start: Timestamp
    interval_end: Timestamp
    revision: Revision
    reason: Text | None = None
    manifest: SealedObject
    objects: tuple[SealedObject, ...]
    totals: Totals
    run: AirflowRun | None = None


class Sample(Document):
    """How a sample was drawn, so that anyone can draw it again.

    The objects with the `size` smallest values of
    SHA-256(`seed` ":" key) among the `population` sealed ones; the seed is the
    digest of the ledger entry with sequence number `seed_sequence`. Of these,
    `by_checksum` lay in a cold storage class and were not read: only the
    checksum that the store keeps was compared. Absent where all were read.
    """

    seed: Sha256
    seed_sequence: Count
    population: Count
    size: Count
    by_checksum: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _of_the_sample(self) -> Self:
        if self.by_checksum is not None and self.by_checksum > self.size:
            raise ValueError("by_checksum: more than the sample holds")
        return self


class FailedCheck(Document):
    """A check that did not pass."""

    check: Text
    where: Text


class Verification(_Linked):
    """What a verification checked and found.

    `run` made it; absent where it was not done by a task of Airflow.
    """

    kind: Literal["verification"] = "verification"
    date: Day
    passed: Count
    failed: Count
    unverifiable: Count
    sample: Sample
    failures: Annotated[tuple[FailedCheck, ...], Field(max_length=100)]
    run: AirflowRun | None = None


class Gap(_Linked):
    """An operator declares that a day has no logs, and why."""

    kind: Literal["gap"] = "gap"
    date: Day
    reason: Text


class KeyRotation(_Linked):
    """From the next entry on, `keys` sign, all of them; this one is signed by the old and the new."""

    kind: Literal["key-rotation"] = "key-rotation"
    keys: Keys


class KeyRevocation(_Linked):
    """From `from_sequence` on, the key `keyid` is not believed; `keys` sign from the next entry on.

    Signed by the keys believed before, without the revoked one, and by those
    of `keys` that are new.
    """

    kind: Literal["key-revocation"] = "key-revocation"
    keyid: Sha256
    from_sequence: Annotated[int, Field(ge=1)]
    reason: Text
    keys: Keys


Entry = Genesis | Seal | Gap | KeyRotation | KeyRevocation | Verification
LinkedEntry = Seal | Gap | KeyRotation | KeyRevocation | Verification
_ADAPTER: TypeAdapter[Entry] = TypeAdapter(Annotated[Entry, Field(discriminator="kind")])


def encode_entry(entry: Entry) -> bytes:
    """The statement's canonical bytes.

    The subjects of a genesis, a rotation and a revocation are their keys, of a
    seal its manifest, of anything else the entry before it.
    """
    if isinstance(entry, Genesis | KeyRotation | KeyRevocation):
        subjects = [(f"key:{key.scheme}", key.keyid) for key in entry.keys]
    elif isinstance(entry, Seal):
        subjects = [(entry.manifest.key, entry.manifest.sha256)]
    else:
        subjects = [(ledger_key(entry.sequence - 1), entry.previous)]
    return encode_statement(predicate_type=LEDGER_PREDICATE, subjects=subjects, predicate=entry)


def parse_entry(payload: bytes, *, where: str) -> Entry:
    """Read a ledger entry's statement.

    Raises:
        IntegrityError: Any deviation from the format.
    """
    statement = parse_statement(payload, predicate_type=LEDGER_PREDICATE, where=where)
    try:
        entry = _ADAPTER.validate_json(canonical.encode(statement.predicate))
    except ValidationError as error:
        raise IntegrityError(f"ledger entry has wrong fields: {first_problem(error)}", where=where) from error
    entry.check_constants(statement.predicate, where=where)
    if encode_entry(entry) != payload:
        raise IntegrityError("ledger entry's subject is not what its predicate names", where=where)
    return entry
