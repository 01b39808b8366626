"""What a source lists: its inputs of a day, each of which can be opened, and what it left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from audit_trail.evidence.manifest import StoredVersion
    from audit_trail.sources.stored_file import StoredFile


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A log file that a source matched, or a day's events of a service.

    Attributes:
        uri: Its name in the manifest.
        size_bytes: As listed; the stream pins its own when it opens the file. 0 where
            only reading tells.
        identity: Equal for two names of one file: `device:inode` of a local
            file, else the URI.
        version: Which of its contents was listed, where the store names them.
        is_events: A day's events, collected into one stream of JSON lines in the
            order in which they arrived; its size is known once it was read.
        open: Opens it and pins its size, see `stored_file.StoredFile`; None: by its URI.
    """

    uri: str
    size_bytes: int
    identity: str
    version: StoredVersion | None = None
    is_events: bool = False
    open: Callable[[], StoredFile] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """What matched but is not a log file: a directory, a dead link, a FIFO."""

    uri: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Both parts sorted by URI."""

    files: tuple[SourceFile, ...]
    skipped: tuple[Skipped, ...]
