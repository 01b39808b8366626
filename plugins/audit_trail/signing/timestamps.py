"""RFC 3161 time-stamp tokens: what one says, and whether an authority's chain bears it out.

https://www.rfc-editor.org/rfc/rfc3161
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.signing.der_order import sort_certificates

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from rfc3161_client import TimeStampResponse

MAX_TOKEN_BYTES = 64 * 1024
"""Four to six KB with the authority's certificates; chains of RSA-4096 stay below 16."""
SHA256_OID = "2.16.840.1.101.3.4.2.1"
_SETTING = "timestamps.certificate_file"
_REMEDY = "it attests to nothing; find out who put it, or who changed it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What a token says: its authority had seen the digest at `time`."""

    time: datetime
    serial: int
    policy: str
    authority: str
    """The subject of the certificate that signed, RFC 4514."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """The certificates an authority is believed by: roots, and intermediates it may not send."""

    roots: tuple[Certificate, ...]
    intermediates: tuple[Certificate, ...] = ()


def read_anchors(path: Path) -> Anchors:
    """Read `timestamps.certificate_file`.

    Raises:
        ConfigurationError: Not PEM certificates, or no self-signed one among them.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        found = load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "the certificates of the time-stamping authority cannot be read",
            where=f"{_SETTING}: {path}",
            expected="certificates in PEM",
            found=getattr(error, "strerror", "") or type(error).__name__,
        ) from error
    roots = tuple(item for item in found if item.issuer == item.subject)
    if not roots:
        raise ConfigurationError(
            "no root among the certificates of the time-stamping authority",
            where=f"{_SETTING}: {path}",
            expected="at least one self-signed certificate",
            found=", ".join(item.subject.rfc4514_string() for item in found)[:300],
        )
    return Anchors(roots=roots, intermediates=tuple(item for item in found if item not in roots))


def check_token(
    data: bytes, *, sha256: str, anchors: Anchors | None, where: str, nonce: int | None = None
) -> Token:
    """Check a TimeStampResp and say what its token attests.

    1. It is a response that was granted;
    2. its imprint is SHA-256 and the digest asked about, its nonce the one sent;
    3. it is signed by a certificate for time-stamping alone (RFC 3161 section
       2.3), whose chain ends in a root of `anchors` and was valid at the
       token's time.

    Args:
        data: The DER bytes.
        sha256: The digest, in hex.
        anchors: Whom to believe; None leaves step 3 out: then nothing is proven.
        where: What the token is, for errors.
        nonce: What was sent; None: not known any more.

    Raises:
        IntegrityError: The first of these that does not hold.
    """
    with _parsing(where):
        from rfc3161_client import decode_timestamp_response

        response = decode_timestamp_response(sort_certificates(data))
        _check_granted(response, where)
        info = response.tst_info
        imprint = info.message_imprint
        _compare("digest algorithm", where, SHA256_OID, imprint.hash_algorithm.dotted_string)
        _compare("digest", where, sha256, imprint.message.hex())
        if nonce is not None and info.nonce != nonce:
            raise IntegrityError(
                "a time-stamp token answers another request: its nonce is not ours", where=where
            )
        if anchors is not None:
            _check_chain(response, anchors, bytes.fromhex(sha256), where)
        return Token(
            time=info.gen_time.astimezone(UTC),
            serial=info.serial_number,
            policy=info.policy.dotted_string,
            authority=_authority(response),
        )


def _check_granted(response: TimeStampResponse, where: str) -> None:
    from rfc3161_client import PKIStatus

    if response.status != PKIStatus.GRANTED:
        said = ", ".join(response.status_string)
        raise IntegrityError(
            "the time-stamping authority did not grant a token",
            where=where,
            expected="status granted",
            found=f"status {response.status}{f', {said}' if said else ''}"[:300],
        )


def _compare(what: str, where: str, expected: str, found: str) -> None:
    if expected != found:
        raise IntegrityError(
            f"a time-stamp token is about something else: its {what} differs",
            where=where,
            expected=expected,
            found=found,
            remedy=_REMEDY,
        )


def _check_chain(response: TimeStampResponse, anchors: Anchors, digest: bytes, where: str) -> None:
    from rfc3161_client import VerificationError, VerifierBuilder

    verifier = VerifierBuilder(roots=list(anchors.roots), intermediates=list(anchors.intermediates)).build()
    try:
        verifier.verify(response, digest)
    except VerificationError as error:
        raise IntegrityError(
            "a time-stamp token is not signed by the authority that is believed",
            where=where,
            expected=f"a chain to {', '.join(root.subject.rfc4514_string() for root in anchors.roots)}"[:300],
            found=_reason(error),
            remedy=f"{_REMEDY}; if the authority changed its root, add that one to {_SETTING}",
        ) from error


def _reason(error: Exception) -> str:
    """OpenSSL's own words (`certificate has expired`) out of the library's list of its error stack."""
    text = str(error)
    _, found, rest = text.rpartition('data: "')
    return (rest.partition('"')[0] if found else text)[:300]


def _authority(response: TimeStampResponse) -> str:
    from cryptography.x509 import load_der_x509_certificate

    signers = {(signer.issuer, signer.serial_number) for signer in response.signed_data.signer_infos}
    for data in response.signed_data.certificates:
        certificate = load_der_x509_certificate(data)
        if (certificate.issuer, certificate.serial_number) in signers:
            return certificate.subject.rfc4514_string()
    return ""


@contextmanager
def _parsing(where: str) -> Iterator[None]:
    """The bytes are anybody's: whatever their parser makes of them, it is no token."""
    try:
        yield
    except IntegrityError:
        raise
    except BaseException as error:
        # A panic in Rust code is no Exception.
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise IntegrityError(
            "not a time-stamp token",
            where=where,
            expected="a TimeStampResp in DER",
            found=f"{type(error).__name__}: {error}"[:200],
            remedy=_REMEDY,
        ) from error
