"""An archive of many small days, put into a store as the pipeline would have, only faster.

Every document is real and signed. What is left out is everything that the
verification does not see: sources, staging, redaction.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from audit_trail.archive.object_store import Retention, StoredObject
from audit_trail.evidence.airflow_run import AirflowRun
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
from audit_trail.evidence.segment import digest_segment
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.signing.local_keys import newest_keys
from audit_trail.signing.pins import note_genesis
from audit_trail.signing.signatures import sign_payload

if TYPE_CHECKING:
    from securesystemslib.signer import Signer

SOURCES = ("api", "application", "system")
WRITERS = 16
LOCK = Retention(mode="COMPLIANCE", until=datetime(2060, 1, 1, tzinfo=UTC))


@dataclass(slots=True, kw_only=True)
class YearsWriter:
    """Writes the archive.

    Attributes:
        context: Of an archive with a bucket and keys, not founded yet.
        records: In each segment.
        progress: Called with what is done.
    """

    context: StageContext
    records: int
    progress: Callable[[str], None]
    genesis: str = ""
    _first: date = date.min
    _signers: tuple[Signer, ...] = ()

    def write(self, days: int) -> str:
        """Found the archive and seal `days` days, each with a verification; the genesis digest."""
        keys = newest_keys(self.context.settings)
        self._signers = self.context.signers(keys)
        policy = Policy(
            lock_mode="COMPLIANCE", retain_days=3650, algorithms=tuple(sorted(key.scheme for key in keys))
        )
        self._first = datetime.now(UTC).date() - timedelta(days=days)
        at = f"{self._first}T00:00:00Z"
        name = self.context.settings.archive.name
        data = self._signed(Genesis(archive=name, at=at, keys=keys, policy=policy))
        self.genesis = sha256(data).hexdigest()
        self._put(ledger_key(0), data)
        note_genesis(self.context.settings, self.genesis)
        with ThreadPoolExecutor(WRITERS) as pool:
            sealed = []
            for number, made in enumerate(pool.map(self._day, range(days))):
                sealed.append(made)
                if number % 100 == 0:
                    self.progress(f"day {number} of {days}")
            list(pool.map(lambda entry: self._put(*entry), self._chain(sealed)))
        return self.genesis

    def _day(self, number: int) -> tuple[date, Manifest, StoredObject, list[StoredObject]]:
        day = self._first + timedelta(days=number)
        pairs = [self._segment(day, place, source) for place, source in enumerate(SOURCES)]
        manifest = Manifest(
            archive=self.context.settings.archive.name,
            genesis=self.genesis,
            date=day.isoformat(),
            revision=1,
            inputs=tuple(_input(day, place, segment) for place, (segment, _) in enumerate(pairs)),
            segments=tuple(segment for segment, _ in pairs),
            redaction=Redaction(policy_sha256="0" * 64, replacements={}),
        )
        payload = encode_manifest(manifest)
        key = manifest_key(day=day.isoformat(), revision=1, statement_sha256=sha256(payload).hexdigest())
        stored = self._put(key, sign_payload(payload, self._signers).to_bytes())
        return day, manifest, stored, [item for _, item in pairs]

    def _segment(self, day: date, place: int, source: str) -> tuple[Segment, StoredObject]:
        import zstandard

        line = '{"at":"%sT%02d:00:00Z","source":"%s","n":%d,"text":"nothing of note"}\n'
        data = "".join(line % (day, n % 24, source, n) for n in range(self.records_of(day))).encode()
        stored = zstandard.ZstdCompressor(level=3).compress(data)
        found = digest_segment([stored], max_content_bytes=len(data), where=source)
        key = segment_key(
            source=source,
            day=day.isoformat(),
            number=place,
            stored_sha256=found.stored_sha256,
            suffix="jsonl",
        )
        segment = Segment(
            key=key,
            source=source,
            records=found.records,
            content_bytes=found.content_bytes,
            content_sha256=found.content_sha256,
            stored_bytes=found.stored_bytes,
            stored_sha256=found.stored_sha256,
            merkle_root=found.merkle_root,
        )
        return segment, self._put(key, stored)

    def records_of(self, day: date) -> int:
        """How many records each segment of a day holds."""
        return self.records

    def _chain(
        self, sealed: list[tuple[date, Manifest, StoredObject, list[StoredObject]]]
    ) -> list[tuple[str, bytes]]:
        entries: list[tuple[str, bytes]] = []
        previous = self.genesis
        for day, manifest, stored, objects in sealed:
            for make in (self._seal, self._verification):
                linked = {
                    "archive": self.context.settings.archive.name,
                    "genesis": self.genesis,
                    "sequence": len(entries) + 1,
                    "previous": previous,
                    "at": f"{day + timedelta(days=1)}T00:15:00Z",
                }
                data = self._signed(make(linked, day, manifest, stored, objects))
                previous = sha256(data).hexdigest()
                entries.append((ledger_key(len(entries) + 1), data))
        return entries

    def _seal(
        self, linked: dict[str, Any], day: date, manifest: Manifest, stored: StoredObject, objects: list[Any]
    ) -> Seal:
        return Seal(
            **linked,
            date=day.isoformat(),
            interval_start=f"{day}T00:00:00Z",
            interval_end=f"{day + timedelta(days=1)}T00:00:00Z",
            revision=1,
            manifest=_sealed(stored),
            objects=tuple(_sealed(item) for item in objects),
            totals=Totals(
                inputs=len(manifest.inputs),
                segments=len(objects),
                records=manifest.records,
                content_bytes=manifest.content_bytes,
                stored_bytes=sum(item.size for item in objects),
            ),
            run=_run(day, "seal"),
        )

    def _verification(self, linked: dict[str, Any], day: date, *_: Any) -> Verification:
        sample = Sample(seed=linked["previous"], seed_sequence=linked["sequence"] - 1, population=0, size=0)
        return Verification(
            **linked,
            date=day.isoformat(),
            passed=20,
            failed=0,
            unverifiable=0,
            sample=sample,
            failures=(),
            run=_run(day, "verify_sample"),
        )

    def _signed(self, entry: Entry) -> bytes:
        return sign_payload(encode_entry(entry), self._signers).to_bytes()

    def _put(self, key: str, data: bytes) -> StoredObject:
        return self.context.store.put_once(
            key,
            data,
            sha256=sha256(data).hexdigest(),
            retention=LOCK,
            storage_class="STANDARD",
            content_type="application/octet-stream",
        )


def _sealed(stored: StoredObject) -> SealedObject:
    assert stored.retention is not None
    return SealedObject(
        key=stored.key,
        version_id=stored.version_id,
        bytes=stored.size,
        sha256=stored.sha256 or "",
        lock_mode="COMPLIANCE",
        retain_until=format_timestamp(stored.retention.until),
    )


def _run(day: date, task_id: str) -> AirflowRun:
    return AirflowRun(
        dag_id="audit_trail_daily",
        run_id=f"scheduled__{day + timedelta(days=1)}T00:00:00+00:00",
        task_id=task_id,
        try_number=1,
        dag_version_id="019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
        bundle="dags-folder",
    )


def _input(day: date, place: int, segment: Segment) -> Input:
    return Input(
        source=segment.source,
        uri=f"file:///var/log/{segment.source}/{day}.jsonl",
        start=0,
        end=segment.content_bytes,
        sha256=segment.content_sha256,
        final_newline=True,
        parts=(InputPart(segment=place, records=segment.records),),
    )
