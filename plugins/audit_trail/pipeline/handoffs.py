"""What one stage hands to the next: keys, sizes, counts, digests. Never log content.

In Airflow these travel by XCom as plain dicts; each stage parses what it is
given and checks the bytes against it before it trusts them.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import ValidationError

from audit_trail.errors import IntegrityError
from audit_trail.evidence.fields import Count, Day, Document, Sha256, Text
from audit_trail.evidence.ledger_entry import SealedObject
from audit_trail.evidence.manifest import Revision


class Handoff(Document):
    """Base of all handoffs."""

    @classmethod
    def receive(cls, value: Any) -> Self:
        """Parse what another task handed over.

        Raises:
            IntegrityError: It is not what that stage returns.
        """
        if isinstance(value, cls):
            return value
        if value is None:
            raise IntegrityError(
                "a stage was handed nothing",
                where=cls.__name__,
                expected="what the task before it returns",
                remedy="that task was marked as a success and did not run, or its XCom is gone; "
                "clear the run from `collect`",
            )
        try:
            return cls.model_validate(value, strict=False)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise IntegrityError(
                f"a stage was handed something else than the stage before it returns: {first['msg']}",
                where=f"{cls.__name__}.{'.'.join(str(part) for part in first['loc'])}",
                remedy="the XCom was edited, or tasks differ in version; clear the run from `collect`",
            ) from error


class RawSegment(Handoff):
    """Collected records in staging, not yet redacted."""

    number: Count
    source: Text
    suffix: Text
    bytes: Count
    records: Count
    sha256: Sha256


class Collected(Handoff):
    """What `collect` pinned for a revision of a day.

    `inputs_sha256` is the digest of the list of inputs in staging, which may
    be long. With `new` false the day is sealed already and nothing is to do.
    """

    day: Day
    revision: Revision
    new: bool
    inputs: Count
    inputs_sha256: Sha256
    input_bytes: Count
    late_bytes: Count = 0
    segments: tuple[RawSegment, ...] = ()
    skipped: tuple[Text, ...] = ()


class SanitizedSegment(Handoff):
    """A redacted, compressed segment in staging."""

    number: Count
    source: Text
    suffix: Text
    records: Count
    content_bytes: Count
    stored_bytes: Count
    stored_sha256: Sha256
    policy_sha256: Sha256
    replacements: dict[str, Count]


class HashedSegment(SanitizedSegment):
    """The same, read back and hashed, with the key that it will have."""

    content_sha256: Sha256
    merkle_root: Sha256
    key: Text


class StagedObject(Handoff):
    """An object ready to be uploaded. `file` is relative to the day's staging folder."""

    key: Text
    file: Text
    bytes: Count
    sha256: Sha256


class Signed(Handoff):
    """The signed manifest and everything that belongs into the archive with it."""

    day: Day
    revision: Revision
    new: bool
    statement_sha256: Sha256
    records: Count = 0
    content_bytes: Count = 0
    inputs: Count = 0
    late_bytes: Count = 0
    objects: tuple[StagedObject, ...] = ()


class Uploaded(Handoff):
    """An object in the archive, as the store describes it."""

    object: SealedObject


class Sealed(Handoff):
    """The ledger entry that seals a revision of a day."""

    day: Day
    revision: Revision
    new: bool
    sequence: Count
    entry_sha256: Sha256
    manifest_key: Text
    manifest_sha256: Sha256
    segments: Count
    records: Count


class Verified(Handoff):
    """What the daily verification found; it passed, or the task would have failed."""

    day: Day
    sequence: Count
    entry_sha256: Sha256
    passed: Count
    sampled: Count
    population: Count
    statement: Text
