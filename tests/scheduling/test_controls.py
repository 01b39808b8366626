"""Trigger, clear, mark, pause, kill: Airflow's own controls on `audit_trail_daily`, really running."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.airflow_api import RefusedError
from tests.cold_archive import ColdArchive, finish_restores_after, front_of
from tests.running_airflow import RunningAirflow, wait_for
from tests.scheduling.operated_airflow import (
    DAG,
    GONE_AFTER_COLLECT,
    GONE_AFTER_SEAL,
    GONE_BEFORE,
    OperatedAirflow,
    ago,
    prepare,
)

DONE = {
    **{"collect": "success", "sanitize[0]": "success", "hash[0]": "success", "sign": "success"},
    **{"upload[0]": "success", "upload[1]": "success", "seal": "success", "verify_sample": "success"},
}
NEVER = 10**6


@pytest.fixture(scope="module")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatedAirflow]:
    home = tmp_path_factory.mktemp("controls") / "home"
    prepare(home)
    running = RunningAirflow(home)
    try:
        yield OperatedAirflow(running)
    finally:
        running.close()


@pytest.mark.parametrize(
    ("conf", "named"),
    [
        ({"day": "yesterday"}, "param day: 'yesterday' is not a 'date'"),
        ({"day": "2026-02-30"}, "param day: '2026-02-30' is not a 'date'"),
        ({"sources": "machine"}, "param sources: 'machine' is not of type 'array'"),
        ({"sources": ["../etc"]}, "param sources: '../etc' does not match"),
        ({"sample_size": 0}, "param sample_size: 0 is less than the minimum of 1"),
        ({"late_data_hours": 169}, "param late_data_hours: 169 is greater than the maximum of 168"),
        ({"dry_run": "yes"}, "param dry_run: 'yes' is not of type 'boolean'"),
    ],
    ids=range(7),
)
def test_a_wrong_value_is_refused_before_there_is_a_run(
    airflow: OperatedAirflow, conf: dict[str, Any], named: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        airflow.trigger(**conf)
    assert refused.value.status == 400
    assert named in refused.value.detail


def test_what_only_the_task_can_know_fails_at_once_and_says_why(airflow: OperatedAirflow) -> None:
    asked: list[tuple[dict[str, Any], str]] = [
        # Not waited for in the triggerer, where nobody would see it for decades.
        ({"day": "2999-01-01"}, "the day has not ended"),
        ({"day": ago(2), "dryrun": True}, "no Param of its DAG; at dryrun; expected day, dry_run,"),
    ]
    runs = [(airflow.trigger(**conf), message) for conf, message in asked]
    for run, message in runs:
        assert airflow.end_of(run) == "failed"
        assert airflow.tasks(run)["collect"] == "failed"
        assert message in airflow.log(run, "collect")
    assert airflow.seals(ago(2)) == []


def test_a_dry_run_changes_nothing_and_the_real_one_is_as_it_said(airflow: OperatedAirflow) -> None:
    wait_for("the scheduled run", lambda: airflow.runs_of(ago(1)))
    assert airflow.end_of(airflow.runs_of(ago(1))[0]["dag_run_id"]) == "success"
    objects, staged = airflow.objects(), airflow.staged()
    rehearsal = airflow.trigger(day=ago(2), sources=["machine"], sample_size=1, dry_run=True)
    assert airflow.end_of(rehearsal) == "success"
    assert (airflow.objects(), airflow.staged()) == (objects, staged)
    tasks = airflow.tasks(rehearsal)
    assert [tasks[name] for name in ("upload", "seal", "verify_sample")] == ["skipped"] * 3
    said = airflow.log(rehearsal, "sign")
    assert "Nothing was signed, stored or appended." in said

    run = airflow.trigger(day=ago(2), sample_size=1)
    assert (airflow.end_of(run), airflow.tasks(run)) == ("success", DONE)
    (seal,) = airflow.ledger().seals_of(ago(2))
    assert f"FACT would-sign key={seal.manifest.key}" in said
    sample = airflow.ledger().verifications[-1].sample
    assert sample is not None
    assert sample.size == 1


def test_a_task_of_a_sealed_run_may_be_cleared(airflow: OperatedAirflow) -> None:
    run = airflow.trigger(day=ago(3))
    assert airflow.end_of(run) == "success"
    sealed, staged = airflow.ledger().seals_of(ago(3)), airflow.staged()
    assert airflow.clear(run, ["sanitize", 0]) == "success"
    again = airflow.log(run, "sanitize", attempt=2, map_index=0)
    assert f"SUMMARY ALREADY SEALED: staging of {ago(3)} is cleared" in again
    assert airflow.clear(run, "sign") == "success"
    assert airflow.clear(run, ["upload", 1]) == "success"
    assert airflow.clear(run, "hash", include_downstream=True) == "success"
    assert airflow.tasks(run) == DONE
    # The whole run collects again and finds nothing: what it had mapped before is gone.
    assert airflow.clear_run(run) == "success"
    assert airflow.tasks(run)["verify_sample"] == "success"
    assert airflow.ledger().seals_of(ago(3)) == sealed
    assert airflow.staged() == staged


def test_a_task_that_was_only_marked_seals_nothing_and_goes_on_when_it_is_cleared(
    airflow: OperatedAirflow,
) -> None:
    """`seal` marked before its turn: in one run as failed, in the other as a success."""
    staged = airflow.staged()
    failed, passed = airflow.trigger(day=ago(4)), airflow.trigger(day=ago(5))
    airflow.mark_task(failed, "seal", "failed")
    airflow.mark_task(passed, "seal", "success")
    assert [airflow.end_of(run) for run in (failed, passed)] == ["failed", "failed"]
    assert airflow.tasks(failed) == DONE | {"seal": "failed", "verify_sample": "upstream_failed"}
    assert "a stage was handed nothing" in airflow.log(passed, "verify_sample")
    airflow.mark_run(passed, "success")
    assert (airflow.verdict(ago(4)), airflow.verdict(ago(5))) == ("missing", "missing")
    # What is half done is done again from anywhere: here everything is still in staging.
    assert airflow.clear(failed, "sign", include_downstream=True) == "success"
    assert airflow.clear(passed, "seal", "verify_sample") == "success"
    for run, day in ((failed, ago(4)), (passed, ago(5))):
        assert (airflow.tasks(run), airflow.seals(day)) == (DONE, [1])
    assert airflow.staged() == staged


def test_a_run_is_paused_in_the_middle_and_goes_on(airflow: OperatedAirflow) -> None:
    run = airflow.trigger(day=ago(6))
    wait_for("its first task", lambda: airflow.tasks(run)["collect"] == "success")
    airflow.pause(paused=True)
    try:
        wait_for("running tasks", lambda: not {"running", "queued"} & set(airflow.tasks(run).values()))
        assert (airflow.state_of(run), airflow.seals(ago(6))) == ("running", [])
    finally:
        airflow.pause(paused=False)
    assert (airflow.end_of(run), airflow.tasks(run), airflow.seals(ago(6))) == ("success", DONE, [1])


def test_days_that_airflow_calls_done_are_missing_until_the_findings_command_has_run(
    airflow: OperatedAirflow,
) -> None:
    """One run of each kind that a plain backfill leaves alone: marked as a success, and a rehearsal."""
    airflow.pause(paused=True)
    marked = airflow.trigger(logical_date=ago(7))
    airflow.mark_run(marked, "failed")
    airflow.mark_run(marked, "success")
    airflow.pause(paused=False)
    assert airflow.end_of(airflow.trigger(logical_date=ago(8), dry_run=True)) == "success"
    assert airflow.backfill(ago(8), ago(7), reprocess_behavior="none") == ["success"] * 2
    assert (airflow.verdict(ago(7)), airflow.verdict(ago(8))) == ("missing", "missing")
    commands = airflow.commands_for_missing_days()
    for day in (ago(7), ago(8)):
        # An Airflow whose own time zone is another one reads a date without a time in it.
        airflow.shell(commands[day], AIRFLOW__CORE__DEFAULT_TIMEZONE="Pacific/Auckland")
        assert airflow.end_of_backfill(day, day) == ["success"]
        assert airflow.seals(day) == [1]
    assert not {ago(7), ago(8)} & set(airflow.commands_for_missing_days())


def test_a_backfill_forwards_and_in_parallel_seals_each_day_once(airflow: OperatedAirflow) -> None:
    """Days that are sealed, collected, quiet, and as they should be; of three the source has nothing."""
    first, last = ago(GONE_AFTER_SEAL), ago(11)
    assert airflow.backfill(first, last, max_active_runs=4) == ["success"] * 4
    days = [ago(number) for number in (GONE_AFTER_SEAL, GONE_AFTER_COLLECT, GONE_BEFORE, 11)]
    assert [airflow.seals(day) for day in days] == [[1], [1], [0], [1]]
    verdicts = {item.day: item.verdict for item in airflow.verify().days}
    assert [verdicts[day] for day in days] == ["sealed", "sealed", "sealed-empty", "sealed"]
    (quiet,) = airflow.runs_of(ago(GONE_BEFORE))
    assert f"NOTE source machine has no file for {ago(GONE_BEFORE)}" in airflow.log(
        quiet["dag_run_id"], "collect"
    )


def test_a_backfill_backwards_begins_with_the_last_day_and_survives_a_pause(airflow: OperatedAirflow) -> None:
    airflow.shell(
        f"airflow backfill create --dag-id audit_trail_daily --from-date {ago(10)} --to-date {ago(9)} "
        "--run-backwards --max-active-runs 1"
    )
    wait_for("its first run", lambda: airflow.runs_of(ago(9)))
    run = airflow.runs_of(ago(9))[0]["dag_run_id"]
    wait_for("its first task", lambda: airflow.tasks(run)["collect"] == "success")
    airflow.pause(paused=True)
    try:
        wait_for("running tasks", lambda: not {"running", "queued"} & set(airflow.tasks(run).values()))
        assert (airflow.seals(ago(9)), airflow.seals(ago(10))) == ([], [])
    finally:
        airflow.pause(paused=False)
    assert airflow.end_of_backfill(ago(10), ago(9)) == ["success"] * 2
    (later,), (earlier,) = (airflow.ledger().seals_of(ago(number)) for number in (9, 10))
    assert later.sequence < earlier.sequence


def test_a_second_backfill_seals_nothing(airflow: OperatedAirflow) -> None:
    before = airflow.ledger()
    for behaviour in ("none", "failed"):
        airflow.backfill(ago(14), ago(9), reprocess_behavior=behaviour)
    assert airflow.ledger().head == before.head
    days = ago(GONE_AFTER_COLLECT), ago(GONE_BEFORE)
    assert airflow.backfill(*days, reprocess_behavior="completed") == ["success"] * 2
    after = airflow.ledger()
    assert (after.seals, len(after.verifications)) == (before.seals, len(before.verifications) + 2)


def test_whoever_asks_a_busy_database_is_refused_and_nothing_ends(
    airflow: OperatedAirflow,
) -> None:
    """SQLite has one writer; the operators' server gives up before anybody whom it may be holding up."""
    database = airflow.settings.home / "airflow" / "airflow.db"
    with sqlite3.connect(database, timeout=60, isolation_level=None) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(RefusedError) as refused:
            airflow.api.patch(DAG, {"is_paused": False})
        writer.execute("ROLLBACK")
    assert refused.value.status == 500
    airflow.pause(paused=False)


