"""What is remembered outside the bucket: the archive's identity and its last head.

Without a memory of its own a verifier cannot tell a ledger from an older copy
of it, or an archive from another one put in its place.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.settings import Settings

GENESIS_FILE = "genesis.sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A ledger entry by number and digest."""

    sequence: int
    sha256: str


def genesis_pin(settings: Settings) -> str:
    """The identity of the archive that is trusted.

    Raises:
        ConfigurationError: None is known.
    """
    if settings.archive.genesis_sha256:
        return settings.archive.genesis_sha256
    path = settings.home / GENESIS_FILE
    try:
        return path.read_text("ascii").split()[0]
    except (OSError, IndexError):
        raise ConfigurationError(
            "the archive's identity is not known",
            where=str(path),
            remedy="set archive.genesis_sha256 to the digest you were given, "
            "or found the archive with `audit-trail init`",
        ) from None


def note_genesis(settings: Settings, sha256: str) -> None:
    """Remember the identity of the archive just founded."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _replace(settings.home / GENESIS_FILE, f"{sha256}  {settings.archive.name}\n")


class HeadPin:
    """The newest head seen so far, in a file; it only ever moves forward."""

    def __init__(self, settings: Settings, genesis: str) -> None:
        self._path = settings.home / "pins" / f"{genesis[:32]}.json"

    def read(self) -> Head | None:
        """The remembered head, None at the first meeting.

        Raises:
            IntegrityError: There is a pin and it cannot be read.
        """
        try:
            value = json.loads(self._path.read_bytes())
            return Head(sequence=int(value["sequence"]), sha256=str(value["sha256"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                "the remembered ledger head cannot be read",
                where=str(self._path),
                remedy="restore the file; without it a shortened ledger cannot be told from a whole one",
            ) from error

    def advance(self, head: Head) -> None:
        """Remember `head`, unless a newer one is remembered already."""
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._path.parent / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = self.read()
            if known is None or head.sequence > known.sequence:
                _replace(self._path, json.dumps({"sequence": head.sequence, "sha256": head.sha256}) + "\n")


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_text(text, "ascii")
    temporary.replace(path)
