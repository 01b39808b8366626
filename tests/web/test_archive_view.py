"""What requests get to see of an archive that grows, changes and goes away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.verification.conftest import DAYS, archive, fresh, keys, make_keys  # noqa: F401 - fixtures
from tests.verification.memory_archive import NOW, MemoryArchive

from audit_trail.archive.storage_processor import StorageProcessor
from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import load_settings
from audit_trail.signing.pins import Head
from audit_trail.web import archive_view
from audit_trail.web.archive_view import ArchiveView, Look


class NotedPin:
    """A memory that the test sets, and that nobody else may."""

    def __init__(self) -> None:
        self.head: Head | None = None
        self.problem: Exception | None = None

    def read(self) -> Head | None:
        if self.problem is not None:
            raise self.problem
        return self.head

    def advance(self, head: Head) -> None:
        raise AssertionError("who only looks remembers nothing")


@dataclass(kw_only=True)
class Watched:
    """An archive in memory, and the page's view of it."""

    archive: MemoryArchive
    home: Path
    pin: NotedPin = field(default_factory=NotedPin)
    failing: Exception | None = None

    def __post_init__(self) -> None:
        self.view = ArchiveView(open_context=self.open_context)
        self.settings = load_settings(home=self.home)

    def open_context(self) -> StageContext:
        if self.failing is not None:
            raise self.failing
        context = StageContext(settings=self.settings, now=lambda: NOW)
        context.storage = StorageProcessor(self.settings, store=self.archive.store)
        context.genesis = self.archive.genesis
        context.pin = self.pin
        return context

    def look(self) -> Look:
        """After a look at the store that is not older than this call."""
        self.view.look(wait_s=30)
        return self.view.look(wait_s=30)

    def overview(self) -> dict[str, Any]:
        found = self.look()
        assert found.problem is None, found.problem
        assert found.snapshot is not None
        return dict(json.loads(found.snapshot.body))


