"""Listing and reading S3 over HTTP: what keys may be, what stores refuse, what changes meanwhile."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from datetime import date
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import boto3
import pytest

from audit_trail.archive.s3_store import make_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.evidence.manifest import StoredVersion
from audit_trail.settings import ArchiveSettings, SourceSettings
from audit_trail.sources import InputStream, Listing, SourceAccess, SourceFile, list_files
from audit_trail.sources.s3_object import S3Object

DAY = date(2026, 1, 9)


@pytest.fixture
def s3(aws: str) -> Any:
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="logs")
    return client


def put(client: Any, *keys: str, bucket: str = "logs", body: bytes = b"x\n", **more: Any) -> None:
    for key in keys:
        client.put_object(Bucket=bucket, Key=key, Body=body, **more)


def listing(url: str, **more: Any) -> Listing:
    access = SourceAccess(make_client=lambda name, **options: boto3.client(name, "us-east-1", **options))
    return list_files(SourceSettings(name="app", kind="api", url=url, **more), DAY, access)


def listed(url: str) -> list[str]:
    return [file.uri.removeprefix("s3://logs/") for file in listing(url).files]


def stream_of(file: SourceFile) -> InputStream:
    return InputStream(file.uri, identity=file.identity, open_file=file.open)


def calls_of(client: Any, operation: str) -> list[dict[str, Any]]:
    """The parameters of every call that this client makes from now on."""
    seen: list[dict[str, Any]] = []
    client.meta.events.register(
        f"provide-client-params.s3.{operation}", lambda params, **_: seen.append(dict(params))
    )
    return seen


# Listing


def test_patterns_match_keys_as_they_match_paths(s3: Any) -> None:
    put(s3, "app/2026-01-09/b.log.gz", "app/2026-01-09/a.log.gz", "app/2026-01-09/deep/c.log.gz", "d.log")
    put(s3, "app/2026-01-10/a.log.gz", "app/2026-01-09-b/a.log.gz")
    day = "app/2026-01-09"
    assert listed("s3://logs/app/{date}/*.log.gz") == [f"{day}/a.log.gz", f"{day}/b.log.gz"]
    assert listed("s3://logs/app/{date}/**/c*") == [f"{day}/deep/c.log.gz"]
    assert listed("s3://logs/*/{date}*/a.*") == [f"{day}-b/a.log.gz", f"{day}/a.log.gz"]
    assert listed("s3://logs/*.log") == ["d.log"]
    assert listed("s3://logs/d.log") == ["d.log"]
    assert listed("s3://logs/nothing/*") == listed("s3://logs/app") == []
    with pytest.raises(CollectionError, match="required source app has no file"):
        listing("s3://logs/nothing/*", required=True)


def test_all_pages_are_listed_and_only_what_can_match(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"2026-01-09-{number:02d}.log" for number in range(7)]
    put(s3, *keys, "2026-01-08.log", "2026-01-10.log")
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    seen = calls_of(s3, "ListObjectsV2")
    access = SourceAccess(make_client=lambda *_, **__: s3)
    files = list_files(SourceSettings(name="a", kind="api", url="s3://logs/{date}*"), DAY, access).files
    assert [file.uri for file in files] == [f"s3://logs/{key}" for key in keys]
    assert len(seen) == 3
    assert {call["Prefix"] for call in seen} == {"2026-01-09"}


STRANGE = (
    "a b+c%2F&d.log", "grüße ☃.log", "<x>'\"\\.log", "[1]*?.log", "a?versionId=1#2.log", "..", "tab\t.log",
)  # fmt: skip


def test_keys_of_any_characters_are_listed_and_read(s3: Any) -> None:
    for number, key in enumerate(STRANGE):
        put(s3, f"odd/{key}", body=b"%d\n" % number)
    files = listing("s3://logs/odd/*").files
    assert {file.uri for file in files} == {f"s3://logs/odd/{key}" for key in STRANGE}
    for file in files:
        number = STRANGE.index(file.uri.removeprefix("s3://logs/odd/"))
        assert b"".join(stream_of(file)) == b"%d\n" % number


def test_folders_are_told_from_objects(s3: Any) -> None:
    put(s3, "f/", "f/empty.log", body=b"")
    put(s3, "f/both", "f/both/in.log", "f//nameless.log")
    assert listed("s3://logs/f/*.log") == ["f/empty.log"]
    assert listed("s3://logs/f/**/*.log") == ["f//nameless.log", "f/both/in.log", "f/empty.log"]
    assert listed("s3://logs/f/both") == ["f/both"]
    assert listed("s3://logs/*/both/*") == ["f/both/in.log"]
    assert [(item.uri, item.reason) for item in listing("s3://logs/*/both").skipped] == [
        ("s3://logs/f/both", "directory")
    ]
    put(s3, "g/", body=b"hidden\n")
    assert [item.reason for item in listing("s3://logs/g/*").skipped] == [
        "object whose name ends with a slash"
    ]


@pytest.mark.parametrize("url", ["s3://logs", "s3://logs/", "s3://logs/a/", "s3://l*/a", "s3:///a"])
def test_a_url_that_names_no_objects_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="names no objects"):
        listing(url)


def test_a_bucket_that_is_not_there_is_an_error_and_no_empty_day(s3: Any) -> None:
    with pytest.raises(CollectionError) as raised:
        listing("s3://nowhere/*.log")
    assert raised.value.found == "NoSuchBucket"


def test_an_unreachable_store_is_a_collection_error(monkeypatch: pytest.MonkeyPatch, s3: Any) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    access = SourceAccess(make_client=lambda name, config, **more: boto3.client(name, "us-east-1", **more))
    source = SourceSettings(name="a", kind="api", url="s3://logs/*", endpoint_url="http://127.0.0.1:9")
    with pytest.raises(CollectionError, match="did not answer"):
        list_files(source, DAY, access)


# Reading


def test_an_object_is_read_in_ranges_each_on_condition_of_the_listed_content(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.sources.s3_object.RANGE_BYTES", 5)
    body = gzip.compress(b"one\ntwo\n", mtime=0)
    put(s3, "a.log.gz", body=body)
    seen = calls_of(s3, "GetObject")
    access = SourceAccess(make_client=lambda *_, **__: s3)
    source = SourceSettings(name="a", kind="api", url="s3://logs/*.gz", requester_pays=True)
    (file,) = list_files(source, DAY, access).files
    stream = stream_of(file)
    assert b"".join(stream) == b"one\ntwo\n"
    assert (stream.start, stream.end, stream.raw_sha256) == (0, len(body), sha256(body).hexdigest())
    assert stream.version == file.version
    assert [call["Range"] for call in seen][:2] == ["bytes=0-4", "bytes=5-9"]
    etag = s3.head_object(Bucket="logs", Key="a.log.gz")["ETag"]
    assert {call["IfMatch"] for call in seen} == {etag}
    assert {call["RequestPayer"] for call in seen} == {"requester"}
    assert len(seen) == -(-len(body) // 5)


@pytest.mark.parametrize("name", ["empty.log", "empty.log.gz"])
def test_an_object_of_no_bytes_has_no_records(s3: Any, name: str) -> None:
    put(s3, name, body=b"")
    (file,) = listing("s3://logs/empty*").files
    stream = stream_of(file)
    assert list(stream) == []
    assert (stream.end, stream.raw_sha256) == (0, sha256(b"").hexdigest())


def test_an_object_overwritten_in_the_middle_of_reading_ends_it(
    s3: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.sources.s3_object.RANGE_BYTES", 4)
    put(s3, "a.log", body=b"one\ntwo\n")
    (file,) = listing("s3://logs/a.log").files
    blocks = iter(InputStream(file.uri, open_file=file.open, block_bytes=4))
    assert next(blocks) == b"one\n"
    put(s3, "a.log", body=b"one\nTWO\n")
    with pytest.raises(CollectionError, match="overwritten since it was listed") as raised:
        list(blocks)
    assert raised.value.where == "s3://logs/a.log"


def test_an_object_overwritten_between_listing_and_reading_ends_it(s3: Any) -> None:
    put(s3, "a.log", body=b"one\n")
    (file,) = listing("s3://logs/a.log").files
    put(s3, "a.log", body=b"two\n")
    with pytest.raises(CollectionError, match="overwritten"):
        list(stream_of(file))
    s3.delete_object(Bucket="logs", Key="a.log")
    with pytest.raises(CollectionError, match="vanished"):
        list(stream_of(file))


def test_in_a_bucket_with_versions_the_pinned_one_is_read_to_its_end(
    store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.sources.s3_object.RANGE_BYTES", 4)
    bucket = f"test-{uuid4().hex}"
    archive = ArchiveSettings(endpoint_url=store.endpoint_url, credentials_file=store.credentials_file)
    client = make_client(archive)
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = client.put_object(Bucket=bucket, Key="x/a b.log", Body=b"one\ntwo\n")
    source = SourceSettings(name="a", kind="api", url=f"s3://{bucket}/x/*.log")
    (file,) = list_files(source, DAY, SourceAccess(make_client=lambda *_, **__: client)).files
    stream = InputStream(file.uri, open_file=file.open, block_bytes=4)
    blocks = iter(stream)
    assert next(blocks) == b"one\n"
    client.put_object(Bucket=bucket, Key="x/a b.log", Body=b"other\n")
    client.delete_object(Bucket=bucket, Key="x/a b.log")
    assert list(blocks) == [b"two\n"]
    assert stream.version == StoredVersion(etag=first["ETag"], version_id=first["VersionId"])


def test_an_object_in_an_archive_class_names_the_class_and_the_remedy(s3: Any) -> None:
    put(s3, "a.log", StorageClass="DEEP_ARCHIVE")
    (file,) = listing("s3://logs/a.log").files
    with pytest.raises(CollectionError, match="archive storage class") as raised:
        list(stream_of(file))
    assert "restore" in raised.value.remedy


def test_an_object_that_may_not_be_read_names_what_is_needed(s3: Any) -> None:
    put(s3, "a.log")
    (file,) = listing("s3://logs/a.log").files
    statement = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::logs/*",
    }  # fmt: skip
    s3.put_bucket_policy(
        Bucket="logs", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    with pytest.raises(CollectionError) as raised:
        list(stream_of(file))
    assert "kms:Decrypt" in raised.value.expected
    assert raised.value.where == "s3://logs/a.log"


class _Breaking(BaseHTTPRequestHandler):
    """Answers GET with half of what it promises, as often as it is told to."""

    breaks = 0
    asked: list[str]

    def do_GET(self) -> None:
        type(self).asked.append(self.headers["Range"])
        broken = len(type(self).asked) <= type(self).breaks
        self.send_response(206)
        self.send_header("ETag", '"e"')
        self.send_header("Content-Length", "8")
        self.end_headers()
        self.wfile.write(b"one\n" if broken else b"one\ntwo\n")
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Not into the tests' output."""


@pytest.fixture
def breaking() -> Iterator[Callable[[int], tuple[S3Object, list[str]]]]:
    servers = []

    def make(breaks: int) -> tuple[S3Object, list[str]]:
        handler = type("Handler", (_Breaking,), {"breaks": breaks, "asked": []})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        client = boto3.client(
            "s3", "us-east-1", endpoint_url=f"http://127.0.0.1:{server.server_port}",
            aws_access_key_id="a", aws_secret_access_key="b",
        )  # fmt: skip
        version = StoredVersion(etag='"e"')
        request = {"Bucket": "logs", "Key": "k"}
        return S3Object(client, request, uri="s3://logs/k", size_bytes=8, version=version), handler.asked  # type: ignore[attr-defined]

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_range_that_breaks_off_is_asked_for_again(breaking: Callable[[int], Any]) -> None:
    file, asked = breaking(2)
    assert file.read(100) == b"one\ntwo\n"
    assert asked == ["bytes=0-7"] * 3


def test_a_range_that_always_breaks_off_is_a_collection_error(breaking: Callable[[int], Any]) -> None:
    file, asked = breaking(100)
    with pytest.raises(CollectionError, match="did not answer"):
        file.read(100)
    assert len(asked) == 4
