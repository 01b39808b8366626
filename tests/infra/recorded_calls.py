"""The calls that botocore is asked to make, as they are made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: `s3:PutObject` and its parameters."""

    name: str
    parameters: dict[str, Any]


class Recorder:
    """Every session that is opened after it was made tells it what it does."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def register(self, patch: Any) -> None:
        """Add it to what each new session starts with, and let no older session be used."""
        import boto3
        from botocore import handlers

        patch.setattr(
            handlers, "BUILTIN_HANDLERS", [*handlers.BUILTIN_HANDLERS, ("provide-client-params", self._note)]
        )
        patch.setattr(boto3, "DEFAULT_SESSION", None)

    def _note(self, params: dict[str, Any], event_name: str, **_: Any) -> None:
        _, service, operation = event_name.split(".")
        # By the name that policies have for the service.
        name = f"{service.removeprefix('cloudwatch-')}:{operation}"
        self._calls.append(Call(name=name, parameters=dict(params)))

    @contextmanager
    def phase(self) -> Iterator[list[Call]]:
        """What was called meanwhile."""
        before = len(self._calls)
        made: list[Call] = []
        yield made
        made += self._calls[before:]
