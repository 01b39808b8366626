"""Stages that run when their day's seal has cleared staging hand on what is sealed, or say what is gone."""

from __future__ import annotations

import dataclasses

import pytest
from tests.pipeline.conftest import DAY, Archive

from audit_trail.errors import IntegrityError
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.handoffs import (
    Collected,
    HashedSegment,
    RawSegment,
    SanitizedSegment,
    Signed,
    Uploaded,
)
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.seal import seal
from audit_trail.pipeline.sign import sign
from audit_trail.pipeline.staging import StagedFileGoneError
from audit_trail.pipeline.upload import upload


@dataclasses.dataclass
class Run:
    """What the tasks of one run handed on."""

    collected: Collected
    raw: list[RawSegment]
    sanitized: list[SanitizedSegment]
    hashed: list[HashedSegment]
    signed: Signed
    uploaded: list[Uploaded]


def run_to_upload(archive: Archive) -> Run:
    context = archive.context()
    collected = collect(context, DAY)
    raw = list(collected.segments)
    sanitized = [sanitize(context, DAY, item) for item in raw]
    hashed = [hash_segment(context, DAY, item) for item in sanitized]
    signed = sign(context, DAY, collected, hashed)
    uploaded = [upload(context, DAY, item) for item in signed.objects]
    return Run(collected, raw, sanitized, hashed, signed, uploaded)


@pytest.fixture
def day(archive: Archive) -> Run:
    """A run up to its upload: a day of two segments, one with a secret in it."""
    archive.log(f"{DAY}-app.log", b"password=hunter2hunter2\ntwo\n")
    archive.log(f"{DAY}-app.jsonl", b'{"a": 1}\n')
    made = run_to_upload(archive)
    assert len(made.raw) == 2
    return made


@pytest.fixture
def sealed(archive: Archive, day: Run) -> Run:
    """The same, sealed, and nothing of it in staging."""
    seal(archive.context(), DAY, day.signed, day.uploaded)
    assert archive.staged() == []
    return day


def test_each_stage_hands_on_what_is_sealed(archive: Archive, sealed: Run) -> None:
    context = archive.context()
    for raw, was in zip(sealed.raw, sealed.sanitized, strict=True):
        # How often which rule replaced something is known for the day, not for each segment.
        assert sanitize(context, DAY, raw) == was.model_copy(update={"replacements": {}})
    for segment, hashed in zip(sealed.sanitized, sealed.hashed, strict=True):
        assert hash_segment(context, DAY, segment) == hashed
    assert sign(context, DAY, sealed.collected, sealed.hashed) == sealed.signed
    assert [upload(context, DAY, item) for item in sealed.signed.objects] == sealed.uploaded
    assert not seal(context, DAY, sealed.signed, sealed.uploaded).new
    assert len(context.ledger().heads) == 2
    assert archive.staged() == []


def test_each_revision_is_handed_on_as_itself(archive: Archive, sealed: Run) -> None:
    archive.log(f"{DAY}-late.log", b"late\n")
    late = run_to_upload(archive)
    seal(archive.context(), DAY, late.signed, late.uploaded)
    context = archive.context()
    for run in (sealed, late):
        assert sign(context, DAY, run.collected, run.hashed) == run.signed
        assert [hash_segment(context, DAY, item) for item in run.sanitized] == run.hashed
        assert [upload(context, DAY, item) for item in run.signed.objects] == run.uploaded


def test_what_is_gone_before_the_seal_is_gone(archive: Archive, day: Run) -> None:
    context = archive.context()
    context.staging(DAY).wipe()
    for call in (
        lambda: sanitize(context, DAY, day.raw[0]),
        lambda: hash_segment(context, DAY, day.sanitized[0]),
        lambda: sign(context, DAY, day.collected, day.hashed),
        lambda: upload(context, DAY, day.signed.objects[0]),
    ):
        with pytest.raises(StagedFileGoneError, match="run it again from `collect`"):
            call()


def test_only_what_was_handed_over_counts_as_sealed(archive: Archive, sealed: Run) -> None:
    context = archive.context()
    raw, segment, staged = sealed.raw[0], sealed.sanitized[0], sealed.signed.objects[0]
    for other in ({"records": 9}, {"number": 1}, {"number": 7}, {"source": "other"}, {"suffix": "txt"}):
        with pytest.raises(StagedFileGoneError):
            sanitize(context, DAY, raw.model_copy(update=other))
    for changed in (
        {"records": 9},
        {"content_bytes": 10},
        {"stored_bytes": 1},
        {"stored_sha256": "0" * 64},
        # Of the same key, which has the beginning of the digest.
        {"stored_sha256": segment.stored_sha256[:16] + "0" * 48},
        {"source": "other"},
    ):
        with pytest.raises(StagedFileGoneError):
            hash_segment(context, DAY, segment.model_copy(update=changed))
    with pytest.raises(StagedFileGoneError):
        upload(
            context, DAY, staged.model_copy(update={"key": staged.key.replace("part-00000", "part-00009")})
        )
    with pytest.raises(StagedFileGoneError):
        sign(context, DAY, sealed.collected.model_copy(update={"revision": 2}), sealed.hashed)
    with pytest.raises(IntegrityError, match="sealed with other inputs"):
        sign(context, DAY, sealed.collected.model_copy(update={"inputs_sha256": "0" * 64}), sealed.hashed)


def test_a_rehearsal_does_not_go_on_from_a_real_seal(archive: Archive, sealed: Run) -> None:
    context = archive.context()
    context.is_dry_run = True
    with pytest.raises(StagedFileGoneError):
        sanitize(context, DAY, sealed.raw[0])
    with pytest.raises(StagedFileGoneError):
        hash_segment(context, DAY, sealed.sanitized[0])
