"""Keys in the transit engine of Vault or OpenBao, through securesystemslib's `VaultSigner`.

The library's signer leaves padding and hash to the server, whose defaults are RSASSA-PSS and SHA-256:
so RSA, P-256 and Ed25519 keys serve, and P-384 does not.
https://developer.hashicorp.com/vault/api-docs/secret/transit#sign-data
"""

from __future__ import annotations

import os
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import hvac
from securesystemslib.signer import VaultSigner

from audit_trail.errors import ConfigurationError
from audit_trail.key_uri import VaultUri
from audit_trail.signing.key_schemes import described
from audit_trail.signing.secret_files import chosen_secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from securesystemslib.signer import SSlibKey

    from audit_trail.evidence.public_key import PublicKey, Scheme
    from audit_trail.settings import Settings

TIMEOUT_S = 30
SCHEMES: tuple[Scheme, ...] = ("rsassa-pss-sha256", "ecdsa-sha2-nistp256", "ed25519")
"""What the server's defaults sign."""


class TransitSigner(VaultSigner):
    """`VaultSigner` with a client of ours in place of one by the environment alone."""

    def __init__(self, uri: VaultUri, public_key: SSlibKey, client: hvac.Client) -> None:
        self.hv_key_name = uri.name
        self._public_key = public_key
        self.hv_key_version = uri.version or 1
        self._client = client


def open_vault(settings: Settings) -> hvac.Client:
    """A client; what the settings leave out is Vault's own environment.

    Raises:
        ConfigurationError: No address or no token.
    """
    signing = settings.signing
    token = chosen_secret(signing.vault_token, signing.vault_token_file, what="token of Vault")
    url = signing.vault_url or os.environ.get("VAULT_ADDR")
    if not url:
        raise ConfigurationError(
            "the address of Vault is not set", where="signing.vault_url", remedy="set it, or VAULT_ADDR"
        )
    client = hvac.Client(
        url=url, token=token, timeout=TIMEOUT_S, namespace=os.environ.get("VAULT_NAMESPACE") or None
    )
    if not client.token:
        raise ConfigurationError(
            "there is no token for Vault",
            where="signing.vault_token",
            remedy="set signing.vault_token_file, AUDIT_TRAIL_SIGNING__VAULT_TOKEN or VAULT_TOKEN",
        )
    return client


def import_key(uri: VaultUri, client: hvac.Client) -> tuple[VaultUri, PublicKey]:
    """The public key, and the URI with its version: the name alone moves on with each rotation.

    Raises:
        ConfigurationError: Not a key that can sign for an archive, or no such version.
        hvac.exceptions.VaultError: Vault refused.
    """
    data: dict[str, Any] = client.secrets.transit.read_key(uri.name)["data"]
    versions: dict[str, Any] = data["keys"]
    version = uri.version or max(map(int, versions))
    public = _public(versions.get(str(version)))
    key = described(public) if public is not None else None
    if key is None or key.scheme not in SCHEMES:
        raise ConfigurationError(
            "a key in Vault is of no kind that an archive can sign with there",
            where=str(VaultUri(name=uri.name, version=version)),
            expected="a version of a key of type ed25519, ecdsa-p256, rsa-2048, rsa-3072 or rsa-4096",
            found=str(data.get("type"))[:40] if str(version) in versions else "no such version",
            remedy="name another key; P-384 and ML-DSA keys cannot be used in Vault",
        )
    return VaultUri(name=uri.name, version=version), key


def _public(info: Any) -> PublicKeyTypes | None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    # Of keys for encryption alone, a version is the time at which it was made.
    text = info.get("public_key") if isinstance(info, dict) else None
    if not text:
        return None
    try:
        if text.startswith("-----BEGIN"):
            return load_pem_public_key(text.encode("ascii"))
        return Ed25519PublicKey.from_public_bytes(b64decode(text))
    except (ValueError, UnsupportedAlgorithm):
        return None
