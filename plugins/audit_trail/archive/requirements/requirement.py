"""What a requirement is, and what it is about."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from audit_trail.errors import AuditTrailError
from audit_trail.settings import ArchiveSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

AWS_DOMAINS = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "api.aws",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
)
"""Where the partitions of AWS answer, FIPS, dual-stack and VPC endpoints included; botocore's `dnsSuffix`."""


class NotOfferedError(AuditTrailError):
    """The store answered a question about something that it does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A bucket as somebody may administer it."""

    client: S3Client
    archive: ArchiveSettings

    @property
    def name(self) -> str:
        """Its name."""
        return self.archive.bucket

    @property
    def prefix(self) -> str:
        """What the archive's keys begin with: empty, or ending in a slash."""
        prefix = self.archive.prefix.rstrip("/")
        return f"{prefix}/" if prefix else ""

    @property
    def arn(self) -> str:
        """The bucket's ARN, in the partition of the region (`aws`, `aws-cn`, `aws-us-gov`, …)."""
        return f"arn:{self.client.meta.partition}:s3:::{self.name}"

    @property
    def is_on_aws(self) -> bool:
        """Whether AWS itself answers, and not another store that speaks its protocol."""
        host = urlsplit(self.client.meta.endpoint_url).hostname or ""
        return any(host == domain or host.endswith(f".{domain}") for domain in AWS_DOMAINS)

    def command(self, operation: str, **arguments: Any) -> str:
        """A command line of the AWS CLI that does it, e.g. `aws s3api put-bucket-policy --bucket …`."""
        words = ["aws", "s3api", operation, "--bucket", self.name]
        if self.archive.endpoint_url:
            words += ["--endpoint-url", self.archive.endpoint_url]
        for name, value in arguments.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            words += [f"--{name.replace('_', '-')}", text]
        return shlex.join(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at a bucket found.

    Attributes:
        right: It is as it should be.
        expected: What is right.
        found: What is there.
        remedy: What to do where it is not right.
        add: Statements or rules that are missing.
        unset: Nobody has decided it yet, so that setting it overwrites nothing.
    """

    right: bool
    expected: str
    found: str
    remedy: str = ""
    add: tuple[dict[str, Any], ...] = ()
    unset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that has to be right.

    Attributes:
        name: What it is about.
        look: Asks the store; changes nothing. Raises what botocore raises.
        put: Makes it right where it is unset; None where only a person can.
        essential: Without it, there is no archive: a store that does not offer it is the wrong one.
        why_aws_only: Why it is not asked of another store; empty: it is.
    """

    name: str
    look: Callable[[Bucket], Look]
    put: Callable[[Bucket], None] | None = None
    essential: bool = False
    why_aws_only: str = ""


def answered(answer: Any, name: str) -> Any:
    """A part of an answer that is never empty where the store knows the question.

    Raises:
        NotOfferedError: It took the question for another one.
    """
    if not answer.get(name):
        raise NotOfferedError("the store's answer lacks what was asked for", expected=name)
    return answer[name]


def code_of(error: Any) -> str:
    """The code of a `ClientError`, e.g. `NoSuchBucketPolicy`."""
    return str(error.response.get("Error", {}).get("Code", ""))
