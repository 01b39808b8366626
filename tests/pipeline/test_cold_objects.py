"""Asking for what a verification has to read, and the verification around the wait."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.cold_archive import ColdArchive, Front, finish_restores_after, front_of
from tests.pipeline.conftest import sealed_day

from audit_trail.errors import ConfigurationError, IntegrityError, StorageError
from audit_trail.pipeline.cold_objects import MAX_WAITED, request_cold
from audit_trail.pipeline.ledger_appends import declare_gap
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.verify_sample import begin_verification, finish_verification, verify_sample
from audit_trail.signing.pins import Head
from audit_trail.verification.checks import Outcome
from audit_trail.verification.verifier import Verifier

NOW = datetime.now(UTC)
DAYS = [(NOW - timedelta(days=ago)).date().isoformat() for ago in range(5, 1, -1)]
NEVER = 10**6


@pytest.fixture(scope="module")
def front(aws_server: str) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture(scope="module")
def made(front: Front, tmp_path_factory: pytest.TempPathFactory) -> ColdArchive:
    """A day for each test: what is restored stays restored."""
    archive = ColdArchive(tmp_path_factory.mktemp("cold") / "home", front.url)
    for number, day in enumerate(DAYS):
        archive.seal(day, f"one of {number}\ntwo\n".encode())
    return archive


@pytest.fixture
def archive(made: ColdArchive, front: Front, aws_server: str) -> ColdArchive:
    front.forget()
    finish_restores_after(aws_server, 1)
    return made


def versions_of(archive: ColdArchive, day: str) -> list[tuple[str, str]]:
    (seal,) = archive.context.ledger().seals_of(day)
    return [(item.key, item.version_id) for item in (seal.manifest, *seal.objects)]


def verify(archive: ColdArchive, day: str) -> Verifier:
    context = archive.context
    verifier = Verifier(context.store, genesis=context.genesis, remembered=None)
    verifier.verify("content", day=day, now=context.now(), due_hours=24)
    return verifier


def found(verifier: Verifier) -> str:
    (finding,) = verifier.checks.not_passed
    assert finding.outcome is Outcome.UNVERIFIABLE
    assert finding.name == "content.readable"
    return f"{finding.found}; {finding.remedy}"


def test_a_day_is_unverifiable_asked_for_on_its_way_good_and_unverifiable_again(
    archive: ColdArchive, front: Front, aws_server: str, caplog: pytest.LogCaptureFixture
) -> None:
    day = DAYS[0]
    assert "not restored" in found(verify(archive, day))
    assert f"audit-trail restore --from {day} --to {day}" in found(verify(archive, day))
    (_, segment) = versions = versions_of(archive, day)
    with caplog.at_level(logging.INFO):
        wait = request_cold(archive.context, versions, tier="Bulk").wait
    assert wait is not None
    assert wait.versions == (segment,)
    assert wait.deadline - wait.asked_at == timedelta(hours=73)
    assert "1 objects of DEEP_ARCHIVE" in caplog.text
    assert "1 requests; kept for 7 days" in caplog.text
    assert [query["versionId"] for query in front.restores] == [[segment[1]]]
    assert archive.context.store.head(*segment) is not None
    finish_restores_after(aws_server, NEVER)
    assert "being restored" in found(verify(archive, day))
    # Whoever runs it again asks for nothing and waits for the same.
    again = request_cold(archive.context, versions, tier="Bulk").wait
    assert again is not None
    assert again.versions == (segment,)
    finish_restores_after(aws_server, 1)
    assert verify(archive, day).checks.exit_code == 0
    assert request_cold(archive.context, versions, tier="Bulk").wait is None
    assert len(front.restores) == 1
    front.expired.add("logs/")
    assert "restore it again" in found(verify(archive, day))


def test_copies_that_would_go_during_the_wait_are_kept_for_longer(
    archive: ColdArchive, front: Front, aws_server: str
) -> None:
    (_, first), (_, second) = versions_of(archive, DAYS[1]), versions_of(archive, DAYS[2])
    context = archive.context
    context.store.request_restore(*first, tier="Bulk", days=1)
    assert context.store.head(*first) is not None
    finish_restores_after(aws_server, 1)
    front.restores.clear()
    wait = request_cold(context, [first, second], tier="Bulk").wait
    assert wait is not None
    assert wait.versions == (second,)
    assert sorted(query["versionId"] for query in front.restores) == sorted([[first[1]], [second[1]]])
    # With copies kept for a day, a wait of two is not bridged by paying again.
    front.restores.clear()
    short = archive.settings.restore.model_copy(update={"days": 1})
    hurried = StageContext(settings=archive.settings.model_copy(update={"restore": short}))
    request_cold(hurried, [first, second], tier="Bulk")
    assert front.restores == []


def test_a_refusal_is_handed_back_and_nothing_is_waited_for(archive: ColdArchive, front: Front) -> None:
    front.refusal = (403, "AccessDenied")
    requested = request_cold(archive.context, versions_of(archive, DAYS[3]), tier="Bulk")
    assert requested.wait is None
    (error,) = requested.refused
    assert "s3:RestoreObject" in str(error)


def test_more_than_one_task_can_wait_for_is_refused_before_anything_is_asked(
    archive: ColdArchive, front: Front
) -> None:
    with pytest.raises(ConfigurationError, match="more objects than one task waits for"):
        request_cold(archive.context, [("k", "v")] * (MAX_WAITED + 1), tier="Bulk")
    assert front.seen == []


def test_a_tier_that_the_class_lacks_is_refused_before_anything_is_asked(
    archive: ColdArchive, front: Front
) -> None:
    versions = versions_of(archive, DAYS[3])
    with pytest.raises(ConfigurationError, match="no restore by the tier Expedited"):
        request_cold(archive.context, versions, tier="Expedited")
    assert front.restores == []


# The daily sample


def test_without_a_restore_cold_segments_are_held_against_the_stores_checksum_and_it_is_said(
    archive: ColdArchive, front: Front
) -> None:
    front.expired.add("logs/")
    verified = verify_sample(archive.context, DAYS[3], sealed_day(archive.context, DAYS[3]))
    assert "0 were read" in verified.statement
    assert f"{len(DAYS)} lie in a cold storage class" in verified.statement
    last = archive.context.ledger().verifications[-1]
    assert (last.sample.size, last.sample.by_checksum, last.unverifiable) == (len(DAYS), len(DAYS), 0)
    assert front.restores == []


def test_after_a_wait_what_cannot_be_read_is_unverifiable(archive: ColdArchive, front: Front) -> None:
    front.expired.add("logs/")
    begun = begin_verification(archive.context, DAYS[3], sealed_day(archive.context, DAYS[3]))
    with pytest.raises(StorageError, match="could not be made"):
        finish_verification(begun, read_cold=True)
    last = archive.context.ledger().verifications[-1]
    assert (last.sample.by_checksum, last.unverifiable) == (None, len(DAYS))


def test_a_kept_seed_draws_the_same_sample_although_the_ledger_has_grown(archive: ColdArchive) -> None:
    sealed = sealed_day(archive.context, DAYS[-1])
    first = begin_verification(archive.context, DAYS[-1], sealed)
    declare_gap(archive.context, "2026-01-01", "holiday")
    later = begin_verification(archive.context, DAYS[-1], sealed, seed=first.seed)
    assert later.view.head != first.view.head
    assert (later.sample, later.versions()) == (first.sample, first.versions())


def test_a_seed_that_somebody_chose_is_an_integrity_failure(archive: ColdArchive) -> None:
    view = archive.context.ledger()
    sealed = sealed_day(archive.context, DAYS[-1])
    for seed in (
        Head(sequence=sealed.sequence, sha256="0" * 64),
        Head(sequence=sealed.sequence - 1, sha256=view.heads[sealed.sequence - 1]),
        Head(sequence=len(view.heads), sha256="0" * 64),
    ):
        with pytest.raises(IntegrityError, match="was not drawn by the ledger"):
            begin_verification(archive.context, DAYS[-1], sealed, seed=seed)
