"""The trigger, run in an event loop as the triggerer does, against a server of AWS's protocol."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from tests.cold_archive import Front, finish_restores_after, front_of

from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.object_store import Retention
from audit_trail.archive.s3_store import S3Store
from audit_trail.evidence.fields import format_timestamp
from audit_trail.settings import ArchiveSettings
from audit_trail.triggers.restore_trigger import MAX_POLL_INTERVAL_S, RestoreTrigger

NEVER = 10**6


@pytest.fixture(scope="module")
def front(aws_server: str) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture(scope="module")
def bucket(front: Front, tmp_path_factory: pytest.TempPathFactory) -> ArchiveSettings:
    credentials = tmp_path_factory.mktemp("cold") / "credentials"
    credentials.write_text("[default]\naws_access_key_id = test\naws_secret_access_key = not-to-be-shown\n")
    made = ArchiveSettings(
        bucket="waited-for", prefix="p", endpoint_url=front.url, credentials_file=credentials
    )
    found_bucket(made)
    return made


@pytest.fixture
def store(bucket: ArchiveSettings, front: Front, aws_server: str, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    """The triggerer's environment: settings and credentials are its own."""
    front.forget()
    finish_restores_after(aws_server, 1)
    for name in ("bucket", "prefix", "endpoint_url", "credentials_file"):
        monkeypatch.setenv(f"AUDIT_TRAIL_ARCHIVE__{name.upper()}", str(getattr(bucket, name)))
    return S3Store(bucket)


def put(store: S3Store, *keys: str) -> list[tuple[str, str]]:
    lock = Retention(mode="GOVERNANCE", until=datetime.now(UTC).replace(microsecond=0) + timedelta(days=1))
    made = []
    for key in keys:
        there = store.put_once(
            key,
            b"x",
            sha256=hashlib.sha256(b"x").hexdigest(),
            retention=lock,
            storage_class="DEEP_ARCHIVE",
            content_type="text/plain",
        )
        made.append((key, there.version_id))
    return made


def asked(store: S3Store, *keys: str) -> list[tuple[str, str]]:
    versions = put(store, *keys)
    for version in versions:
        store.request_restore(*version, tier="Bulk", days=1)
    return versions


def trigger(versions: list[tuple[str, str]], *, hours: float = 73, **values: Any) -> RestoreTrigger:
    now = datetime.now(UTC)
    given: dict[str, Any] = {
        "archive": "s3://waited-for/p/",
        "versions": versions,
        "asked_at": format_timestamp(now),
        "deadline": format_timestamp(now + timedelta(hours=hours)),
        "poll_interval_s": 0.01,
    }
    return RestoreTrigger(**(given | values))


def restarted(stopped: RestoreTrigger) -> RestoreTrigger:
    """What another triggerer makes of what stands in Airflow's database."""
    classpath, kwargs = stopped.serialize()
    module, _, name = classpath.rpartition(".")
    made = getattr(import_module(module), name)(**json.loads(json.dumps(kwargs)))
    assert isinstance(made, RestoreTrigger)
    return made


def fired(running: RestoreTrigger) -> dict[str, Any]:
    async def first() -> Any:
        return await asyncio.wait_for(anext(running.run()), 60)

    payload = asyncio.run(first()).payload
    assert isinstance(payload, dict)
    return payload


def test_it_fires_when_everything_can_be_read(store: S3Store, front: Front) -> None:
    versions = asked(store, "a1", "a2", "a3")
    before = front.heads()
    assert fired(trigger(versions)) == {"status": "done", "missing_total": 0, "missing": [], "error": ""}
    # Each is in progress at its first look, and is not looked at again once it is here.
    assert front.heads() - before == 6


def test_a_triggerer_that_is_started_again_goes_on(store: S3Store, aws_server: str, front: Front) -> None:
    versions = asked(store, "b1", "b2")
    finish_restores_after(aws_server, 1)
    store.head(*versions[0])
    finish_restores_after(aws_server, NEVER)
    running = trigger(versions)

    async def killed() -> None:
        task = asyncio.ensure_future(anext(running.run()))  # type: ignore[arg-type]
        while front.heads() < 4:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(killed())
    finish_restores_after(aws_server, 1)
    assert fired(restarted(running))["status"] == "done"


