"""An archive whose entries say which run of Airflow made them, made once by version 1."""

from __future__ import annotations

import pytest
from tests.vectors.golden_archive import RUNS

from audit_trail.errors import IntegrityError
from audit_trail.evidence.airflow_run import AirflowRun
from audit_trail.evidence.envelope import Envelope, parse_envelope
from audit_trail.verification.ledger_walk import LedgerView, walk

SCHEDULED = AirflowRun(
    dag_id="audit_trail_daily",
    run_id="scheduled__2026-11-23T00:00:00+00:00",
    task_id="seal",
    try_number=1,
    dag_version_id="019ab7f0-5a61-7c52-9d0e-5f4d1c2b3a49",
    bundle="dags-folder",
)
BY_HAND = AirflowRun(
    dag_id="audit_trail_daily",
    run_id="n%C3%A4chster%20Versuch%20%F0%9F%98%80%20100%25",
    task_id="seal",
    try_number=3,
    dag_version_id="019abd16-7d02-7bb1-8a3f-0c5d6e7f8091",
    bundle="git",
    bundle_version="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
)


@pytest.fixture(scope="module")
def view() -> LedgerView:
    return RUNS.view()


def test_it_is_read_which_run_made_an_entry_and_that_none_did(view: LedgerView) -> None:
    """The third day was sealed by the command line."""
    assert [seal.run for seal in view.seals] == [SCHEDULED, BY_HAND, None]
    assert [entry.run for entry in view.verifications] == [
        *(run.model_copy(update={"task_id": "verify_sample"}) for run in (SCHEDULED, BY_HAND)),
        None,
    ]


def test_manifests_know_no_run(view: LedgerView) -> None:
    for seal in view.seals:
        assert "run" not in parse_envelope(RUNS.read(seal.manifest.key), where="x").payload.decode()


def test_another_run_under_the_same_signature_is_noticed() -> None:
    def by_another(data: bytes) -> bytes:
        envelope = parse_envelope(data, where="x")
        other = envelope.payload.replace(b'"try_number":1', b'"try_number":2')
        assert other != envelope.payload
        return Envelope(payload=other, signatures=envelope.signatures).to_bytes()

    with pytest.raises(IntegrityError, match="does not verify"):
        walk(RUNS.entries(1, by_another), RUNS.genesis)
