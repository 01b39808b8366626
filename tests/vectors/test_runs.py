"""An archive whose entries say which run of Airflow made them, made once by version 1."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from audit_trail.archive.ledger import RawEntry
from audit_trail.errors import IntegrityError
from audit_trail.evidence.airflow_run import AirflowRun
from audit_trail.evidence.envelope import parse_envelope
from audit_trail.evidence.ledger_entry import encode_entry, parse_entry
from audit_trail.evidence.object_keys import ledger_key
from audit_trail.evidence.segment import digest_segment
from audit_trail.verification.content_checks import parse_sealed_manifest
from audit_trail.verification.ledger_walk import LedgerView, walk

FOLDER = Path(__file__).parent / "v1-runs"
# Written down once more, so that the files and their digests cannot change together.
SUMS = "26161c09cbbd0596dd278d216097ccf3e62c991d0a1db9e22e39c53b5e7eeff5"
GENESIS = "142261b3fac39850cd743b37473f334a35165d06d6e74403b8fbbdaebe5334f6"
HEAD = "af4511e2f957f4a14d5a4528648599894e8154b7ea3e437f6276385c4da3b9d6"
COUNT = 7
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


def entries() -> list[RawEntry]:
    return [
        RawEntry(
            sequence=number,
            key=ledger_key(number),
            version_id="v",
            data=(FOLDER / ledger_key(number)).read_bytes(),
        )
        for number in range(COUNT)
    ]


@pytest.fixture(scope="module")
def view() -> LedgerView:
    return walk(entries(), GENESIS)


def test_no_file_was_added_changed_or_lost() -> None:
    lines = (FOLDER / "SHA256SUMS").read_text("ascii").splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    there = {
        path.relative_to(FOLDER).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert there == listed
    assert sha256((FOLDER / "SHA256SUMS").read_bytes()).hexdigest() == SUMS


def test_every_entry_is_believed_and_written_today_as_it_was_then(view: LedgerView) -> None:
    assert view.head.sha256 == HEAD
    for raw in entries():
        envelope = parse_envelope(raw.data, where=raw.key)
        entry = parse_entry(envelope.payload, where=raw.key)
        assert encode_entry(entry) == envelope.payload
        assert envelope.to_bytes() == raw.data


def test_it_is_read_which_run_made_an_entry_and_that_none_did(view: LedgerView) -> None:
    """The third day was sealed by the command line."""
    assert [seal.run for seal in view.seals] == [SCHEDULED, BY_HAND, None]
    assert [entry.run for entry in view.verifications] == [
        *(run.model_copy(update={"task_id": "verify_sample"}) for run in (SCHEDULED, BY_HAND)),
        None,
    ]


def test_manifests_and_segments_are_the_sealed_ones_and_know_no_run(view: LedgerView) -> None:
    records = 0
    for seal in view.seals:
        data = (FOLDER / seal.manifest.key).read_bytes()
        assert "run" not in parse_envelope(data, where="x").payload.decode()
        for segment in parse_sealed_manifest(data, view, seal).segments:
            stored = (FOLDER / segment.key).read_bytes()
            found = digest_segment([stored], max_content_bytes=segment.content_bytes, where=segment.key)
            assert (found.stored_sha256, found.merkle_root) == (segment.stored_sha256, segment.merkle_root)
            records += found.records
    assert records == 3


def test_another_run_under_the_same_signature_is_noticed() -> None:
    found = entries()
    envelope = parse_envelope(found[1].data, where="x")
    other = envelope.payload.replace(b'"try_number":1', b'"try_number":2')
    assert other != envelope.payload
    changed = type(envelope)(payload=other, signatures=envelope.signatures).to_bytes()
    found[1] = RawEntry(sequence=1, key=found[1].key, version_id="v", data=changed)
    with pytest.raises(IntegrityError, match="does not verify"):
        walk(found, GENESIS)
