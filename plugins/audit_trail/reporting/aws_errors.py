"""Errors of AWS as errors of this package."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from audit_trail.errors import StorageError


@contextmanager
def aws_errors(where: str) -> Iterator[None]:
    """No exception of boto3 leaves, and no secret with ours.

    Raises:
        StorageError: AWS refused or could not be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        found = error.response.get("Error", {})
        raise StorageError(
            f"AWS refused {error.operation_name}",
            where=where,
            found=f"{found.get('Code', '')}: {found.get('Message', '')}"[:300],
            remedy=f"run it with credentials that may call {error.operation_name}",
        ) from error
    except (BotoCoreError, OSError) as error:
        raise StorageError(
            "AWS could not be reached",
            where=where,
            found=type(error).__name__,
            remedy="check credentials, archive.region and network",
        ) from error
