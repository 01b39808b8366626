"""Local key files: encrypted PKCS#8, mode 0600, and an index of them.

`signing-keys.json` lists the keys that are held here (public parts and URIs
only), oldest first. Which of them sign is for the ledger to say.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from audit_trail.errors import ConfigurationError
from audit_trail.evidence.fields import Document, Text
from audit_trail.evidence.public_key import PublicKey, Scheme
from audit_trail.private_file import write_private
from audit_trail.settings import Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes

INDEX_NAME = "signing-keys.json"
PASSPHRASE_NAME = "passphrase"  # noqa: S105 - a file's name
MIN_PASSPHRASE_CHARACTERS = 12


class SigningKey(Document):
    """A key that is held here: its public part and where the private one is."""

    uri: Text
    public_key: PublicKey


_INDEX: TypeAdapter[tuple[SigningKey, ...]] = TypeAdapter(tuple[SigningKey, ...])


def generate_keys(settings: Settings) -> tuple[SigningKey, ...]:
    """Make the first key pairs, those that the settings ask for.

    Nothing is overwritten: keys that an archive once believed are needed for
    as long as it exists.

    Raises:
        ConfigurationError: There are keys already, there is no passphrase, or
            the folder cannot be written.
    """
    folder = settings.keys
    if (folder / INDEX_NAME).exists():
        raise ConfigurationError(
            "there are signing keys already",
            where=str(folder / INDEX_NAME),
            remedy="use them, or name another keys_dir",
        )
    passphrase = read_passphrase(settings)
    _make_private_folder(folder)
    schemes: list[Scheme] = ["rsassa-pss-sha256"]
    if settings.signing.post_quantum:
        schemes.append("ml-dsa-65/1")
    made = [_make_pair(settings, scheme, passphrase) for scheme in schemes]
    keys = tuple(sorted(made, key=lambda key: key.public_key.keyid))
    _write_index(settings, keys)
    return keys


def make_key(settings: Settings, scheme: Scheme) -> SigningKey:
    """Make one more key pair, and note it behind those that are there.

    Raises:
        ConfigurationError: There are no keys yet, there is no passphrase, or
            the folder cannot be written.
    """
    held = held_keys(settings)
    made = _make_pair(settings, scheme, read_passphrase(settings))
    _write_index(settings, (*held, made))
    return made


def _make_pair(settings: Settings, scheme: Scheme, passphrase: bytes) -> SigningKey:
    is_rsa = scheme == "rsassa-pss-sha256"
    private = _generate_rsa(settings.signing.rsa_bits) if is_rsa else _generate_mldsa()
    return _write_pair(settings.keys, private, scheme, passphrase)


def _write_index(settings: Settings, keys: tuple[SigningKey, ...]) -> None:
    text = json.dumps([key.to_json() for key in keys], indent=2)
    _write(settings.keys / INDEX_NAME, text.encode() + b"\n")


def held_keys(settings: Settings) -> tuple[SigningKey, ...]:
    """The keys that are held here, oldest first.

    Raises:
        ConfigurationError: No keys, or an unreadable index.
    """
    path = settings.keys / INDEX_NAME
    try:
        return _INDEX.validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ConfigurationError(
            "there are no signing keys", where=str(path), remedy="run `audit-trail generate-keys`"
        ) from None
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            "the index of signing keys cannot be read", where=str(path), found=type(error).__name__
        ) from error


def newest_keys(settings: Settings) -> tuple[PublicKey, ...]:
    """The newest key of each scheme that is held here, ordered by key id.

    Raises:
        ConfigurationError: No keys, or an unreadable index.
    """
    newest = {key.public_key.scheme: key.public_key for key in held_keys(settings)}
    return tuple(sorted(newest.values(), key=lambda key: key.keyid))


def load_private_key(key: SigningKey, settings: Settings) -> PrivateKeyTypes:
    """Decrypt a local private key.

    Raises:
        ConfigurationError: Missing, readable by others, or another passphrase.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = settings.keys / key.uri.removeprefix("file:")
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                "a private key can be read by others", where=str(path), remedy=f"chmod 600 {path}"
            )
        return load_pem_private_key(path.read_bytes(), read_passphrase(settings))
    except OSError as error:
        raise ConfigurationError(
            "a private key cannot be read", where=str(path), found=error.strerror or type(error).__name__
        ) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(
            "a private key does not open with this passphrase",
            where=str(path),
            remedy="check AUDIT_TRAIL_SIGNING__PASSPHRASE or signing.passphrase_file",
        ) from error


def read_passphrase(settings: Settings) -> bytes:
    """The passphrase of the private keys.

    Raises:
        ConfigurationError: None is set, its file is readable by others, or it is too short.
    """
    signing = settings.signing
    path = signing.passphrase_file or settings.keys / PASSPHRASE_NAME
    if signing.passphrase is not None:
        text, where = signing.passphrase.get_secret_value(), "signing.passphrase"
    elif path.is_file():
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                "the passphrase can be read by others", where=str(path), remedy=f"chmod 600 {path}"
            )
        text, where = _read_text(path), str(path)
    else:
        raise ConfigurationError(
            "there is no passphrase for the signing keys",
            where="signing.passphrase",
            remedy="set AUDIT_TRAIL_SIGNING__PASSPHRASE or signing.passphrase_file, "
            "or let `audit-trail generate-keys --make-passphrase` write one",
        )
    if len(text) < MIN_PASSPHRASE_CHARACTERS:
        raise ConfigurationError(
            "the passphrase is too short",
            where=where,
            expected=f"at least {MIN_PASSPHRASE_CHARACTERS} characters",
        )
    return text.encode("utf-8")


def make_passphrase(settings: Settings) -> Path:
    """Write a random passphrase beside the keys, unless there is one.

    Convenient, and weaker than one kept elsewhere: whoever reads the folder
    has both halves.

    Raises:
        ConfigurationError: It cannot be written.
    """
    path = settings.signing.passphrase_file or settings.keys / PASSPHRASE_NAME
    if not path.exists():
        _make_private_folder(path.parent)
        _write(path, secrets.token_urlsafe(32).encode() + b"\n")
    return path


def key_id(public_key: PublicKeyTypes) -> str:
    """SHA-256 of the SubjectPublicKeyInfo in DER, hex."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return hashlib.sha256(
        public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).hexdigest()


def _generate_rsa(bits: int) -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _generate_mldsa() -> Any:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

    return MLDSA65PrivateKey.generate()


def _write_pair(folder: Path, private_key: Any, scheme: Scheme, passphrase: bytes) -> SigningKey:
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        PublicFormat,
    )

    public = private_key.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    keyid = key_id(public)
    keytype = "rsa" if scheme.startswith("rsa") else "ml-dsa"
    stem = f"{keytype}-{keyid[:16]}"
    _write(
        folder / f"{stem}.pem",
        private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)),
    )
    _write(folder / f"{stem}.pub.pem", pem)
    return SigningKey(
        uri=f"file:{stem}.pem",
        public_key=PublicKey(keyid=keyid, keytype=keytype, scheme=scheme, public=pem.decode("ascii")),
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # Not chained: a decoding error carries the passphrase's bytes.
        raise ConfigurationError(
            "the passphrase file cannot be read",
            where=str(path),
            expected="one line of UTF-8",
            found=type(error).__name__,
        ) from None


def _make_private_folder(folder: Path) -> None:
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def _write(path: Path, data: bytes) -> None:
    with _writing(path):
        write_private(path, data.decode("ascii"))


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            "the folder of signing keys cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy="make it writable, or name another keys_dir",
        ) from error
