"""Clients of AWS by Airflow connection: role chains, profiles, instance roles, as everywhere in Airflow.

https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/connections/aws.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from audit_trail.archive.aws_clients import open_client
from audit_trail.errors import ConfigurationError
from audit_trail.settings import ArchiveSettings, Settings


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
            ConfigurationError: There is no such connection, or no client can be made from it.
        """
        conn_id = self._by_service.get(service, self._of_archive)
        if conn_id is None:
            return open_client(archive, service, **options)
        _check_connection(conn_id)
        try:
            return _client(conn_id, archive, service, options)
        except ConfigurationError:
            raise
        except Exception as error:
            # By its kind alone: what is said of credentials may quote them.
            raise ConfigurationError(
                f"no client of {service} can be made from an Airflow connection",
                where=f"connection {conn_id}",
                found=type(error).__name__,
                remedy="check its role, credentials, region and extra with `airflow connections test`",
            ) from error


def _check_connection(conn_id: str) -> None:
    # The provider would log a warning and go on with whatever credentials the machine has.
    try:
        BaseHook.get_connection(conn_id)
    except AirflowNotFoundException:
        raise ConfigurationError(
            "there is no such Airflow connection",
            where=f"aws_conn_id {conn_id}",
            remedy=f"make it, or set AIRFLOW_CONN_{conn_id.upper()} where the tasks run",
        ) from None


def _client(conn_id: str, archive: ArchiveSettings, service: str, options: Mapping[str, Any]) -> Any:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
    from botocore.config import Config

    chosen = dict(options)
    hook: Any = AwsGenericHook(aws_conn_id=conn_id, client_type=service)
    is_set = "region" in archive.model_fields_set
    region = chosen.pop("region_name", None) or (archive.region if is_set else hook.region_name)
    config = chosen.pop("config", None) or Config()
    endpoint = chosen.pop("endpoint_url", None) or hook.conn_config.get_service_endpoint_url(service)
    if service == "s3" and endpoint:
        # As with archive.endpoint_url: a store elsewhere seldom has a name for each bucket.
        config = config.merge(Config(s3={"addressing_style": "path"}))
    return hook.get_session(region_name=region or archive.region).client(
        service_name=service,
        endpoint_url=endpoint,
        config=config.merge(hook.config),  # what the connection's botocore_kwargs say is stronger
        verify=hook.verify,
        **chosen,
    )
