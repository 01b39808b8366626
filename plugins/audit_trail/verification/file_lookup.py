"""Is exactly this file sealed? Where, when, and by which keys?"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from audit_trail.archive.object_store import ObjectReader
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.ledger_entry import Seal
from audit_trail.evidence.manifest import Input, Manifest
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.ledger_walk import LedgerView
from audit_trail.verification.verifier import WORKERS

READ_BLOCK_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMatch:
    """Where a file's bytes are sealed.

    `what` is `source` (the log file as it was before redaction), `segment` (an
    archived object) or `records` (an archived object, decompressed). A source
    is matched whole when `sealed_bytes` is the file's size; less means that
    the file has grown since.
    """

    what: Literal["source", "segment", "records"]
    name: str
    day: str
    revision: int
    sealed_bytes: int
    manifest_key: str
    sequence: int
    entry_sha256: str
    sealed_at: str
    keyids: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLookup:
    """What is known of a file: its digest and size, and where it is sealed."""

    path: str
    sha256: str
    bytes: int
    matches: tuple[FileMatch, ...]

    @property
    def is_sealed(self) -> bool:
        """Whether exactly these bytes, all of them, are sealed."""
        return any(match.sealed_bytes == self.bytes for match in self.matches)


def look_up_file(store: ObjectReader, view: LedgerView, path: Path, *, day: str | None = None) -> FileLookup:
    """Search the manifests of all days, or of one, for a file on disk.

    Raises:
        ConfigurationError: The file cannot be read.
        IntegrityError: A manifest is not the sealed one.
        StorageError: A manifest cannot be read.
    """
    digest, size = _range_sha256(path, 0, None)
    seals = view.seals_of(day) if day else view.seals
    with ThreadPoolExecutor(WORKERS) as pool:
        manifests = list(pool.map(lambda seal: read_manifest(store, view, seal), seals))
    pairs = list(zip(seals, manifests, strict=True))
    matches = [*_segments(view, pairs, digest, size), *_sources(view, pairs, path, digest, size)]
    return FileLookup(path=str(path), sha256=digest, bytes=size, matches=tuple(matches))


def _segments(
    view: LedgerView, pairs: Iterable[tuple[Seal, Manifest]], digest: str, size: int
) -> Iterable[FileMatch]:
    for seal, manifest in pairs:
        for segment in manifest.segments:
            if digest == segment.stored_sha256:
                yield _match(view, seal, what="segment", name=segment.key, sealed_bytes=size)
            elif digest == segment.content_sha256:
                yield _match(view, seal, what="records", name=segment.key, sealed_bytes=size)


def _sources(
    view: LedgerView, pairs: list[tuple[Seal, Manifest]], path: Path, digest: str, size: int
) -> Iterable[FileMatch]:
    """Inputs with this digest, and files that were sealed piece by piece as they grew."""
    pieces: dict[tuple[str, str, str], list[tuple[Seal, Input]]] = {}
    for seal, manifest in pairs:
        for item in manifest.inputs:
            pieces.setdefault((seal.date, item.source, item.uri), []).append((seal, item))
    for parts in pieces.values():
        # An empty range, of a file that was sealed before it had a record, comes first.
        parts.sort(key=lambda part: (part[1].start, part[1].end))
        first = parts[0][1]
        if len(parts) == 1 and first.end == size:
            last = parts[0] if first.sha256 == digest else None
        else:
            last = _last_covered(path, size, parts)
        if last is not None and (last[1].end or not size):
            yield _match(view, last[0], what="source", name=first.uri, sealed_bytes=last[1].end)


def _last_covered(path: Path, size: int, parts: list[tuple[Seal, Input]]) -> tuple[Seal, Input] | None:
    """The last of the consecutive ranges that seal the file's first bytes."""
    last: tuple[Seal, Input] | None = None
    for seal, item in parts:
        if item.start != (last[1].end if last else 0) or item.end > size:
            break
        if _range_sha256(path, item.start, item.end - item.start)[0] != item.sha256:
            break
        last = (seal, item)
    return last


def _match(
    view: LedgerView,
    seal: Seal,
    *,
    what: Literal["source", "segment", "records"],
    name: str,
    sealed_bytes: int,
) -> FileMatch:
    return FileMatch(
        what=what,
        name=name,
        day=seal.date,
        revision=seal.revision,
        sealed_bytes=sealed_bytes,
        manifest_key=seal.manifest.key,
        sequence=seal.sequence,
        entry_sha256=view.heads[seal.sequence],
        sealed_at=seal.at,
        keyids=tuple(key.keyid for key in view.history.era_at(seal.sequence).keys),
    )


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and size of a whole file.

    Raises:
        ConfigurationError: It cannot be read.
    """
    return _range_sha256(path, 0, None)


def _range_sha256(path: Path, start: int, length: int | None) -> tuple[str, int]:
    digest, done = sha256(), 0
    try:
        with path.open("rb") as file:
            file.seek(start)
            while length is None or done < length:
                wanted = READ_BLOCK_BYTES if length is None else min(READ_BLOCK_BYTES, length - done)
                block = file.read(wanted)
                if not block:
                    break
                digest.update(block)
                done += len(block)
    except OSError as error:
        raise ConfigurationError(
            "the file cannot be read", where=str(path), found=error.strerror or type(error).__name__
        ) from error
    return digest.hexdigest(), done
