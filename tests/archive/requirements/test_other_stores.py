"""Stores that are not AWS: what they lack is said, and is nobody's mistake."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from audit_trail.archive.bucket import check_bucket, found_bucket
from audit_trail.archive.bucket_points import State, exit_code_of
from audit_trail.archive.requirements.access import PUBLIC_ACCESS
from audit_trail.archive.requirements.looking import look_at
from audit_trail.archive.requirements.object_lock import OBJECT_LOCK
from audit_trail.archive.requirements.requirement import Bucket
from audit_trail.archive.s3_store import make_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import ArchiveSettings

LISTING = b'<?xml version="1.0"?><ListBucketResult><Name>b</Name></ListBucketResult>'
REFUSAL = b"<Error><Code>%s</Code><Message>-</Message></Error>"


@pytest.fixture
def archive(store: EmbeddedStore, request: pytest.FixtureRequest) -> ArchiveSettings:
    return ArchiveSettings(
        bucket=request.node.name.replace("_", "-")[:60].strip("-"),
        endpoint_url=store.endpoint_url,
        credentials_file=store.credentials_file,
        retain_days=2,
    )


def states(points: Any) -> dict[str, State]:
    return {point.name: point.state for point in points}


def test_what_seaweedfs_lacks_is_not_wrong(archive: ArchiveSettings) -> None:
    founded = found_bucket(archive)
    held = states(founded.points)
    lacking = {name for name, state in held.items() if state is State.NOT_OFFERED}
    assert lacking == {"public-access", "encryption", "policy"}
    assert set(held.values()) == {State.RIGHT, State.NOT_OFFERED}
    assert exit_code_of(founded.points) == 0
    assert check_bucket(archive) == found_bucket(archive).points == founded.points


def test_it_is_given_no_encryption_and_no_policy(archive: ArchiveSettings) -> None:
    found_bucket(archive)
    client = make_client(archive)
    for operation in (client.get_bucket_policy, client.get_bucket_encryption):
        with pytest.raises(client.exceptions.ClientError, match=r"NoSuchBucketPolicy|NotFoundError"):
            operation(Bucket=archive.bucket)


def test_killed_between_making_and_the_retention_the_next_founding_completes_it(
    archive: ArchiveSettings,
) -> None:
    make_client(archive).create_bucket(Bucket=archive.bucket, ObjectLockEnabledForBucket=True)
    assert states(check_bucket(archive))["default-retention"] is State.WRONG
    assert states(found_bucket(archive).points)["default-retention"] is State.RIGHT


def test_what_may_not_be_looked_at_is_status_2(archive: ArchiveSettings) -> None:
    client = make_client(archive)
    found_bucket(archive, client)
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetLifecycleConfiguration",
        "Resource": f"arn:aws:s3:::{archive.bucket}",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    client.put_bucket_policy(Bucket=archive.bucket, Policy=policy)
    points = check_bucket(archive, client)
    unread = [point for point in points if point.state is State.UNREADABLE]
    assert {point.name for point in unread} == {"unfinished-uploads", "no-expiry", "hot-ledger"}
    assert all("GetBucketLifecycleConfiguration" in point.found for point in unread)
    assert exit_code_of(points) == 2


def test_a_lock_that_may_not_be_looked_at_founds_nothing(archive: ArchiveSettings) -> None:
    client = make_client(archive)
    client.create_bucket(Bucket=archive.bucket, ObjectLockEnabledForBucket=True)
    denial = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetBucketObjectLockConfiguration",
        "Resource": f"arn:aws:s3:::{archive.bucket}",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denial]})
    client.put_bucket_policy(Bucket=archive.bucket, Policy=policy)
    with pytest.raises(StorageError, match="cannot be seen"):
        found_bucket(archive, client)


@contextmanager
def store_that_says(status: int, body: bytes, *, to_puts: tuple[int, bytes] = (200, b"")) -> Iterator[Bucket]:
    """A store with one answer to every question, and one to whatever it is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(status, body)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._say(*to_puts)

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        archive = ArchiveSettings(bucket="b", endpoint_url=f"http://127.0.0.1:{server.server_port}")
        yield Bucket(client=make_client(archive), archive=archive)
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")


