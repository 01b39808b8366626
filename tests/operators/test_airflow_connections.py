"""Clients and secrets by Airflow connection: what is missing is said, and nothing is guessed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit_trail.archive.s3_store import make_client
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.hooks.aws_connection import ConnectionClients
from audit_trail.hooks.connection_secrets import MIN_MASKED_CHARACTERS, with_connection_secrets
from audit_trail.settings import Settings, load_settings

SECRET = "not-to-be-shown-at-all"


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Any:
    def make(name: str, **fields: Any) -> None:
        value = {"conn_type": "aws", "login": "AKIATEST", "password": SECRET, **fields}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(value))

    return make


def s3(settings: Settings) -> Any:
    return make_client(settings.archive, ConnectionClients(settings))


def test_without_a_connection_the_settings_count() -> None:
    client = s3(load_settings(archive={"endpoint_url": "http://127.0.0.1:9", "region": "eu-west-1"}))
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:9", "eu-west-1")


@pytest.mark.parametrize("service", ["s3", "kms", "ssm"])
def test_a_connection_that_is_not_there_is_not_replaced_by_what_the_machine_has(service: str) -> None:
    settings = load_settings(archive={"aws_conn_id": "nowhere"})
    with pytest.raises(StorageError, match="there is no such Airflow connection") as caught:
        ConnectionClients(settings)(settings.archive, service)
    assert "AIRFLOW_CONN_NOWHERE" in caught.value.remedy


def test_region_and_endpoint_are_the_connections_unless_they_are_set(connect: Any) -> None:
    connect("seals", extra={"region_name": "eu-central-1", "endpoint_url": "http://127.0.0.1:9"})
    client = s3(load_settings(archive={"aws_conn_id": "seals"}))
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:9", "eu-central-1")
    assert client.meta.config.s3["addressing_style"] == "path"
    assert client.meta.config.retries["mode"] == "standard"
    assert client._request_signer._credentials.access_key == "AKIATEST"
    chosen = {"aws_conn_id": "seals", "region": "us-west-2", "endpoint_url": "http://127.0.0.1:10"}
    client = s3(load_settings(archive=chosen))
    assert (client.meta.endpoint_url, client.meta.region_name) == ("http://127.0.0.1:10", "us-west-2")


def test_botocores_own_settings_of_the_connection_are_stronger(connect: Any) -> None:
    kwargs = {"retries": {"max_attempts": 2, "mode": "adaptive"}}
    connect("seals", extra={"region_name": "eu-central-1", "config_kwargs": kwargs})
    client = s3(load_settings(archive={"aws_conn_id": "seals"}))
    assert client.meta.config.retries["mode"] == "adaptive"
    assert client.meta.config.max_pool_connections == 32


def test_kms_and_the_pin_may_have_connections_of_their_own(connect: Any) -> None:
    for name in ("archive", "keys", "pin"):
        connect(name, login=f"AKIA{name.upper()}", extra={"region_name": "eu-central-1"})
    settings = load_settings(
        archive={"aws_conn_id": "archive"}, signing={"aws_conn_id": "keys"}, pin_aws_conn_id="pin"
    )
    clients = ConnectionClients(settings)
    used = {
        service: clients(settings.archive, service)._request_signer._credentials.access_key
        for service in ("s3", "kms", "ssm", "cloudwatch")
    }
    assert used == {
        "s3": "AKIAARCHIVE",
        "kms": "AKIAKEYS",
        "ssm": "AKIAPIN",
        "cloudwatch": "AKIAARCHIVE",
    }
    assert clients(settings.archive, "kms", region_name="eu-north-1").meta.region_name == "eu-north-1"


def test_a_connection_that_makes_no_client_is_said_without_what_it_holds(connect: Any) -> None:
    connect("seals", extra={"endpoint_url": f"no url {SECRET}"})
    with pytest.raises(ConfigurationError, match="no client of s3 can be made") as caught:
        s3(load_settings(archive={"aws_conn_id": "seals"}))
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_are_passwords_of_connections(connect: Any) -> None:
    for name in ("passphrase", "pin", "token"):
        connect(name, conn_type="generic", password=f"{SECRET}-{name}")
    settings = with_connection_secrets(
        load_settings(
            signing={
                "passphrase_conn_id": "passphrase",
                "hsm_pin_conn_id": "pin",
                "vault_token_conn_id": "token",
                "passphrase": "of the settings",
            }
        )
    )
    signing = settings.signing
    found = [signing.passphrase, signing.hsm_pin, signing.vault_token]
    assert [value.get_secret_value() for value in found if value] == [
        f"{SECRET}-{name}" for name in ("passphrase", "pin", "token")
    ]
    assert SECRET not in repr(settings)


def test_a_connection_without_a_secret_is_refused(connect: Any) -> None:
    settings = load_settings(signing={"passphrase_conn_id": "passphrase"})
    with pytest.raises(StorageError, match="no such Airflow connection") as missing:
        with_connection_secrets(settings)
    connect("passphrase", password=None)
    with pytest.raises(ConfigurationError, match="has no password") as empty:
        with_connection_secrets(settings)
    for caught in (missing, empty):
        assert caught.value.where == "signing.passphrase_conn_id: passphrase"


def test_a_role_that_cannot_be_assumed_may_be_tried_again(connect: Any) -> None:
    extra = {
        "role_arn": "arn:aws:iam::123456789012:role/none",
        "region_name": "eu-central-1",
        "service_config": {"sts": {"endpoint_url": "http://127.0.0.1:9"}},
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    connect("seals", extra=extra)
    with pytest.raises(StorageError, match="could not be assumed") as caught:
        s3(load_settings(archive={"aws_conn_id": "seals"}))
    assert caught.value.found == "EndpointConnectionError"


def test_secrets_from_anywhere_are_masked_and_short_ones_left_to_silence() -> None:
    """Masking a short PIN would tear holes into the digests of a log that is evidence."""
    from airflow.sdk.log import redact

    short = "9" * (MIN_MASKED_CHARACTERS - 1)
    with_connection_secrets(load_settings(signing={"passphrase": "masked-from-here-on", "hsm_pin": short}))
    assert redact(f"a masked-from-here-on b {short}") == f"a *** b {short}"
