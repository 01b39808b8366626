"""The manifest: everything that one revision of one day consists of.

It holds nothing that depends on when, where or how often it was made: the
same input gives the same statement, byte for byte.
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field

from audit_trail.errors import IntegrityError
from audit_trail.evidence.fields import Count, Day, Document, Sha256, Text, Timestamp
from audit_trail.evidence.statement import MANIFEST_PREDICATE, encode_statement, parse_statement

Revision = Annotated[int, Field(ge=1, le=9999)]


class InputPart(Document):
    """How many of an input's records a segment holds, in order."""

    segment: Count
    records: Count


class StoredVersion(Document):
    """Which content of an object was read, in the words of its store."""

    etag: Text
    version_id: Text | None = None


class Input(Document):
    """A byte range of a source file, as it was before redaction.

    `start` and `end` count bytes of the pinned stream: the file as it is
    stored, or, where a source selects records by their own time, the selected
    records, or a day's events of a service in the order in which they arrived.
    `sha256` is over exactly these bytes.
    """

    source: Text
    uri: Text
    start: Count
    end: Count
    sha256: Sha256
    final_newline: bool
    parts: tuple[InputPart, ...]
    first_event: Timestamp | None = None
    last_event: Timestamp | None = None
    object_version: StoredVersion | None = None


class Segment(Document):
    """An object that holds redacted records, one per line, as one zstd frame."""

    key: Text
    source: Text
    records: Count
    content_bytes: Count
    content_sha256: Sha256
    stored_bytes: Count
    stored_sha256: Sha256
    merkle_root: Sha256


class Redaction(Document):
    """By which policy was redacted, and how often each rule replaced something."""

    policy_sha256: Sha256
    replacements: dict[str, Count]


class Manifest(Document):
    """The predicate of a manifest statement."""

    version: Literal[1] = 1
    archive: Text
    genesis: Sha256
    date: Day
    revision: Revision
    inputs: tuple[Input, ...]
    segments: tuple[Segment, ...]
    redaction: Redaction

    @property
    def records(self) -> int:
        """Records in all segments."""
        return sum(segment.records for segment in self.segments)

    @property
    def content_bytes(self) -> int:
        """Bytes of redacted records in all segments, before compression."""
        return sum(segment.content_bytes for segment in self.segments)


def encode_manifest(manifest: Manifest) -> bytes:
    """The statement's canonical bytes: its subjects are the segments.

    in-toto wants at least one subject; a quiet day's is the policy by which
    nothing was redacted.
    """
    subjects = [(segment.key, segment.stored_sha256) for segment in manifest.segments]
    subjects = subjects or [("redaction-policy", manifest.redaction.policy_sha256)]
    return encode_statement(predicate_type=MANIFEST_PREDICATE, subjects=subjects, predicate=manifest)


def check_parts(manifest: Manifest, *, where: str) -> None:
    """Check that the segments hold exactly the records that the inputs say they went into.

    Whoever drops a segment, or records of one, from what is to be signed has to
    make the pinned inputs agree.

    Raises:
        IntegrityError: A segment has more or fewer records than its inputs gave it.
    """
    given: Counter[int] = Counter()
    for item in manifest.inputs:
        for part in item.parts:
            given[part.segment] += part.records
    held = Counter({number: segment.records for number, segment in enumerate(manifest.segments)})
    for number in sorted(given.keys() | held.keys()):
        if given[number] != held[number]:
            raise IntegrityError(
                f"segment {number} does not hold the records that the inputs gave it",
                where=where,
                expected=f"{given[number]} records",
                found=f"{held[number]} records",
            )


def parse_manifest(payload: bytes, *, where: str) -> Manifest:
    """Read a manifest statement whose signatures have been checked.

    Raises:
        IntegrityError: Any deviation from the format, subjects that are not the
            segments of the predicate, or segments without their inputs' records.
    """
    statement = parse_statement(payload, predicate_type=MANIFEST_PREDICATE, where=where)
    manifest = Manifest.parse(statement.predicate, where=where)
    if encode_manifest(manifest) != payload:
        raise IntegrityError(
            "manifest's subjects are not its segments",
            where=where,
            expected="one subject for each segment, in order",
        )
    check_parts(manifest, where=where)
    return manifest
