"""How cold objects stand, and asking a server of AWS's protocol for them."""

from __future__ import annotations

import hashlib
import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cold_archive import Front, finish_restores_after, front_of

from audit_trail.archive.aws_clients import open_client
from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.object_store import (
    ArchivedError,
    DeniedError,
    Retention,
    StoredObject,
    TierUnavailableError,
)
from audit_trail.archive.restore import (
    RestoreState,
    archived_error,
    ask_for,
    give_up_at,
    look_at,
    parse_restore,
    standing,
)
from audit_trail.archive.s3_store import S3Store
from audit_trail.errors import StorageError
from audit_trail.settings import ArchiveSettings

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
ON_ITS_WAY = 'ongoing-request="true"'
HERE = 'ongoing-request="false", expiry-date="Fri, 20 Mar 2026 00:00:00 GMT"'
UNTIL = datetime(2026, 3, 20, tzinfo=UTC)
KEY = "logs/source=app/date=2026-03-13/part-00000-0011223344556677.log.zst"


def described(storage_class: str = "DEEP_ARCHIVE", restore: str = "") -> StoredObject:
    return StoredObject(
        key=KEY,
        version_id="v",
        size=1,
        sha256=None,
        retention=None,
        storage_class=storage_class,
        restore=restore,
    )


# What a header says


@pytest.mark.parametrize(
    ("storage_class", "header", "now", "state", "until"),
    [
        ("STANDARD", "", NOW, RestoreState.HOT, None),
        ("GLACIER_IR", "", NOW, RestoreState.HOT, None),
        ("GLACIER", "", NOW, RestoreState.ARCHIVED, None),
        ("DEEP_ARCHIVE", "", NOW, RestoreState.ARCHIVED, None),
        ("DEEP_ARCHIVE", ON_ITS_WAY, NOW, RestoreState.RESTORING, None),
        ("GLACIER", HERE, NOW, RestoreState.RESTORED, UNTIL),
        ("GLACIER", HERE, UNTIL - timedelta(seconds=1), RestoreState.RESTORED, UNTIL),
        ("GLACIER", HERE, UNTIL, RestoreState.ARCHIVED, UNTIL),
    ],
)
def test_how_an_object_stands(
    storage_class: str, header: str, now: datetime, state: RestoreState, until: datetime | None
) -> None:
    stands = standing(described(storage_class, header), now=now)
    assert (stands.state, stands.until) == (state, until)


@pytest.mark.parametrize(
    "header",
    [
        'ongoing-request="false"',
        'ongoing-request="yes"',
        'ongoing-request="true", expiry-date="Fri, 20 Mar 2026 00:00:00 GMT"',
        'ongoing-request="false", expiry-date=""',
        'ongoing-request="false", expiry-date="2026-03-20T00:00:00Z"',
        'ongoing-request="false", expiry-date="Sat, 20 Mar 2026 00:00:00 GMT"',
        'ongoing-request="false", expiry-date="Fri, 20 Mar 2026 00:00:00 +0100"',
        'ongoing-request="false", expiry-date="Fri, 32 Mar 2026 00:00:00 GMT"',
        f"{HERE} ",
        f" {ON_ITS_WAY}",
        f"{ON_ITS_WAY}\n",
        "true",
    ],
)
def test_a_header_that_is_not_the_services_is_not_guessed_at(header: str) -> None:
    with pytest.raises(StorageError, match="nobody understands"):
        parse_restore(header, where=KEY)


def test_what_a_refused_reader_is_told() -> None:
    def told(header: str) -> str:
        return str(archived_error(described(restore=header), key=KEY, where="s3://b/k"))

    assert "not restored" in told("")
    assert "audit-trail restore --from 2026-03-13 --to 2026-03-13" in told("")
    assert "being restored" in told(ON_ITS_WAY)
    assert "its restored copy went at 2026-03-20T00:00:00Z" in told(HERE)
    assert "restore it again with audit-trail restore" in told(HERE)
    assert "nobody understands" in told("x")
    assert "no such version" in str(archived_error(None, key="ledger/1", where="s3://b/k"))


def test_waiting_is_given_up_after_half_as_long_again_and_an_hour() -> None:
    assert give_up_at(NOW, timedelta(hours=48)) == NOW + timedelta(hours=73)
    assert give_up_at(NOW, timedelta(minutes=5)) - NOW > timedelta(hours=1)


# Asking


