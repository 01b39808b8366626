"""Whatever a file system throws, as the collection error it means."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.errors import AuditTrailError, CollectionError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def collection_errors(where: str, doing: str) -> Iterator[None]:
    """Let nothing but this package's errors out of a call into a file system.

    Args:
        where: URI of the file or directory.
        doing: What failed, as the sentence's verb: "listed", "opened", "read".

    Raises:
        CollectionError: For every failure; also those of foreign storage
            libraries, whose exception types cannot be listed here.
    """
    try:
        yield
    except AuditTrailError:
        raise
    except FileNotFoundError as error:
        raise vanished(where) from error
    except PermissionError as error:
        raise CollectionError(
            f"no permission: it cannot be {doing}",
            where=where,
            expected=f"read permission for user id {os.geteuid()}, search permission on its directories",
            found=_permissions(where),
            remedy="grant it to the user that runs the collection, then run again",
        ) from error
    except Exception as error:
        reason = error.strerror if isinstance(error, OSError) else None
        raise CollectionError(
            f"it could not be {doing}", where=where, found=reason or type(error).__name__, remedy="run again"
        ) from error


def vanished(where: str) -> CollectionError:
    """The error for what was there a moment ago."""
    return CollectionError(
        "it vanished between listing and reading, likely rotated",
        where=where,
        remedy="run again: the listing will have its new name",
    )


def _permissions(where: str) -> str:
    try:
        status = Path(where.removeprefix("file://")).stat()
    except (OSError, ValueError):
        return "permission denied"
    return f"mode {status.st_mode & 0o7777:04o}, owner {status.st_uid}, group {status.st_gid}"
