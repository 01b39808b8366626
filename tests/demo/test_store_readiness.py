"""A store that is started again is ready when it can read what it holds, and not before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.pipeline.faulty_network import Exchange, FaultyNetwork, faulty_network

from audit_trail.archive.s3_store import make_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.demo.store_readiness import can_be_read
from audit_trail.settings import ArchiveSettings


@pytest.fixture
def own(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore(tmp_path / "store") as running:
        yield running


@pytest.fixture
def network(own: EmbeddedStore) -> Iterator[FaultyNetwork]:
    with faulty_network(own.endpoint_url) as running:
        yield running


def put(store: EmbeddedStore) -> None:
    settings = ArchiveSettings(
        bucket="kept", endpoint_url=store.endpoint_url, credentials_file=store.credentials_file
    )
    client = make_client(settings)
    client.create_bucket(Bucket="kept")
    client.put_object(Bucket="kept", Key="a/b", Body=b"x" * 100)


def test_one_that_cannot_find_its_volumes_is_not_ready(
    own: EmbeddedStore, network: FaultyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(exchange: Exchange) -> bool:
        return exchange.path.startswith("/kept/a/b") and exchange.refuse(500, "InternalError")

    monkeypatch.setattr("audit_trail.archive.s3_store.MAX_ATTEMPTS", 1)
    network.breaks.append(fails)
    assert can_be_read(network.url, own.credentials_file), "it holds nothing"
    put(own)
    assert not can_be_read(network.url, own.credentials_file)
    network.breaks.clear()
    assert can_be_read(network.url, own.credentials_file)


def test_one_that_refuses_is_ready_and_one_that_is_not_there_is_not(
    own: EmbeddedStore, network: FaultyNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_trail.archive.s3_store.MAX_ATTEMPTS", 1)
    network.breaks.append(lambda exchange: exchange.refuse(403, "AccessDenied"))
    assert can_be_read(network.url, own.credentials_file)
    endpoint = own.endpoint_url
    own.stop()
    assert not can_be_read(endpoint, own.credentials_file)


def test_a_start_waits_until_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def second_time(endpoint_url: str, credentials_file: Path) -> bool:
        asked.append(endpoint_url)
        return len(asked) > 1

    monkeypatch.setattr("audit_trail.demo.embedded_store.can_be_read", second_time)
    with EmbeddedStore(tmp_path / "store") as store:
        assert asked == [], "it holds nothing yet"
        put(store)
    with EmbeddedStore(tmp_path / "store") as store:
        assert asked == [store.endpoint_url] * 2
