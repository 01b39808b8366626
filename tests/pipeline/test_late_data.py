"""A sealed day whose source goes on growing is late, not tampered with."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive

from audit_trail.pipeline.late_data import check_sources
from audit_trail.verification.verifier import Report, Verifier


def verified(archive: Archive, now: datetime = NOW) -> Report:
    context = archive.context(lambda: now)
    verifier = Verifier(context.store, genesis=archive.genesis, remembered=None)
    return verifier.verify(
        "objects",
        now=now,
        due_hours=24,
        also=lambda view, days: check_sources(context, view, days, verifier.checks),
    )


def content(archive: Archive) -> bytes:
    """All records of all sealed segments."""
    import zstandard

    context = archive.context()
    objects = [item for seal in context.ledger().seals for item in seal.objects]
    stored = [context.store.read(item.key, item.version_id, max_bytes=1 << 20) for item in objects]
    return b"".join(zstandard.ZstdDecompressor().decompressobj().decompress(data) for data in stored)


def verdict(archive: Archive) -> str:
    (day,) = verified(archive).days
    return day.verdict


@pytest.fixture
def sealed(archive: Archive) -> Archive:
    archive.log(f"{DAY}.log", b"one\ntwo\n")
    archive.processor().process_daily_logs(DAY)
    return archive


def test_all_sealed(sealed: Archive) -> None:
    assert verdict(sealed) == "sealed"


def test_a_file_that_has_grown_and_is_sealed_again(sealed: Archive) -> None:
    sealed.log(f"{DAY}.log", b"one\ntwo\nthree\n")
    report = verified(sealed)
    assert report.exit_code == 1
    assert [day.verdict for day in report.days] == ["late"]
    (finding,) = report.checks.not_passed
    assert finding.name == "day.complete"
    assert f"{DAY}.log: 14 bytes, 8 of them sealed" in finding.found
    assert f"process --date {DAY}" in finding.remedy
    sealed.processor().process_daily_logs(DAY)
    assert verdict(sealed) == "sealed"


def test_a_new_file(sealed: Archive) -> None:
    sealed.log(f"{DAY}-other.log", b"late\n")
    assert verdict(sealed) == "late"


def test_a_rotated_file_is_known(sealed: Archive) -> None:
    (sealed.logs / f"{DAY}.log").rename(sealed.logs / f"{DAY}.log.1")
    assert verdict(sealed) == "sealed"


def test_logs_that_are_gone_are_no_late_data(sealed: Archive) -> None:
    (sealed.logs / f"{DAY}.log").unlink()
    assert verdict(sealed) == "sealed"


def test_tampering_weighs_more(sealed: Archive) -> None:
    sealed.log(f"{DAY}.log", b"one\ntwo\nthree\n")
    context = sealed.context()
    key = context.ledger().seals[0].objects[0].key
    store = context.store
    store._client.put_object(Bucket=sealed.bucket, Key=key, Body=b"x")  # type: ignore[attr-defined]
    assert verdict(sealed) == "tampered"
