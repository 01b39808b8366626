"""A file that is hashed and counted while it is written."""

from __future__ import annotations

import hashlib
import os

from audit_trail.evidence.paired_hashing import RunningHash


class HashedFile:
    """Writes to an open descriptor; what becomes of the file is for whoever derives from it.

    Used as a context manager it is discarded at the end unless committed.

    Args:
        descriptor: Open for writing; closed in the end.
        running_hash: A SHA-256 of nothing yet; None makes one.
    """

    def __init__(self, descriptor: int, running_hash: RunningHash | None = None) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._hash = hashlib.sha256() if running_hash is None else running_hash
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
