"""Tokens over the ledger of a real archive: made, delayed, caught up with, and checked by hand."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.pipeline.killed_stage import run_and_kill
from tests.signing.timestamp_authority import TimestampAuthority, openssl_accepts

from audit_trail.errors import ConfigurationError
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.pipeline import timestamp_entries
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.ledger_appends import declare_gap
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.timestamp_entries import entries_without_token, stamp_entries
from audit_trail.verification.verifier import Report, Verifier

if TYPE_CHECKING:
    from audit_trail.settings import Settings

    from .conftest import Archive

MakeArchive = Callable[..., "Archive"]
DAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
BEFORE = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()


@pytest.fixture
def stamped(make_archive: MakeArchive, authority: TimestampAuthority) -> Archive:
    """An archive on the real clock, founded with an authority."""
    return make_archive(timestamps=authority.settings, now=real_now)


def real_now() -> datetime:
    return datetime.now(UTC)


def run(archive: Archive, day: str = DAY) -> None:
    archive.log(f"{day}.log", b"one\ntwo\n")
    AuditTrailProcessor(archive.settings).process_daily_logs(day)


def verify(archive: Archive, *, after: timedelta = timedelta()) -> Report:
    context = archive.context(real_now)
    verifier = Verifier(
        context.store, genesis=archive.genesis, remembered=context.pin.read(), times=context.time_trust
    )
    return verifier.verify("content", now=real_now() + after, due_hours=24 * 365)


def findings(archive: Archive, **options: Any) -> list[tuple[str, str]]:
    return [(check.name, check.where.split(" ")[0]) for check in verify(archive, **options).checks.not_passed]


def tokens(archive: Archive) -> set[int]:
    return set(archive.context(real_now).ledger().tokens)


def test_the_genesis_promises_tokens_and_has_one(stamped: Archive, make_archive: MakeArchive) -> None:
    view = stamped.context(real_now).ledger()
    assert view.genesis.policy.timestamp_hours == 48
    assert view.tokens.keys() == {0}
    plain = make_archive(now=real_now).context(real_now).ledger()
    assert (plain.genesis.policy.timestamp_hours, plain.tokens) == (None, {})


def test_every_entry_of_a_day_gets_a_token_that_openssl_accepts(
    stamped: Archive, authority: TimestampAuthority, tmp_path: Path
) -> None:
    run(stamped)
    context = stamped.context(real_now)
    assert tokens(stamped) == {0, 1, 2}  # genesis, seal, verification
    assert authority.served == 3
    for sequence in range(3):
        token = context.store.read(token_key(sequence), max_bytes=10**6)
        entry = context.store.read(ledger_key(sequence), max_bytes=10**6)
        assert openssl_accepts(token, entry, authority.certificate_file, tmp_path)
        there = context.store.head(token_key(sequence))
        assert there is not None
        assert there.retention == context.storage.retention()
    report = verify(stamped)
    assert report.exit_code == 0, report.checks.not_passed


def test_a_gap_declared_by_hand_gets_its_token_at_once(stamped: Archive) -> None:
    declare_gap(stamped.context(real_now), BEFORE, "the machine was off")
    assert tokens(stamped) == {0, 1}


@pytest.mark.parametrize("behaviour", ["unreachable", "slow", "rejected", "wrong nonce", "a web page"])
def test_an_authority_that_fails_delays_the_token_and_not_the_seal(
    stamped: Archive, authority: TimestampAuthority, caplog: pytest.LogCaptureFixture, behaviour: Any
) -> None:
    authority.behaviour = behaviour
    with caplog.at_level(logging.WARNING):
        run(stamped, BEFORE)
    assert [seal.date for seal in stamped.context(real_now).ledger().seals] == [BEFORE]
    assert tokens(stamped) == {0}
    warnings = [record.getMessage() for record in caplog.records if "no time-stamp" in record.getMessage()]
    assert len(warnings) == 2  # after the seal, and after its verification: one question each
    assert findings(stamped) == []  # not due yet
    authority.behaviour = "good"
    run(stamped)
    assert tokens(stamped) == {0, 1, 2, 3, 4}
    assert findings(stamped) == []


def test_an_authority_that_never_comes_back_is_a_failure(
    stamped: Archive, authority: TimestampAuthority
) -> None:
    authority.close()
    run(stamped)
    assert findings(stamped, after=timedelta(hours=49)) == [
        ("time.token", token_key(1)),
        ("time.token", token_key(2)),
    ]


def test_a_backlog_is_attested_with_one_answer_and_worked_off_in_bounds(
    stamped: Archive, authority: TimestampAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamp_entries, "MAX_TOKENS", 1)
    authority.behaviour = "unreachable"
    run(stamped)
    authority.behaviour = "good"
    context = stamped.context(real_now)
    assert entries_without_token(context.ledger()) == [2, 1]
    assert stamp_entries(context, context.ledger()) == 1
    assert tokens(stamped) == {0, 2}
    assert findings(stamped, after=timedelta(days=30)) == []
    assert stamp_entries(context, context.ledger()) == 1
    assert stamp_entries(context, context.ledger()) == 0
    assert tokens(stamped) == {0, 1, 2}


def test_time_is_bounded_too(stamped: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp_entries, "MAX_SECONDS", -1.0)
    run(stamped)
    assert tokens(stamped) == {0}


def test_an_older_archive_begins_with_its_newest_entry(
    make_archive: MakeArchive, authority: TimestampAuthority
) -> None:
    archive = make_archive(now=real_now)
    run(archive, BEFORE)
    archive.settings = archive.settings.model_copy(
        update={"timestamps": type(archive.settings.timestamps)(**authority.settings)}
    )
    run(archive)
    assert tokens(archive) == {3, 4}
    assert findings(archive, after=timedelta(days=30)) == []


def test_a_promise_without_an_authority_is_said(stamped: Archive, caplog: pytest.LogCaptureFixture) -> None:
    stamped.settings = stamped.settings.model_copy(
        update={"timestamps": stamped.settings.timestamps.model_copy(update={"url": None})}
    )
    run(stamped)
    assert "the archive promises time-stamps and timestamps.url names no authority" in caplog.text


def test_an_entry_back_dated_by_a_month_shows(
    stamped: Archive,
) -> None:
    then = datetime.now(UTC) - timedelta(days=30)
    declare_gap(stamped.context(lambda: then), (then - timedelta(days=2)).date().isoformat(), "nothing")
    assert findings(stamped) == [("time.order", ledger_key(1))]


def test_wrong_certificates_fail_before_anything_is_founded(
    make_archive: MakeArchive, authority: TimestampAuthority, tmp_path: Path
) -> None:
    nothing = tmp_path / "nothing.pem"
    nothing.write_bytes(b"")
    with pytest.raises(ConfigurationError, match="certificate_file"):
        make_archive(timestamps=authority.settings | {"certificate_file": nothing})


# Killed, restarted, and several at once


def test_killed_anywhere_while_stamping_the_next_run_catches_up(
    stamped: Archive, authority: TimestampAuthority
) -> None:
    authority.behaviour = "unreachable"
    run(stamped)
    authority.behaviour = "good"

    def stamp() -> None:
        context = stamped.context(real_now)
        stamp_entries(context, context.ledger())

    step = 1
    while run_and_kill(stamp, at_step=step):
        step += 1
        assert findings(stamped) == []
    assert step > 10
    assert tokens(stamped) == {0, 1, 2}
    assert findings(stamped, after=timedelta(days=30)) == []


def test_founding_killed_before_the_token_is_made_up_for_by_init(
    make_archive: MakeArchive, authority: TimestampAuthority
) -> None:
    authority.behaviour = "unreachable"
    archive = make_archive(timestamps=authority.settings, now=real_now)
    assert tokens(archive) == set()
    authority.behaviour = "good"
    assert not found_archive(archive.context(real_now)).made_genesis
    assert tokens(archive) == {0}


def _stamp(settings: Settings, barrier: multiprocessing.synchronize.Barrier) -> None:
    context = StageContext(settings=settings)
    view = context.ledger()
    barrier.wait(60)
    stamp_entries(context, view)


def test_parallel_writers_leave_one_token_for_each_entry(
    stamped: Archive, authority: TimestampAuthority
) -> None:
    authority.behaviour = "unreachable"
    run(stamped)
    authority.behaviour = "good"
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(3)
    processes = [spawning.Process(target=_stamp, args=(stamped.settings, barrier)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert tokens(stamped) == {0, 1, 2}
    assert authority.served > 3  # they did race
    assert findings(stamped, after=timedelta(days=30)) == []
