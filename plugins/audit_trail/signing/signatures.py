"""Making and checking the signatures of an envelope.

Every believed key signs, and every one of them must verify: RSASSA-PSS for what
can be checked with any OpenSSL today, ML-DSA (FIPS 204) for the years after.
`securesystemslib` does both, and knows keys in KMS, HSMs and Vault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.evidence.envelope import Envelope, Signature, pre_authentication_encoding
from audit_trail.evidence.public_key import PublicKey
from audit_trail.settings import Settings
from audit_trail.signing.local_keys import SigningKey, held_keys, load_private_key

if TYPE_CHECKING:
    from securesystemslib.signer import Signer, SSlibKey

KEY_TYPES: dict[str, str] = {"rsassa-pss-sha256": "rsa", "ml-dsa-65/1": "ml-dsa"}
"""The key type that goes with each scheme."""
MIN_RSA_BITS = 2048
"""NIST SP 800-131A revision 2: shorter RSA keys are disallowed."""


def load_signers(settings: Settings, keyids: Collection[str] | None = None) -> tuple[Signer, ...]:
    """A signer for each of some keys; None: for every key that is held here.

    Raises:
        ConfigurationError: A key is not held here, does not open, or is not
            the other half of the public key that the index names.
    """
    held = {key.public_key.keyid: key for key in held_keys(settings)}
    wanted = held.keys() if keyids is None else keyids
    if missing := sorted(set(wanted) - held.keys()):
        raise ConfigurationError(
            "the signing keys are not the ones that the archive believes",
            where=str(settings.keys),
            expected=", ".join(keyid[:16] for keyid in sorted(wanted)),
            found=", ".join(keyid[:16] for keyid in held) or "none",
            remedy=f"name the folder that holds key {missing[0][:16]} in keys_dir",
        )
    return tuple(_signer(held[keyid], settings) for keyid in wanted)


def _signer(key: SigningKey, settings: Settings) -> Signer:
    from securesystemslib.exceptions import KeyMismatchError
    from securesystemslib.signer import CryptoSigner

    private = load_private_key(key, settings)
    try:
        return CryptoSigner(private, _library_key(key.public_key))
    except (KeyMismatchError, ValueError, TypeError) as error:
        raise ConfigurationError(
            "a private key is not the one that the index of signing keys names",
            where=str(settings.keys / key.uri.removeprefix("file:")),
            expected=f"{key.public_key.scheme} {key.public_key.keyid[:16]}",
            remedy="restore the key file and signing-keys.json from the same backup",
        ) from error


def sign_payload(payload: bytes, signers: Iterable[Signer]) -> Envelope:
    """An envelope over `payload`, signed by every signer."""
    data = pre_authentication_encoding(payload)
    made = [signer.sign(data) for signer in signers]
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


def check_public_key(key: PublicKey, *, where: str) -> None:
    """Check that a key is what it says it is, before it is believed.

    Raises:
        IntegrityError: Its id is not its digest, it is of another type than its
            scheme needs, or it is too short.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from audit_trail.signing.local_keys import key_id

    try:
        public = load_pem_public_key(key.public.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise IntegrityError("public key cannot be read", where=where, found=key.keyid[:16]) from error
    wanted = RSAPublicKey if key.scheme == "rsassa-pss-sha256" else MLDSA65PublicKey
    belongs = isinstance(public, wanted) and key.keytype == KEY_TYPES[key.scheme]
    if key_id(public) != key.keyid or not belongs:
        raise IntegrityError(
            "public key is not the one that its id and scheme name",
            where=where,
            expected=f"{KEY_TYPES[key.scheme]} key {key.keyid} for {key.scheme}",
        )
    if isinstance(public, RSAPublicKey) and public.key_size < MIN_RSA_BITS:
        raise IntegrityError(
            "RSA key is too short",
            where=where,
            expected=f"{MIN_RSA_BITS} bits",
            found=f"{public.key_size} bits",
        )


def _library_key(key: PublicKey) -> SSlibKey:
    from securesystemslib.signer import SSlibKey

    return SSlibKey(key.keyid, key.keytype, key.scheme, {"public": key.public})
