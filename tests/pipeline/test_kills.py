"""Every stage, killed at every step it takes, and run again: same manifest, one seal, nothing left."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.seal import seal
from audit_trail.pipeline.sign import sign
from audit_trail.pipeline.upload import upload
from audit_trail.pipeline.verify_sample import verify_sample
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.verifier import Verifier

from .killed_stage import run_and_kill

if TYPE_CHECKING:
    from audit_trail.pipeline.handoffs import (
        Collected,
        HashedSegment,
        SanitizedSegment,
        Sealed,
        Signed,
        Uploaded,
    )
    from audit_trail.pipeline.stage_context import StageContext

    from .conftest import Archive

DAY = "2026-03-14"
MAX_STEPS = 400
LOG = b"".join(b"2026-03-14T10:00:%02dZ user=u%d password=hunter%d\n" % (n % 60, n, n) for n in range(500))


class Day:
    """The stages of one day, each with what the ones before it handed over."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    @property
    def context(self) -> StageContext:
        # A fresh one each time: a killed task's successor starts from nothing.
        return self.archive.context()

    def collect(self) -> Collected:
        return collect(self.context, DAY)

    def sanitize(self) -> list[SanitizedSegment]:
        return [sanitize(self.context, DAY, item) for item in self.collect().segments]

    def hash(self) -> list[HashedSegment]:
        return [hash_segment(self.context, DAY, item) for item in self.sanitize()]

    def sign(self) -> Signed:
        return sign(self.context, DAY, self.collect(), self.hash())

    def upload(self) -> list[Uploaded]:
        return [upload(self.context, DAY, item) for item in self.sign().objects]

    def seal(self) -> Sealed:
        signed = self.sign()
        return seal(self.context, DAY, signed, [upload(self.context, DAY, item) for item in signed.objects])


def killing(day: Day, name: str):
    """What is killed: the stage alone, after the ones before it have run; or the whole day."""
    context = day.context
    if name == "collect":
        return lambda: collect(context, DAY)
    if name == "sanitize":
        (raw,) = day.collect().segments
        return lambda: sanitize(context, DAY, raw)
    if name == "hash":
        (sanitized,) = day.sanitize()
        return lambda: hash_segment(context, DAY, sanitized)
    if name == "sign":
        collected, hashed = day.collect(), day.hash()
        return lambda: sign(context, DAY, collected, hashed)
    if name == "upload":
        objects = day.sign().objects
        return lambda: [upload(context, DAY, item) for item in objects]
    if name == "seal":
        signed, uploaded = day.sign(), day.upload()
        return lambda: seal(context, DAY, signed, uploaded)
    sealed = day.seal()
    return lambda: verify_sample(context, DAY, sealed)


STAGES = ("collect", "sanitize", "hash", "sign", "upload", "seal", "verify_sample")


@pytest.mark.parametrize("stage", STAGES)
def test_killed_at_any_step_and_run_again(archive: Archive, stage: str) -> None:
    archive.log(f"{DAY}.log", LOG)
    day = Day(archive)
    expected = day.sign().statement_sha256
    killed = 0
    # First all steps of the first tries, then ever larger strides: the later steps repeat the earlier ones.
    step = 1
    while step < MAX_STEPS and run_and_kill(killing(day, stage), step):
        killed += 1
        step += 1 + step // 4
    assert killed >= 2, "nothing was killed: the steps are not seen"
    result = archive.processor().process_daily_logs(DAY)
    context = archive.context()
    view = context.ledger()
    assert len(view.seals) == 1
    manifest = context.store.read(view.seals[0].manifest.key, max_bytes=10**7)
    assert result.sealed.records == 500
    assert expected[:16] in view.seals[0].manifest.key
    assert sha256(manifest).hexdigest() == view.seals[0].manifest.sha256
    assert archive.staged() == []
    assert read_manifest(context.store, view, view.seals[0]).records == 500
    verifier = Verifier(context.store, genesis=archive.genesis, remembered=context.pin.read())
    # At level `content` this also says that no unsealed object was left behind.
    report = verifier.verify("content", now=context.now(), due_hours=24)
    assert report.checks.not_passed == []


def test_the_whole_day_killed_again_and_again(archive: Archive) -> None:
    archive.log(f"{DAY}.log", LOG)
    step = 1
    while step < MAX_STEPS and run_and_kill(lambda: archive.processor().process_daily_logs(DAY), step):
        step += 1 + step // 4
    view = archive.context().ledger()
    assert [seal.date for seal in view.seals] == [DAY]
    assert archive.staged() == []
