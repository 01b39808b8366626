"""A zip file that is there whole or not at all, and the same bytes for the same content."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from audit_trail.errors import ConfigurationError, StorageError

FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip file can name: none of these files has one of its own."""
ZIP64_FROM_BYTES = 2**31 - 2**27
"""From here on an entry is written with 64-bit sizes; readers differ on more than 2 GiB."""
COMPRESSED_ALREADY = ".zst"
EXECUTABLE = ".sh"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFile:
    """A file of the pack."""

    name: str
    sha256: str
    bytes: int


class PackWriter:
    """Writes the files of a pack, in the order in which they are added.

    A context: when it ends without `finish`, no file appears. Killed at any
    instant, a hidden draft may be left beside the place of the pack, no more.

    Args:
        path: Where the pack is to be; nothing is overwritten.

    Raises:
        ConfigurationError: There is something already, or the folder cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: list[PackedFile] = []
        self._refuse_to_overwrite()
        self._draft = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            descriptor = os.open(self._draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise ConfigurationError(
                "the pack cannot be written there", where=str(path), found=error.strerror or str(error)
            ) from error
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Else it would be closed some time later, when its file is gone.
        with suppress(OSError, ValueError):
            self._zip.close()
        with suppress(OSError):
            self._file.close()
        self._draft.unlink(missing_ok=True)

    @contextmanager
    def writing(self, name: str, *, expected_bytes: int) -> Iterator[Callable[[bytes], None]]:
        """Add a file block by block: what is given can be called with each.

        Args:
            name: In the pack.
            expected_bytes: About how large it will be.
        """
        info = zipfile.ZipInfo(name, FIRST_MOMENT)
        info.create_system = 3  # Unix: the next line is a mode
        info.external_attr = (0o100755 if name.endswith(EXECUTABLE) else 0o100644) << 16
        stored = name.endswith(COMPRESSED_ALREADY)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        digest, size = sha256(), 0

        def write(block: bytes) -> None:
            nonlocal size
            digest.update(block)
            size += len(block)
            with self._disk_errors():
                target.write(block)

        target = self._zip.open(info, "w", force_zip64=expected_bytes >= ZIP64_FROM_BYTES)
        try:
            yield write
        finally:
            with self._disk_errors():
                target.close()
        self.files.append(PackedFile(name=name, sha256=digest.hexdigest(), bytes=size))

    def add(self, name: str, data: bytes) -> None:
        """Add a small file."""
        self.add_blocks(name, [data], expected_bytes=len(data))

    def add_blocks(self, name: str, blocks: Iterable[bytes], *, expected_bytes: int = 0) -> None:
        """Add a file block by block."""
        with self.writing(name, expected_bytes=expected_bytes) as write:
            for block in blocks:
                write(block)

    def finish(self) -> str:
        """Let the pack appear; durable when it returns.

        Returns:
            The pack's SHA-256.
        """
        with self._disk_errors():
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.seek(0)
            digest = sha256()
            while block := self._file.read(1024 * 1024):
                digest.update(block)
            self._refuse_to_overwrite()
            self._draft.rename(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return digest.hexdigest()

    def _refuse_to_overwrite(self) -> None:
        if self.path.exists() or self.path.is_symlink():
            raise ConfigurationError(
                "the pack would overwrite something",
                where=str(self.path),
                remedy="name another file, or remove it",
            )

    @contextmanager
    def _disk_errors(self) -> Iterator[None]:
        try:
            yield
        except (OSError, RuntimeError, zipfile.LargeZipFile) as error:
            raise StorageError(
                "the pack could not be written", where=str(self.path), found=str(error)[:200]
            ) from error
