"""in-toto Statements v1: which artefacts a predicate speaks of.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.fields import Document, Sha256, Text

STATEMENT_TYPE: Literal["https://in-toto.io/Statement/v1"] = "https://in-toto.io/Statement/v1"
MANIFEST_PREDICATE = "urn:audit-trail:manifest:v1"
LEDGER_PREDICATE = "urn:audit-trail:ledger-entry:v1"


class Digest(Document):
    """The digests of a subject; SHA-256 is the only one."""

    sha256: Sha256


class Subject(Document):
    """An artefact by name and digest."""

    name: Text
    digest: Digest


class Statement(Document):
    """A statement whose predicate is not yet parsed."""

    type: Literal["https://in-toto.io/Statement/v1"] = Field(default=STATEMENT_TYPE, alias="_type")
    subject: tuple[Subject, ...]
    predicateType: Text
    predicate: dict[str, Any]


def encode_statement(*, predicate_type: str, subjects: list[tuple[str, str]], predicate: Document) -> bytes:
    """The canonical bytes of a statement.

    Args:
        predicate_type: `MANIFEST_PREDICATE` or `LEDGER_PREDICATE`.
        subjects: Pairs of name and SHA-256 in hex.
        predicate: The document that is stated.
    """
    return canonical.encode(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"name": name, "digest": {"sha256": digest}} for name, digest in subjects],
            "predicateType": predicate_type,
            "predicate": predicate.to_json(),
        }
    )


def parse_statement(payload: bytes, *, predicate_type: str, where: str) -> Statement:
    """Read a statement of the given predicate type.

    Raises:
        IntegrityError: Not canonical, wrong fields, or another predicate type.
    """
    statement = Statement.parse(canonical.decode(payload, where=where), where=where)
    if statement.predicateType != predicate_type:
        raise IntegrityError(
            "statement is of another kind",
            where=where,
            expected=predicate_type,
            found=statement.predicateType,
        )
    return statement
