"""Secrets that lie in files of their own: a passphrase, a PIN, a token."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.errors import ConfigurationError

if TYPE_CHECKING:
    from pydantic import SecretStr


def read_secret_file(path: Path, *, what: str) -> str:
    """What a file holds, without the blanks around it.

    Args:
        path: Of mode 0600 or stricter.
        what: The secret's name, for errors.

    Raises:
        ConfigurationError: Missing, readable by others, or no text.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(
                f"the {what} can be read by others", where=str(path), remedy=f"chmod 600 {path}"
            )
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        # Not chained: a decoding error carries the secret's bytes.
        raise ConfigurationError(
            f"the {what} file cannot be read",
            where=str(path),
            expected="one line of UTF-8",
            found=type(error).__name__,
        ) from None


def chosen_secret(value: SecretStr | None, path: Path | None, *, what: str) -> str | None:
    """A secret from the settings themselves, or from the file that they name; None: from neither.

    Raises:
        ConfigurationError: See `read_secret_file`; or it is empty.
    """
    if value is None and path is None:
        return None
    text = value.get_secret_value() if value is not None else read_secret_file(path, what=what)  # type: ignore[arg-type]
    if not text:
        raise ConfigurationError(f"the {what} is empty", where=str(path) if value is None else "the settings")
    return text
