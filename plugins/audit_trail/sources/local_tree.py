"""The local disk as a `FileTree`, links followed and everything special told apart."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.file_tree import DIRECTORY, FILE, Entry
from audit_trail.sources.read_errors import collection_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LOCAL_SCHEMES = ("file://", "local://")
_SPECIAL_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISREG, FILE),
    (stat.S_ISDIR, DIRECTORY),
    (stat.S_ISFIFO, "FIFO"),
    (stat.S_ISSOCK, "socket"),
    (stat.S_ISCHR, "character device"),
    (stat.S_ISBLK, "block device"),
)


class LocalTree:
    """The local disk."""

    def children(
        self, directory: str, accepts: Callable[[str], bool], *, beginning: str = ""
    ) -> Iterator[Entry]:
        """See `FileTree`; a name that goes away while being listed is an error to retry."""
        del beginning  # a folder is read whole
        with collection_errors(self.uri(directory), "listed"):
            try:
                with os.scandir(directory) as found:
                    names = [entry.name for entry in found if accepts(entry.name)]
            except (FileNotFoundError, NotADirectoryError):
                return
        for name in names:
            path = f"{directory.rstrip('/')}/{name}"
            with collection_errors(self.uri(path), "listed"):
                entry = _local_entry(path)
            yield entry

    def find(self, path: str) -> Sequence[Entry]:
        """See `FileTree`."""
        with collection_errors(self.uri(path), "listed"):
            try:
                return (_local_entry(path),)
            except (FileNotFoundError, NotADirectoryError):
                return ()

    def uri(self, path: str) -> str:
        """See `FileTree`; names are taken literally, nothing is percent-encoded.

        Raises:
            CollectionError: The name is not UTF-8, so no manifest can hold it.
        """
        try:
            path.encode()
        except UnicodeEncodeError as error:
            raise CollectionError(
                "a file name is not UTF-8",
                where=ascii(path),
                remedy="rename the file, or narrow the URL of the source",
            ) from error
        return f"file://{path}"


def local_path(url: str) -> str | None:
    """The absolute local path of a URL or path, None for the URL of another file system.

    Raises:
        ConfigurationError: A relative path, which would depend on where the
            process happens to run.
    """
    path = url
    for scheme in _LOCAL_SCHEMES:
        path = path.removeprefix(scheme)
    if path == url and "://" in url:
        return None
    if not path.startswith("/"):
        raise ConfigurationError(
            "the URL of a source is not absolute",
            where=url,
            expected="file:///directory/name, /directory/name or another fsspec URL",
            remedy="write the whole path",
        )
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def kind_of(mode: int) -> str:
    """`FILE`, `DIRECTORY`, or in words what else a file mode stands for."""
    return next((kind for applies, kind in _SPECIAL_KINDS if applies(mode)), "special file")


def local_identity(status: os.stat_result) -> str:
    """Equal for two names of one file."""
    return f"{status.st_dev}:{status.st_ino}"


def _local_entry(path: str) -> Entry:
    status = os.lstat(path)
    is_link = stat.S_ISLNK(status.st_mode)
    kind = ""
    if is_link:
        try:
            status = Path(path).stat()
        except (FileNotFoundError, NotADirectoryError):
            kind = "dangling link"
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            kind = "symlink loop"
    return Entry(
        path=path,
        kind=kind or kind_of(status.st_mode),
        size_bytes=status.st_size,
        identity=local_identity(status),
        is_link=is_link,
    )
