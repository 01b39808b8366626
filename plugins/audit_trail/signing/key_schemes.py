"""The signature schemes that an archive may be founded with, and which key belongs to each.

https://github.com/secure-systems-lab/securesystemslib names them; docs/FORMAT.md, section 3, says
what each one is over.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, get_args

from audit_trail.errors import IntegrityError
from audit_trail.evidence.public_key import PublicKey, Scheme

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

KEY_TYPES: dict[Scheme, str] = {
    "rsassa-pss-sha256": "rsa",
    "ml-dsa-65/1": "ml-dsa",
    "ecdsa-sha2-nistp256": "ecdsa",
    "ecdsa-sha2-nistp384": "ecdsa",
    "ed25519": "ed25519",
}
"""The key type that goes with each scheme."""
MIN_RSA_BITS = 2048
"""NIST SP 800-131A revision 2: shorter RSA keys are disallowed."""


def key_id(public_key: PublicKeyTypes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo in DER, hex."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(
        public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def scheme_of(public_key: PublicKeyTypes) -> Scheme | None:
    """The one scheme that a key signs by here; None: it is of no kind that is believed."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(public_key, EllipticCurvePublicKey):
        curves: dict[type, Scheme] = {SECP256R1: "ecdsa-sha2-nistp256", SECP384R1: "ecdsa-sha2-nistp384"}
        return curves.get(type(public_key.curve))
    kinds: dict[type, Scheme] = {
        RSAPublicKey: "rsassa-pss-sha256",
        MLDSA65PublicKey: "ml-dsa-65/1",
        Ed25519PublicKey: "ed25519",
    }
    return next((scheme for kind, scheme in kinds.items() if isinstance(public_key, kind)), None)


def described(public_key: PublicKeyTypes) -> PublicKey | None:
    """A key as ledger entries carry it; None: it is of no kind that is believed."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    scheme = scheme_of(public_key)
    if scheme is None:
        return None
    pem = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")
    return PublicKey(keyid=key_id(public_key), keytype=KEY_TYPES[scheme], scheme=scheme, public=pem)


def generate_private_key(scheme: Scheme, *, rsa_bits: int) -> Any:
    """A new private key for a scheme, in memory."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, rsa

    makers: dict[Scheme, Any] = {
        "rsassa-pss-sha256": lambda: rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits),
        "ml-dsa-65/1": mldsa.MLDSA65PrivateKey.generate,
        "ecdsa-sha2-nistp256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ecdsa-sha2-nistp384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
    }
    assert makers.keys() == set(get_args(Scheme))  # noqa: S101 - of this file and that one
    return makers[scheme]()


def check_public_key(key: PublicKey, *, where: str) -> None:
    """Check that a key is what it says it is, before it is believed.

    Raises:
        IntegrityError: Its id is not its digest, it is of another type than its
            scheme needs, it is spelt in another way than its one, or it is too short.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        public = load_pem_public_key(key.public.encode("ascii"))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise IntegrityError("public key cannot be read", where=where, found=key.keyid[:16]) from error
    is_itself = described(public)
    # A point of a curve can be written in two ways, and PEM in many: the digest is over one of them.
    if is_itself is None or is_itself.model_dump() | {"public": ""} != key.model_dump() | {"public": ""}:
        raise IntegrityError(
            "public key is not the one that its id and scheme name",
            where=where,
            expected=f"{KEY_TYPES[key.scheme]} key {key.keyid} for {key.scheme}",
        )
    if "".join(is_itself.public.split()) != "".join(key.public.split()):
        raise IntegrityError(
            "public key is not written as it must be",
            where=where,
            expected="one SubjectPublicKeyInfo in PEM, with points uncompressed, and nothing else",
            found=key.keyid[:16],
        )
    if isinstance(public, RSAPublicKey) and public.key_size < MIN_RSA_BITS:
        raise IntegrityError(
            "RSA key is too short",
            where=where,
            expected=f"{MIN_RSA_BITS} bits",
            found=f"{public.key_size} bits",
        )
