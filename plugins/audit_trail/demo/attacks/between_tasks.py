"""Attacks on a day that is not sealed yet, and on its source afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from audit_trail.demo.attacks.scene import Scene
from audit_trail.demo.attacks.victim import SealedArchive
from audit_trail.pipeline.collect import collect
from audit_trail.pipeline.handoffs import Collected, Signed
from audit_trail.pipeline.hash import hash_segment
from audit_trail.pipeline.sanitize import sanitize
from audit_trail.pipeline.sign import sign
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.pipeline.staging import MANIFEST, raw_name, sanitized_name
from audit_trail.pipeline.upload import upload
from audit_trail.verification.verifier import Report


def edit_between_collect_and_sanitize(scene: Scene) -> Report:
    """A record disappears from what was collected."""
    run = _Run(scene)
    collected = run.collect()
    run.edit(raw_name(0), lambda data: data[data.index(b"\n") + 1 :])
    sanitize(run.context, run.day, collected.segments[0])
    return run.archive.verify()


def edit_between_sanitize_and_hash(scene: Scene) -> Report:
    """A byte of the redacted segment changes."""
    run = _Run(scene)
    sanitized = sanitize(run.context, run.day, run.collect().segments[0])
    run.edit(sanitized_name(0), _flipped)
    hash_segment(run.context, run.day, sanitized)
    return run.archive.verify()


def edit_between_hash_and_upload(scene: Scene) -> Report:
    """The same after the manifest has been signed over it."""
    run = _Run(scene)
    signed = run.signed()
    run.edit(sanitized_name(0), _flipped)
    upload(run.context, run.day, signed.objects[0])
    return run.archive.verify()


def edit_between_sign_and_upload(scene: Scene) -> Report:
    """The signed manifest itself changes."""
    run = _Run(scene)
    signed = run.signed()
    run.edit(MANIFEST, _flipped)
    upload(run.context, run.day, signed.objects[-1])
    return run.archive.verify()


def edit_xcom(scene: Scene) -> Report:
    """What one task hands to the next names fewer records, so that some may be dropped."""
    run = _Run(scene)
    collected = run.collect()
    first = sanitize(run.context, run.day, collected.segments[0])
    hashed = hash_segment(run.context, run.day, first)
    less = hashed.model_copy(update={"records": hashed.records - 1})
    sign(run.context, run.day, collected, [less])
    return run.archive.verify()


def change_source_after_sealing(scene: Scene) -> Report:
    """A sealed log file is rewritten, and the day sealed again."""
    archive = scene.fresh()
    path = archive.logs / scene.days[0] / "app.log"
    path.write_bytes(path.read_bytes().replace(b"record 7 ", b"record 8 "))
    archive.seal(scene.days[0])
    return archive.verify()


class _Run:
    """The stages of a day one by one, so that somebody can meddle in between."""

    def __init__(self, scene: Scene) -> None:
        self.archive: SealedArchive = scene.fresh(days=0)
        self.day = scene.days[0]
        self.archive.write_log(self.day, "app.log", b"first\nsecond\nthird\n")
        self.context: StageContext = self.archive.context()

    def collect(self) -> Collected:
        return collect(self.context, self.day)

    def signed(self) -> Signed:
        collected = self.collect()
        sanitized = [sanitize(self.context, self.day, segment) for segment in collected.segments]
        return sign(
            self.context, self.day, collected, [hash_segment(self.context, self.day, s) for s in sanitized]
        )

    def edit(self, name: str, change: Callable[[bytes], bytes]) -> None:
        path = Path(self.context.staging(self.day).where(name))
        path.write_bytes(change(path.read_bytes()))


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
