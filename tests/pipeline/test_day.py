"""A day from its sources to its seal, and what happens when it is run again."""

from __future__ import annotations

import gzip
import stat
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from audit_trail.errors import CollectionError, ConfigurationError, IntegrityError
from audit_trail.pipeline.collect import collect
from audit_trail.verification.content_checks import read_manifest
from audit_trail.verification.verifier import Verifier

if TYPE_CHECKING:
    from .conftest import Archive

DAY = "2026-03-14"


def content(archive: Archive) -> list[bytes]:
    """The decompressed segments of the day, in the order they were sealed."""
    import zstandard

    context = archive.context()
    return [
        zstandard.ZstdDecompressor()
        .decompressobj()
        .decompress(b"".join(context.store.stream(item.key, item.version_id)))
        for seal in context.ledger().seals_of(DAY)
        for item in seal.objects
    ]


def verify(archive: Archive) -> int:
    context = archive.context()
    verifier = Verifier(context.store, genesis=archive.genesis, remembered=context.pin.read())
    return verifier.verify("content", day=DAY, now=context.now(), due_hours=24).exit_code


def test_records_arrive_redacted_in_order_and_verify(archive: Archive) -> None:
    archive.log(f"{DAY}-a.log", b"one\npassword=hunter22 two\n\nthree")
    archive.log(f"{DAY}-b.log", b"four\r\n")
    result = archive.processor().process_daily_logs(DAY)
    assert result.sealed.new
    assert content(archive) == [b"one\npassword=[REDACTED:password] two\n\nthree\nfour\r\n"]
    assert result.signed.records == 5
    assert verify(archive) == 0


def test_the_manifest_names_each_input_by_digest_and_part(archive: Archive) -> None:
    archive.log(f"{DAY}-a.log", b"one\ntwo")
    archive.log(f"{DAY}-empty.log", b"")
    archive.processor().process_daily_logs(DAY)
    context = archive.context()
    view = context.ledger()
    manifest = read_manifest(context.store, view, view.seals_of(DAY)[0])
    first, empty = manifest.inputs
    assert (first.start, first.end, first.final_newline) == (0, 7, False)
    assert [(part.segment, part.records) for part in first.parts] == [(0, 2)]
    assert (empty.end, empty.parts) == (0, ())
    assert manifest.redaction.replacements == {}


def test_a_sealed_day_is_not_sealed_again(archive: Archive) -> None:
    archive.log(f"{DAY}.log", b"one\n")
    first = archive.processor().process_daily_logs(DAY)
    second = archive.processor().process_daily_logs(DAY)
    assert (first.sealed.new, second.sealed.new) == (True, False)
    assert second.sealed.sequence == first.sealed.sequence
    assert len(archive.context().ledger().seals) == 1
    assert archive.staged() == []


def test_a_day_without_logs_is_sealed_empty(archive: Archive) -> None:
    result = archive.processor().process_daily_logs(DAY)
    assert result.sealed.new
    assert archive.context().ledger().seals_of(DAY)[0].objects == ()
    assert verify(archive) == 0
    assert not archive.processor().process_daily_logs(DAY).sealed.new


def test_late_bytes_are_sealed_alone_as_the_next_revision(archive: Archive) -> None:
    path = archive.log(f"{DAY}.log", b"one\n")
    archive.processor().process_daily_logs(DAY)
    path.write_bytes(b"one\ntwo\n")
    archive.log(f"{DAY}-new.log", b"three\n")
    result = archive.processor().process_daily_logs(DAY)
    assert (result.sealed.revision, result.collected.late_bytes) == (2, 10)
    assert content(archive) == [b"one\n", b"three\ntwo\n"]
    assert archive.context().ledger().seals_of(DAY)[1].reason == "late data: 10 bytes in 2 inputs"
    assert verify(archive) == 0


def test_a_changed_sealed_file_is_an_integrity_failure_that_names_it(archive: Archive) -> None:
    path = archive.log(f"{DAY}.log", b"one\ntwo\n")
    archive.processor().process_daily_logs(DAY)
    path.write_bytes(b"one\nTWO\nthree\n")
    with pytest.raises(IntegrityError) as caught:
        archive.processor().process_daily_logs(DAY)
    assert path.name in caught.value.where
    assert len(archive.context().ledger().seals) == 1


