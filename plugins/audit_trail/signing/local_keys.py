"""Local key files: encrypted PKCS#8, mode 0600; and which keys an archive begins with.

Keys that `signing.key_uris` names take the place of a local one, and are noted in the same index.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.archive.aws_clients import open_client
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.public_key import Scheme
from audit_trail.settings import Settings
from audit_trail.signing.key_index import (
    INDEX_NAME,
    LOCAL,
    SigningKey,
    held_keys,
    make_private_folder,
    newest_keys,
    write_index,
    write_key_file,
)
from audit_trail.signing.key_schemes import KEY_TYPES, described, generate_private_key, key_id
from audit_trail.signing.keys_by_uri import import_keys
from audit_trail.signing.secret_files import read_secret_file

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

    from audit_trail.archive.aws_clients import ClientFactory

__all__ = [
    "INDEX_NAME",
    "MIN_PASSPHRASE_CHARACTERS",
    "PASSPHRASE_NAME",
    "SigningKey",
    "generate_keys",
    "held_keys",
    "key_id",
    "load_private_key",
    "make_key",
    "make_passphrase",
    "newest_keys",
    "next_key",
    "read_passphrase",
]

PASSPHRASE_NAME = "passphrase"  # noqa: S105 - a file's name
MIN_PASSPHRASE_CHARACTERS = 12


def generate_keys(settings: Settings, clients: ClientFactory = open_client) -> tuple[SigningKey, ...]:
    """Make the first key pairs, those that the settings ask for.

    Keys that live elsewhere are not made: their public parts are fetched, before
    anything is written. Nothing is overwritten: keys that an archive once believed
    are needed for as long as it exists. Where there are keys already, key
    URIs that are new are added to them, and nothing is made.

    Returns:
        The keys that were made or added now.

    Raises:
        ConfigurationError: There are these keys already, there is no passphrase, or
            the folder cannot be written.
        StorageError: Where a key lives could not be asked.
    """
    path = settings.keys / INDEX_NAME
    imported = import_keys(settings, clients)
    if path.exists():
        return _add_keys(settings, imported)
    schemes: list[Scheme] = [] if imported else ["rsassa-pss-sha256"]
    if settings.signing.post_quantum:
        schemes.append("ml-dsa-65/1")
    passphrase = read_passphrase(settings) if schemes else b""
    make_private_folder(settings.keys)
    made = [_make_pair(settings, scheme, passphrase) for scheme in schemes]
    keys = tuple(sorted((*imported, *made), key=lambda key: key.public_key.keyid))
    write_index(settings, keys)
    return keys


def _add_keys(settings: Settings, imported: tuple[SigningKey, ...]) -> tuple[SigningKey, ...]:
    held = held_keys(settings)
    known = {key.public_key.keyid for key in held}
    fresh = tuple(key for key in imported if key.public_key.keyid not in known)
    if not fresh:
        raise ConfigurationError(
            "there are signing keys already",
            where=str(settings.keys / INDEX_NAME),
            remedy="use them, or name another keys_dir",
        )
    write_index(settings, (*held, *fresh))
    return fresh


def make_key(settings: Settings, scheme: Scheme) -> SigningKey:
    """Make one more key pair, and note it behind those that are there.

    Raises:
        ConfigurationError: There are no keys yet, there is no passphrase, or
            the folder cannot be written.
    """
    held = held_keys(settings)
    made = _make_pair(settings, scheme, read_passphrase(settings))
    write_index(settings, (*held, made))
    return made


def next_key(
    settings: Settings, scheme: Scheme, *, seen: Collection[str], clients: ClientFactory = open_client
) -> SigningKey:
    """The key that takes over from the one of now: by a key URI, left by a try before, or a new one.

    Args:
        settings: Where a key URI serves the scheme, only that one will do: a key in
            an HSM must not become a file because nobody made the next one.
        scheme: Its algorithm.
        seen: Ids of the keys that the archive has believed; none of them may come back.
        clients: Opens clients of AWS.

    Raises:
        ConfigurationError: The key URI names a key that was seen; or see `make_key`.
        StorageError: Where a key lives could not be asked.
    """
    for key in import_keys(settings, clients):
        if key.public_key.scheme != scheme:
            continue
        if key.public_key.keyid in seen:
            raise ConfigurationError(
                "the key that the settings name is one that this archive has believed already",
                where=f"signing.key_uris: {key.uri}",
                expected=f"a new key for {scheme}",
                found=f"key {key.public_key.keyid[:16]}",
                remedy="make a new one there and name it, take the URI out to go on with a local "
                "file, or rotate other keys alone with --scheme",
            )
        held = held_keys(settings)
        if key.public_key.keyid not in {item.public_key.keyid for item in held}:
            write_index(settings, (*held, key))
        return key
    unseen = [key for key in held_keys(settings) if key.public_key.keyid not in seen]
    left = [key for key in unseen if key.public_key.scheme == scheme and key.is_local]
    return left[-1] if left else make_key(settings, scheme)


def load_private_key(key: SigningKey, settings: Settings) -> PrivateKeyTypes:
    """Decrypt a local private key.

    Raises:
        ConfigurationError: Missing, readable by others, or another passphrase.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = settings.keys / key.uri.removeprefix(LOCAL)
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
        text, where = read_secret_file(path, what="passphrase"), str(path)
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
        make_private_folder(path.parent)
        write_key_file(path, secrets.token_urlsafe(32).encode() + b"\n")
    return path


def _make_pair(settings: Settings, scheme: Scheme, passphrase: bytes) -> SigningKey:
    private = generate_private_key(scheme, rsa_bits=settings.signing.rsa_bits)
    return _write_pair(settings.keys, private, passphrase)


def _write_pair(folder: Path, private_key: Any, passphrase: bytes) -> SigningKey:
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

    public = described(private_key.public_key())
    assert public is not None  # noqa: S101 - of a scheme of ours
    stem = f"{KEY_TYPES[public.scheme]}-{public.keyid[:16]}"
    write_key_file(
        folder / f"{stem}.pem",
        private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)),
    )
    write_key_file(folder / f"{stem}.pub.pem", public.public.encode("ascii"))
    return SigningKey(uri=f"{LOCAL}{stem}.pem", public_key=public)
