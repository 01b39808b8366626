"""The pin that is an Airflow Variable, as the API server reads it."""

from __future__ import annotations

from airflow.models.variable import Variable

from audit_trail.errors import StorageError
from audit_trail.hooks.variable_pin import VariablePin
from audit_trail.signing.pins import Head, parse_head


class StoredVariablePin(VariablePin):
    """Reads what the tasks' `VariablePin` writes; the API server has no task to ask through."""

    def read(self) -> Head | None:
        """See `Pin.read`."""
        text = Variable.get(self.name, default_var=None)
        return None if text is None else parse_head(text, where=f"Variable {self.name}")

    def advance(self, head: Head) -> None:
        """Refused: who only looks remembers nothing.

        Raises:
            StorageError: Always.
        """
        raise StorageError("the page does not move the pin", where=f"Variable {self.name}")
