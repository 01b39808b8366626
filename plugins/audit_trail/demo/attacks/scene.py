"""Where attacks are played: an honest archive that is only ever copied, and fresh ones to be spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path

from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.object_store import Retention
from audit_trail.archive.s3_store import make_client
from audit_trail.demo.attacks.copied_store import Change, copy_archive, nothing_changed
from audit_trail.demo.attacks.victim import SealedArchive
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import ArchiveSettings, Settings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase
from audit_trail.verification.verifier import Report

DAYS = 4
BUCKET, COPIES = "attacks-archive", "attacks-copies"
RECORDS = 200


@dataclass(kw_only=True)
class Scene:
    """One store, and archives in it.

    Attributes:
        folder: For homes, keys and logs.
        store: Runs.
    """

    folder: Path
    store: EmbeddedStore
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    _numbers: count[int] = field(default_factory=count)

    @cached_property
    def days(self) -> list[str]:
        """The days that are sealed: the last ones that have ended."""
        return [(self.now.date() - timedelta(days=ago)).isoformat() for ago in range(DAYS, 0, -1)]

    @cached_property
    def honest(self) -> SealedArchive:
        """Four days, the second with two segments and late data; not to be changed: copy it."""
        archive = self.fresh(days=0)
        for day in self.days:
            archive.write_log(day, "app.log", _records(day))
            archive.seal(day)
        archive.write_log(self.days[1], "late.log", b"came late\n")
        archive.seal(self.days[1])
        return archive

    def fresh(self, *, days: int = 1, keys: Path | None = None) -> SealedArchive:
        """A new archive with its first days sealed, to be attacked in place."""
        archive = self._founded(keys or self._keys)
        for day in self.days[:days]:
            archive.write_log(day, "app.log", _records(day))
            archive.seal(day)
        return archive

    def copied(
        self,
        change: Change = nothing_changed,
        *,
        lock: Callable[[str, Retention], Retention | None] = lambda _, retention: retention,
        remembered: bool = True,
        renamed: bool = True,
    ) -> Report:
        """What verification says of a changed copy in the honest archive's place.

        Args:
            change: What becomes of each object.
            lock: What becomes of each lock.
            remembered: Whether the verifier has seen the honest archive's head before.
            renamed: Whether the copies show the originals' version ids.
        """
        target = self._copies.model_copy(update={"prefix": f"copy-{next(self._numbers)}"})
        copy = copy_archive(self.honest, target=target, change=change, lock=lock, renamed=renamed)
        head = self.honest.view.head if remembered else None
        return self.honest.verify(store=copy, remembered=head)

    @cached_property
    def foreign_keys(self) -> Path:
        """Keys as good as the archive's, which nobody believes."""
        return self._made_keys("foreign")

    @cached_property
    def _keys(self) -> Path:
        return self._made_keys("own")

    @cached_property
    def _copies(self) -> ArchiveSettings:
        """A bucket that can lock objects and locks none by itself: the attacker's own."""
        settings = self._archive_settings(COPIES)
        make_client(settings).create_bucket(Bucket=COPIES, ObjectLockEnabledForBucket=True)
        return settings

    def _made_keys(self, name: str) -> Path:
        settings = load_settings(home=self.folder / f"keys-{name}")
        make_passphrase(settings)
        generate_keys(settings)
        return settings.keys

    def _archive_settings(self, bucket: str) -> ArchiveSettings:
        return ArchiveSettings(
            bucket=bucket,
            endpoint_url=self.store.endpoint_url,
            credentials_file=self.store.credentials_file,
        )

    def _founded(self, keys: Path) -> SealedArchive:
        number = next(self._numbers)
        home = self.folder / f"archive-{number}"
        shutil.copytree(keys, home / "keys")
        (home / "keys").chmod(0o700)
        archive = self._archive_settings(BUCKET).model_copy(update={"prefix": f"archive-{number}"})
        settings = _settings(home, archive)
        client = make_client(archive)
        found_bucket(archive, client)
        context = StageContext(settings=settings, now=lambda: self.now)
        return SealedArchive(
            settings=settings,
            logs=home / "logs",
            genesis=found_archive(context).genesis_sha256,
            client=client,
            now=self.now,
            due_hours=0,
        )


def _settings(home: Path, archive: ArchiveSettings) -> Settings:
    source = {"name": "app", "kind": "application", "url": f"file://{home}/logs/{{date}}/*.log"}
    return load_settings(home=home, collect_journal=False, archive=archive.model_dump(), sources=[source])


def _records(day: str) -> bytes:
    return b"".join(b"record %d of %s\n" % (number, day.encode()) for number in range(RECORDS))
