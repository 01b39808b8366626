"""The field types that every signed document shares, and their strict parsing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical
from audit_trail.evidence.canonical import MAX_INTEGER

FIRST_YEAR, LAST_YEAR = "1970", "2999"
"""Days beyond are mistakes, and date arithmetic ends at year 9999."""


def _check_date(text: str) -> str:
    if text[:4] < FIRST_YEAR or text[:4] > LAST_YEAR:
        raise ValueError(f"not a year from {FIRST_YEAR} to {LAST_YEAR}")
    if date.fromisoformat(text).isoformat() != text:
        raise ValueError("not YYYY-MM-DD")
    return text


def _check_timestamp(text: str) -> str:
    parse_timestamp(text)
    return text


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_check_date)]
Timestamp = Annotated[
    str,
    Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    AfterValidator(_check_timestamp),
]
Text = Annotated[str, Field(min_length=1, max_length=4096)]


class Document(BaseModel):
    """Base of every part of a signed document: frozen, no unknown fields, no coercion."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    def to_json(self) -> dict[str, Any]:
        """Plain values for canonical encoding; absent fields are left out."""
        return self.model_dump(mode="json", exclude_none=True)

    @classmethod
    def parse(cls, value: Any, *, where: str) -> Self:
        """Read a decoded JSON value.

        Raises:
            IntegrityError: Naming the first field that is wrong.
        """
        try:
            document = cls.model_validate_json(canonical.encode(value))
        except (ValidationError, ValueError) as error:
            raise IntegrityError(
                f"document has wrong fields: {first_problem(error)}", where=where, expected=cls.__name__
            ) from error
        document.check_constants(value, where=where)
        return document

    def check_constants(self, value: Any, *, where: str) -> None:
        """Refuse a `value` that leaves a constant out, or spells 1 as `true`.

        Defaults are there for the writer; what is read must say everything.

        Args:
            value: The decoded JSON value that this document was read from.
            where: Its key or file, for the error.

        Raises:
            IntegrityError: Naming the field.
        """
        for name, field in type(self).model_fields.items():
            key = field.alias or name
            if field.default is None or field.is_required():
                continue
            if type(value.get(key)) is not type(field.default):
                raise IntegrityError(
                    f"document has wrong fields: {key}: missing, or of another type",
                    where=where,
                    expected=str(field.default),
                )


def format_timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with whole seconds, e.g. `2026-01-31T00:00:00Z`."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_timestamp(text: str) -> datetime:
    """The inverse of `format_timestamp`.

    Raises:
        ValueError: Not in that form.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not UTC or format_timestamp(moment) != text:
        raise ValueError("not YYYY-MM-DDThh:mm:ssZ")
    return moment


def first_problem(error: ValueError) -> str:
    """The first field that is wrong and why, without its value."""
    if not isinstance(error, ValidationError):
        return str(error)[:200]
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(str(part) for part in first['loc']) or 'document'}: {first['msg']}"