@pytest.fixture
def watched(archive: MemoryArchive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:  # noqa: F811
    monkeypatch.setattr(archive_view, "LOOK_INTERVAL_S", 0)
    return Watched(archive=archive, home=tmp_path)


def test_the_first_look_walks_the_ledger(watched: Watched) -> None:
    overview = watched.overview()
    assert overview["head"]["sequence"] == 3
    assert overview["head"]["sha256"] == watched.archive.head.sha256
    assert overview["days"]["first"] == DAYS[0]
    assert overview["days"]["verdicts"] == "SSSM"
    assert overview["metrics"]["missing_days"] == 1
    assert [finding["check"] for finding in overview["findings"]] == ["day.sealed"]


def test_a_request_does_not_wait_for_a_slow_store_and_says_how_far_it_is(watched: Watched) -> None:
    real = watched.archive.store.fetch
    read: list[str] = []

    def slowly(key: str, *more: Any, **named: Any) -> Any:
        while not read:
            time.sleep(0.01)
        return real(key, *more, **named)

    watched.archive.store.fetch = slowly  # type: ignore[method-assign]
    begun = time.monotonic()
    first = watched.view.look(wait_s=0.05)
    assert time.monotonic() - begun < 5
    assert first.snapshot is None
    assert first.progress is not None
    read.append("go on")
    assert watched.look().snapshot is not None


def test_what_is_appended_is_followed_and_what_was_read_is_not_read_again(watched: Watched) -> None:
    watched.overview()
    watched.archive.store.reads.clear()
    watched.archive.seal("2026-01-08", b"new\n")
    watched.archive.store.reads.clear()
    overview = watched.overview()
    assert overview["days"]["verdicts"] == "SSSS"
    assert watched.archive.store.reads == [ledger_key(4)]


def test_nothing_new_is_not_computed_again(watched: Watched) -> None:
    first = watched.look().snapshot
    second = watched.look().snapshot
    assert first is not None and second is not None
    assert second.body is first.body


def test_after_some_hours_all_of_it_is_walked_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.overview()
    monkeypatch.setattr(archive_view, "WALK_INTERVAL_S", -1)
    watched.archive.store.reads.clear()
    watched.overview()
    assert set(watched.archive.store.reads) == {ledger_key(number) for number in range(4)}


def test_the_remembered_head_is_compared(watched: Watched) -> None:
    assert watched.overview()["pin"]["state"] == "absent"
    watched.pin.head = Head(sequence=2, sha256=watched.archive.view.heads[2])
    assert watched.overview()["pin"]["state"] == "extends"


@pytest.mark.parametrize("sequence", [2, 9])
def test_a_ledger_that_is_not_the_remembered_one_is_a_finding(watched: Watched, sequence: int) -> None:
    watched.pin.head = Head(sequence=sequence, sha256="0" * 64)
    overview = watched.overview()
    assert overview["pin"]["state"] == "violated"
    assert overview["findings"][0]["check"] == "ledger.pin"
    assert overview["findings"][0]["outcome"] == "FAIL"


def test_a_memory_that_cannot_be_read_is_a_finding_and_not_no_memory(watched: Watched) -> None:
    watched.pin.problem = StorageError("the parameter could not be read", where="/head")
    overview = watched.overview()
    assert overview["pin"]["state"] == "unreadable"
    assert ("ledger.pin", "UNVERIFIABLE") in {
        (finding["check"], finding["outcome"]) for finding in overview["findings"]
    }


def test_a_store_that_went_away_leaves_what_was_read_and_says_so(watched: Watched) -> None:
    watched.overview()
    watched.failing = StorageError("the store could not be reached", where="s3://b/", remedy="try again")
    found = watched.look()
    assert found.snapshot is not None
    assert found.problem is watched.failing
    watched.failing = None
    assert watched.look().problem is None


def test_wrong_settings_leave_nothing_to_see(watched: Watched) -> None:
    watched.overview()
    watched.failing = ConfigurationError("the archive's identity is not known")
    found = watched.look()
    assert found.snapshot is None
    assert found.problem is watched.failing


@pytest.mark.parametrize("attack", ["forged", "shortened", "emptied"])
def test_a_ledger_that_does_not_hold_any_more_is_not_shown(watched: Watched, attack: str) -> None:
    watched.overview()
    store = watched.archive.store
    if attack == "forged":
        watched.archive.put(4, store.read(ledger_key(3), max_bytes=10**6))
    elif attack == "shortened":
        watched.pin.head = watched.archive.head
        store.remove(ledger_key(3))
    else:
        for key in store.keys("ledger/"):
            store.remove(key)
    found = watched.look()
    if attack == "shortened":
        # Walked again: what is left is sound, and not what is remembered.
        assert found.snapshot is not None
        assert json.loads(found.snapshot.body)["pin"]["state"] == "violated"
    else:
        assert found.snapshot is None
        assert isinstance(found.problem, IntegrityError)


def test_another_archive_is_read_afresh(
    watched: Watched, make_memory_archive: Callable[[], MemoryArchive]
) -> None:
    watched.overview()
    watched.archive = make_memory_archive()
    watched.archive.seal("2026-01-01", b"other\n")
    overview = watched.overview()
    assert overview["head"]["sequence"] == 1
    assert overview["days"]["first"] == "2026-01-01"


@pytest.fixture
def make_memory_archive(archive: MemoryArchive) -> Callable[[], MemoryArchive]:  # noqa: F811
    return lambda: MemoryArchive(keys=archive.keys, name="another")


def test_an_unexpected_error_is_logged_and_not_shown(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.failing = RuntimeError("password=hunter2")
    found = watched.look()
    assert isinstance(found.problem, StorageError)
    assert "hunter2" not in str(found.problem)
    assert "could not read the archive" in caplog.text


def test_an_archive_without_days_is_not_good(fresh: MemoryArchive, tmp_path: Path) -> None:  # noqa: F811
    overview = Watched(archive=fresh, home=tmp_path).overview()
    assert overview["days"]["verdicts"] == ""
    assert overview["metrics"]["last_verified_at"] is None
    assert overview["findings"][0]["outcome"] == "UNVERIFIABLE"
