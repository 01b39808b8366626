"""What is remembered outside the bucket: the archive's identity and its last head.

Without a memory of its own a verifier cannot tell a ledger from an older copy
of it, or an archive from another one put in its place.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.private_file import write_private
from audit_trail.settings import Settings

GENESIS_FILE = "genesis.sha256"
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A ledger entry by number and digest."""

    sequence: int
    sha256: str


def genesis_pin(settings: Settings) -> str:
    """The identity of the archive that is trusted.

    Raises:
        ConfigurationError: None is known.
        IntegrityError: One was noted, and the note cannot be read. This is not
            the same as none: the next `init` would found another archive.
    """
    if settings.archive.genesis_sha256:
        return settings.archive.genesis_sha256
    path = settings.home / GENESIS_FILE
    try:
        noted = path.read_text("ascii").split()[0]
        if not _SHA256.fullmatch(noted):
            raise ValueError("not a SHA-256 in hex")
        return noted
    except FileNotFoundError:
        raise ConfigurationError(
            "the archive's identity is not known",
            where=str(path),
            remedy="set archive.genesis_sha256 to the digest you were given, "
            "or found the archive with `audit-trail init`",
        ) from None
    except (OSError, ValueError, IndexError) as error:
        raise IntegrityError(
            "the noted identity of the archive cannot be read",
            where=str(path),
            expected="a SHA-256 in hex",
            found=type(error).__name__,
            remedy="restore the file, or set archive.genesis_sha256 to the digest you were given",
        ) from error


def note_genesis(settings: Settings, sha256: str) -> None:
    """Remember the identity of the archive just founded.

    Raises:
        StorageError: The home folder cannot be written.
    """
    path = settings.home / GENESIS_FILE
    with _writing(path):
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, f"{sha256}  {settings.archive.name}\n")


class Pin(Protocol):
    """A memory of the newest head seen so far, outside the bucket; it only ever moves forward."""

    def read(self) -> Head | None:
        """The remembered head, None at the first meeting.

        Raises:
            IntegrityError: There is a pin and it cannot be read.
            StorageError: What remembers it could not be reached.
        """

    def advance(self, head: Head) -> None:
        """Remember `head`, unless a newer one is remembered already.

        Durable when it returns. Safe to call from several processes and
        machines; killed at any instant, the older or the newer head is remembered.

        Raises:
            IntegrityError: There is a pin and it cannot be read.
            StorageError: What remembers it could not be reached or written.
        """


class HeadPin:
    """A pin in a file of the home folder."""

    def __init__(self, settings: Settings, genesis: str) -> None:
        self._path = settings.home / "pins" / f"{genesis[:32]}.json"

    def read(self) -> Head | None:
        """The remembered head, None at the first meeting.

        Raises:
            IntegrityError: There is a pin and it cannot be read.
        """
        try:
            text = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(str(self._path)) from error
        return parse_head(text, where=str(self._path))

    def advance(self, head: Head) -> None:
        """Remember `head`, unless a newer one is remembered already.

        Safe to call from several processes at once.

        Raises:
            IntegrityError: There is a pin and it cannot be read.
            StorageError: The home folder cannot be written.
        """
        with _writing(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock_path = self._path.parent / ".lock"
            with open(lock_path, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                known = self.read()
                if known is None or head.sequence > known.sequence:
                    write_private(self._path, format_head(head) + "\n")


def open_pin(settings: Settings, genesis: str, clients: ClientFactory = open_client) -> Pin:
    """The pin that the settings name.

    A parameter is read with boto3's own credential chain, or by an Airflow connection, and not with the
    archive's credentials file: best it lies in another account.

    Raises:
        ConfigurationError: It is an Airflow Variable, and this is not Airflow.
    """
    if settings.pin == "file":
        return HeadPin(settings, genesis)
    if settings.pin.startswith("ssm:"):
        from audit_trail.signing.ssm_pin import SsmPin

        own_chain = settings.archive.model_copy(update={"credentials_file": None, "profile": None})
        prefix, region = settings.pin.removeprefix("ssm:"), settings.archive.region
        return SsmPin(prefix, genesis, region=region, open_ssm=lambda: clients(own_chain, "ssm"))
    raise ConfigurationError(
        "the pin is an Airflow Variable, which only Airflow's tasks can read",
        where="pin",
        found=settings.pin,
        remedy="outside of Airflow set AUDIT_TRAIL_PIN=file, or keep the pin in Parameter Store: ssm:/NAME",
    )


def format_head(head: Head) -> str:
    """A head as every pin keeps it."""
    return json.dumps({"sequence": head.sequence, "sha256": head.sha256})


def parse_head(text: str | bytes, *, where: str) -> Head:
    """The inverse of `format_head`.

    Raises:
        IntegrityError: It is something else.
    """
    try:
        value: dict[str, object] = json.loads(text)
        sequence, sha256 = value["sequence"], value["sha256"]
        if type(sequence) is not int or sequence < 0:
            raise ValueError("not the number of a ledger entry")
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in hex")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _unreadable(where) from error
    return Head(sequence=sequence, sha256=sha256)


def _unreadable(where: str) -> IntegrityError:
    return IntegrityError(
        "the remembered ledger head cannot be read",
        where=where,
        remedy="restore it; without it a shortened ledger cannot be told from a whole one",
    )


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            "what is remembered of the archive cannot be written",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy="make the home folder writable, then try again",
        ) from error
