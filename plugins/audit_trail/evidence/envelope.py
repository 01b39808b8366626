"""DSSE envelopes: a payload and signatures over its pre-authentication encoding.

https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
The bytes stored are canonical JSON, so that one envelope has one spelling.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from audit_trail.errors import IntegrityError
from audit_trail.evidence import canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_SIGNATURES = 16
"""Two keys sign by default, four at a rotation; more is nobody's doing of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature; `sig` is raw bytes."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload of type `PAYLOAD_TYPE` and its signatures, ordered by key id."""

    payload: bytes
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The stored form."""
        return canonical.encode(
            {
                "payload": base64.b64encode(self.payload).decode("ascii"),
                "payloadType": PAYLOAD_TYPE,
                "signatures": [
                    {"keyid": item.keyid, "sig": base64.b64encode(item.sig).decode("ascii")}
                    for item in self.signatures
                ],
            }
        )

    def signed_bytes(self) -> bytes:
        """What the signatures are over: the pre-authentication encoding (PAE)."""
        return pre_authentication_encoding(self.payload)


def pre_authentication_encoding(payload: bytes) -> bytes:
    """PAE of DSSE v1: `DSSEv1 <len> <type> <len> <payload>`."""
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def parse_envelope(data: bytes, *, where: str) -> Envelope:
    """Read a stored envelope; nothing in it is believed yet.

    Raises:
        IntegrityError: Not canonical, unknown or missing fields, another payload
            type, no signature, or signatures not ordered by distinct key ids.
    """
    value = canonical.decode(data, where=where)
    try:
        if set(value) != {"payload", "payloadType", "signatures"} or value["payloadType"] != PAYLOAD_TYPE:
            raise ValueError("its fields or payload type are not those of a signed statement")
        signatures = tuple(_parse_signature(item) for item in value["signatures"])
        payload = decode_base64(value["payload"])
    except (TypeError, ValueError) as error:
        raise IntegrityError(
            "not a DSSE envelope",
            where=where,
            expected=f"payload of type {PAYLOAD_TYPE}",
            found=str(error)[:200],
        ) from error
    keyids = [item.keyid for item in signatures]
    if not 1 <= len(keyids) <= MAX_SIGNATURES or keyids != sorted(set(keyids)):
        raise IntegrityError(
            "envelope's signatures are not a list ordered by distinct key ids",
            where=where,
            expected=f"1 to {MAX_SIGNATURES} signatures",
            found=f"{len(keyids)}",
        )
    return Envelope(payload=payload, signatures=signatures)


def _parse_signature(item: dict[str, str]) -> Signature:
    if set(item) != {"keyid", "sig"} or not isinstance(item["keyid"], str):
        raise ValueError("a signature's fields are not keyid and sig")
    return Signature(keyid=item["keyid"], sig=decode_base64(item["sig"]))


def decode_base64(text: str) -> bytes:
    """The bytes of a base64 string in its one canonical spelling.

    Raises:
        ValueError: Any other spelling, or not base64.
    """
    if not isinstance(text, str):
        raise ValueError("not a base64 string")
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    # Base64 can spell the same bytes with different unused bits.
    if base64.b64encode(data).decode("ascii") != text:
        raise ValueError("not canonical base64")
    return data
