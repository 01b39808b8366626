"""Which run of Airflow made an entry stands in the entry, and changes nothing of when a day is sealed."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive

from audit_trail.evidence.airflow_run import AirflowRun
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.evidence_log import LOGGER, parse
from audit_trail.pipeline.handoffs import Sealed, Signed, Uploaded
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.seal import seal
from audit_trail.pipeline.sign import sign
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.upload import upload_all
from audit_trail.pipeline.verify_history import HistoryRequest, plan_history, seal_history, verify_slice
from audit_trail.pipeline.verify_sample import verify_sample

SCHEDULED = "scheduled__2026-03-15T00:00:00+00:00"


def context_of(
    archive: Archive, run_id: str, task_id: str, *, dag_id: str = "audit_trail_daily"
) -> StageContext:
    context = archive.context()
    context.run = AirflowRun(
        dag_id=dag_id,
        run_id=run_id,
        task_id=task_id,
        try_number=1,
        dag_version_id="019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
        bundle="dags-folder",
    )
    return context


def prepared(context: StageContext) -> tuple[Signed, tuple[Uploaded, ...]]:
    """All stages before the seal."""
    collected = collect(context, DAY)
    hashed = [hash_segment(context, DAY, sanitize(context, DAY, raw)) for raw in collected.segments]
    signed = sign(context, DAY, collected, hashed)
    return signed, tuple(upload_all(context, DAY, signed.objects))


def sealed_by(context: StageContext) -> Sealed:
    return seal(context, DAY, *prepared(context))


def lines(caplog: pytest.LogCaptureFixture, name: str) -> list[dict[str, str]]:
    events = [parse(record.getMessage()) for record in caplog.records if record.name == LOGGER]
    return [dict(item.fields) for item in events if item and (item.kind, item.text) == ("fact", name)]


def test_seal_and_verification_say_which_task_made_them(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    with caplog.at_level(logging.INFO, LOGGER):
        sealed = sealed_by(context_of(archive, SCHEDULED, "seal"))
        verify_sample(context_of(archive, SCHEDULED, "verify_sample"), DAY, sealed)
    view = archive.context().ledger()
    (entry,), (verification,) = view.seals, view.verifications
    assert entry.run == context_of(archive, SCHEDULED, "seal").run
    assert verification.run == context_of(archive, SCHEDULED, "verify_sample").run
    said = lines(caplog, "made-by")
    assert [item.pop("key") for item in said] == [
        "ledger/000000000001.dsse.json",
        "ledger/000000000002.dsse.json",
    ]
    assert said == [
        {name: str(value) for name, value in run.to_json().items()} for run in (entry.run, verification.run)
    ]


def test_a_second_run_of_the_day_is_no_second_seal(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    sealed_by(context_of(archive, SCHEDULED, "seal"))
    before = archive.context().ledger()
    caplog.clear()
    with caplog.at_level(logging.INFO, LOGGER):
        again = sealed_by(context_of(archive, "manual__again", "seal"))
    view = archive.context().ledger()
    assert (again.new, view.heads) == (False, before.heads)
    # The log of the second run says who did it, which is not itself.
    (said,) = lines(caplog, "made-by")
    assert said["run_id"] == SCHEDULED


def test_two_runs_that_are_as_far_seal_once(archive: Archive) -> None:
    """The second has signed and uploaded before the first sealed: another run is no other content."""
    archive.log(f"{DAY}.log", b"one\n")
    one, other = context_of(archive, SCHEDULED, "seal"), context_of(archive, "manual__now", "seal")
    ready = prepared(one)
    other_ready = prepared(other)
    assert other_ready[0].objects[-1].key == ready[0].objects[-1].key
    assert seal(one, DAY, *ready).new
    assert not seal(other, DAY, *other_ready).new
    (entry,) = archive.context().ledger().seals
    assert entry.run is not None
    assert entry.run.run_id == SCHEDULED


def test_a_retry_after_the_seal_leaves_it_as_the_first_try_wrote_it(archive: Archive) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    first = context_of(archive, SCHEDULED, "seal")
    ready = prepared(first)
    seal(first, DAY, *ready)
    retry = context_of(archive, SCHEDULED, "seal")
    assert retry.run is not None
    retry.run = retry.run.model_copy(update={"try_number": 2})
    assert not seal(retry, DAY, *ready).new
    (entry,) = archive.context().ledger().seals
    assert entry.run == first.run


def test_late_data_is_sealed_by_the_run_that_brought_it(archive: Archive) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    sealed_by(context_of(archive, SCHEDULED, "seal"))
    archive.log(f"{DAY}-late.log", b"two\n")
    sealed_by(context_of(archive, "manual__late", "seal"))
    runs = [entry.run.run_id for entry in archive.context().ledger().seals if entry.run]
    assert runs == [SCHEDULED, "manual__late"]


def test_a_verification_of_the_history_names_its_own_run(archive: Archive) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    sealed_by(context_of(archive, SCHEDULED, "seal"))
    context = context_of(archive, "manual__check", "seal_result", dag_id="audit_trail_verify")
    request = HistoryRequest(level="objects", slices=1)
    seal_history(context, request, [verify_slice(context, item) for item in plan_history(context, request)])
    (verification,) = archive.context().ledger().verifications
    assert verification.run == context.run


def test_without_airflow_no_entry_names_a_run(archive: Archive, caplog: pytest.LogCaptureFixture) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    with caplog.at_level(logging.INFO, LOGGER):
        archive.processor(NOW).process_daily_logs(DAY)
    view = archive.context().ledger()
    made: list[Any] = [*view.seals, *view.verifications]
    assert [entry.run for entry in made] == [None, None]
    assert lines(caplog, "made-by") == []


def test_the_manifest_does_not_depend_on_the_run(archive: Archive) -> None:
    """Else two runs of one day would not meet at one key."""
    archive.log(f"{DAY}.log", b"one\n")
    one = prepared(context_of(archive, SCHEDULED, "sign"))[0].objects[-1]
    archive.context().staging(DAY).wipe()
    other = prepared(context_of(archive, "manual__x", "sign"))[0].objects[-1]
    assert one.key == other.key
