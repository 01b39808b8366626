"""A redactor as the settings describe it: a policy's file and a key's file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError

if TYPE_CHECKING:
    from audit_trail.redaction.redactor import Redactor

MIN_KEY_BYTES = 16
"""128 bits: fewer can be tried out, and then every pseudonym is undone."""
MAX_KEY_BYTES = 4096
"""More is no key but a wrong path."""


def configured_redactor(*, policy_file: Path | None, pseudonym_key_file: Path | None) -> Redactor:
    """Make the redactor in force.

    Args:
        policy_file: None means the default policy.
        pseudonym_key_file: None means no key: a rule that pseudonymizes is then an error.

    Raises:
        ConfigurationError: A file cannot be read or understood, or others can read the key.
    """
    from audit_trail.redaction.policy_file import default_policy, load_policy
    from audit_trail.redaction.redactor import Redactor

    policy = default_policy() if policy_file is None else load_policy(policy_file)
    key = None if pseudonym_key_file is None else read_pseudonym_key(pseudonym_key_file)
    return Redactor(policy, pseudonym_key=key)


def read_pseudonym_key(path: Path) -> bytes:
    r"""The key of `pseudonymize`: a file's bytes, without `\r` and `\n` at its end.

    Raises:
        ConfigurationError: Missing, readable by others, too short or too long.
    """
    try:
        with path.open("rb") as file:
            if path.stat().st_mode & 0o077:
                raise ConfigurationError(
                    "the pseudonym key can be read by others", where=str(path), remedy=f"chmod 600 {path}"
                )
            key = file.read(MAX_KEY_BYTES + 1).rstrip(b"\r\n")
    except OSError as error:
        raise ConfigurationError(
            "the pseudonym key cannot be read",
            where=str(path),
            found=error.strerror or type(error).__name__,
            remedy=f"make one: umask 077; openssl rand -hex 32 > {path}",
        ) from error
    if not MIN_KEY_BYTES <= len(key) <= MAX_KEY_BYTES:
        raise ConfigurationError(
            "the pseudonym key has a wrong length",
            where=str(path),
            expected=f"{MIN_KEY_BYTES} to {MAX_KEY_BYTES} bytes",
            found=f"{len(key)} bytes",
            remedy=f"make one: umask 077; openssl rand -hex 32 > {path}",
        )
    return key
