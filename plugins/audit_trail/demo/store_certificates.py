"""Certificates that close the embedded store's inner ports, made anew at each start.

The parts of the store talk to each other over gRPC and HTTP ports that know
nothing of Object Lock: one plain request to the master's port empties a bucket
full of locked versions. So these ports want a client certificate of an
authority whose key existed for a moment in memory and signed one certificate.
"""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit_trail.demo.loopback_ports import LOOPBACK
from audit_trail.private_file import write_private

AUTHORITY_NAME = "authority.crt"
CERTIFICATE_NAME = "store.crt"
KEY_NAME = "store.key"
# Longer than a store runs without a restart.
VALIDITY = timedelta(days=3650)
# A clock that is set back a little must not end the store.
CLOCK_TOLERANCE = timedelta(days=1)


def write_certificates(config: Path) -> None:
    """Write the authority's certificate, and one certificate and key for all parts of the store.

    Raises:
        OSError: The folder cannot be written.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.now(UTC)
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "embedded store authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "embedded store")])
    authority_key = ec.generate_private_key(ec.SECP256R1())
    store_key = ec.generate_private_key(ec.SECP256R1())

    def blank(name: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder(issuer_name=issuer, subject_name=name, public_key=key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_TOLERANCE)
            .not_valid_after(now + VALIDITY)
        )

    authority = (
        blank(issuer, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        blank(subject, store_key.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(LOOPBACK))]), critical=False
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = store_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(config / AUTHORITY_NAME, authority.public_bytes(pem).decode())
    write_private(config / CERTIFICATE_NAME, certificate.public_bytes(pem).decode())
    write_private(config / KEY_NAME, private.decode())
