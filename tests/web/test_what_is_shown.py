"""Measures, locks and opened days, computed from an archive in memory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.verification.conftest import DAYS, archive, fresh, keys, make_keys  # noqa: F401 - fixtures
from tests.verification.memory_archive import NOW, MemoryArchive
from tests.web.test_archive_view import Watched

from audit_trail.errors import ConfigurationError
from audit_trail.verification.checks import CheckList
from audit_trail.verification.days import DayVerdict, expected_days, judge_days
from audit_trail.web.configured_archive import ConfiguredArchive
from audit_trail.web.day_detail import day_detail
from audit_trail.web.ledger_metrics import ledger_metrics
from audit_trail.web.locks import lock_summary
from audit_trail.web.snapshot import is_day

ARCHIVE_KEY = "AUDIT_TRAIL_ARCHIVE__BUCKET"


def judged(archive: MemoryArchive, due_hours: int) -> list[DayVerdict]:  # noqa: F811
    view = archive.view
    return judge_days(view, expected_days(view, now=NOW, due_hours=due_hours), CheckList())


def test_measures_of_an_archive_with_a_day_missing(archive: MemoryArchive) -> None:  # noqa: F811
    archive.append(archive.prepare_verification(DAYS[0]))  # type: ignore[arg-type]
    failed = archive.prepare_verification(DAYS[1]).model_copy(update={"failed": 1})
    archive.append(failed)  # type: ignore[arg-type]
    found = ledger_metrics(archive.view, judged(archive, 24))
    assert (found.due_days, found.good_days, found.missing_days) == (4, 3, 1)
    assert (found.verifications, found.verifications_passed, found.verified_days) == (2, 1, 2)
    assert found.last_verified_at == "2026-01-10T03:00:00Z"


def test_a_day_waits_for_its_seal_from_its_end_or_from_the_founding_on(fresh: MemoryArchive) -> None:  # noqa: F811
    for hours, day in ((1, DAYS[0]), (2, DAYS[1]), (30, "2026-01-10")):
        fresh.now = NOW + timedelta(hours=hours)
        fresh.seal(day, b"record\n")
    found = ledger_metrics(fresh.view, judged(fresh, 24 * 31))
    # The last one ends 21 hours after the founding.
    assert (found.lag_hours_median, found.lag_hours_worst) == (2.0, 9.0)


def test_nothing_sealed_is_nothing_measured(fresh: MemoryArchive) -> None:  # noqa: F811
    found = ledger_metrics(fresh.view, [])
    assert (found.due_days, found.good_days, found.missing_days, found.verifications) == (0, 0, 0, 0)
    assert found.lag_hours_median is None


def test_locks_are_counted_and_the_first_to_end_is_named(archive: MemoryArchive) -> None:  # noqa: F811
    found = lock_summary(archive.view.seals, NOW)
    assert found["objects"] == 3 + 4
    assert found["modes"] == {"COMPLIANCE": 7}
    assert found["expired"] == 0
    assert found["next_end"] == {"at": "2033-01-11T00:00:00Z", "day": DAYS[0]}
    later = lock_summary(archive.view.seals, NOW.replace(year=2034))
    assert later["expired"] == 7
    assert later["next_end"] is None
    assert lock_summary([], NOW)["last_end"] is None


@pytest.fixture
def watched(archive: MemoryArchive, tmp_path: Path) -> Watched:  # noqa: F811
    return Watched(archive=archive, home=tmp_path)


def opened(watched: Watched, day: str) -> dict[str, Any]:
    snapshot = watched.look().snapshot
    assert snapshot is not None
    return day_detail(watched.archive.store, snapshot, day)


def test_a_changed_manifest_is_shown_as_its_problem_beside_what_the_seal_says(watched: Watched) -> None:
    seal = watched.archive.view.seals_of(DAYS[0])[0]
    watched.archive.store.change_bytes(seal.manifest.key, b"other bytes")
    (revision,) = opened(watched, DAYS[0])["revisions"]
    assert revision["problem"]["family"] == "IntegrityError"
    assert revision["problem"]["expected"] == seal.manifest.sha256
    assert [item["sha256"] for item in revision["segments"]] == [item.sha256 for item in seal.objects]
    assert revision["totals"]["records"] == 5
    assert revision["redaction"] is None


def test_a_manifest_that_is_gone_does_not_hide_the_others(watched: Watched) -> None:
    watched.archive.seal(DAYS[0], b"late\n")
    seal = watched.archive.view.seals_of(DAYS[0])[0]
    watched.archive.store.remove(seal.manifest.key)
    first, second = opened(watched, DAYS[0])["revisions"]
    assert first["problem"]["family"] == "StorageError"
    assert second["problem"] is None
    assert second["segments"][0]["records"] == 1


def test_a_missing_day_opens_to_its_finding(watched: Watched) -> None:
    day = opened(watched, "2026-01-08")
    assert day["verdict"] == "missing"
    assert day["findings"][0]["check"] == "day.sealed"
    assert "audit-trail declare-gap" in day["findings"][0]["items"][0]["remedy"]


@pytest.mark.parametrize("text", ["2026-01-05", "1970-01-01"])
def test_days(text: str) -> None:
    assert is_day(text)


@pytest.mark.parametrize("text", ["", "2026-1-5", "20260105", "2026-02-30", "2026-01-05T00:00:00", "x"])
def test_what_is_no_day(text: str) -> None:
    assert not is_day(text)


def test_the_archive_is_opened_again_only_when_the_settings_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(tmp_path))
    monkeypatch.setenv(ARCHIVE_KEY, "one")
    open_context = ConfiguredArchive()
    with pytest.raises(ConfigurationError, match="identity is not known"):
        open_context()
    (tmp_path / "genesis.sha256").write_text("a" * 64)
    first = open_context()
    assert open_context() is first
    monkeypatch.setenv(ARCHIVE_KEY, "two")
    second = open_context()
    assert second is not first
    assert second.settings.archive.bucket == "two"
    (tmp_path / "genesis.sha256").write_text("b" * 64)
    assert open_context().genesis == "b" * 64
