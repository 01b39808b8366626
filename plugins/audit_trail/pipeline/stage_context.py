"""What every stage works with: settings, store, keys, clock, and the ledger as it is now."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.archive.kept_entries import KeptEntries
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.canonical import MAX_DOCUMENT_BYTES
from audit_trail.pipeline.local_staging import LocalStaging
from audit_trail.pipeline.staging import DayStaging
from audit_trail.settings import Settings
from audit_trail.signing.pins import Pin, genesis_pin, open_pin
from audit_trail.verification.ledger_reader import LedgerReader

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from securesystemslib.signer import Signer

    from audit_trail.archive.object_store import ObjectStore
    from audit_trail.archive.storage_processor import StorageProcessor
    from audit_trail.evidence.airflow_run import AirflowRun
    from audit_trail.evidence.public_key import PublicKey
    from audit_trail.redaction import Redactor
    from audit_trail.signing.timestamp_authority import TimestampAuthority
    from audit_trail.sources.source_access import SourceAccess
    from audit_trail.verification.ledger_walk import LedgerView
    from audit_trail.verification.time_checks import TimeTrust

DRY_RUN_MARK = ".dry-run"
"""Sets the staging of a dry run apart. One for a day: the next one clears what a killed one left."""

Progress = Callable[[str, int, int], None]
"""Called with a stage's name, bytes or objects done, and their total."""


def _no_progress(stage: str, done: int, total: int) -> None:
    pass


def _as_they_are(settings: Settings) -> Settings:
    return settings


def utc_now() -> datetime:
    """The clock, unless a caller brings another."""
    return datetime.now(UTC)


