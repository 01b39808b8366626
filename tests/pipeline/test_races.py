"""Several days, or several runs of one day, at once: one unbroken ledger."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

from audit_trail.archive.object_store import ObjectVersion
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.signing.pins import Head
from audit_trail.verification.verifier import Verifier

from .conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from audit_trail.settings import Settings

    from .conftest import Archive

DAYS = ("2026-03-11", "2026-03-12", "2026-03-13")


def _seal(settings: Settings, day: str, barrier: multiprocessing.synchronize.Barrier) -> None:
    barrier.wait(60)
    AuditTrailProcessor(settings, now=lambda: NOW).process_daily_logs(day)


def _seal_at_once(archive: Archive, days: tuple[str, ...]) -> None:
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(len(days))
    processes = [spawning.Process(target=_seal, args=(archive.settings, day, barrier)) for day in days]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * len(days)


def _findings(archive: Archive) -> list[object]:
    context = archive.context()
    verifier = Verifier(context.store, genesis=archive.genesis, remembered=context.pin.read())
    return list(verifier.verify("content", now=NOW, due_hours=0).checks.not_passed)


def test_three_days_in_parallel_processes_end_in_one_ledger(archive: Archive) -> None:
    for day in (*DAYS, "2026-03-14"):
        archive.log(f"{day}.log", f"{day} one\n{day} two\n".encode())
    _seal_at_once(archive, DAYS)
    archive.processor().process_daily_logs("2026-03-14")
    view = archive.context().ledger()
    assert sorted(seal.date for seal in view.seals) == [*DAYS, "2026-03-14"]
    assert len(view.heads) == 1 + 4 + 4  # genesis, seals, verifications
    assert _findings(archive) == []
    assert archive.staged() == []


def test_the_same_day_in_parallel_processes_is_sealed_once(archive: Archive) -> None:
    archive.log("2026-03-14.log", b"one\n")
    # Staging is cleared by whoever seals first; the others find the day sealed, or their files gone.
    spawning = multiprocessing.get_context("spawn")
    barrier = spawning.Barrier(3)
    processes = [
        spawning.Process(target=_seal, args=(archive.settings, "2026-03-14", barrier)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert 0 in [process.exitcode for process in processes]
    archive.processor().process_daily_logs("2026-03-14")
    assert len(archive.context().ledger().seals) == 1
    assert archive.staged() == []


def test_a_pin_moved_by_another_writer_meanwhile_is_no_alarm(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = archive.context()
    listed = context.store.list_versions

    def overtaken(prefix: str) -> Iterator[ObjectVersion]:
        yield from listed(prefix)
        context.pin.advance(Head(sequence=1, sha256="0" * 64))

    monkeypatch.setattr(context.store, "list_versions", overtaken)
    assert context.ledger().head.sequence == 0
