"""The pinned stream: what an earlier revision sealed of it must still be there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audit_trail.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from audit_trail.evidence.paired_hashing import RunningHash


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRange:
    """Bytes [start, end) of a file's pinned stream, as an earlier revision sealed them.

    Attributes:
        sha256: Of those bytes, in lower-case hex.
    """

    start: int
    end: int
    sha256: str


class PinnedDigest:
    """Checks the sealed part of a pinned stream and hashes what comes after it.

    Args:
        sealed: Ranges that join up from 0 to `start`.
        start: Where the new part begins.
        where: URI, for errors.
        new_hash: Makes a SHA-256.

    Raises:
        IntegrityError: The ranges do not join up: they are not from one file.
    """

    def __init__(
        self,
        sealed: Sequence[SealedRange],
        *,
        start: int,
        where: str,
        new_hash: Callable[[], RunningHash] = hashlib.sha256,
    ) -> None:
        self.position = 0
        self._start = start
        self._where = where
        self._new_hash = new_hash
        self._digest = new_hash()
        self._pending = _joined(sealed, start, where)

    @property
    def sha256(self) -> str:
        """Of the bytes from `start` on, in lower-case hex."""
        return self._digest.hexdigest()

    def accept(self, piece: bytes) -> bytes:
        """Take the stream's next bytes.

        Returns:
            Those of them that are not sealed.

        Raises:
            IntegrityError: A sealed range ends in this piece and is not what was sealed.
        """
        view = memoryview(piece)
        while self._pending and view:
            wanted = self._pending[0].end - self.position
            self._digest.update(view[:wanted])
            self.position += len(view[:wanted])
            view = view[wanted:]
            self._compare()
        self._digest.update(view)
        self.position += len(view)
        return piece if len(view) == len(piece) else bytes(view)

    def finish(self) -> None:
        """Call at the stream's end.

        Raises:
            IntegrityError: It ended before `start`.
        """
        if self._pending:
            raise IntegrityError(
                "a file is shorter than what an earlier revision sealed of it",
                where=self._where,
                expected=f"at least {self._start} bytes",
                found=f"{self.position} bytes",
                remedy="find out who cut it; the sealed bytes are in the archive",
            )

    def _compare(self) -> None:
        sealed = self._pending[0]
        if self.position < sealed.end:
            return
        if self.sha256 != sealed.sha256:
            raise IntegrityError(
                f"sealed bytes of a file have changed, from the range [{sealed.start}, {sealed.end}) on",
                where=self._where,
                expected=f"SHA-256 {sealed.sha256}",
                found=self.sha256,
                remedy="find out who changed it; the sealed bytes are in the archive",
            )
        del self._pending[0]
        self._digest = self._new_hash()


def _joined(sealed: Sequence[SealedRange], start: int, where: str) -> list[SealedRange]:
    ranges = sorted(sealed, key=lambda part: (part.start, part.end))
    bounds = [0, *(part.end for part in ranges)]
    if bounds != [*(part.start for part in ranges), start] or bounds != sorted(bounds):
        raise IntegrityError(
            "the sealed ranges of a file do not join up",
            where=where,
            expected=f"ranges that follow each other from 0 to {start}",
            found=", ".join(f"[{part.start}, {part.end})" for part in ranges),
            remedy="compare the manifests of the day",
        )
    # An empty range says nothing about the bytes.
    return [part for part in ranges if part.end > part.start]
