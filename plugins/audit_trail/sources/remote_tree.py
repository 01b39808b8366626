"""Any other fsspec file system as a `FileTree`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.sources.file_tree import DIRECTORY, FILE, Entry
from audit_trail.sources.read_errors import collection_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_PASSWORD = re.compile(r"^[A-Za-z0-9+.-]+://[^/@]*:[^/@]*@")


class RemoteTree:
    """Any other fsspec file system.

    Args:
        filesystem: The fsspec file system.
        prefix: What stands before one of its paths to make a URI.
    """

    def __init__(self, *, filesystem: Any, prefix: str) -> None:
        self._filesystem = filesystem
        self._prefix = prefix

    def children(
        self, directory: str, accepts: Callable[[str], bool], *, beginning: str = ""
    ) -> Iterator[Entry]:
        """See `FileTree`."""
        del beginning  # a folder is read whole
        with collection_errors(self.uri(directory), "listed"):
            try:
                infos = self._filesystem.ls(directory, detail=True)
            except (FileNotFoundError, NotADirectoryError):
                return
        for info in infos:
            path = str(info["name"]).rstrip("/")
            # Object stores list a folder's own placeholder among its children.
            if path != directory.rstrip("/") and accepts(path.rpartition("/")[2]):
                yield self._entry(path, info)

    def find(self, path: str) -> Sequence[Entry]:
        """See `FileTree`."""
        with collection_errors(self.uri(path), "listed"):
            try:
                info = self._filesystem.info(path)
            except (FileNotFoundError, NotADirectoryError):
                return ()
        return (self._entry(path, info),)

    def uri(self, path: str) -> str:
        """See `FileTree`."""
        return self._prefix + path

    def _entry(self, path: str, info: dict[str, Any]) -> Entry:
        kind = info["type"] if info["type"] in (FILE, DIRECTORY) else "special file"
        size_bytes = info.get("size")
        if kind == FILE and not isinstance(size_bytes, int):
            raise CollectionError(
                "the store does not say how big a file is, so its end cannot be pinned", where=self.uri(path)
            )
        return Entry(path=path, kind=kind, size_bytes=size_bytes or 0, identity=self.uri(path), is_link=False)


def remote_tree(url: str) -> tuple[RemoteTree, str]:
    """The tree of a URL's file system, and the URL's path there.

    Raises:
        ConfigurationError: See `remote_filesystem`.
    """
    filesystem, path = remote_filesystem(url)
    # Listings may come from a cache of this process; a day must not.
    filesystem.invalidate_cache()
    prefix = url.removesuffix(path) if url.endswith(path) else filesystem.unstrip_protocol(path)[: -len(path)]
    return RemoteTree(filesystem=filesystem, prefix=prefix), path


def remote_filesystem(url: str) -> tuple[Any, str]:
    """The fsspec file system of a URL, and the URL's path there.

    Raises:
        ConfigurationError: No file system has that scheme, or the URL holds a
            password or a chain.
        CollectionError: It cannot be reached.
    """
    from fsspec.core import url_to_fs

    # URIs go into manifests that are kept for years.
    if _PASSWORD.match(url):
        raise ConfigurationError(
            "the URL of a source holds a password",
            where=url.partition("://")[0] + "://…",
            remedy="put it into fsspec's own configuration",
        )
    if "::" in url:
        raise ConfigurationError("chained URLs (`::`) are not read", where=url)
    try:
        filesystem, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise ConfigurationError(
            "there is no file system for the URL of a source",
            where=url,
            found=type(error).__name__,
            remedy="correct its scheme, or install the fsspec package for it",
        ) from error
    except Exception as error:
        raise CollectionError(
            "a file system could not be reached", where=url, found=type(error).__name__
        ) from error
    return filesystem, str(path)