def test_a_rotated_file_is_known_by_its_bytes(archive: Archive) -> None:
    path = archive.log(f"{DAY}.log", b"one\n")
    archive.processor().process_daily_logs(DAY)
    path.rename(archive.logs / f"{DAY}.log.1")
    assert not archive.processor().process_daily_logs(DAY).sealed.new


def test_what_was_collected_is_sealed_even_if_the_source_is_gone(archive: Archive) -> None:
    path = archive.log(f"{DAY}.log", b"one\n")
    collect(archive.context(), DAY)
    path.unlink()
    archive.processor().process_daily_logs(DAY)
    assert content(archive) == [b"one\n"]


def test_a_file_that_grew_after_collection_is_sealed_in_two_revisions(archive: Archive) -> None:
    path = archive.log(f"{DAY}.log", b"one\n")
    collect(archive.context(), DAY)
    path.write_bytes(b"one\ntwo\n")
    assert archive.processor().process_daily_logs(DAY).sealed.revision == 1
    assert archive.processor().process_daily_logs(DAY).sealed.revision == 2
    assert content(archive) == [b"one\n", b"two\n"]


def test_compressed_inputs_are_pinned_as_stored_and_sealed_as_records(archive: Archive) -> None:
    archive.log(f"{DAY}.log.gz", gzip.compress(b"one\ntwo\n"))
    archive.processor().process_daily_logs(DAY)
    assert content(archive) == [b"one\ntwo\n"]


def test_an_unreadable_input_stops_the_day_before_anything_is_sealed(archive: Archive) -> None:
    archive.log(f"{DAY}-good.log", b"one\n")
    bad = archive.log(f"{DAY}-bad.log.gz", gzip.compress(b"two\n" * 1000)[:-9])
    with pytest.raises(CollectionError) as caught:
        archive.processor().process_daily_logs(DAY)
    assert bad.name in caught.value.where
    assert archive.context().ledger().seals == []


def test_a_day_that_is_not_over_is_refused(archive: Archive) -> None:
    with pytest.raises(ConfigurationError, match="has not ended"):
        archive.processor().process_daily_logs("2026-03-15")


@pytest.mark.parametrize("day", ["2026-3-14", "yesterday", "20260314", ""])
def test_a_malformed_day_is_a_usage_error(archive: Archive, day: str) -> None:
    with pytest.raises(ConfigurationError):
        collect(archive.context(), day)


@pytest.mark.parametrize("weaker", [{"lock_mode": "GOVERNANCE"}, {"retain_days": 3649}])
def test_settings_weaker_than_the_genesis_are_refused(archive: Archive, weaker: dict[str, object]) -> None:
    context = archive.context()
    context.settings = archive.settings.model_copy(
        update={"archive": archive.settings.archive.model_copy(update=weaker)}
    )
    with pytest.raises(ConfigurationError, match="weaker than what the archive's genesis promises"):
        collect(context, DAY)


def test_big_inputs_are_split_and_small_ones_packed(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive(segment_target_bytes=1024)
    lines = [
        f"{DAY} line {number:06d} of a log that is long enough to be split\n".encode()
        for number in range(200_000)
    ]
    archive.log(f"{DAY}-big.log", b"".join(lines))
    for number in range(20):
        archive.log(f"{DAY}-small-{number:02d}.log", b"x\n")
    result = archive.processor().process_daily_logs(DAY)
    segments = content(archive)
    assert len(segments) > 1
    assert b"".join(segments).startswith(b"".join(lines))
    assert all(segment.endswith(b"\n") for segment in segments)
    assert result.signed.records == 200_020


def test_staged_data_is_private_and_gone_after_the_seal(archive: Archive, umask: None) -> None:
    archive.log(f"{DAY}.log", b"password=hunter22\n")
    collect(archive.context(), DAY)
    assert archive.staged()
    for path in archive.staged():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    archive.processor().process_daily_logs(DAY)
    assert archive.staged() == []


def test_many_small_files_make_one_segment(archive: Archive) -> None:
    for number in range(10_000):
        (archive.logs / f"{DAY}-{number:05d}.log").write_bytes(b"%d\n" % number)
    result = archive.processor().process_daily_logs(DAY)
    assert (result.collected.inputs, len(result.signed.objects)) == (10_000, 2)
    assert result.signed.records == 10_000
    assert verify(archive) == 0
