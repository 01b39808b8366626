"""What a pack's files are called. `pack_files/verify.sh` knows the same names."""

from __future__ import annotations

import re

from audit_trail.evidence.public_key import PublicKey

ARCHIVE_FOLDER = "archive/"
KEYS_FOLDER = "keys/"
INDEX = "pack.json"
SUMS = "SHA256SUMS"
REPORT = "report.html"
GUIDE = "VERIFY.md"
SCRIPT = "verify.sh"

SHORT_SCHEMES = {
    "rsassa-pss-sha256": "rsa",
    "ml-dsa-65/1": "ml-dsa-65",
    "ecdsa-sha2-nistp256": "ecdsa-p256",
    "ecdsa-sha2-nistp384": "ecdsa-p384",
    "ed25519": "ed25519",
}
TOKEN_KEY = re.compile(r"ledger/([0-9]{12})\.tsr\Z")


def packed_key(key: str) -> str:
    """Where an archived object lies in the pack."""
    return ARCHIVE_FOLDER + key


def key_file(key: PublicKey) -> str:
    """Where a public key lies in the pack, as PEM."""
    return f"{KEYS_FOLDER}{SHORT_SCHEMES[key.scheme]}-{key.keyid[:16]}.pub.pem"