def test_after_all_of_it_the_archive_verifies(airflow: OperatedAirflow) -> None:
    report = airflow.verify()
    assert (report.exit_code, report.checks.not_passed) == (0, [])
    expected = {ago(number): "sealed" for number in range(1, 15)} | {ago(GONE_BEFORE): "sealed-empty"}
    assert {item.day: item.verdict for item in report.days} == expected
    assert airflow.staged() == []


def hold_restore(cold: ColdArchive, server: str) -> None:
    """What was just asked for is on its way, and stays so."""
    (seal,) = cold.context.ledger().seals
    cold.context.store.head(seal.objects[0].key, seal.objects[0].version_id)
    finish_restores_after(server, NEVER)


def test_waits_for_late_data_and_for_a_restore_survive_the_triggerer(
    airflow: OperatedAirflow, aws_server: str, tmp_path: Path
) -> None:
    """In an archive whose segments are cold. The last test: the settings lead elsewhere from here on."""
    with front_of(aws_server) as front:
        cold = ColdArchive(
            tmp_path / "cold", front.url, verification={"restore": "Bulk"}, restore={"poll_interval_s": 1}
        )
        airflow.serve(cold)
        finish_restores_after(aws_server, 1)
        front.before_answer = lambda: hold_restore(cold, aws_server)
        late, restoring = cold.logs / f"{ago(2)}.log", cold.logs / f"{ago(3)}.log"
        late.write_text("one\n")
        restoring.write_text("one\n")
        run = airflow.trigger(day=ago(3))
        wait_for("the restore to be waited for", lambda: airflow.waits(run, "verify_sample"))
        until = datetime.now(UTC) + timedelta(seconds=30)
        end_of_day = datetime.fromisoformat(f"{ago(1)}T00:00:00+00:00")
        waiting = airflow.trigger(day=ago(2), late_data_hours=(until - end_of_day).total_seconds() / 3600)
        wait_for("the late data to be waited for", lambda: airflow.waits(waiting, "collect"))
        with late.open("a") as file:
            file.write("late\n")
        airflow.running.kill("triggerer")
        front.before_answer = lambda: None
        finish_restores_after(aws_server, 1)
        states = [airflow.task(run, "verify_sample")["state"], airflow.task(waiting, "collect")["state"]]
        assert states == ["deferred", "deferred"]
        airflow.running.start("triggerer")
        assert [airflow.end_of(run), airflow.end_of(waiting)] == ["success", "success"]
        view = cold.context.ledger()
    assert {seal.date: seal.totals.records for seal in view.seals} == {ago(3): 1, ago(2): 2}
    assert {entry.date for entry in view.verifications} == {ago(3), ago(2)}
    assert {(entry.failed, entry.unverifiable) for entry in view.verifications} == {(0, 0)}
    # Each object was asked for once, before the triggerer was killed or after.
    asked = [query["versionId"][0] for query in front.restores]
    assert sorted(asked) == sorted(item.version_id for seal in view.seals for item in seal.objects)
