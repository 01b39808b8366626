"""Keys in AWS KMS: what is sent, what comes of it, and what moto makes of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from tests.signing.key_management_service import KeyManagementService

from audit_trail.archive.aws_clients import open_client
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.settings import Settings
from audit_trail.signing.keys_by_uri import import_keys
from audit_trail.signing.local_keys import generate_keys
from audit_trail.signing.signatures import load_signers, sign_payload, verify_envelope

Make = Callable[..., Settings]
PAYLOAD = b'{"what":"a statement"}'


def settings_for(make: Make, *uris: str, **values: Any) -> Settings:
    return make(signing={"key_uris": uris, "post_quantum": False}, **values)


@pytest.mark.parametrize(
    ("add", "algorithm", "scheme"),
    [
        (KeyManagementService.add_rsa, "RSASSA_PSS_SHA_256", "rsassa-pss-sha256"),
        (KeyManagementService.add_ec, "ECDSA_SHA_256", "ecdsa-sha2-nistp256"),
    ],
    ids=["rsa", "ec"],
)
def test_the_digest_is_sent_and_the_signature_is_what_aws_says_it_is(
    settings_with: Make, kms: KeyManagementService, add: Callable[..., str], algorithm: str, scheme: str
) -> None:
    arn = add(kms)
    settings = settings_for(settings_with, f"awskms:{arn}")
    (key,) = generate_keys(settings)
    envelope = sign_payload(PAYLOAD, load_signers(settings))
    (asked,) = kms.asked("Sign")
    assert asked["KeyId"] == arn
    assert (asked["MessageType"], asked["SigningAlgorithm"]) == ("DIGEST", algorithm)
    assert base64.b64decode(asked["Message"]) == hashlib.sha256(envelope.signed_bytes()).digest()
    verify_envelope(envelope, keys=[key.public_key], algorithms={scheme}, where="x")


def test_the_salt_is_as_long_as_the_digest(settings_with: Make, kms: KeyManagementService) -> None:
    """So any verifier that asks for that, as `rsa_pss_saltlen:digest` does, accepts it."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    settings = settings_for(settings_with, f"awskms:{kms.add_rsa()}")
    (key,) = generate_keys(settings)
    envelope = sign_payload(PAYLOAD, load_signers(settings))
    public: Any = load_pem_public_key(key.public_key.public.encode())
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
    public.verify(envelope.signatures[0].sig, envelope.signed_bytes(), pss, hashes.SHA256())


def test_moto_hashes_a_digest_again(settings_with: Make, aws: str) -> None:
    """Its fault and not the signer's: its signature is right for the digest of the very digest sent.

    Should this fail one day, moto has been mended and can stand in for KMS.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    client = open_client(settings_with().archive, "kms")
    arn = client.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]["Arn"]
    settings = settings_for(settings_with, f"awskms:{arn}")
    (key,) = generate_keys(settings)
    envelope = sign_payload(PAYLOAD, load_signers(settings))
    with pytest.raises(IntegrityError, match="does not verify"):
        verify_envelope(envelope, keys=[key.public_key], algorithms={"rsassa-pss-sha256"}, where="ledger/0")
    public: Any = load_pem_public_key(key.public_key.public.encode())
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=padding.PSS.AUTO)
    sent = hashlib.sha256(envelope.signed_bytes()).digest()
    public.verify(envelope.signatures[0].sig, sent, pss, hashes.SHA256())


def test_an_alias_is_resolved_once_and_its_arn_names_the_region(
    settings_with: Make, kms: KeyManagementService
) -> None:
    """An alias may be pointed at another key; the one that the archive believes is noted itself."""
    arn = kms.add_rsa("alias/seal")
    settings = settings_for(settings_with, "awskms:alias/seal", archive={"region": "us-west-2"})
    (key,) = generate_keys(settings)
    assert key.uri == f"awskms:{arn}"
    kms.aliases["alias/seal"] = kms.add_rsa()
    envelope = sign_payload(PAYLOAD, load_signers(settings))
    verify_envelope(envelope, keys=[key.public_key], algorithms={"rsassa-pss-sha256"}, where="x")
    assert [(item["Action"], item["region"]) for item in kms.requests] == [
        ("GetPublicKey", "us-west-2"),
        ("Sign", "eu-central-1"),
    ]


def test_an_ml_dsa_key_in_kms_is_refused_and_says_why(settings_with: Make, kms: KeyManagementService) -> None:
    """KMS has such keys; the library's signer has none for them, and neither has moto."""
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

    arn = kms.add(MLDSA65PrivateKey.generate(), spec="ML_DSA_65", algorithms=["ML_DSA_SHAKE_256"])
    with pytest.raises(ConfigurationError) as caught:
        import_keys(settings_for(settings_with, f"awskms:{arn}"))
    assert caught.value.found == "ML_DSA_65 for SIGN_VERIFY"
    assert "an ML-DSA key stays in a local file" in caught.value.remedy


def test_a_curve_that_no_archive_allows_is_refused(settings_with: Make, kms: KeyManagementService) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256K1())
    arn = kms.add(private, spec="ECC_SECG_P256K1", algorithms=["ECDSA_SHA_256"])
    with pytest.raises(ConfigurationError, match="of no kind that an archive can sign with") as caught:
        import_keys(settings_for(settings_with, f"awskms:{arn}"))
    assert "ECC_SECG_P256K1" in caught.value.found


@pytest.mark.parametrize("code", ["AccessDeniedException", "DisabledException", "KMSInvalidStateException"])
def test_a_refusal_is_named_by_its_code_and_holds_no_secret(
    settings_with: Make, kms: KeyManagementService, code: str
) -> None:
    settings = settings_for(settings_with, f"awskms:{kms.add_rsa()}")
    generate_keys(settings)
    kms.refused = code
    for action in (lambda: import_keys(settings), lambda: sign_payload(PAYLOAD, load_signers(settings))):
        with pytest.raises(StorageError) as caught:
            action()
        assert caught.value.found == code
        assert "not-to-be-shown" not in f"{caught.value} {caught.value.__cause__!r}"


def test_a_machine_without_an_index_asks_where_the_keys_are(
    settings_with: Make, kms: KeyManagementService
) -> None:
    settings = settings_for(settings_with, f"awskms:{kms.add_rsa()}")
    (key,) = import_keys(settings)
    (signer,) = load_signers(settings, [key.public_key.keyid])
    assert signer.public_key.keyid == key.public_key.keyid
    assert [item.public_key.keyid for item in load_signers(settings)] == [key.public_key.keyid]
    with pytest.raises(ConfigurationError, match="not the ones that the archive believes"):
        load_signers(settings, ["f" * 64])
