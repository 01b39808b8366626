"""A public key as ledger entries carry it."""

from __future__ import annotations

from typing import Literal

from audit_trail.evidence.fields import Document, Sha256, Text

Scheme = Literal["rsassa-pss-sha256", "ml-dsa-65/1"]


class PublicKey(Document):
    """A key that an archive believes.

    `keyid` is the SHA-256 of the key's SubjectPublicKeyInfo in DER, so that
    `openssl pkey -pubin -in key.pem -outform DER | sha256sum` shows it.
    """

    keyid: Sha256
    keytype: Text
    scheme: Scheme
    public: Text
