"""Making and checking the signatures of an envelope.

Every believed key signs, and every one of them must verify: RSASSA-PSS for what
can be checked with any OpenSSL today, ML-DSA (FIPS 204) for the years after.
`securesystemslib` does both, and knows keys in KMS, HSMs and Vault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from audit_trail.archive.aws_clients import open_client
from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.envelope import Envelope, Signature, pre_authentication_encoding
from audit_trail.evidence.public_key import PublicKey
from audit_trail.settings import Settings
from audit_trail.signing.key_index import INDEX_NAME, LOCAL, SigningKey, held_keys
from audit_trail.signing.keys_by_uri import import_keys, key_errors, open_signer
from audit_trail.signing.local_keys import load_private_key

if TYPE_CHECKING:
    from securesystemslib.signer import Signer, SSlibKey

    from audit_trail.archive.aws_clients import ClientFactory


def load_signers(
    settings: Settings, keyids: Collection[str] | None = None, clients: ClientFactory = open_client
) -> tuple[Signer, ...]:
    """A signer for each of some keys; None: for every key that is held here.

    A machine without an index of keys, and settings that name keys elsewhere, asks
    those places which keys they have.

    Raises:
        ConfigurationError: A key is not held here, does not open, or is not
            the other half of the public key that the index names.
        StorageError: Where a key lives could not be reached.
    """
    held = {key.public_key.keyid: key for key in _held(settings)}
    if not held or not held.keys() >= set(keyids or ()):
        held = {key.public_key.keyid: key for key in import_keys(settings, clients)} | held
    wanted = held.keys() if keyids is None else keyids
    if missing := sorted(set(wanted) - held.keys()):
        raise ConfigurationError(
            "the signing keys are not the ones that the archive believes",
            where=str(settings.keys),
            expected=", ".join(keyid[:16] for keyid in sorted(wanted)),
            found=", ".join(keyid[:16] for keyid in held) or "none",
            remedy=f"name the folder that holds key {missing[0][:16]} in keys_dir",
        )
    return tuple(_signer(held[keyid], settings, clients) for keyid in wanted)


def _held(settings: Settings) -> tuple[SigningKey, ...]:
    if settings.signing.key_uris and not (settings.keys / INDEX_NAME).exists():
        return ()
    return held_keys(settings)


def _signer(key: SigningKey, settings: Settings, clients: ClientFactory) -> Signer:
    from securesystemslib.exceptions import KeyMismatchError
    from securesystemslib.signer import CryptoSigner

    if not key.is_local:
        return open_signer(key, _library_key(key.public_key), settings, clients)
    private = load_private_key(key, settings)
    try:
        return CryptoSigner(private, _library_key(key.public_key))
    except (KeyMismatchError, ValueError, TypeError) as error:
        raise ConfigurationError(
            "a private key is not the one that the index of signing keys names",
            where=str(settings.keys / key.uri.removeprefix(LOCAL)),
            expected=f"{key.public_key.scheme} {key.public_key.keyid[:16]}",
            remedy="restore the key file and signing-keys.json from the same backup",
        ) from error


def sign_payload(payload: bytes, signers: Iterable[Signer]) -> Envelope:
    """An envelope over `payload`, signed by every signer.

    Raises:
        ConfigurationError: An HSM does not take its PIN.
        StorageError: Where a key lives could not be reached, or it refused.
    """
    data = pre_authentication_encoding(payload)
    made = []
    for signer in signers:
        with key_errors(f"key {signer.public_key.keyid[:16]}"):
            made.append(signer.sign(data))
    signatures = [Signature(keyid=item.keyid, sig=bytes.fromhex(item.signature)) for item in made]
    return Envelope(payload=payload, signatures=tuple(sorted(signatures, key=lambda item: item.keyid)))


def verify_envelope(
    envelope: Envelope, *, keys: Collection[PublicKey], algorithms: Collection[str], where: str
) -> None:
    """Check that exactly the believed keys signed, each with an allowed algorithm.

    Args:
        envelope: What was read.
        keys: The keys believed at this place of the ledger; all must have signed.
        algorithms: The archive's allow-list.
        where: The object's key, for errors.

    Raises:
        IntegrityError: A signature is missing, unknown, of an algorithm that is
            not allowed, or wrong.
    """
    from securesystemslib.exceptions import UnverifiedSignatureError
    from securesystemslib.signer import Signature as LibrarySignature

    signed_by = {item.keyid: item.sig for item in envelope.signatures}
    expected = {key.keyid for key in keys}
    if set(signed_by) != expected:
        raise IntegrityError(
            "envelope is not signed by exactly the keys that are believed here",
            where=where,
            expected=", ".join(sorted(keyid[:16] for keyid in expected)),
            found=", ".join(sorted(keyid[:16] for keyid in signed_by)),
        )
    data = envelope.signed_bytes()
    for key in keys:
        if key.scheme not in algorithms:
            raise IntegrityError(
                "signature algorithm is not allowed in this archive",
                where=where,
                expected=", ".join(sorted(algorithms)),
                found=key.scheme,
            )
        try:
            _library_key(key).verify_signature(LibrarySignature(key.keyid, signed_by[key.keyid].hex()), data)
        except UnverifiedSignatureError as error:
            raise IntegrityError(
                "signature does not verify", where=where, expected=f"{key.scheme} by key {key.keyid[:16]}"
            ) from error


def _library_key(key: PublicKey) -> SSlibKey:
    from securesystemslib.signer import SSlibKey

    public = _raw(key.public) if key.scheme == "ed25519" else key.public
    return SSlibKey(key.keyid, key.keytype, key.scheme, {"public": public})


def _raw(pem: str) -> str:
    """The 32 bytes of an Ed25519 key in hex; of anything else nothing, which verifies nothing."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(pem.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return public.public_bytes_raw().hex() if isinstance(public, Ed25519PublicKey) else ""
