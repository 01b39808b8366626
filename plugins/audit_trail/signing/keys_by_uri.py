"""Keys that live in KMS, an HSM or Vault: their public parts, and signers by them.

No signer is written here: `securesystemslib` has them. A private key never comes near this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from audit_trail.archive.aws_clients import open_client
from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError
from audit_trail.key_uri import KmsUri, Pkcs11Uri, parse_key_uri
from audit_trail.signing.key_index import SigningKey

if TYPE_CHECKING:
    from securesystemslib.signer import Signer, SSlibKey

    from audit_trail.archive.aws_clients import ClientFactory
    from audit_trail.settings import Settings

_PIN_ERRORS = {
    *("PinExpired", "PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "UserPinNotInitialized"),
}
_WORDS_OF_LIBRARY = 200


def import_keys(settings: Settings, clients: ClientFactory = open_client) -> tuple[SigningKey, ...]:
    """The keys that `signing.key_uris` names, with their public parts, in its order.

    Raises:
        ConfigurationError: One is of no kind that an archive can sign with, or
            two are of one: an archive has one key of each algorithm.
        StorageError: Where one lives could not be asked.
    """
    keys = tuple(_import_key(uri, settings, clients) for uri in settings.signing.key_uris)
    schemes = [key.public_key.scheme for key in keys]
    for key in keys:
        if schemes.count(key.public_key.scheme) > 1:
            raise ConfigurationError(
                "two key URIs name keys of one algorithm",
                where="signing.key_uris",
                expected="at most one for each algorithm",
                found=f"{key.uri}, which is not the only one for {key.public_key.scheme}",
            )
    return keys


def open_signer(
    key: SigningKey, public_key: SSlibKey, settings: Settings, clients: ClientFactory = open_client
) -> Signer:
    """A signer for a key that lives elsewhere.

    Raises:
        ConfigurationError: What it takes to reach the key is not set, or the index is damaged.
        StorageError: Where it lives could not be reached.
    """
    try:
        uri = parse_key_uri(key.uri)
    except ValueError as error:
        raise ConfigurationError(
            "the index of signing keys says where a key is in a way that is not read",
            where=f"key {key.public_key.keyid[:16]}",
            found=str(error),
            remedy="restore signing-keys.json from a backup",
        ) from error
    with key_errors(str(uri)):
        if isinstance(uri, KmsUri):
            from audit_trail.signing import kms_keys

            return kms_keys.KmsSigner(uri, public_key, kms_keys.open_client_for(uri, settings, clients))
        if isinstance(uri, Pkcs11Uri):
            from audit_trail.signing import hsm_keys

            return hsm_keys.open_signer(uri, public_key, settings)
        from audit_trail.signing import vault_keys

        return vault_keys.TransitSigner(uri, public_key, vault_keys.open_vault(settings))


def _import_key(text: str, settings: Settings, clients: ClientFactory) -> SigningKey:
    uri = parse_key_uri(text)
    with key_errors(str(uri)):
        if isinstance(uri, KmsUri):
            from audit_trail.signing import kms_keys

            kms, key = kms_keys.import_key(uri, kms_keys.open_client_for(uri, settings, clients))
            return SigningKey(uri=str(kms), public_key=key)
        if isinstance(uri, Pkcs11Uri):
            from audit_trail.signing import hsm_keys

            return SigningKey(uri=str(uri), public_key=hsm_keys.import_key(uri, settings))
        from audit_trail.signing import vault_keys

        transit, key = vault_keys.import_key(uri, vault_keys.open_vault(settings))
        return SigningKey(uri=str(transit), public_key=key)


@contextmanager
def key_errors(where: str) -> Iterator[None]:
    """Turn what libraries raise about a key into the errors of this package.

    Raises:
        ConfigurationError: A library is missing; or a PIN is wrong, which is not to be
            tried again: a token locks itself after a few.
        StorageError: Anything else.
    """
    try:
        yield
    except AuditTrailError:
        raise
    except Exception as error:
        name = type(error).__name__
        if isinstance(error, ImportError) or name == "UnsupportedLibraryError":
            raise ConfigurationError(
                "the library for a place where keys live is not installed",
                where=where,
                found=getattr(error, "name", None) or name,
                remedy='pip install "securesystemslib[awskms,hsm,vault]"',
            ) from error
        if name in _PIN_ERRORS:
            raise ConfigurationError(
                "the HSM does not take the PIN",
                where=where,
                found=name,
                remedy="check signing.hsm_pin_file before anything is tried again: tokens lock themselves",
            ) from error
        raise StorageError(
            "a signing key could not be used",
            where=where,
            found=_said(error),
            remedy="check that it is there and that the credentials may use it, then try again",
        ) from error


def _said(error: Exception) -> str:
    """What went wrong in a word or code; a library's sentence only where it can hold no secret."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):  # botocore's ClientError
        return str(response.get("Error", {}).get("Code", type(error).__name__))
    if isinstance(error, ValueError):  # securesystemslib's: no such token, no such key
        return f"{type(error).__name__}: {error}"[:_WORDS_OF_LIBRARY]
    return type(error).__name__
