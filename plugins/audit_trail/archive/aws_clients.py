"""Clients of AWS: the archive's credentials and region, for S3 and for whatever stands beside it.

Endpoints of services other than S3 are boto3's own business: `AWS_ENDPOINT_URL_KMS` and the like.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from audit_trail.errors import ConfigurationError
from audit_trail.settings import ArchiveSettings

if TYPE_CHECKING:
    import boto3


class ClientFactory(Protocol):
    """Opens clients of AWS; `open_client` is one, and `hooks.aws_connection` has another."""

    def __call__(self, archive: ArchiveSettings, service: str, **options: Any) -> Any:
        """A client of one service; `options` are those of `boto3.Session.client`.

        Raises:
            ConfigurationError: None can be made from what is set.
        """


def open_session(archive: ArchiveSettings) -> boto3.Session:
    """A session with boto3's own credential chain, or the file in the settings.

    Raises:
        botocore.exceptions.BotoCoreError: The profile is not in the file.
    """
    import boto3
    import botocore.session

    core = botocore.session.Session(profile=archive.profile)
    if archive.credentials_file is not None:
        core.set_config_variable("credentials_file", str(archive.credentials_file))
    return boto3.Session(botocore_session=core, region_name=archive.region)


def open_client(archive: ArchiveSettings, service: str, **options: Any) -> Any:
    """A client of one service, e.g. `iam`; `options` are those of `boto3.Session.client`.

    Raises:
        ConfigurationError: An endpoint is no URL, or the profile is not in the file.
    """
    from botocore.exceptions import BotoCoreError

    try:
        session: Any = open_session(archive)  # its stubs want each service by name
        return session.client(service, **options)
    except (BotoCoreError, ValueError) as error:
        raise ConfigurationError(
            f"no client of {service} can be made from the settings",
            where="archive.endpoint_url, archive.profile, archive.credentials_file",
            found=f"{type(error).__name__}: {error}"[:300],
        ) from error