@pytest.fixture(scope="module")
def front(aws_server: str) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running
        urllib.request.urlopen(f"{aws_server}/moto-api/reset", data=b"").close()


@pytest.fixture(scope="module")
def archive(front: Front, tmp_path_factory: pytest.TempPathFactory) -> ArchiveSettings:
    credentials = tmp_path_factory.mktemp("cold") / "credentials"
    credentials.write_text("[default]\naws_access_key_id = test\naws_secret_access_key = test\n")
    made = ArchiveSettings(
        bucket="cold-objects", prefix="company", endpoint_url=front.url, credentials_file=credentials
    )
    found_bucket(made)
    return made


@pytest.fixture
def s3_store(archive: ArchiveSettings, front: Front, aws_server: str) -> S3Store:
    """A store whose client does not try again: what is refused here stays refused."""
    from botocore.config import Config

    front.forget()
    finish_restores_after(aws_server, 1)
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return S3Store(archive, open_client(archive, "s3", endpoint_url=front.url, config=config))


def put(store: S3Store, key: str, data: bytes, storage_class: str = "DEEP_ARCHIVE") -> StoredObject:
    lock = Retention(mode="GOVERNANCE", until=datetime.now(UTC).replace(microsecond=0) + timedelta(days=1))
    return store.put_once(
        key,
        data,
        sha256=hashlib.sha256(data).hexdigest(),
        retention=lock,
        storage_class=storage_class,
        content_type="text/plain",
    )


def state(store: S3Store, there: StoredObject) -> RestoreState:
    now_there = store.head(there.key, there.version_id)
    assert now_there is not None
    return standing(now_there, now=datetime.now(UTC)).state


def ask(store: S3Store, *objects: StoredObject, tier: str = "Bulk", fall_back: bool = False) -> Any:
    return ask_for(store, objects, tier=tier, days=2, fall_back=fall_back)


def test_a_cold_object_is_refused_asked_for_on_its_way_and_read(s3_store: S3Store) -> None:
    there = put(s3_store, "life", b"one\n")
    assert there.storage_class == "DEEP_ARCHIVE"
    assert state(s3_store, there) is RestoreState.ARCHIVED
    with pytest.raises(ArchivedError, match="cannot be read now"):
        s3_store.read("life", there.version_id, max_bytes=10)
    asked = ask(s3_store, there)
    assert asked.answers == {"asked": 1}
    assert asked.waiting == [("life", there.version_id)]
    assert state(s3_store, there) is RestoreState.RESTORING
    now_there = s3_store.head("life", there.version_id)
    assert now_there is not None
    # A restored object keeps its class.
    assert now_there.storage_class == "DEEP_ARCHIVE"
    assert state(s3_store, there) is RestoreState.RESTORED
    assert b"".join(s3_store.stream("life", there.version_id)) == b"one\n"
    assert ask(s3_store, there).answers == {"extended": 1}


def test_only_the_version_that_was_described_is_asked_for(s3_store: S3Store, front: Front) -> None:
    there = put(s3_store, "versions", b"sealed\n")
    # Cold as well, because this server restores whatever is newest; what it was asked for counts.
    s3_store._client.put_object(
        Bucket="cold-objects",
        Key="company/versions",
        Body=b"on top",
        ChecksumAlgorithm="SHA256",
        StorageClass="DEEP_ARCHIVE",
    )
    ask(s3_store, there)
    assert [query["versionId"] for query in front.restores] == [[there.version_id]]


def test_a_restore_that_is_on_its_way_is_as_good_as_asked_for(s3_store: S3Store, front: Front) -> None:
    there = put(s3_store, "busy", b"x")
    front.refusal = (409, "RestoreAlreadyInProgress")
    asked = ask(s3_store, there)
    assert asked.answers == {"in-progress": 1}
    assert asked.waiting == [("busy", there.version_id)]


def test_without_capacity_expedited_fails_clearly_or_falls_back(s3_store: S3Store, front: Front) -> None:
    objects = [put(s3_store, f"fast-{number}", b"x", "GLACIER") for number in range(3)]
    front.refusal, front.refused_tier = (503, "GlacierExpeditedRetrievalNotAvailable"), "Expedited"
    with pytest.raises(TierUnavailableError) as caught:
        ask(s3_store, *objects, tier="Expedited")
    assert "restore.fall_back" in caught.value.remedy
    front.tiers.clear()
    asked = ask(s3_store, *objects, tier="Expedited", fall_back=True)
    assert asked.answers == {"asked": 3}
    # The first one found out, and nobody asks in vain after it.
    assert front.tiers == ["Expedited", "Standard", "Standard", "Standard"]


