"""A store that refuses or breaks off: a clear error or a recovery, and never a false seal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.pipeline.conftest import DAY, NOW, Archive
from tests.pipeline.faulty_network import Exchange, FaultyNetwork, faulty_network, times

from audit_trail.archive.s3_store import make_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.processor import AuditTrailProcessor
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings
from audit_trail.verification.verifier import Verifier

RECORDS = b"".join(b'{"n":%d,"path":"/v1/orders/%d"}\n' % (n, n * 7919) for n in range(3000))


@pytest.fixture
def network(store: EmbeddedStore) -> Iterator[FaultyNetwork]:
    with faulty_network(store.endpoint_url) as running:
        yield running


@pytest.fixture
def through(archive: Archive, network: FaultyNetwork, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The archive's settings, by way of the network."""
    archive.log(f"{DAY}.jsonl", RECORDS)
    # Between its tries boto3 waits up to 20 s; here the network is mended at once.
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff._MAX_BACKOFF", 0.05)
    return changed(archive.settings, endpoint_url=network.url)


def changed(settings: Settings, **fields: object) -> Settings:
    return settings.model_copy(update={"archive": settings.archive.model_copy(update=fields)})


def process(settings: Settings) -> None:
    AuditTrailProcessor(settings, now=lambda: NOW).process_daily_logs(DAY)


def is_put_of(part: str) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.method == "PUT" and part in exchange.path


def check_sealed_once_and_whole(archive: Archive) -> None:
    context = archive.context()
    report = Verifier(context.store, genesis=context.genesis, remembered=None).verify(
        "content", now=NOW, due_hours=24
    )
    assert (report.exit_code, report.checks.not_passed) == (0, [])
    assert report.view is not None
    (seal,) = report.view.seals_of(DAY)
    assert seal.totals.records == 3000


def check_nothing_is_sealed(archive: Archive) -> None:
    assert list(archive.context().ledger().seals_of(DAY)) == []


@pytest.mark.parametrize("part", ["/logs/", "/manifests/", "/ledger/"])
@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda exchange: exchange.refuse(503, "SlowDown"), id="throttled"),
        pytest.param(lambda exchange: exchange.refuse(500, "InternalError"), id="server error"),
        pytest.param(lambda exchange: exchange.cut(after=700), id="cut in the middle"),
    ],
)
def test_what_passes_is_waited_out(
    archive: Archive, network: FaultyNetwork, through: Settings, part: str, harm: Callable[[Exchange], bool]
) -> None:
    network.breaks = [times(2, is_put_of(part), harm)]
    process(through)
    check_sealed_once_and_whole(archive)


def test_an_answer_that_was_lost_is_not_a_second_object(
    archive: Archive, network: FaultyNetwork, through: Settings
) -> None:
    """The store has the object, and the connection ends before it can say so."""
    network.lost_answers = [times(1, is_put_of(part), lambda _: True) for part in ("/logs/", "/ledger/")]
    process(through)
    check_sealed_once_and_whole(archive)


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (503, "SlowDown", "try again later"),
        (400, "ExpiredToken", "new session"),
        (403, "RequestTimeTooSkewed", "clock"),
        (403, "AccessDenied", "allowed"),
        (403, "InvalidAccessKeyId", "credentials"),
    ],
)
def test_what_does_not_pass_is_named_with_what_to_do_and_seals_nothing(
    archive: Archive, network: FaultyNetwork, through: Settings, status: int, code: str, remedy: str
) -> None:
    network.breaks = [lambda exchange: is_put_of("/logs/")(exchange) and exchange.refuse(status, code)]
    with pytest.raises(StorageError) as caught:
        process(through)
    assert code in str(caught.value)
    assert remedy in str(caught.value)
    check_nothing_is_sealed(archive)

    network.breaks = []
    process(through)
    check_sealed_once_and_whole(archive)


def test_a_connection_that_is_always_cut_seals_nothing(
    archive: Archive, network: FaultyNetwork, through: Settings
) -> None:
    network.breaks = [lambda exchange: is_put_of("/logs/")(exchange) and exchange.cut(after=700)]
    with pytest.raises(StorageError, match="could not be reached"):
        process(through)
    check_nothing_is_sealed(archive)

    network.breaks = []
    process(through)
    check_sealed_once_and_whole(archive)


def test_wrong_credentials_are_said_to_be_wrong_and_not_shown(archive: Archive, tmp_path: Path) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    wrong = tmp_path / "credentials"
    wrong.write_text("[default]\naws_access_key_id = AKIDWRONG\naws_secret_access_key = not-to-be-shown\n")
    with pytest.raises(AuditTrailError) as caught:
        process(changed(archive.settings, credentials_file=wrong))
    assert "check the credentials" in str(caught.value)
    assert "not-to-be-shown" not in str(caught.value)
    check_nothing_is_sealed(archive)


def test_a_bucket_without_lock_is_refused_before_anything_is_put(archive: Archive) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    client = make_client(archive.settings.archive)
    name = f"{archive.bucket}-open"
    client.create_bucket(Bucket=name)
    with pytest.raises(ConfigurationError, match="lock"):
        found_archive(StageContext(settings=changed(archive.settings, bucket=name), now=lambda: NOW))
    assert client.list_objects_v2(Bucket=name).get("KeyCount", 0) == 0


@pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_said_to_be_full_and_the_day_is_sealed_when_there_is_room(
    archive: Archive, tmp_path: Path
) -> None:
    archive.log(f"{DAY}.jsonl", RECORDS)
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(small)], check=True)
    try:
        full = archive.settings.model_copy(update={"staging_dir": small})
        with pytest.raises(StorageError, match="No space left") as caught:
            process(full)
        assert "staging_dir" in str(caught.value)
        check_nothing_is_sealed(archive)
        subprocess.run(["mount", "-o", "remount,size=16m", str(small)], check=True)
        process(full)
    finally:
        subprocess.run(["umount", str(small)], check=True)
    check_sealed_once_and_whole(archive)
