"""A founded archive in a bucket of its own, and a source folder to fill."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.pipeline import ledger_writer
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.handoffs import Sealed
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase

DAY = "2026-03-14"
NOW = datetime(2026, 3, 15, 8, 0, tzinfo=UTC)


@contextmanager
def killed_before_the_put() -> Iterator[None]:
    """Whoever appends to the ledger in this block is killed with the signed entry in hand."""
    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ledger_writer, "put_entry", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        yield


class Archive:
    """One archive: its settings, its source folder, and ways to run it."""

    def __init__(
        self,
        home: Path,
        store: EmbeddedStore,
        *,
        now: Callable[[], datetime] = lambda: NOW,
        **overrides: Any,
    ) -> None:
        self.home = home
        self.logs = home / "logs"
        self.logs.mkdir(parents=True)
        self.bucket = f"test-{uuid.uuid4().hex[:20]}"
        values: dict[str, Any] = {
            "home": home,
            "archive": {
                "name": "test",
                "bucket": self.bucket,
                "endpoint_url": store.endpoint_url,
                "credentials_file": store.credentials_file,
                "retain_days": 3650,  # counted from the fixed clock
            },
            "sources": [{"name": "app", "kind": "application", "url": f"file://{self.logs}/{{date}}*"}],
            "collect_journal": False,
        }
        self.settings: Settings = load_settings(**(values | overrides))
        make_passphrase(self.settings)
        generate_keys(self.settings)
        self.genesis = found_archive(self.context(now)).genesis_sha256

    def context(self, now: Callable[[], datetime] = lambda: NOW) -> StageContext:
        return StageContext(settings=self.settings, now=now)

    def processor(self, now: datetime = NOW) -> AuditTrailProcessor:
        return AuditTrailProcessor(self.settings, now=lambda: now)

    def log(self, name: str, data: bytes) -> Path:
        path = self.logs / name
        path.write_bytes(data)
        return path

    def staged(self) -> list[Path]:
        """Every file that is left in staging."""
        return sorted(path for path in self.settings.staging.rglob("*") if path.is_file())


def sealed_day(context: StageContext, day: str) -> Sealed:
    """What `seal` handed on of a day that has one revision."""
    view = context.ledger()
    (seal,) = view.seals_of(day)
    return Sealed(
        day=day,
        revision=1,
        new=True,
        sequence=seal.sequence,
        entry_sha256=view.heads[seal.sequence],
        manifest_key=seal.manifest.key,
        manifest_sha256=seal.manifest.sha256,
        segments=len(seal.objects),
        records=seal.totals.records,
    )


@pytest.fixture
def archive(tmp_path: Path, store: EmbeddedStore) -> Archive:
    return Archive(tmp_path / "home", store)


@pytest.fixture
def make_archive(tmp_path: Path, store: EmbeddedStore) -> Callable[..., Archive]:
    return lambda **overrides: Archive(tmp_path / f"home-{uuid.uuid4().hex[:8]}", store, **overrides)


@pytest.fixture
def umask() -> Iterator[None]:
    """As careless as an umask gets: modes must not come from it."""
    before = os.umask(0)
    yield
    os.umask(before)
