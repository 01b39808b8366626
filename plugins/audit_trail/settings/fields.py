"""Types of single settings, and what all sections have in common."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from audit_trail.key_uri import parse_key_uri


def _not_empty(path: Any) -> Any:
    # `Path("")` would be the current folder.
    if path == "":
        raise ValueError("an empty path: leave it out, or name one")
    return path


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser().absolute()
    except RuntimeError:  # no such user
        raise ValueError("the home folder in it is not known") from None


def _checked_key_uri(text: str) -> str:
    parse_key_uri(text)
    return text


def _number(value: Any) -> Any:
    # A variable holds text, and a choice of numbers takes none.
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value


Number = BeforeValidator(_number)
KeyUriText = Annotated[str, AfterValidator(_checked_key_uri)]
ConnectionId = Annotated[str, Field(min_length=1, max_length=250)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
LocalPath = Annotated[Path, BeforeValidator(_not_empty), AfterValidator(_expanded)]


class Section(BaseModel):
    """Settings that belong together. Immutable; a name that is none is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