def test_who_may_not_restore_one_is_not_refused_a_hundred_times(s3_store: S3Store, front: Front) -> None:
    objects = [put(s3_store, f"denied-{number}", b"x") for number in range(5)]
    front.refusal = (403, "AccessDenied")
    with pytest.raises(DeniedError) as caught:
        ask(s3_store, *objects)
    assert "s3:RestoreObject on arn:aws:s3:::cold-objects/company/*" in caught.value.remedy
    assert len(front.restores) == 1


def test_a_hot_object_is_no_retry_and_says_so(s3_store: S3Store) -> None:
    there = put(s3_store, "hot", b"x", "GLACIER_IR")
    assert state(s3_store, there) is RestoreState.HOT
    with pytest.raises(StorageError, match="restores no object of this storage class"):
        s3_store.request_restore("hot", there.version_id, tier="Bulk", days=1)


def test_looking_sorts_objects_and_asks_for_nothing(s3_store: S3Store, front: Front) -> None:
    cold, hot = put(s3_store, "look-cold", b"x"), put(s3_store, "look-hot", b"x", "STANDARD")
    waiting, here = put(s3_store, "look-waiting", b"x"), put(s3_store, "look-here", b"x")
    ask(s3_store, waiting, here)
    assert state(s3_store, here) is RestoreState.RESTORING
    assert state(s3_store, here) is RestoreState.RESTORED
    front.restores.clear()
    versions = [(there.key, there.version_id) for there in (cold, hot, waiting, here)]
    found = look_at(s3_store, [*versions, ("look-none", "v")], now=datetime.now(UTC))
    assert [there.key for there in found.archived] == ["look-cold"]
    assert [there.key for there in found.restoring] == ["look-waiting"]
    assert [there.key for there, _ in found.restored] == ["look-here"]
    assert (found.hot, found.absent, found.unknown) == (1, 1, [])
    assert front.restores == []
    assert [there.key for there in found.going_before(datetime.now(UTC) + timedelta(days=3))] == ["look-here"]
    assert found.going_before(datetime.now(UTC) + timedelta(days=1)) == []


def test_a_copy_that_has_gone_is_archived_again(s3_store: S3Store, front: Front) -> None:
    there = put(s3_store, "gone", b"x")
    ask(s3_store, there)
    assert state(s3_store, there) is RestoreState.RESTORING
    assert state(s3_store, there) is RestoreState.RESTORED
    front.expired.add("gone")
    assert state(s3_store, there) is RestoreState.ARCHIVED
    with pytest.raises(ArchivedError, match="restore it again"):
        s3_store.read("gone", there.version_id, max_bytes=10)


def enforce(server: str, free_requests: bytes) -> None:
    """Hold requests against IAM policies from the so-manieth one on."""
    request = urllib.request.Request(
        f"{server}/moto-api/reset-auth", data=free_requests, headers={"Content-Type": "text/plain"}
    )
    urllib.request.urlopen(request).close()


def test_the_permission_is_named_when_aws_itself_denies(
    s3_store: S3Store, archive: ArchiveSettings, aws_server: str, tmp_path: Path
) -> None:
    """The server enforces a policy that allows everything but RestoreObject."""
    there = put(s3_store, "enforced", b"x")
    iam = open_client(archive, "iam", endpoint_url=aws_server)
    iam.create_user(UserName="verifier")
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:RestoreObject", "Resource": "*"},
        ],
    }
    iam.put_user_policy(UserName="verifier", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="verifier")["AccessKey"]
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[default]\naws_access_key_id = {key['AccessKeyId']}\n"
        f"aws_secret_access_key = {key['SecretAccessKey']}\n"
    )
    limited = S3Store(
        archive.model_copy(update={"endpoint_url": aws_server, "credentials_file": credentials})
    )
    enforce(aws_server, b"0")
    try:
        assert limited.head("enforced", there.version_id) is not None
        with pytest.raises(DeniedError) as caught:
            limited.request_restore("enforced", there.version_id, tier="Bulk", days=1)
    finally:
        enforce(aws_server, b"inf")
    assert "allow these credentials s3:RestoreObject" in caught.value.remedy
    assert key["SecretAccessKey"] not in str(caught.value)
