"""What the listing asks of a file system.

fsspec's own `glob` is not used: it leaves out a directory that it may not read
(an empty day that was none), lists directories that the pattern does not
name, and does not say what became of links.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from audit_trail.evidence.manifest import StoredVersion
    from audit_trail.sources.stored_file import StoredFile

FILE = "file"
DIRECTORY = "directory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name in a tree, links already followed.

    Attributes:
        kind: `FILE`, `DIRECTORY`, or in words what else it is.
        identity: Device and inode of a local file, else the URI: equal for
            two names of one file.
        is_link: The name itself is a symbolic link.
        version: As `SourceFile.version`.
        open: As `SourceFile.open`.
    """

    path: str
    kind: str
    size_bytes: int
    identity: str
    is_link: bool
    version: StoredVersion | None = None
    open: Callable[[], StoredFile] | None = field(default=None, compare=False, repr=False)


class FileTree(Protocol):
    """Names and what they stand for. Read-only; opens no file.

    Both methods raise `CollectionError` where permission or the store fails:
    nothing found always means that nothing is there.
    """

    def children(
        self, directory: str, accepts: Callable[[str], bool], *, beginning: str = ""
    ) -> Iterator[Entry]:
        """The entries of a directory whose names are accepted; none where there is no directory.

        Args:
            directory: Its path.
            accepts: By name.
            beginning: With what all accepted names begin: object stores find them by it.
        """

    def find(self, path: str) -> Sequence[Entry]:
        """The entries of that path: none, one, or an object and the folder of the same name."""

    def uri(self, path: str) -> str:
        """Its name in a manifest; what `stored_file.open_stored` takes."""
