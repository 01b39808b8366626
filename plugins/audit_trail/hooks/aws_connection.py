"""Clients of AWS by Airflow connection: role chains, profiles, instance roles, as everywhere in Airflow.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowException

from audit_trail.archive.aws_clients import open_client
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.hooks.airflow_connections import find_connection
from audit_trail.settings import ArchiveSettings, Settings

if TYPE_CHECKING:
    from airflow.sdk import Connection


class ConnectionClients:
    """A `ClientFactory` by the connections that the settings name; by the settings where they name none.

    Region and endpoint are those of the settings where they are set, or else the connection's.

    Args:
        settings: They may name other connections for KMS and for the pin than for the archive.
    """

    def __init__(self, settings: Settings) -> None:
        of_archive = settings.archive.aws_conn_id
        self._of_archive = of_archive
        self._by_service: Mapping[str, str | None] = {
            "kms": settings.signing.aws_conn_id or of_archive,
            "ssm": settings.pin_aws_conn_id or of_archive,
        }

    def __call__(self, archive: ArchiveSettings, service: str, **options: Any) -> Any:
        """See `ClientFactory`.

        Raises:
            ConfigurationError: No client can be made from what the connection says.
            StorageError: There is no such connection, or its role could not be assumed.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        conn_id = self._by_service.get(service, self._of_archive)
        if conn_id is None:
            return open_client(archive, service, **options)
        # Looked up here: a hook of the provider would log that it is not there, and go on
        # with whatever credentials the machine has.
        connection = find_connection(conn_id, field="aws_conn_id")
        try:
            return _client(connection, archive, service, options)
        except (BotoCoreError, ClientError, OSError) as error:
            code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
            raise StorageError(
                "the role of an Airflow connection could not be assumed, or it has no credentials",
                where=f"connection {conn_id}",
                found=code,
                remedy="check the role's trust policy and the credentials with `airflow connections test`",
            ) from error
        except (AirflowException, ValueError, TypeError, LookupError, NotImplementedError) as error:
            # By its kind alone, and not chained: what is said of an extra may quote it.
            raise ConfigurationError(
                f"no client of {service} can be made from an Airflow connection",
                where=f"connection {conn_id}",
                found=type(error).__name__,
                remedy="check its role, region and extra",
            ) from None


def _client(
    connection: Connection, archive: ArchiveSettings, service: str, options: Mapping[str, Any]
) -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import SessionFactory
    from airflow.providers.amazon.aws.utils.connection_wrapper import AwsConnectionWrapper
    from botocore.config import Config

    chosen = dict(options)
    said: Any = AwsConnectionWrapper(conn=connection)
    of_settings = archive.region if "region" in archive.model_fields_set else None
    region = chosen.pop("region_name", None) or of_settings or said.region_name or archive.region
    config = chosen.pop("config", None) or Config()
    endpoint = chosen.pop("endpoint_url", None) or said.get_service_endpoint_url(service)
    if service == "s3" and endpoint:
        # As with archive.endpoint_url: a store elsewhere seldom has a name for each bucket.
        config = config.merge(Config(s3={"addressing_style": "path"}))
    # What the connection says of botocore is stronger.
    of_connection = said.botocore_config or Config()
    session: Any = SessionFactory(conn=said, region_name=region, config=of_connection).create_session()
    return session.client(
        service_name=service,
        endpoint_url=endpoint,
        config=config.merge(of_connection),
        verify=said.verify,
        **chosen,
    )
