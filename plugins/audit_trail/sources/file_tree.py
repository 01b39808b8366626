"""What the listing asks of a file system.

fsspec's own `glob` is not used: it leaves out a directory that it may not read
(an empty day that was none), lists directories that the pattern does not
name, and does not say what became of links.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    """

    path: str
    kind: str
    size_bytes: int
    identity: str
    is_link: bool


class FileTree(Protocol):
    """Names and what they stand for. Read-only; opens no file.

    Both methods raise `CollectionError` where permission or the store fails:
    nothing found always means that nothing is there.
    """

    def children(self, directory: str, accepts: Callable[[str], bool]) -> Iterator[Entry]:
        """The entries of a directory whose names are accepted; none where there is no directory."""

    def find(self, path: str) -> Entry | None:
        """The entry of that path, or None where there is none."""

    def uri(self, path: str) -> str:
        """The URI that `stored_file.open_stored` takes."""
