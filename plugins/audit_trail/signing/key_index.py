"""`signing-keys.json`: which keys are held here, public parts and URIs only, oldest first.

A key of URI `file:` lies beside it; any other lives where its URI says. Which of them sign is
for the ledger to say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from audit_trail.errors import ConfigurationError
from audit_trail.evidence.fields import Document, Text
from audit_trail.evidence.public_key import PublicKey
from audit_trail.private_file import write_private
from audit_trail.settings import Settings

INDEX_NAME = "signing-keys.json"
LOCAL = "file:"
"""How the URI of a local key begins; the name of a file in the folder follows."""


class SigningKey(Document):
    """A key that is held here: its public part and where the private one is."""

    uri: Text
    public_key: PublicKey

    @property
    def is_local(self) -> bool:
        """Whether the private part is a file of ours."""
        return self.uri.startswith(LOCAL)


_INDEX: TypeAdapter[tuple[SigningKey, ...]] = TypeAdapter(tuple[SigningKey, ...])


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


def write_index(settings: Settings, keys: tuple[SigningKey, ...]) -> None:
    """Replace the index, whole or not at all.

    Raises:
        ConfigurationError: The folder cannot be written.
    """
    text = json.dumps([key.to_json() for key in keys], indent=2)
    write_key_file(settings.keys / INDEX_NAME, text.encode() + b"\n")


def make_private_folder(folder: Path) -> None:
    """A folder of mode 0700, if it is not there.

    Raises:
        ConfigurationError: It cannot be made.
    """
    with _writing(folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def write_key_file(path: Path, data: bytes) -> None:
    """Replace a file of mode 0600 by ASCII text.

    Raises:
        ConfigurationError: It cannot be written.
    """
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
