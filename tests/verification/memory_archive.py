"""A small signed archive in memory: sealing days, and forging entries with any keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.verification.memory_store import MemoryStore

from audit_trail.archive.ledger import put_entry
from audit_trail.archive.object_store import Retention, StoredObject
from audit_trail.evidence.fields import format_timestamp
from audit_trail.evidence.ledger_entry import (
    Entry,
    Genesis,
    Policy,
    Sample,
    Seal,
    SealedObject,
    Totals,
    Verification,
    encode_entry,
)
from audit_trail.evidence.manifest import Input, InputPart, Manifest, Redaction, Segment, encode_manifest
from audit_trail.evidence.object_keys import ledger_key, manifest_key, segment_key
from audit_trail.evidence.public_key import PublicKey
from audit_trail.evidence.segment import digest_segment
from audit_trail.signing.pins import Head
from audit_trail.signing.signatures import sign_payload
from audit_trail.verification.ledger_walk import LedgerView, read_ledger
from audit_trail.verification.time_checks import TimeTrust
from audit_trail.verification.verifier import Level, Report, Verifier

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

NOW = datetime(2026, 1, 10, 3, tzinfo=UTC)
LOCK = Retention(mode="COMPLIANCE", until=datetime(2033, 1, 11, tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """Keys that sign together."""

    public: tuple[PublicKey, ...]
    signers: tuple[Signer, ...]


@dataclass(slots=True, kw_only=True)
class SourceFile:
    """A log file as one revision took it: its name, all its bytes, and where the new ones begin."""

    uri: str
    data: bytes
    start: int = 0

    @property
    def new_data(self) -> bytes:
        """What no earlier revision has."""
        return self.data[self.start :]


@dataclass(slots=True, kw_only=True)
class MemoryArchive:
    """An archive whose every document is real, in a store that is not."""

    keys: KeyRing
    name: str = "memory"
    algorithms: tuple[str, ...] | None = None
    lock: Retention = LOCK
    now: datetime = NOW
    timestamp_hours: int | None = None
    store: MemoryStore = field(default_factory=MemoryStore)
    genesis: str = ""

    def __post_init__(self) -> None:
        algorithms = self.algorithms or tuple(sorted(key.scheme for key in self.keys.public))
        entry = Genesis(
            archive=self.name,
            at=format_timestamp(self.now),
            keys=self.keys.public,
            policy=Policy(
                lock_mode=self.lock.mode,
                retain_days=2555,
                algorithms=algorithms,
                timestamp_hours=self.timestamp_hours,
            ),
        )
        self.genesis = self.put(0, self.envelope(entry))

    @property
    def view(self) -> LedgerView:
        """The ledger, read and checked."""
        return read_ledger(self.store, self.genesis)

    @property
    def head(self) -> Head:
        """The ledger's newest entry."""
        return self.view.head

    def verify(
        self,
        level: Level = "content",
        *,
        day: str | None = None,
        remembered: Head | None = None,
        now: datetime = NOW,
        due_hours: int = 24 * 365,
        times: TimeTrust | None = None,
    ) -> Report:
        """Verify with a verifier that knows only the genesis; no day is due unless asked for."""
        verifier = Verifier(self.store, genesis=self.genesis, remembered=remembered, times=times)
        return verifier.verify(level, day=day, now=now, due_hours=due_hours)

    # Sealing, as the pipeline does it

    def seal(self, day: str, *contents: bytes, files: tuple[SourceFile, ...] = ()) -> Seal:
        """Seal a revision of a day with one segment for each of `contents` and `files`."""
        revision = len(self.view.seals_of(day)) + 1
        sources = files or tuple(
            SourceFile(uri=f"file:///logs/{day}/{revision}-{number}.log", data=data)
            for number, data in enumerate(contents)
        )
        pairs = [
            self._store_segment(day, number, source)
            for number, source in enumerate(source for source in sources if source.new_data)
        ]
        return self.append(self.prepare_seal(day, revision, sources, pairs))

    def prepare_seal(
        self,
        day: str,
        revision: int,
        sources: tuple[SourceFile, ...] = (),
        pairs: list[tuple[Segment, StoredObject]] | None = None,
        **changes: Any,
    ) -> Seal:
        """The next seal, with its manifest stored, and `changes` to its fields."""
        pairs = pairs or []
        manifest = Manifest(
            archive=self.name,
            genesis=self.genesis,
            date=day,
            revision=revision,
            inputs=_inputs(sources),
            segments=tuple(segment for segment, _ in pairs),
            redaction=Redaction(policy_sha256="0" * 64, replacements={}),
        )
        stored = self.put_manifest(manifest)
        fields: dict[str, Any] = {
            **self.linked(),
            "date": day,
            "interval_start": f"{day}T00:00:00Z",
            "interval_end": f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00Z",
            "revision": revision,
            "reason": "late data" if revision > 1 else None,
            "manifest": self._sealed(stored),
            "objects": tuple(self._sealed(stored) for _, stored in pairs),
            "totals": Totals(
                inputs=len(sources),
                segments=len(pairs),
                records=manifest.records,
                content_bytes=manifest.content_bytes,
                stored_bytes=sum(stored.size for _, stored in pairs),
            ),
        }
        return Seal(**{**fields, **changes})

    def prepare_verification(self, day: str) -> Verification:
        """The next entry, saying that a day was verified."""
        sample = Sample(seed="0" * 64, seed_sequence=0, population=0, size=0)
        return Verification(
            **self.linked(), date=day, passed=1, failed=0, unverifiable=0, sample=sample, failures=()
        )

    def append(self, entry: Seal) -> Seal:
        """Sign an entry with the archive's keys and put it at its place."""
        self.put(entry.sequence, self.envelope(entry))
        return entry

    # What a forger can do

    def envelope(self, entry: Entry, keys: KeyRing | None = None) -> bytes:
        """An entry signed by `keys`; None: by those of the archive."""
        return sign_payload(encode_entry(entry), (keys or self.keys).signers).to_bytes()

    def put(self, sequence: int, data: bytes) -> str:
        """Put a ledger object; its digest."""
        put_entry(self.store, sequence, data, self.lock)
        return sha256(data).hexdigest()

    def replace(self, sequence: int, data: bytes) -> None:
        """Let other bytes stand where a ledger entry stood, described truly."""
        self.store.change_bytes(ledger_key(sequence), data)

    def put_manifest(self, manifest: Manifest, keys: KeyRing | None = None) -> StoredObject:
        """Sign and store a manifest."""
        payload = encode_manifest(manifest)
        key = manifest_key(
            day=manifest.date, revision=manifest.revision, statement_sha256=sha256(payload).hexdigest()
        )
        return self._put(key, sign_payload(payload, (keys or self.keys).signers).to_bytes())

    def linked(self) -> dict[str, Any]:
        """The fields that the next entry has like every other."""
        head = self.head
        return {
            "archive": self.name,
            "genesis": self.genesis,
            "sequence": head.sequence + 1,
            "previous": head.sha256,
            "at": format_timestamp(self.now),
        }

    def _store_segment(self, day: str, number: int, source: SourceFile) -> tuple[Segment, StoredObject]:
        import zstandard

        data = source.new_data
        stored = zstandard.ZstdCompressor().compress(data)
        digests = digest_segment([stored], max_content_bytes=len(data), where="test")
        key = segment_key(
            source="app", day=day, number=number, stored_sha256=digests.stored_sha256, suffix="log"
        )
        segment = Segment(
            key=key,
            source="app",
            records=digests.records,
            content_bytes=digests.content_bytes,
            content_sha256=digests.content_sha256,
            stored_bytes=digests.stored_bytes,
            stored_sha256=digests.stored_sha256,
            merkle_root=digests.merkle_root,
        )
        return segment, self._put(key, stored)

    def _put(self, key: str, data: bytes) -> StoredObject:
        return self.store.put_once(
            key,
            data,
            sha256=sha256(data).hexdigest(),
            retention=self.lock,
            storage_class="STANDARD",
            content_type="",
        )

    def _sealed(self, stored: StoredObject) -> SealedObject:
        return SealedObject(
            key=stored.key,
            version_id=stored.version_id,
            bytes=stored.size,
            sha256=stored.sha256 or "",
            lock_mode=self.lock.mode,
            retain_until=format_timestamp(self.lock.until),
        )


def _inputs(sources: tuple[SourceFile, ...]) -> tuple[Input, ...]:
    """Every source with new bytes has a segment of its own, numbered in order."""
    filled = [source for source in sources if source.new_data]
    return tuple(_input(filled.index(source) if source in filled else None, source) for source in sources)


def _input(segment: int | None, source: SourceFile) -> Input:
    data = source.new_data
    records = data.count(b"\n") + (not data.endswith(b"\n"))
    return Input(
        source="app",
        uri=source.uri,
        start=source.start,
        end=len(source.data),
        sha256=sha256(data).hexdigest(),
        final_newline=data.endswith(b"\n"),
        parts=() if segment is None else (InputPart(segment=segment, records=records),),
    )
