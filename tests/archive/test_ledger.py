"""The ledger as objects: what was put first counts, and what lies over it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from audit_trail.archive import ledger
from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.ledger import list_ledger, put_entry, put_token, read_entries
from audit_trail.archive.object_store import KeyTakenError, ObjectVersion, Retention
from audit_trail.archive.s3_store import S3Store, make_client
from audit_trail.errors import IntegrityError, StorageError
from audit_trail.evidence.object_keys import ledger_key, token_key
from audit_trail.settings import ArchiveSettings

MakeArchive = Callable[..., ArchiveSettings]


@pytest.fixture
def archive(archive_settings: MakeArchive) -> Iterator[ArchiveSettings]:
    """A new ledger for every test."""
    settings = archive_settings(prefix="a")
    found_bucket(settings)
    yield settings


@pytest.fixture
def s3_store(archive: ArchiveSettings) -> S3Store:
    return S3Store(archive)


@pytest.fixture
def client(archive: ArchiveSettings) -> Any:
    return make_client(archive)


def entry(number: int) -> bytes:
    return b'{"entry":%d}' % number


def filled(store: S3Store, lock: Retention, count: int) -> list[str]:
    return [put_entry(store, number, entry(number), lock).version_id for number in range(count)]


def test_an_empty_ledger_is_listed_as_empty(s3_store: S3Store) -> None:
    listing = list_ledger(s3_store)
    assert (listing.first_versions, listing.overlaid, listing.strangers) == ((), (), ())
    assert list(read_entries(s3_store, ())) == []


def test_entries_are_listed_and_read_in_order(s3_store: S3Store, lock: Retention) -> None:
    order = [3, 0, 11, 10, 1, 2]
    versions = {number: put_entry(s3_store, number, entry(number), lock).version_id for number in order}
    listing = list_ledger(s3_store)
    entries = list(read_entries(s3_store, listing.first_versions))
    assert [(raw.sequence, raw.version_id, raw.data) for raw in entries] == [
        (number, versions[number], entry(number)) for number in sorted(order)
    ]
    assert entries[0].key == ledger_key(0)
    assert entries[0].sha256 == sha256(entry(0)).hexdigest()
    assert (listing.overlaid, listing.strangers) == ((), ())


def test_an_entry_is_locked_hot_and_put_once(s3_store: S3Store, lock: Retention) -> None:
    there = put_entry(s3_store, 0, entry(0), lock)
    assert (there.key, there.retention, there.storage_class) == (ledger_key(0), lock, "STANDARD")
    assert put_entry(s3_store, 0, entry(0), lock) == there
    with pytest.raises(KeyTakenError):
        put_entry(s3_store, 0, entry(1), lock)


def test_of_many_writers_one_gets_the_number(s3_store: S3Store, lock: Retention) -> None:
    def append(writer: int) -> bool:
        try:
            put_entry(s3_store, 0, entry(writer), lock)
        except KeyTakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(append, range(8)))
    assert outcomes.count(True) == 1
    (raw,) = read_entries(s3_store, list_ledger(s3_store).first_versions)
    assert raw.data == entry(outcomes.index(True))


def test_what_is_put_over_an_entry_is_shown_and_the_first_version_is_read(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, lock: Retention
) -> None:
    first = filled(s3_store, lock, 3)
    name = f"a/{ledger_key(1)}"
    over = [
        client.put_object(Bucket=archive.bucket, Key=name, Body=body)["VersionId"]
        for body in (b"forged", b"forged again")
    ]
    listing = list_ledger(s3_store)
    assert [item.version_id for item in listing.first_versions] == first
    assert {item.version_id for item in listing.overlaid} == set(over)
    entries = list(read_entries(s3_store, listing.first_versions))
    assert [raw.data for raw in entries] == [entry(0), entry(1), entry(2)]


def test_a_delete_marker_is_shown_and_the_entry_is_still_read(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, lock: Retention
) -> None:
    first = filled(s3_store, lock, 2)
    name = f"a/{ledger_key(1)}"
    forged = client.put_object(Bucket=archive.bucket, Key=name, Body=b"forged")["VersionId"]
    marker = client.delete_object(Bucket=archive.bucket, Key=name)["VersionId"]
    listing = list_ledger(s3_store)
    assert [item.version_id for item in listing.first_versions] == first
    assert {(item.version_id, item.is_delete_marker) for item in listing.overlaid} == {
        (forged, False),
        (marker, True),
    }
    assert [raw.data for raw in read_entries(s3_store, listing.first_versions)] == [entry(0), entry(1)]


def test_strangers_are_shown_and_do_not_take_a_number(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, lock: Retention
) -> None:
    """Among them a key that spells the number 1 in digits of another script."""
    first = filled(s3_store, lock, 2)
    strangers = {"ledger/readme.txt", "ledger/1.dsse.json", "ledger/00000000000\u0661.dsse.json"}
    for name in strangers:
        client.put_object(Bucket=archive.bucket, Key=f"a/{name}", Body=b"x")
    listing = list_ledger(s3_store)
    assert {item.key for item in listing.strangers} == strangers
    assert [item.version_id for item in listing.first_versions] == first
    assert listing.overlaid == ()


def test_what_is_no_entry_is_not_read_as_one(
    s3_store: S3Store, archive: ArchiveSettings, client: Any
) -> None:
    client.put_object(Bucket=archive.bucket, Key="a/ledger/readme.txt", Body=b"x")
    (stranger,) = list_ledger(s3_store).strangers
    with pytest.raises(IntegrityError) as caught:
        list(read_entries(s3_store, [stranger]))
    assert caught.value.where == "ledger/readme.txt"


def test_an_entry_larger_than_any_seal_is_not_read(
    s3_store: S3Store, lock: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(s3_store, lock, 1)
    versions = list_ledger(s3_store).first_versions
    monkeypatch.setattr(ledger, "MAX_ENTRY_BYTES", len(entry(0)) - 1)
    with pytest.raises(StorageError, match="too large"):
        list(read_entries(s3_store, versions))


def test_a_listed_version_that_is_gone_is_a_storage_error(s3_store: S3Store) -> None:
    gone = ObjectVersion(
        key=ledger_key(0),
        version_id="0" * 32,
        is_latest=True,
        is_delete_marker=False,
        size=1,
        modified=datetime(2026, 1, 1, tzinfo=UTC),
    )
    with pytest.raises(StorageError):
        list(read_entries(s3_store, [gone]))


def test_tokens_are_listed_beside_their_entries(s3_store: S3Store, lock: Retention) -> None:
    filled(s3_store, lock, 3)
    versions = {number: put_token(s3_store, number, b"token", lock).version_id for number in (2, 0)}
    listing = list_ledger(s3_store)
    assert {number: item.version_id for number, item in listing.tokens.items()} == versions
    assert len(listing.first_versions) == 3
    assert (listing.overlaid, listing.strangers) == ((), ())


def test_the_first_token_counts_and_later_ones_are_shown(
    s3_store: S3Store, archive: ArchiveSettings, client: Any, lock: Retention
) -> None:
    filled(s3_store, lock, 1)
    first = put_token(s3_store, 0, b"token", lock).version_id
    with pytest.raises(KeyTakenError):
        put_token(s3_store, 0, b"another", lock)
    key = f"{archive.prefix}/{token_key(0)}"
    later = client.put_object(Bucket=archive.bucket, Key=key, Body=b"later")["VersionId"]
    marker = client.delete_object(Bucket=archive.bucket, Key=key)["VersionId"]
    listing = list_ledger(s3_store)
    assert listing.tokens[0].version_id == first
    assert {item.version_id for item in listing.overlaid} == {later, marker}


def test_a_token_without_its_entry_is_a_stranger(s3_store: S3Store, lock: Retention) -> None:
    filled(s3_store, lock, 1)
    put_token(s3_store, 1, b"token", lock)
    listing = list_ledger(s3_store)
    assert (listing.tokens, [item.key for item in listing.strangers]) == ({}, [token_key(1)])
