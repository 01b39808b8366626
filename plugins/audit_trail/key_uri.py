"""Where a signing key lives that is no local file: key URIs, and nothing secret in them.

- `awskms:KEY`: a key of AWS KMS, by id, ARN, `alias/NAME` or alias ARN
- `pkcs11:token=LABEL;id=%02`: a key on a PKCS#11 token (RFC 7512)
- `hv:NAME` or `hv:NAME/VERSION`: a key of Vault's or OpenBao's transit engine, mounted at `transit`

The first and the last are spelt as `securesystemslib` spells them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

KMS_KEY = re.compile(r"[A-Za-z0-9:/_-]{1,2048}")
"""Ids, ARNs, aliases: https://docs.aws.amazon.com/kms/latest/APIReference/API_GetPublicKey.html"""
VAULT_KEY = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]{0,254})(/(?P<version>[1-9][0-9]{0,8}))?")
MAX_ID_BYTES = 64
_PERCENT_ENCODED = re.compile(r"([A-Za-z0-9_.~:\[\]@!$'()*+,=&-]|%[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsUri:
    """A key of AWS KMS, by whatever KMS takes as `KeyId`."""

    key: str

    def __str__(self) -> str:
        return f"awskms:{self.key}"

    @property
    def region(self) -> str | None:
        """The region that an ARN names."""
        parts = self.key.split(":")
        return parts[3] if len(parts) > 5 and parts[0] == "arn" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Uri:
    """A key on a PKCS#11 token, by the token's label and the key's CKA_ID as a number."""

    token: str
    number: int

    def __str__(self) -> str:
        size = (self.number.bit_length() + 7) // 8
        key_id = "".join(f"%{byte:02X}" for byte in self.number.to_bytes(size))
        return f"pkcs11:token={quote(self.token, safe='')};id={key_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultUri:
    """A key of a transit engine; without a version the newest one is meant."""

    name: str
    version: int | None

    def __str__(self) -> str:
        return f"hv:{self.name}" + (f"/{self.version}" if self.version else "")


KeyUri = KmsUri | Pkcs11Uri | VaultUri


def parse_key_uri(text: str) -> KeyUri:
    """Read a key URI.

    Raises:
        ValueError: It is none, or holds a secret. The message never quotes it.
    """
    scheme, _, rest = text.partition(":")
    if scheme == "awskms":
        if not KMS_KEY.fullmatch(rest) or rest.startswith("/"):
            raise ValueError("not awskms:KEY, KEY being an id, an ARN, alias/NAME or an alias's ARN")
        return KmsUri(key=rest)
    if scheme == "pkcs11":
        return _parse_pkcs11(rest)
    if scheme == "hv":
        found = VAULT_KEY.fullmatch(rest)
        if found is None:
            raise ValueError("not hv:NAME or hv:NAME/VERSION")
        version = found["version"]
        return VaultUri(name=found["name"], version=int(version) if version else None)
    raise ValueError("not a key URI: it must begin with awskms:, pkcs11: or hv:")


def _parse_pkcs11(text: str) -> Pkcs11Uri:
    """https://www.rfc-editor.org/rfc/rfc7512#section-2.3, of which token and id are used."""
    path, _, query = text.partition("?")
    if "pin-" in text.lower() or "%70in" in text.lower():
        raise ValueError("it names a PIN: put that into signing.hsm_pin_file, and take it out here")
    if query:
        raise ValueError("only token and id are read: name the module in signing.pkcs11_module")
    values: dict[str, bytes] = {}
    for part in path.split(";"):
        name, _, value = part.partition("=")
        if name not in ("token", "id") or name in values or not _PERCENT_ENCODED.fullmatch(value):
            raise ValueError("not pkcs11:token=LABEL;id=%02, each of them once and percent-encoded")
        values[name] = unquote_to_bytes(value)
    if not values.get("token") or not values.get("id"):
        raise ValueError("not pkcs11:token=LABEL;id=%02: both are needed")
    key_id = values["id"]
    # The library looks keys up by a number; it would find 02 where 0002 is meant, and never 00.
    if len(key_id) > MAX_ID_BYTES or key_id[0] == 0:
        raise ValueError(f"its id begins with a zero byte, or has more than {MAX_ID_BYTES}")
    try:
        return Pkcs11Uri(token=values["token"].decode("utf-8"), number=int.from_bytes(key_id))
    except UnicodeDecodeError:
        raise ValueError("its token is not UTF-8") from None
