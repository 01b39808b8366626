"""Whoever edits a staged file or a handoff between two stages is caught by the next one."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from audit_trail.errors import ConfigurationError, IntegrityError
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.handoffs import Collected, HashedSegment, Signed
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.seal import seal
from audit_trail.pipeline.sign import sign
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import INPUTS, MANIFEST, raw_name, sanitized_name
from audit_trail.pipeline.upload import upload
from audit_trail.pipeline.verify_sample import verify_sample
from audit_trail.signing.local_keys import generate_keys, make_passphrase

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Archive

DAY = "2026-03-14"


class Stages:
    """Runs the stages one by one, so that a test can meddle in between."""

    def __init__(self, archive: Archive) -> None:
        archive.log(f"{DAY}.log", b"one\ntwo\nthree\n")
        self.context = archive.context()
        self.folder = self.context.staging(DAY).folder

    def collect(self) -> Collected:
        return collect(self.context, DAY)

    def hash(self, collected: Collected) -> list[HashedSegment]:
        sanitized = [sanitize(self.context, DAY, segment) for segment in collected.segments]
        return [hash_segment(self.context, DAY, segment) for segment in sanitized]

    def sign(self) -> Signed:
        collected = self.collect()
        return sign(self.context, DAY, collected, self.hash(collected))


@pytest.fixture
def stages(archive: Archive) -> Stages:
    return Stages(archive)


def flip_last_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_between_collect_and_sanitize(stages: Stages) -> None:
    collected = stages.collect()
    (stages.folder / raw_name(0)).write_bytes(b"one\nTWO\nthree\n")
    with pytest.raises(IntegrityError, match="changed between two stages"):
        sanitize(stages.context, DAY, collected.segments[0])
    assert not (stages.folder / sanitized_name(0)).exists()


def test_between_sanitize_and_hash(stages: Stages) -> None:
    collected = stages.collect()
    sanitized = sanitize(stages.context, DAY, collected.segments[0])
    flip_last_byte(stages.folder / sanitized_name(0))
    with pytest.raises(IntegrityError):
        hash_segment(stages.context, DAY, sanitized)


def test_the_list_of_inputs(stages: Stages) -> None:
    collected = stages.collect()
    hashed = stages.hash(collected)
    path = stages.folder / INPUTS
    path.write_bytes(path.read_bytes().replace(b'"end":14', b'"end":15'))
    with pytest.raises(IntegrityError, match="changed between two stages"):
        sign(stages.context, DAY, collected, hashed)


@pytest.mark.parametrize("name", [sanitized_name(0), MANIFEST])
def test_between_sign_and_upload(stages: Stages, name: str) -> None:
    signed = stages.sign()
    flip_last_byte(stages.folder / name)
    staged = next(item for item in signed.objects if item.file == name)
    with pytest.raises(IntegrityError, match="changed between two stages"):
        upload(stages.context, DAY, staged)


def test_another_object_under_the_segments_key(stages: Stages) -> None:
    signed = stages.sign()
    segment = signed.objects[0]
    stages.context.store.put_once(
        segment.key,
        b"planted",
        sha256=sha256(b"planted").hexdigest(),
        retention=stages.context.storage.retention(),
        storage_class="STANDARD",
        content_type="application/zstd",
    )
    with pytest.raises(IntegrityError, match="another object lies under a segment's key"):
        upload(stages.context, DAY, segment)


def test_a_segment_left_out_before_signing(stages: Stages) -> None:
    collected = stages.collect()
    with pytest.raises(IntegrityError, match="not every collected segment"):
        sign(stages.context, DAY, collected, [])


def test_an_object_left_out_before_sealing(stages: Stages) -> None:
    signed = stages.sign()
    uploaded = [upload(stages.context, DAY, item) for item in signed.objects]
    with pytest.raises(IntegrityError, match="not every object"):
        seal(stages.context, DAY, signed, uploaded[1:])


def test_an_edited_upload_handoff(stages: Stages) -> None:
    signed = stages.sign()
    uploaded = [upload(stages.context, DAY, item) for item in signed.objects]
    changed = uploaded[0].object.model_copy(update={"sha256": "0" * 64})
    with pytest.raises(IntegrityError, match="not the signed one"):
        seal(stages.context, DAY, signed, [uploaded[0].model_copy(update={"object": changed}), *uploaded[1:]])


@pytest.mark.parametrize(
    ("field", "value"), [("number", -1), ("sha256", "xyz"), ("bytes", "many"), ("surprise", 1)]
)
def test_an_edited_handoff_is_refused_by_name(stages: Stages, field: str, value: object) -> None:
    from audit_trail.pipeline.handoffs import RawSegment

    handed = stages.collect().segments[0].to_json() | {field: value}
    with pytest.raises(IntegrityError) as caught:
        RawSegment.receive(handed)
    assert field in caught.value.where


def test_foreign_keys_never_reach_the_ledger(archive: Archive, stages: Stages) -> None:
    """A locked entry that nobody believes would end the ledger for good."""
    signed = stages.sign()
    uploaded = [upload(stages.context, DAY, item) for item in signed.objects]
    other = archive.settings.model_copy(update={"keys_dir": archive.home / "other-keys"})
    make_passphrase(other)
    generate_keys(other)
    foreign = StageContext(settings=other, now=stages.context.now)
    with pytest.raises(ConfigurationError, match="not the ones that the archive believes"):
        seal(foreign, DAY, signed, uploaded)
    with pytest.raises(ConfigurationError, match="not the ones that the archive believes"):
        verify_sample(foreign, DAY, seal(stages.context, DAY, signed, uploaded))
    assert stages.context.ledger().head.sequence == 1


def test_a_segment_dropped_from_every_handoff_is_missed_by_its_inputs(archive: Archive) -> None:
    """An attacker who edits all XComs alike still has the pinned inputs against them."""
    archive.log(f"{DAY}.jsonl", b'{"a": 1}\n')
    stages = Stages(archive)
    collected = stages.collect()
    assert len(collected.segments) == 2
    hashed = stages.hash(collected)
    fewer = collected.model_copy(update={"segments": collected.segments[:1]})
    with pytest.raises(IntegrityError, match="does not hold the records"):
        sign(stages.context, DAY, fewer, hashed[:1])


def test_a_record_dropped_before_hashing_is_missed_by_its_inputs(stages: Stages) -> None:
    collected = stages.collect()
    (hashed,) = stages.hash(collected)
    with pytest.raises(IntegrityError, match="does not hold the records"):
        sign(stages.context, DAY, collected, [hashed.model_copy(update={"records": hashed.records - 1})])
