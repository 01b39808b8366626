"""The newest ledger head in an Airflow Variable, for workers that share no disk."""

from __future__ import annotations

from airflow.sdk import Variable
from airflow.sdk.exceptions import AirflowRuntimeError

from audit_trail.errors import StorageError
from audit_trail.signing.pins import Head, format_head, parse_head

_DESCRIPTION = "The newest ledger head that audit_trail has seen; it only ever moves forward."
MAX_ATTEMPTS = 5
"""How often a head is written again that another writer has overwritten by an older one."""


class VariablePin:
    """A `Pin` in the Variable `audit_trail_head_<genesis>`.

    Airflow has no conditional write. So what was written is read again, and
    written again where another writer's older head lies over it: two writers
    at the same instant may leave the older of their heads, never one that is
    older than both, and the next run moves it on.

    Args:
        genesis: The archive's identity, hex.
    """

    def __init__(self, genesis: str) -> None:
        self.name = f"audit_trail_head_{genesis[:32]}"

    def read(self) -> Head | None:
        """See `Pin.read`."""
        try:
            text = Variable.get(self.name, default=None)
        except AirflowRuntimeError as error:
            raise self._unreachable(error) from error
        return None if text is None else parse_head(text, where=f"Variable {self.name}")

    def advance(self, head: Head) -> None:
        """See `Pin.advance`."""
        for _ in range(MAX_ATTEMPTS):
            known = self.read()
            if known is not None and known.sequence >= head.sequence:
                return
            try:
                Variable.set(
                    self.name, format_head(head), description="Newest ledger head seen by audit_trail"
                )
            except AirflowRuntimeError as error:
                raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> StorageError:
        return StorageError(
            "what is remembered of the archive could not be read or written",
            where=f"Variable {self.name}",
            found=type(error).__name__,
            remedy="try again",
        )
