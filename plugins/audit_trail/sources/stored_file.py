"""An opened file whose size is pinned: its bytes as stored, up to that size."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from audit_trail.errors import CollectionError
from audit_trail.sources.file_tree import FILE
from audit_trail.sources.local_tree import kind_of, local_identity, local_path
from audit_trail.sources.read_errors import collection_errors
from audit_trail.sources.remote_tree import remote_filesystem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from audit_trail.evidence.manifest import StoredVersion

TAIL_READ_BYTES = 64 * 1024  # a record that was half written at opening; most are far shorter


class StoredFile(Protocol):
    """An open file, read once from front to back; not for several threads.

    All methods raise `CollectionError` and nothing else. A local file is read
    through one descriptor, so renaming or deleting it changes nothing.

    Attributes:
        uri: Where it was opened.
        size_bytes: Its size when it was opened.
        identity: As `SourceFile.identity`.
    """

    uri: str
    size_bytes: int
    identity: str

    @property
    def version(self) -> StoredVersion | None:
        """Which content of an object is read, known once all of it was; None: nothing names it."""

    def read(self, max_bytes: int) -> bytes:
        """The next bytes, at least one unless the end as of now is reached."""

    def size_now(self) -> int:
        """The size in bytes as of now."""

    def close(self) -> None:
        """Release it."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc_info: object) -> None: ...


class _Closing:
    version = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """Release it."""


class _LocalFile(_Closing):
    def __init__(self, uri: str, path: str) -> None:
        self.uri = uri
        with collection_errors(uri, "opened"):
            # Opening a FIFO without a writer, or some devices, would wait for ever.
            self._fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        status = os.fstat(self._fd)
        if kind_of(status.st_mode) != FILE:
            self.close()
            raise CollectionError(
                "it is not a file",
                where=uri,
                expected=FILE,
                found=kind_of(status.st_mode),
                remedy="run again",
            )
        self.size_bytes = status.st_size
        self.identity = local_identity(status)

    def read(self, max_bytes: int) -> bytes:
        with collection_errors(self.uri, "read"):
            return os.read(self._fd, max_bytes)

    def size_now(self) -> int:
        with collection_errors(self.uri, "read"):
            return os.fstat(self._fd).st_size

    def close(self) -> None:
        os.close(self._fd)


class _RemoteFile(_Closing):
    def __init__(self, uri: str) -> None:
        self.uri = self.identity = uri
        self._filesystem, self._path = remote_filesystem(uri)
        self.size_bytes = self.size_now()
        with collection_errors(uri, "opened"):
            self._file: Any = self._filesystem.open(self._path, "rb")

    def read(self, max_bytes: int) -> bytes:
        with collection_errors(self.uri, "read"):
            return bytes(self._file.read(max_bytes))

    def size_now(self) -> int:
        with collection_errors(self.uri, "read"):
            self._filesystem.invalidate_cache()
            return int(self._filesystem.info(self._path)["size"])

    def close(self) -> None:
        with collection_errors(self.uri, "closed"):
            self._file.close()


def open_stored(uri: str) -> StoredFile:
    """Open a file and pin its size.

    Raises:
        CollectionError: It vanished, cannot be read, or is not a file.
        ConfigurationError: Not a URI that `list_files` would give.
    """
    path = local_path(uri)
    return _RemoteFile(uri) if path is None else _LocalFile(uri, path)


def stored_pieces(file: StoredFile, piece_bytes: int, *, finish_record: bool) -> Iterator[bytes]:
    r"""The file's bytes up to its pinned size.

    Args:
        file: Just opened.
        piece_bytes: Upper limit of a piece.
        finish_record: Where the pinned size cuts a record and the file has
            grown since, read on to the `\n` that ends it.

    Raises:
        CollectionError: It got shorter meanwhile, or cannot be read.
    """
    missing_bytes = file.size_bytes
    piece = b"\n"
    while missing_bytes:
        piece = file.read(min(piece_bytes, missing_bytes))
        if not piece:
            raise _got_shorter(file)
        missing_bytes -= len(piece)
        yield piece
    if finish_record and not piece.endswith(b"\n") and file.size_now() > file.size_bytes:
        yield from _rest_of_record(file)
    # A file cut and partly written again while it was read has yielded some of both.
    if file.size_now() < file.size_bytes:
        raise _got_shorter(file)


def _rest_of_record(file: StoredFile) -> Iterator[bytes]:
    while piece := file.read(TAIL_READ_BYTES):
        record_end = piece.find(b"\n") + 1
        yield piece[:record_end] if record_end else piece
        if record_end:
            return


def _got_shorter(file: StoredFile) -> CollectionError:
    return CollectionError(
        "it got shorter while it was read, likely truncated by a log rotation",
        where=file.uri,
        expected=f"{file.size_bytes} bytes",
        found=f"{file.size_now()} bytes",
        remedy="run again once the rotation is done",
    )
