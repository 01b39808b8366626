"""The sample's task: asks, defers, is killed, tried again, comes back; without Airflow's database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred
from tests.cold_archive import ColdArchive, Front, finish_restores_after, front_of

from audit_trail.errors import IntegrityError, StorageError
from audit_trail.operators.daily_operators import VerifySampleOperator
from audit_trail.operators.kept_seed import KEY, KeptSeed
from audit_trail.pipeline.ledger_appends import declare_gap
from audit_trail.signing.pins import Head

MIDNIGHT = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
DAYS = [(MIDNIGHT - timedelta(days=ago)).date().isoformat() for ago in (3, 2)]
NEVER = 10**6


class StateStore:
    """What Airflow remembers of one task of one run: JSON values by key."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def set(self, key: str, value: Any, *, retention: timedelta | None = None) -> None:
        assert retention is not None
        self.values[key] = value

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


@pytest.fixture(scope="module")
def front(aws_server: str) -> Iterator[Front]:
    with front_of(aws_server) as running:
        yield running


@pytest.fixture(scope="module")
def made(front: Front, tmp_path_factory: pytest.TempPathFactory) -> ColdArchive:
    archive = ColdArchive(
        tmp_path_factory.mktemp("cold") / "home",
        front.url,
        verification={"restore": "Bulk"},
        restore={"poll_interval_s": 1},
    )
    for day in DAYS:
        archive.seal(day, b"one\ntwo\n")
    return archive


@pytest.fixture
def archive(made: ColdArchive, front: Front, aws_server: str, monkeypatch: pytest.MonkeyPatch) -> ColdArchive:
    front.forget()
    finish_restores_after(aws_server, 1)
    monkeypatch.setenv("AUDIT_TRAIL_CONFIG", str(made.config))
    return made


def task(archive: ColdArchive, day: str) -> tuple[VerifySampleOperator, Any]:
    """The task that verifies a day, and what Airflow hands to each of its tries."""
    view = archive.context.ledger()
    (seal,) = view.seals_of(day)
    sealed = {
        "day": day,
        "revision": 1,
        "new": True,
        "sequence": seal.sequence,
        "entry_sha256": view.heads[seal.sequence],
        "manifest_key": seal.manifest.key,
        "manifest_sha256": seal.manifest.sha256,
        "segments": 1,
        "records": 2,
    }
    start = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    run = SimpleNamespace(
        data_interval_start=start,
        data_interval_end=start + timedelta(days=1),
        run_id="run",
        run_type="scheduled",
    )
    context = {"dag_run": run, "params": {}, "task_state_store": StateStore()}
    return VerifySampleOperator(task_id="verify_sample", sealed=sealed), context


def deferred(operator: VerifySampleOperator, context: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        operator._verify(context, ask=True)
    assert caught.value.method_name == "execute_complete"
    return caught.value


def fired(trigger: Any) -> Any:
    async def first() -> Any:
        return await asyncio.wait_for(anext(type(trigger)(**trigger.serialize()[1]).run()), 60)

    return asyncio.run(first()).payload


def test_a_task_that_is_tried_again_waits_for_the_same_and_pays_once(
    archive: ColdArchive, front: Front, aws_server: str
) -> None:
    operator, context = task(archive, DAYS[1])
    first = deferred(operator, context)
    waited_for = sorted(first.trigger.serialize()[1]["versions"])
    for version in waited_for:
        archive.context.store.head(*version)
    finish_restores_after(aws_server, NEVER)
    paid = len(front.restores)
    assert paid == 2
    assert first.timeout is not None
    assert timedelta(hours=73) < first.timeout <= timedelta(hours=74)
    seed = KeptSeed(context).read(datetime.now(UTC))
    # The worker dies, another day is sealed meanwhile, and the task is tried again.
    declare_gap(archive.context, "2026-01-02", "holiday")
    again = deferred(operator, context)
    assert sorted(again.trigger.serialize()[1]["versions"]) == waited_for
    assert len(front.restores) == paid
    finish_restores_after(aws_server, 1)
    verified = operator.execute_complete(context, event=fired(again.trigger))
    view = archive.context.ledger()
    assert verified["sequence"] == view.verifications[-1].sequence
    sample = view.verifications[-1].sample
    assert seed == Head(sequence=sample.seed_sequence, sha256=sample.seed)
    assert (sample.size, sample.by_checksum) == (2, None)
    assert "nothing rests on chance" in verified["statement"]
    assert context["task_state_store"].values == {}
    # All of it can be read now: the next run does not wait, and asks for nothing.
    operator._verify(context, ask=True)
    assert len(front.restores) == paid


def test_what_is_still_missing_after_the_wait_is_said_and_the_task_may_be_tried_again(
    archive: ColdArchive, front: Front
) -> None:
    operator, context = task(archive, DAYS[0])
    front.expired.add("logs/")
    deferred(operator, context)
    event = {"status": "late", "missing_total": 1, "missing": [["logs/k", "v"]], "error": ""}
    with pytest.raises(StorageError, match="could not be made"):
        operator.execute_complete(context, event=event)
    assert KEY in context["task_state_store"].values


def test_a_refusal_ends_in_a_finding_that_names_the_permission(archive: ColdArchive, front: Front) -> None:
    operator, context = task(archive, DAYS[0])
    front.expired.add("logs/")
    front.refusal = (403, "AccessDenied")
    with pytest.raises(StorageError) as caught:
        operator._verify(context, ask=True)
    assert "content.re" in caught.value.what
    assert archive.context.ledger().verifications[-1].unverifiable == 3


def test_a_backfill_asks_for_nothing_and_says_what_it_did_not_read(
    archive: ColdArchive, front: Front
) -> None:
    operator, context = task(archive, DAYS[0])
    context["dag_run"].run_type = "backfill"
    front.expired.add("logs/")
    assert "2 lie in a cold storage class" in operator._verify(context, ask=True)["statement"]
    assert front.restores == []


def test_a_day_that_is_wrong_already_waits_for_nothing(archive: ColdArchive, front: Front) -> None:
    operator, context = task(archive, DAYS[0])
    operator.sealed = operator.sealed | {"entry_sha256": "0" * 64}
    front.expired.add("logs/")
    with pytest.raises(AirflowFailException, match=r"ledger\.entry"):
        operator._verify(context, ask=True)
    assert front.restores == []


def test_a_kept_seed_ends_with_its_copies_and_is_not_believed_unread() -> None:
    store = StateStore()
    kept, now = KeptSeed({"task_state_store": store}), datetime(2026, 3, 14, tzinfo=UTC)  # type: ignore[arg-type]
    assert kept.read(now) is None
    seed = Head(sequence=7, sha256="a" * 64)
    kept.keep(seed, now=now, days=7)
    assert kept.read(now + timedelta(days=7)) == seed
    assert kept.read(now + timedelta(days=7, seconds=1)) is None
    store.values[KEY]["head"] = "{}"
    with pytest.raises(IntegrityError):
        kept.read(now)
    for broken in ({"head": "x"}, {"until": "soon", "head": "x"}, "text", 7):
        store.values[KEY] = broken
        with pytest.raises(IntegrityError):
            kept.read(now)
    kept.forget()
    assert kept.read(now) is None