def test_at_the_deadline_it_names_what_is_missing(store: S3Store, aws_server: str) -> None:
    here, late = asked(store, "c1", "c2")
    store.head(*here)
    store.head(*here)
    store.head(*late)
    finish_restores_after(aws_server, NEVER)
    event = fired(trigger([late, here], hours=-1))
    assert (event["status"], event["missing_total"], event["missing"]) == ("late", 1, [list(late)])


def test_what_is_gone_or_was_never_asked_for_is_not_waited_for(store: S3Store) -> None:
    versions = put(store, "d1")
    assert fired(trigger([*versions, ("none", "v")]))["status"] == "done"


def test_it_carries_no_secret_and_only_plain_values(store: S3Store) -> None:
    classpath, kwargs = trigger(put(store, "e1")).serialize()
    assert classpath == "audit_trail.triggers.restore_trigger.RestoreTrigger"
    assert json.loads(json.dumps(kwargs)) == kwargs
    assert "not-to-be-shown" not in json.dumps(kwargs)
    assert set(kwargs) == {"archive", "versions", "asked_at", "deadline", "poll_interval_s"}


def test_another_archive_in_the_triggerers_settings_is_an_error_at_once(store: S3Store, front: Front) -> None:
    event = fired(trigger([("k", "v")], archive="s3://elsewhere/"))
    assert event["status"] == "error"
    assert "expected s3://elsewhere/, found s3://waited-for/p/" in event["error"]
    assert event["missing"] == [["k", "v"]]
    assert front.seen == []


def test_wrong_settings_of_the_triggerer_are_an_error_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_MAX_SEGMENTS", "0")
    event = fired(trigger([("k", "v")]))
    assert event["status"] == "error"
    assert "max_segments" in event["error"]


def test_a_triggerer_that_may_not_look_says_so_instead_of_waiting(store: S3Store, front: Front) -> None:
    versions = asked(store, "f1")
    front.denied_heads = True
    event = fired(trigger(versions))
    assert event["status"] == "error"
    assert "s3:GetObjectVersion" in event["error"]


def test_a_store_that_does_not_answer_is_tried_again(store: S3Store, front: Front) -> None:
    versions = asked(store, "g1")
    front.failing_heads = 1
    assert fired(trigger(versions))["status"] == "done"


def test_the_event_loop_is_not_held_up_while_it_looks(store: S3Store, front: Front) -> None:
    versions = asked(store, "h1")
    entered, release = threading.Event(), threading.Event()
    front.before_head = lambda: (entered.set(), release.wait(30))
    ticks = 0

    async def both() -> Any:
        nonlocal ticks
        task = asyncio.ensure_future(anext(trigger(versions).run()))  # type: ignore[arg-type]
        while not entered.is_set() or ticks < 3:
            await asyncio.sleep(0.001)
            ticks += entered.is_set()
        # The request is in the server's hands, and this loop goes on.
        release.set()
        return await asyncio.wait_for(task, 60)

    assert asyncio.run(both()).payload["status"] == "done"


@pytest.mark.parametrize(
    ("waited_s", "left_s", "pause_s"),
    [
        (0, 1e6, 60),
        (599, 1e6, 60),
        (6000, 1e6, 600),
        (1e6, 1e6, MAX_POLL_INTERVAL_S),
        (1e6, 7, 7),
        (0, -5, 0),
    ],
)
def test_looks_become_fewer_the_longer_it_takes(waited_s: float, left_s: float, pause_s: float) -> None:
    assert trigger([], poll_interval_s=60)._pause(waited_s, left_s) == pause_s


def test_a_wait_of_two_days_takes_few_looks() -> None:
    waited, looks, quiet = 0.0, 0, trigger([], poll_interval_s=60)
    while waited < 48 * 3600:
        waited, looks = waited + quiet._pause(waited, 1e9), looks + 1
    assert looks < 150


def test_nothing_to_wait_for_is_done(store: S3Store) -> None:
    begun = time.monotonic()
    assert fired(trigger([]))["status"] == "done"
    assert time.monotonic() - begun < 30