@pytest.mark.usefixtures("_credentials")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (501, REFUSAL % b"NotImplemented"),
        (405, REFUSAL % b"MethodNotAllowed"),
        (405, b""),
        (200, LISTING),
        (200, b""),
    ],
    ids=["501", "405", "405-bare", "a-listing", "nothing"],
)
def test_a_store_that_does_not_know_the_question(status: int, body: bytes) -> None:
    with store_that_says(status, body) as bucket:
        point = look_at(PUBLIC_ACCESS, bucket, may_put=lambda: True)
    assert point.state is State.NOT_OFFERED
    assert "does not offer" in point.found
    assert not point.remedy


@pytest.mark.usefixtures("_credentials")
def test_a_refusal_is_no_missing_function() -> None:
    with store_that_says(403, REFUSAL % b"AccessDenied") as bucket:
        assert look_at(PUBLIC_ACCESS, bucket, may_put=lambda: True).state is State.UNREADABLE


@pytest.mark.usefixtures("_credentials")
def test_without_object_lock_there_is_no_archive() -> None:
    with store_that_says(501, REFUSAL % b"NotImplemented") as bucket:
        point = look_at(OBJECT_LOCK, bucket, may_put=lambda: False)
    assert point.state is State.WRONG
    assert point.remedy


@pytest.mark.usefixtures("_credentials")
@pytest.mark.parametrize(
    ("to_puts", "said"),
    [
        ((200, b""), "forgotten"),
        ((501, REFUSAL % b"NotImplemented"), "does not take"),
        ((400, REFUSAL % b"MalformedXML"), "does not take"),
    ],
    ids=["forgets", "501", "malformed"],
)
def test_a_store_that_is_asked_to_keep_what_it_cannot(to_puts: tuple[int, bytes], said: str) -> None:
    absent = REFUSAL % b"NoSuchPublicAccessBlockConfiguration"
    with store_that_says(404, absent, to_puts=to_puts) as bucket:
        point = look_at(PUBLIC_ACCESS, bucket, may_put=lambda: True)
        assert look_at(PUBLIC_ACCESS, bucket, may_put=lambda: False).state is State.WRONG
    assert point.state is State.NOT_OFFERED
    assert said in point.found


@pytest.mark.usefixtures("_credentials")
def test_a_missing_permission_to_set_something_is_an_error() -> None:
    absent, refused = REFUSAL % b"NoSuchPublicAccessBlockConfiguration", (403, REFUSAL % b"AccessDenied")
    with (
        store_that_says(404, absent, to_puts=refused) as bucket,
        pytest.raises(bucket.client.exceptions.ClientError, match="AccessDenied"),
    ):
        look_at(PUBLIC_ACCESS, bucket, may_put=lambda: True)


def test_only_the_names_of_aws_are_aws(archive: ArchiveSettings) -> None:
    def is_on_aws(url: str | None, region: str = "eu-central-1") -> bool:
        settings = ArchiveSettings(bucket="b", endpoint_url=url, region=region)
        return Bucket(client=make_client(settings), archive=settings).is_on_aws

    assert is_on_aws(None)
    assert is_on_aws(None, "cn-north-1")
    assert is_on_aws(None, "us-gov-west-1")
    assert is_on_aws("https://bucket.vpce-1a2b3c4d.s3.eu-central-1.vpce.amazonaws.com")
    assert not is_on_aws("https://amazonaws.com.example")
    assert not is_on_aws("https://notamazonaws.com")
    assert not is_on_aws(archive.endpoint_url)


def test_the_partition_is_that_of_the_region() -> None:
    settings = ArchiveSettings(bucket="b", region="cn-north-1")
    assert Bucket(client=make_client(settings), archive=settings).arn == "arn:aws-cn:s3:::b"


def test_a_bucket_without_lock_gets_nothing(archive: ArchiveSettings) -> None:
    client = make_client(archive)
    client.create_bucket(Bucket=archive.bucket)
    with pytest.raises(ConfigurationError):
        found_bucket(archive, client)
    with pytest.raises(client.exceptions.ClientError, match="NoSuchLifecycle"):
        client.get_bucket_lifecycle_configuration(Bucket=archive.bucket)
