"""A store that is only read, and what it says on the way: nothing is asked twice for the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock

from audit_trail.archive.object_store import ObjectReader, ObjectVersion, StoredObject
from audit_trail.errors import IntegrityError
from audit_trail.evidence.envelope import parse_envelope

SHOWN_KEYS = 20
"""Examples that are kept for each deviation; all of them are counted."""


@dataclass(slots=True)
class Observations:
    """Counts of what objects were described as; bounded, however many they are.

    Attributes:
        classes: Objects by folder (`logs`, `manifests`, `ledger`) and storage class.
        encryption: Objects by what the store says of encryption; None: nothing.
        examples: Some keys for each folder and class, and for each kind of encryption.
        signatures: Signatures in envelopes by key id.
        envelopes: How many envelopes were read.
        requests: How many requests of each kind were made.
    """

    classes: Counter[tuple[str, str]] = field(default_factory=Counter)
    encryption: Counter[str | None] = field(default_factory=Counter)
    examples: dict[tuple[str, str | None], list[str]] = field(default_factory=dict)
    signatures: Counter[str] = field(default_factory=Counter)
    envelopes: int = 0
    requests: Counter[str] = field(default_factory=Counter)


class ObservedStore:
    """An `ObjectReader` that passes everything on. Safe to call from several threads."""

    def __init__(self, store: ObjectReader) -> None:
        self._store = store
        self._lock = Lock()
        self.seen = Observations()

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """See `ObjectReader.head`."""
        found = self._store.head(key, version_id)
        self._note("HeadObject", found)
        return found

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        """See `ObjectReader.fetch`."""
        found, data = self._store.fetch(key, version_id, max_bytes=max_bytes)
        self._note("GetObject", found)
        if key.endswith(".dsse.json"):
            self._note_signatures(data, key)
        return found, data

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        """See `ObjectReader.read`."""
        return self.fetch(key, version_id, max_bytes=max_bytes)[1]

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        """See `ObjectReader.stream`."""
        return self._store.stream(key, version_id)

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        """See `ObjectReader.list_versions`."""
        self._note("ListObjectVersions", None)
        return self._store.list_versions(prefix)

    def _note(self, request: str, found: StoredObject | None) -> None:
        with self._lock:
            self.seen.requests[request] += 1
            if found is None:
                return
            place = (found.key.partition("/")[0], found.storage_class)
            self.seen.classes[place] += 1
            self.seen.encryption[found.encryption] += 1
            for deviation in (place, ("encryption", found.encryption)):
                keys = self.seen.examples.setdefault(deviation, [])
                if len(keys) < SHOWN_KEYS:
                    keys.append(found.key)

    def _note_signatures(self, data: bytes, key: str) -> None:
        try:
            envelope = parse_envelope(data, where=key)
        except IntegrityError:
            return  # verification says so, with its place
        with self._lock:
            self.seen.envelopes += 1
            self.seen.signatures.update(item.keyid for item in envelope.signatures)
