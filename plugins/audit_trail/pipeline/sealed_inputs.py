"""What earlier revisions of a day have sealed of each input."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_trail.sources.sealed_ranges import SealedRange
from audit_trail.verification.content_checks import read_manifest

if TYPE_CHECKING:
    from audit_trail.evidence.manifest import StoredVersion
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.sources.input_stream import InputStream
    from audit_trail.verification.ledger_walk import LedgerView


class SealedInputs:
    """The byte ranges of all inputs of a day, from its manifests.

    Args:
        context: Whose store holds the manifests.
        view: The walked ledger.
        day: The UTC day.

    Raises:
        IntegrityError: A manifest is not the sealed one.
        StorageError: It cannot be read.
    """

    def __init__(self, context: StageContext, view: LedgerView, day: str) -> None:
        self._ranges: dict[tuple[str, str], list[SealedRange]] = {}
        self._versions: dict[tuple[str, str], StoredVersion | None] = {}
        self._whole: set[tuple[int, str]] = set()
        seals = view.seals_of(day)
        for seal in seals:
            for item in read_manifest(context.store, view, seal).inputs:
                place = item.source, item.uri
                sealed = SealedRange(start=item.start, end=item.end, sha256=item.sha256)
                self._ranges.setdefault(place, []).append(sealed)
                self._versions[place] = item.object_version
                if item.start == 0:
                    self._whole.add((item.end, item.sha256))
        self._any = bool(seals)

    def __bool__(self) -> bool:
        return self._any

    def ranges(self, source: str, uri: str) -> tuple[SealedRange, ...]:
        """What is sealed of an input, in order."""
        return tuple(sorted(self._ranges.get((source, uri), ()), key=lambda item: item.start))

    def version(self, source: str, uri: str) -> StoredVersion | None:
        """Which content of an object the last revision read; None where the store named none."""
        return self._versions.get((source, uri))

    def sizes(self, source: str) -> set[int]:
        """How much is sealed of each input of a source: a rotated file is known by it."""
        return {
            max(part.end for part in parts) for (name, _), parts in self._ranges.items() if name == source
        }

    def holds(self, stream: InputStream) -> bool:
        """Whether exactly these bytes are sealed, under whatever name: a rotated file."""
        for _ in stream.parts():
            pass
        return (stream.end, stream.raw_sha256) in self._whole
