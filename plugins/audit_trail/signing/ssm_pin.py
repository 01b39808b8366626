"""The newest ledger head in a parameter of AWS Systems Manager.

The account of the parameter should be another one than that of the bucket:
whoever can change both can pass an older ledger off as the newest.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from audit_trail.errors import StorageError
from audit_trail.signing.pins import Head, format_head, parse_head

MAX_ATTEMPTS = 10
"""How often a head is put again that another writer has overwritten by an older one."""


class SsmPin:
    """A `Pin` in the parameter `<prefix>/<genesis>`.

    Parameter Store has no conditional write, but numbers its versions: a
    writer that finds a version between the one it read and the one it wrote
    looks again, so that the newest of all heads stays.

    Args:
        prefix: Of the parameter's name, e.g. `/audit-trail/head`.
        genesis: The archive's identity, hex.
        region: Of the parameter; credentials and endpoint are those of boto3's own chain.
        open_ssm: Makes another client than that.
    """

    def __init__(
        self, prefix: str, genesis: str, *, region: str, open_ssm: Callable[[], Any] | None = None
    ) -> None:
        self.name = f"{prefix.rstrip('/')}/{genesis[:32]}"
        self._region = region
        self._open_ssm = open_ssm

    def read(self) -> Head | None:
        """See `Pin.read`."""
        return self._read()[0]

    def advance(self, head: Head) -> None:
        """See `Pin.advance`."""
        for _ in range(MAX_ATTEMPTS):
            known, version = self._read()
            if known is not None and known.sequence >= head.sequence:
                return
            with self._errors():
                answer = self._client.put_parameter(
                    Name=self.name, Value=format_head(head), Type="String", Overwrite=True
                )
            if answer["Version"] == version + 1:
                return
            # Somebody wrote meanwhile, perhaps a newer head than ours.
            head = max(self._written_since(version), key=lambda one: one.sequence, default=head)
        raise StorageError("other writers move the pin without pause", where=self.name, remedy="try again")

    @cached_property
    def _client(self) -> Any:
        import boto3

        with self._errors():
            return self._open_ssm() if self._open_ssm else boto3.client("ssm", region_name=self._region)

    def _read(self) -> tuple[Head | None, int]:
        from botocore.exceptions import ClientError

        try:
            with self._errors():
                parameter = self._client.get_parameter(Name=self.name)["Parameter"]
        except StorageError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "ParameterNotFound":
                return None, 0
            raise
        return self._parsed(parameter["Value"]), parameter["Version"]

    def _written_since(self, version: int) -> list[Head]:
        with self._errors():
            pages = self._client.get_paginator("get_parameter_history").paginate(Name=self.name)
            return [
                self._parsed(item["Value"])
                for page in pages
                for item in page["Parameters"]
                if item["Version"] > version
            ]

    def _parsed(self, text: str) -> Head:
        return parse_head(text, where=f"parameter {self.name}")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError, OSError) as error:
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            raise StorageError(
                "what is remembered of the archive could not be read or written",
                where=f"parameter {self.name}",
                found=code,
                remedy="check the credentials, what they are allowed to do, and the region",
            ) from error
