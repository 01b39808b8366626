"""A file that is hashed and counted while it is written."""

from __future__ import annotations

import hashlib
import os


class HashedFile:
    """Writes to an open descriptor; what becomes of the file is for whoever derives from it.

    Used as a context manager it is discarded at the end unless committed.
    """

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._hash = hashlib.sha256()
        self.size = 0

    def __exit__(self, *_: object) -> None:
        self.discard()

    @property
    def sha256(self) -> str:
        """See `StagedFile.sha256`."""
        return self._hash.hexdigest()

    def append(self, data: bytes | memoryview) -> None:
        """Write all bytes.

        Raises:
            OSError: They could not be written.
        """
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) or 0 :]
        self._hash.update(data)
        self.size += len(data)

    def discard(self) -> None:
        """See `StagedFile.discard`."""
        raise NotImplementedError
