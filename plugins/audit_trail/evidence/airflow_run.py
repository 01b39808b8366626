"""Which run of Airflow made a ledger entry: what finds the run, its log and the code that it ran again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote, unquote_to_bytes

from pydantic import AfterValidator, Field

from audit_trail.evidence.fields import Document

MAX_NAME_CHARACTERS = 250
"""Airflow's own limit for ids and names (`airflow.models.base.ID_LEN`)."""
_AS_THEY_ARE = ":+"
"""Beside letters, digits and `_.-~`: together what Airflow lets a run be called by default."""


def spell_name(text: str) -> str:
    """A name of Airflow as it stands in an entry: percent-encoded UTF-8 (RFC 3986), so in ASCII.

    Letters, digits and `_ . ~ : + -` stand for themselves. That is all that Airflow's
    default `allowed_run_id_pattern` allows, so most names are spelled as they are.
    """
    return quote(text, safe=_AS_THEY_ARE, errors="replace")


def _check_name(text: str) -> str:
    try:
        name = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("not percent-encoded UTF-8") from None
    if spell_name(name) != text:
        raise ValueError("spelled in another way than it must be")
    if not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise ValueError(f"not 1 to {MAX_NAME_CHARACTERS} characters")
    return text


Name = Annotated[str, Field(max_length=MAX_NAME_CHARACTERS * 12), AfterValidator(_check_name)]
"""As `spell_name` spells it; a character takes four bytes of three digits at most."""


class AirflowRun(Document):
    """The try of a task that signed an entry, as Airflow told that task.

    The first four are the address of the task's log, whose digest is sealed
    with a later day. `dag_version_id` is the id under which Airflow keeps the
    version of the DAG. `bundle_version` is what the DAG's files were taken from, such as
    a commit; absent where the bundle has no versions, as a plain folder has none.
    """

    dag_id: Name
    run_id: Name
    task_id: Name
    try_number: Annotated[int, Field(ge=1)]
    dag_version_id: (
        Annotated[str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
        | None
    ) = None
    bundle: Name | None = None
    bundle_version: Name | None = None
