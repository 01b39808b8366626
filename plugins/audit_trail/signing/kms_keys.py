"""Keys in AWS KMS, through securesystemslib's `AWSSigner`.

What is signed is hashed here, and the digest sent (`MessageType=DIGEST`); KMS signs RSASSA-PSS with a
salt as long as the digest. https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from securesystemslib.signer import AWSSigner

from audit_trail.errors import ConfigurationError
from audit_trail.key_uri import KmsUri
from audit_trail.signing.key_schemes import described

if TYPE_CHECKING:
    from securesystemslib.signer import SSlibKey

    from audit_trail.archive.aws_clients import ClientFactory
    from audit_trail.evidence.public_key import PublicKey
    from audit_trail.settings import Settings


class KmsSigner(AWSSigner):
    """`AWSSigner` with a client of ours in place of one by boto3's default session."""

    def __init__(self, uri: KmsUri, public_key: SSlibKey, client: Any) -> None:
        self.aws_key_id = uri.key
        self._public_key = public_key
        self.client = client
        self.aws_algo = self.aws_algos[public_key.scheme]


def open_client_for(uri: KmsUri, settings: Settings, clients: ClientFactory) -> Any:
    """A client in the region that the URI names, or else the archive's."""
    options = {"region_name": uri.region} if uri.region else {}
    return clients(settings.archive, "kms", **options)


def import_key(uri: KmsUri, client: Any) -> tuple[KmsUri, PublicKey]:
    """The public key, and the URI of the key itself where `uri` is an alias: an alias may move on.

    Raises:
        ConfigurationError: Not a key that can sign for an archive.
        botocore.exceptions.ClientError: KMS refused.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    answer = client.get_public_key(KeyId=uri.key)
    try:
        key = described(load_der_public_key(answer["PublicKey"]))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    algorithms = answer.get("SigningAlgorithms", [])
    if key is None or AWSSigner.aws_algos.get(key.scheme) not in algorithms:
        raise ConfigurationError(
            "a key in KMS is of no kind that an archive can sign with there",
            where=str(uri),
            expected="a key for signing of spec RSA_2048, RSA_3072, RSA_4096, ECC_NIST_P256 or ECC_NIST_P384",
            found=f"{answer.get('KeySpec', 'unknown')} for {answer.get('KeyUsage', 'unknown')}",
            remedy="name another key; an ML-DSA key stays in a local file, because the library "
            "that signs here has none for KMS",
        )
    return KmsUri(key=answer["KeyId"]), key
