"""Secrets of signing keys from Airflow connections, and all of them kept out of task logs."""

from __future__ import annotations

import os
from contextlib import suppress

from airflow.sdk.log import mask_secret
from pydantic import SecretStr

from audit_trail.errors import ConfigurationError
from audit_trail.hooks.airflow_connections import find_connection
from audit_trail.settings import Settings
from audit_trail.signing.local_keys import read_passphrase
from audit_trail.signing.secret_files import chosen_secret

MIN_MASKED_CHARACTERS = 8
"""Masking replaces a text wherever it stands: a short PIN stands in digests, and logs are evidence."""
SECRETS = ("passphrase", "hsm_pin", "vault_token")
"""Fields of `signing`; `<name>_conn_id` names the connection whose password it is, `<name>_file` a file."""


def with_connection_secrets(settings: Settings) -> Settings:
    """The settings with what connections hold filled in; a connection is stronger than a file.

    Airflow masks a connection's password in logs by itself. Secrets from elsewhere are
    masked here as well, should a library ever print one.

    Raises:
        ConfigurationError: A connection has no password.
        StorageError: A connection is not there.
    """
    chosen = {
        name: SecretStr(_password(conn_id, field=f"signing.{name}_conn_id"))
        for name in SECRETS
        if (conn_id := getattr(settings.signing, f"{name}_conn_id")) is not None
    }
    filled = settings.model_copy(update={"signing": settings.signing.model_copy(update=chosen)})
    _mask(filled)
    return filled


def _password(conn_id: str, *, field: str) -> str:
    password = find_connection(conn_id, field=field).password
    if not password:
        raise ConfigurationError(
            "an Airflow connection has no password",
            where=f"{field}: {conn_id}",
            remedy="its password has to be the secret; its type does not matter",
        )
    return str(password)


def _mask(settings: Settings) -> None:
    signing = settings.signing
    found = [os.environ.get("VAULT_TOKEN")]
    # One that cannot be read is said when it is needed.
    with suppress(ConfigurationError):
        found.append(read_passphrase(settings).decode())
    with suppress(ConfigurationError):
        found.append(chosen_secret(signing.hsm_pin, signing.hsm_pin_file, what="PIN"))
    with suppress(ConfigurationError):
        found.append(chosen_secret(signing.vault_token, signing.vault_token_file, what="token"))
    for secret in found:
        if secret is not None and len(secret) >= MIN_MASKED_CHARACTERS:
            mask_secret(secret)
