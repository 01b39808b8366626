"""S3Store against a real store with Object Lock."""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from audit_trail.archive import s3_store as s3_store_module
from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.object_store import KeyTakenError, Retention, StoredObject
from audit_trail.archive.s3_store import S3Store, make_client
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import ArchiveSettings

MakeArchive = Callable[..., ArchiveSettings]


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of the test's own in the module's bucket."""
    return f"{sha256(request.node.name.encode()).hexdigest()[:16]}/object.bin"


def put(store: S3Store, key: str, body: bytes | Path, lock: Retention, **changes: Any) -> StoredObject:
    data = body if isinstance(body, bytes) else body.read_bytes()
    options = {"sha256": sha256(data).hexdigest(), "storage_class": "STANDARD", "content_type": "text/plain"}
    return store.put_once(key, body, retention=lock, **(options | changes))


def refusal(action: Callable[[], Any]) -> StorageError:
    with pytest.raises(StorageError) as caught:
        action()
    return caught.value


def test_what_was_put_is_described_and_read(s3_store: S3Store, key: str, lock: Retention) -> None:
    there = put(s3_store, key, b"content", lock)
    assert (there.key, there.size) == (key, 7)
    assert there.sha256 == sha256(b"content").hexdigest()
    assert there.retention == lock
    assert there.version_id
    assert s3_store.head(key) == s3_store.head(key, there.version_id) == there
    assert s3_store.read(key, max_bytes=7) == s3_store.read(key, there.version_id, max_bytes=7) == b"content"
    assert b"".join(s3_store.stream(key, there.version_id)) == b"content"


@pytest.mark.parametrize("size", [0, 1, 3 * 1024 * 1024 + 1])
def test_a_file_is_put_and_streamed_whole(
    s3_store: S3Store, key: str, lock: Retention, tmp_path: Path, size: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
    there = put(s3_store, key, path, lock)
    assert (there.size, there.sha256) == (size, sha256(path.read_bytes()).hexdigest())
    blocks = list(s3_store.stream(key))
    assert b"".join(blocks) == path.read_bytes()
    assert all(len(block) <= s3_store_module.BLOCK_BYTES for block in blocks)


def test_putting_the_same_bytes_again_is_the_same_version(
    s3_store: S3Store, key: str, lock: Retention
) -> None:
    first = put(s3_store, key, b"content", lock)
    assert put(s3_store, key, b"content", lock) == first
    assert [item.version_id for item in s3_store.list_versions(key)] == [first.version_id]


def test_other_bytes_under_a_taken_key_are_refused(s3_store: S3Store, key: str, lock: Retention) -> None:
    first = put(s3_store, key, b"content", lock)
    with pytest.raises(KeyTakenError) as caught:
        put(s3_store, key, b"other", lock)
    assert caught.value.where.endswith(f"/company/logs/{key}")
    assert (caught.value.expected, caught.value.found) == (sha256(b"other").hexdigest(), first.sha256)
    assert s3_store.read(key, max_bytes=100) == b"content"


def test_the_store_itself_refuses_bytes_that_are_not_the_digest(
    s3_store: S3Store, key: str, lock: Retention
) -> None:
    error = refusal(lambda: put(s3_store, key, b"content", lock, sha256=sha256(b"other").hexdigest()))
    assert not isinstance(error, KeyTakenError)
    assert "PutObject" in error.what
    assert s3_store.head(key) is None
    assert list(s3_store.list_versions(key)) == []


def test_of_many_writers_exactly_one_wins(s3_store: S3Store, key: str, lock: Retention) -> None:
    def write(number: int) -> StoredObject | KeyTakenError:
        try:
            return put(s3_store, key, b"writer %d" % number, lock)
        except KeyTakenError as error:
            return error

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(write, range(16)))
    winners = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, StoredObject)]
    assert len(winners) == 1
    assert s3_store.read(key, max_bytes=100) == b"writer %d" % winners[0]
    assert len(list(s3_store.list_versions(key))) == 1


def test_of_many_writers_of_the_same_bytes_all_succeed(s3_store: S3Store, key: str, lock: Retention) -> None:
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda _: put(s3_store, key, b"the same", lock), range(16)))
    assert len({outcome.version_id for outcome in outcomes}) == 1
    assert len(list(s3_store.list_versions(key))) == 1


def test_a_second_put_lengthens_the_lock_and_never_shortens_it(
    s3_store: S3Store, key: str, lock: Retention
) -> None:
    longer = replace(lock, until=lock.until + timedelta(days=30))
    first = put(s3_store, key, b"content", lock)
    assert put(s3_store, key, b"content", longer) == replace(first, retention=longer)
    assert put(s3_store, key, b"content", lock).retention == longer


def test_a_lock_never_becomes_weaker(s3_store: S3Store, key: str, lock: Retention) -> None:
    put(s3_store, key, b"content", lock)
    weak = Retention(mode="GOVERNANCE", until=lock.until + timedelta(days=30))
    assert put(s3_store, key, b"content", weak).retention == replace(lock, until=weak.until)


def test_a_governance_lock_is_lengthened_and_its_mode_is_not_ours_to_change(
    s3_store: S3Store, key: str, lock: Retention
) -> None:
    """That takes the permission to bypass governance, which a writer of the archive must not have."""
    weak = Retention(mode="GOVERNANCE", until=lock.until)
    longer = replace(weak, until=weak.until + timedelta(days=1))
    first = put(s3_store, key, b"content", weak)
    assert put(s3_store, key, b"content", longer) == replace(first, retention=longer)
    error = refusal(lambda: put(s3_store, key, b"content", lock))
    assert not isinstance(error, KeyTakenError)
    assert "PutObjectRetention" in error.what
    assert s3_store.head(key) == replace(first, retention=longer)


def test_nobody_deletes_a_locked_version(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, key: str, lock: Retention
) -> None:
    from botocore.exceptions import ClientError

    there = put(s3_store, key, b"content", lock)
    for bypass in ({}, {"BypassGovernanceRetention": True}):
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(
                Bucket=archive.bucket, Key=f"company/logs/{key}", VersionId=there.version_id, **bypass
            )
    assert s3_store.head(key) == there


def test_a_deleted_object_is_absent_and_its_version_is_still_read(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, key: str, lock: Retention
) -> None:
    there = put(s3_store, key, b"content", lock)
    marker = client.delete_object(Bucket=archive.bucket, Key=f"company/logs/{key}")["VersionId"]
    assert s3_store.head(key) is None
    assert s3_store.head(key, marker) is None
    assert s3_store.head(key, there.version_id) == there
    assert s3_store.read(key, there.version_id, max_bytes=100) == b"content"
    versions = list(s3_store.list_versions(key))
    assert [(item.version_id, item.is_delete_marker, item.is_latest) for item in versions] == [
        (marker, True, True),
        (there.version_id, False, False),
    ]


def test_versions_are_listed_by_key_newest_first(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, key: str, lock: Retention
) -> None:
    folder = key.split("/", maxsplit=1)[0]
    made: list[tuple[str, str]] = []
    for name in ("b", "a", "a"):
        answer = client.put_object(Bucket=archive.bucket, Key=f"company/logs/{folder}/{name}", Body=b"12345")
        made.append((f"{folder}/{name}", answer["VersionId"]))
    versions = list(s3_store.list_versions(f"{folder}/"))
    assert [(item.key, item.version_id) for item in versions] == [made[2], made[1], made[0]]
    assert [item.is_latest for item in versions] == [True, False, True]
    assert {item.size for item in versions} == {5}


def test_a_listing_of_many_pages_is_whole(
    s3_store: S3Store, archive: ArchiveSettings, key: str, lock: Retention
) -> None:
    folder = key.split("/", maxsplit=1)[0]
    names = [f"{folder}/{number:02d}" for number in range(9)]
    for name in names:
        put(s3_store, name, b"content", lock)
    paged = make_client(archive)

    def two_a_page(params: dict[str, Any], **_: Any) -> None:
        params["MaxKeys"] = 2

    paged.meta.events.register("provide-client-params.s3.ListObjectVersions", two_a_page)
    listed = [item.key for item in S3Store(archive, paged).list_versions(f"{folder}/")]
    assert listed == names


def test_nothing_outside_the_prefix_is_seen(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, key: str
) -> None:
    for outside in (key, f"company/logs2/{key}", f"company/{key}"):
        client.put_object(Bucket=archive.bucket, Key=outside, Body=b"x")
    assert s3_store.head(key) is None
    assert list(s3_store.list_versions(key)) == []
    assert not [item for item in s3_store.list_versions("") if item.key.startswith(("company", "2/"))]


@pytest.mark.parametrize("prefix", ["", "one", "one/", "one/two"])
def test_a_prefix_stands_before_every_key(
    archive: ArchiveSettings, client: Any, key: str, lock: Retention, prefix: str
) -> None:
    below = S3Store(archive.model_copy(update={"prefix": prefix}))
    name = f"{prefix.strip('/').replace('/', '-')}-{key}"
    put(below, name, b"content", lock)
    whole = f"{prefix.strip('/')}/{name}".lstrip("/")
    assert below.uri(name) == f"s3://{archive.bucket}/{whole}"
    assert client.head_object(Bucket=archive.bucket, Key=whole)["ContentLength"] == 7
    assert [item.key for item in below.list_versions(name)] == [name]


def test_keys_of_partitions_and_odd_characters_come_back_as_they_are(
    s3_store: S3Store, key: str, lock: Retention
) -> None:
    name = f"{key}/source=api/date=2026-01-09/a b+c%2Fä.jsonl.zst"
    there = put(s3_store, name, b"content", lock)
    assert there.key == name
    assert [item.key for item in s3_store.list_versions(f"{key}/source=api/")] == [name]
    assert s3_store.read(name, max_bytes=7) == b"content"


def test_a_missing_key_or_version_is_told_from_a_failure(
    s3_store: S3Store, key: str, lock: Retention
) -> None:
    assert s3_store.head(key) is None
    assert list(s3_store.list_versions(key)) == []
    for action in (lambda: s3_store.read(key, max_bytes=9), lambda: list(s3_store.stream(key))):
        error = refusal(action)
        assert "NoSuchKey" in error.found
        assert error.where.endswith(key)
    there = put(s3_store, key, b"content", lock)
    other = there.version_id[:-1] + ("0" if there.version_id[-1] != "0" else "1")
    assert s3_store.head(key, other) is None
    refusal(lambda: s3_store.read(key, other, max_bytes=9))


def test_an_object_larger_than_expected_is_not_read(s3_store: S3Store, key: str, lock: Retention) -> None:
    put(s3_store, key, b"content", lock)
    error = refusal(lambda: s3_store.read(key, max_bytes=6))
    assert (error.expected, error.found) == ("at most 6 bytes", "7 bytes")


def test_an_object_that_was_put_without_a_checksum_is_not_taken_for_ours(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, key: str, lock: Retention
) -> None:
    client.put_object(Bucket=archive.bucket, Key=f"company/logs/{key}", Body=b"content")
    there = s3_store.head(key)
    assert there is not None
    if there.sha256 is None:
        with pytest.raises(KeyTakenError, match="no checksum"):
            put(s3_store, key, b"content", lock)
    else:
        assert put(s3_store, key, b"content", lock).retention == lock


def test_a_wrong_bucket_is_named_with_what_to_do(archive_settings: MakeArchive, lock: Retention) -> None:
    archive = archive_settings()
    store = S3Store(archive)
    for action in (
        lambda: store.read("key", max_bytes=9),
        lambda: list(store.stream("key")),
        lambda: list(store.list_versions("")),
        lambda: put(store, "key", b"content", lock),
    ):
        error = refusal(action)
        assert archive.bucket in error.where
        assert "NoSuchBucket" in error.found
        assert "archive.bucket" in error.remedy


def test_wrong_credentials_are_refused_without_showing_them(
    archive_settings: MakeArchive, wrong_credentials: Path, lock: Retention
) -> None:
    archive = archive_settings(credentials_file=wrong_credentials)
    store = S3Store(archive)
    for action in (
        lambda: store.head("key"),
        lambda: store.read("key", max_bytes=9),
        lambda: list(store.list_versions("")),
        lambda: put(store, "key", b"content", lock),
        lambda: found_bucket(archive),
    ):
        error = refusal(action)
        assert "credentials" in error.remedy
        assert "wrong-secret-key" not in f"{error} {error.__cause__}"


@pytest.mark.parametrize(
    ("content", "profile"),
    [
        pytest.param("", None, id="empty file"),
        pytest.param("[default]\naws_access_key_id = AKIAONLY\n", None, id="half a key"),
        pytest.param("not a credentials file", None, id="no credentials file"),
        pytest.param("[default]\n", "another", id="missing profile"),
        pytest.param(None, None, id="missing file"),
    ],
)
def test_unusable_credentials_are_one_of_our_errors(
    archive_settings: MakeArchive, tmp_path: Path, content: str | None, profile: str | None
) -> None:
    path = tmp_path / "credentials"
    if content is not None:
        path.write_text(content)
    archive = archive_settings(credentials_file=path, profile=profile)
    with pytest.raises((ConfigurationError, StorageError)) as caught:
        S3Store(archive).head("key")
    assert "credentials" in str(caught.value)


@pytest.mark.parametrize("endpoint_url", ["not a url", "localhost:9000", "http://"])
def test_an_endpoint_that_is_no_url_is_a_configuration_error(
    archive_settings: MakeArchive, endpoint_url: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        S3Store(archive_settings(endpoint_url=endpoint_url))
    assert "archive.endpoint_url" in caught.value.where


def test_an_unreachable_endpoint_is_a_storage_error(
    archive_settings: MakeArchive, monkeypatch: pytest.MonkeyPatch, lock: Retention, tmp_path: Path
) -> None:
    monkeypatch.setattr(s3_store_module, "MAX_ATTEMPTS", 1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound and not listening: connecting is refused at once
        archive = archive_settings(endpoint_url=f"http://127.0.0.1:{closed.getsockname()[1]}")
        store = S3Store(archive)
        for action in (
            lambda: store.head("key"),
            lambda: store.read("key", max_bytes=9),
            lambda: list(store.list_versions("")),
            lambda: put(store, "key", b"content", lock),
            lambda: found_bucket(archive),
        ):
            error = refusal(action)
            assert "could not be reached" in error.what
            assert "archive.endpoint_url" in error.remedy


def test_a_file_that_is_gone_is_not_blamed_on_the_store(
    s3_store: S3Store, key: str, lock: Retention, tmp_path: Path
) -> None:
    path = tmp_path / "gone"
    error = refusal(
        lambda: s3_store.put_once(
            key, path, sha256="0" * 64, retention=lock, storage_class="STANDARD", content_type="text/plain"
        )
    )
    assert (error.what, error.where) == ("the file to store cannot be read", str(path))
