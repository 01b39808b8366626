"""A sealed day whose source goes on growing is late, not tampered with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive

from audit_trail.errors import IntegrityError
from audit_trail.pipeline.late_data import check_sources
from audit_trail.settings import SourceSettings
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


def test_syslog_of_several_days_is_sealed_by_its_own_time(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive()
    source = {"name": "syslog", "kind": "system", "url": f"file://{archive.logs}/syslog*"}
    event_time = {"preset": "syslog", "timezone": "Europe/Berlin"}
    archive.settings = archive.settings.model_copy(
        update={"sources": (SourceSettings.model_validate(source | {"event_time": event_time}),)}
    )
    # One o'clock in Berlin is midnight in UTC.
    before, day, after = (b"Mar %d 00:59:59 host app: x\n" % number for number in (14, 15, 16))
    first = b"Mar 14 01:00:00 host app: first\n  of two lines\n"
    archive.log("syslog", before + first + day)
    archive.processor().process_daily_logs(DAY)
    assert content(archive) == first + day
    archive.log("syslog", before + first + day + b"Mar 14 12:00:00 host app: late\n" + after)
    archive.processor().process_daily_logs(DAY)
    assert content(archive) == first + day + b"Mar 14 12:00:00 host app: late\n"
    archive.log("syslog", before + first.replace(b"first", b"FIRST") + day)
    with pytest.raises(IntegrityError) as raised:
        archive.processor().process_daily_logs(DAY)
    assert raised.value.where == f"file://{archive.logs}/syslog"
    assert verdict(archive) == "sealed"  # sizes say nothing of a day


def test_a_day_that_its_source_no_longer_keeps_is_not_compared(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive()
    archive.log(f"{DAY}.log", b"one\n")
    archive.processor().process_daily_logs(DAY)
    archive.log(f"{DAY}.log", b"one\ntwo\n")
    for keeps_days, expected in ((1, "sealed"), (2, "late"), (None, "late")):
        (source,) = archive.settings.sources
        changed = source.model_copy(update={"keeps_days": keeps_days})
        archive.settings = archive.settings.model_copy(update={"sources": (changed,)})
        assert verdict(archive) == expected
