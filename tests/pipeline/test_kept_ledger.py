"""Stages read what is new in the ledger; the day's verification reads all of it from the store."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import DAY, Archive, sealed_day

from audit_trail.errors import IntegrityError
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.handoffs import Sealed
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.verify_sample import verify_sample

BEFORE = "2026-03-13"


class ChangingStore:
    """Notes which entries are read from the store, and changes one of them on the way."""

    def __init__(self, context: StageContext, *, changed: int | None = None) -> None:
        self.read: list[str] = []
        self._fetch, self._changed = context.store.fetch, changed
        context.store.fetch = self.fetch  # type: ignore[method-assign]

    def fetch(self, key: str, version_id: str | None = None, **named: Any) -> Any:
        described, data = self._fetch(key, version_id, **named)
        if key.startswith("ledger/") and key.endswith(".json"):
            self.read.append(key)
        if self._changed is not None and key == ledger_key(self._changed):
            data = data[:-1] + bytes([data[-1] ^ 1])
        return described, data


@pytest.fixture
def sealed(archive: Archive) -> Sealed:
    """Two days, each a seal and a verification: entries 1 to 4."""
    for day in (BEFORE, DAY):
        archive.log(f"{day}-app.log", b"one\ntwo\n")
        archive.processor().process_daily_logs(day)
    return sealed_day(archive.context(), DAY)


def kept(archive: Archive) -> Path:
    return archive.settings.home / "ledger" / f"{archive.genesis[:32]}.entries"


def test_a_stage_reads_the_newest_entry_only(archive: Archive, sealed: Sealed) -> None:
    context = archive.context()
    store = ChangingStore(context)
    collect(context, DAY)
    assert store.read == [ledger_key(4)]


def test_a_verification_reads_every_entry(archive: Archive, sealed: Sealed) -> None:
    context = archive.context()
    store = ChangingStore(context)
    verify_sample(context, DAY, sealed)
    assert set(store.read) >= {ledger_key(number) for number in range(6)}


def test_what_the_store_changed_unseen_is_found_by_the_verification(archive: Archive, sealed: Sealed) -> None:
    context = archive.context()
    ChangingStore(context, changed=1)
    assert context.ledger().head.sequence == 4
    with pytest.raises(IntegrityError, match=r"first ledger\.chain"):
        verify_sample(context, DAY, sealed)


def test_on_a_machine_that_keeps_nothing_the_stage_finds_it(archive: Archive, sealed: Sealed) -> None:
    shutil.rmtree(kept(archive).parent)
    context = archive.context()
    ChangingStore(context, changed=1)
    with pytest.raises(IntegrityError, match="ledger/"):
        collect(context, DAY)


def test_a_ledger_that_was_shortened_is_not_made_whole_by_what_is_kept(
    archive: Archive, sealed: Sealed
) -> None:
    context = archive.context()
    listing = context.store.list_versions
    context.store.list_versions = lambda prefix: (  # type: ignore[method-assign]
        version for version in listing(prefix) if version.key not in (ledger_key(3), ledger_key(4))
    )
    with pytest.raises(IntegrityError, match="shorter than it was"):
        context.ledger()


def test_what_is_kept_is_for_its_owner_alone(archive: Archive, sealed: Sealed, umask: None) -> None:
    shutil.rmtree(kept(archive).parent)
    archive.context().ledger()
    assert kept(archive).stat().st_mode & 0o777 == 0o600
    assert kept(archive).parent.stat().st_mode & 0o777 == 0o700