@dataclass(kw_only=True)
class StageContext:
    """Everything that a stage needs from outside, opened when it is first used.

    Attributes:
        clients: Opens every client of AWS that a stage uses; Airflow's operators bring
            one that goes by connection.
        with_secrets: Fills in secrets of signing keys that are kept elsewhere, for those stages
            alone that sign.
        run: The task of Airflow that works with it, for the entries that it signs.
    """

    settings: Settings
    now: Callable[[], datetime] = utc_now
    on_progress: Progress = field(default=_no_progress)
    only_sources: tuple[str, ...] = ()
    """Names of the sources to collect; none: all of them."""
    is_dry_run: bool = False
    """Works in a staging area of its own, which no other run takes for its own."""
    clients: ClientFactory = field(default=open_client)
    with_secrets: Callable[[Settings], Settings] = field(default=_as_they_are)
    run: AirflowRun | None = None
    _signers: dict[str, Signer] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def storage(self) -> StorageProcessor:
        """Puts objects under lock."""
        from audit_trail.archive.storage_processor import StorageProcessor

        return StorageProcessor(self.settings, now=self.now, clients=self.clients)

    @property
    def store(self) -> ObjectStore:
        """The archive's objects."""
        return self.storage.store

    @cached_property
    def genesis(self) -> str:
        """The identity of the archive that is trusted."""
        return genesis_pin(self.settings)

    @cached_property
    def pin(self) -> Pin:
        """The memory of the last head, outside the bucket."""
        return open_pin(self.settings, self.genesis, self.clients)

    def signers(self, keys: Collection[PublicKey]) -> tuple[Signer, ...]:
        """A signer for each of the keys; opening one takes a while, so they are kept.

        Raises:
            ConfigurationError: See `load_signers`.
        """
        from audit_trail.signing.signatures import load_signers

        if missing := [key.keyid for key in keys if key.keyid not in self._signers]:
            settings = self.with_secrets(self.settings)
            for signer in load_signers(settings, missing, self.clients):
                self._signers[signer.public_key.keyid] = signer
        return tuple(self._signers[key.keyid] for key in keys)

    @cached_property
    def authority(self) -> TimestampAuthority:
        """Whom to ask for time-stamp tokens; only where the settings name one.

        Raises:
            ConfigurationError: See `read_anchors`.
        """
        from audit_trail.signing.timestamp_authority import TimestampAuthority

        return TimestampAuthority(self.settings.timestamps)

    @cached_property
    def time_trust(self) -> TimeTrust:
        """What a verification believes of time-stamp tokens.

        Raises:
            ConfigurationError: See `read_anchors`.
        """
        from audit_trail.verification.time_checks import TimeTrust

        return TimeTrust.of(self.settings.timestamps)

    @cached_property
    def source_access(self) -> SourceAccess:
        """How sources are reached: with the archive's credentials, and room in staging."""
        from audit_trail.sources.source_access import SourceAccess

        return SourceAccess(
            make_client=partial(self.clients, self.settings.archive),
            now=self.now,
            work_folder=self.settings.staging,
        )

    @property
    def workers(self) -> int:
        """How many threads share this process's work."""
        return self.settings.workers or _usable_cores()

    @cached_property
    def redactor(self) -> Redactor:
        """The redaction policy in force."""
        from audit_trail.redaction.configured_redactor import configured_redactor

        chosen = self.settings.redaction
        return configured_redactor(
            policy_file=chosen.policy_file, pseudonym_key_file=chosen.pseudonym_key_file
        )

    def signed(
        self,
        view: LedgerView,
        payload: bytes,
        *,
        where: str,
        keys: Collection[PublicKey] | None = None,
        max_bytes: int = MAX_DOCUMENT_BYTES,
    ) -> bytes:
        """An envelope over `payload` that the archive will believe.

        Checked before anybody stores it: an entry signed by other keys, or too
        large to be read, would end the ledger for good once it is put and locked.

        Args:
            view: The ledger as it is now.
            payload: What is signed.
            where: What it will be, for errors.
            keys: All that must sign; None: those that the ledger believes now.
            max_bytes: What whoever verifies it reads at most.

        Raises:
            ConfigurationError: Keys that the archive believes are not held here,
                or a day of too many inputs.
        """
        from audit_trail.signing.signatures import sign_payload, verify_envelope

        signing = view.keys if keys is None else keys
        envelope = sign_payload(payload, self.signers(signing))
        verify_envelope(envelope, keys=signing, algorithms=view.history.algorithms, where=where)
        data = envelope.to_bytes()
        if len(data) > max_bytes:
            raise ConfigurationError(
                "this day has more inputs than one signed document can name",
                where=where,
                expected=f"at most {max_bytes} bytes",
                found=f"{len(data)} bytes",
                remedy="let its sources write fewer and larger files, or share them out to two archives",
            )
        return data

    def staging(self, day: str) -> DayStaging:
        """The working area of a day."""
        day += DRY_RUN_MARK if self.is_dry_run else ""
        if self.settings.staging_url is None:
            return LocalStaging(self.settings.staging, self.genesis, day)
        from audit_trail.pipeline.s3_staging import S3Staging

        return S3Staging(
            self._staging_client, self.settings.staging_url, self.genesis, day, scratch=self.settings.staging
        )

    @cached_property
    def _staging_client(self) -> S3Client:
        from audit_trail.archive.s3_store import make_client

        return make_client(self.settings.archive, self.clients)

    def ledger(self) -> LedgerView:
        """The ledger as it is now, compared with the pin, which moves on; see `LedgerReader`.

        For whoever works with what it says. Whoever verifies the archive reads
        every entry from the store: `ledger_walk.read_ledger`.

        Raises:
            IntegrityError: It cannot be believed.
            StorageError: It cannot be read.
        """
        # Before the ledger is listed: another writer may append and move the pin meanwhile.
        remembered = self.pin.read()
        view = self._ledger.read()
        view.check_extends(remembered)
        self.pin.advance(view.head)
        return view

    @cached_property
    def _ledger(self) -> LedgerReader:
        kept = KeptEntries(self.settings.home / "ledger" / f"{self.genesis[:32]}.entries")
        return LedgerReader(self.store, self.genesis, kept)


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_day(day: str, now: datetime) -> date:
    """A day that can be sealed: written right, and over.

    Raises:
        ConfigurationError: Not a date, or a day that has not ended.
    """
    try:
        parsed = date.fromisoformat(day)
    except ValueError:
        raise ConfigurationError("not a day", where="day", expected="YYYY-MM-DD", found=day[:40]) from None
    if parsed.isoformat() != day:
        raise ConfigurationError("not a day", where="day", expected="YYYY-MM-DD", found=day[:40])
    end = datetime(parsed.year, parsed.month, parsed.day, tzinfo=UTC) + timedelta(days=1)
    if now < end:
        raise ConfigurationError(
            "the day has not ended",
            where=day,
            expected=f"a day before {now.date().isoformat()}",
            remedy="wait until it is over",
        )
    return parsed
