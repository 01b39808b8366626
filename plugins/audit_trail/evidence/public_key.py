"""A public key as ledger entries carry it."""

from __future__ import annotations

from typing import Literal

from audit_trail.evidence.fields import Document, Sha256, Text

Scheme = Literal["rsassa-pss-sha256", "ml-dsa-65/1", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ed25519"]
"""How a key signs. An archive is founded with some of these, and stays with them."""


class PublicKey(Document):
    """A key that an archive believes.

    `keyid` is the SHA-256 of the key's SubjectPublicKeyInfo in DER, so that
    `openssl pkey -pubin -in key.pem -outform DER | sha256sum` shows it.
    """

    keyid: Sha256
    keytype: Text
    scheme: Scheme
    public: Text
