"""A bucket under AWS's own name, and commands as a person pastes them."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from audit_trail.archive.s3_store import make_client
from audit_trail.settings import ArchiveSettings


@pytest.fixture
def aws_archive(aws_by_name: str) -> ArchiveSettings:
    """Settings of a bucket on AWS that is not there yet."""
    return ArchiveSettings(bucket="acme-audit-trail", prefix="company/logs")


@pytest.fixture
def aws_client(aws_archive: ArchiveSettings) -> Any:
    return make_client(aws_archive)


class Requests:
    """The requests that a client sends, and who is killed at which of them."""

    def __init__(self, client: Any) -> None:
        self.sent: list[str] = []
        self.writes: list[str] = []
        self.kill_at: int | None = None
        client.meta.events.register("before-send.s3", self._before)

    def _before(self, request: Any, event_name: str, **_: Any) -> None:
        operation = event_name.rpartition(".")[2]
        self.sent.append(operation)
        if request.method in {"PUT", "POST", "DELETE"}:
            if self.kill_at == len(self.writes):
                raise KilledError(operation)
            self.writes.append(operation)


class KilledError(BaseException):
    """The process ends here."""


def run_command(client: Any, line: str) -> None:
    """Do what a line of the AWS CLI does: its options are the API's parameters, in JSON."""
    words = shlex.split(line, comments=True)
    assert words[:2] == ["aws", "s3api"]
    options = dict(zip(words[3::2], words[4::2], strict=True))
    options.pop("--endpoint-url", None)
    operation = words[2].replace("-", "_")
    members = client.meta.service_model.operation_model(
        client.meta.method_to_api_mapping[operation]
    ).input_shape.members
    spelt = {name.lower(): name for name in members}
    arguments = {
        spelt[option.removeprefix("--").replace("-", "")]: value for option, value in options.items()
    }
    for name, value in arguments.items():
        if members[name].type_name == "structure":
            arguments[name] = json.loads(value)
    getattr(client, operation)(**arguments)
