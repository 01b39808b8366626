"""What a run was asked for, and until when it waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

from audit_trail.errors import ConfigurationError
from audit_trail.evidence.airflow_run import MAX_NAME_CHARACTERS, AirflowRun
from audit_trail.operators.daily_operators import CollectOperator
from audit_trail.operators.run_context import check_names, cutoff, is_dry_run, run_of, stage_context_of
from audit_trail.operators.verify_operators import request_of
from audit_trail.pipeline.chosen_sources import chosen_sources


def context(**params: Any) -> Any:
    return {"params": params}


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_HOME", str(tmp_path))


def test_params_go_over_the_settings_of_the_worker() -> None:
    assert stage_context_of(context()).settings.verification.sample_size == 20
    stage = stage_context_of(context(sample_size=3, sources=["api", "system", "api"], dry_run=True))
    assert stage.settings.verification.sample_size == 3
    assert stage.settings.verification.due_hours == 24
    assert (stage.only_sources, stage.is_dry_run) == (("api", "system"), True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_size": 0},
        {"sample_size": 100_001},
        {"sample_size": "3"},
        {"sample_size": True},
        {"sources": "api"},
        {"sources": [1]},
        {"dry_run": "false"},
        {"dry_run": None},
    ],
    ids=range(8),
)
def test_what_the_form_would_refuse_is_refused_here_too(wrong: dict[str, Any]) -> None:
    """The REST interface and another DAG may hand over anything."""
    with pytest.raises(ConfigurationError, match="a Param is wrong") as caught:
        stage_context_of(context(**wrong))
    assert caught.value.where in wrong


def test_what_is_no_param_is_refused_by_name() -> None:
    """A mistyped `dry_run` must not seal."""
    dag = SimpleNamespace(params={"day": None, "dry_run": False})
    task = SimpleNamespace(params={"own": 1})

    def asked(conf: dict[str, Any] | None) -> Any:
        return {"dag": dag, "task": task, "dag_run": SimpleNamespace(conf=conf)}

    for conf in (None, {}, {"day": "2026-03-14", "dry_run": True, "own": 2}):
        check_names(asked(conf))
    with pytest.raises(ConfigurationError, match="no Param of its DAG") as caught:
        check_names(asked({"day": "2026-03-14", "dryrun": True, "Day": 1}))
    assert (caught.value.where, caught.value.expected) == ("Day, dryrun", "day, dry_run, own")
    check_names(context())


def test_a_rehearsal_is_one_only_when_it_says_so() -> None:
    assert not is_dry_run(context())
    assert is_dry_run(context(dry_run=True))


def test_late_data_is_waited_for_from_the_days_end() -> None:
    assert cutoff(context(), "2026-03-14", 0) == datetime(2026, 3, 15, tzinfo=UTC)
    assert cutoff(context(late_data_hours=None), "2026-03-14", 1.5) == datetime(
        2026, 3, 15, 1, 30, tzinfo=UTC
    )
    assert cutoff(context(late_data_hours=0), "2026-03-14", 6) == datetime(2026, 3, 15, tzinfo=UTC)
    for wrong in (-1, 169, "6", True, float("nan")):
        with pytest.raises(ConfigurationError, match="a Param is wrong"):
            cutoff(context(late_data_hours=wrong), "2026-03-14", 0)


def test_a_first_seal_is_of_all_sources(tmp_path: Path) -> None:
    day = "2026-03-14"
    everything = stage_context_of(context())
    assert [source.name for source in chosen_sources(everything, day, 1)] == ["application", "system", "api"]
    some = stage_context_of(context(sources=["api"]))
    assert [source.name for source in chosen_sources(some, day, 2)] == ["api"]
    with pytest.raises(ConfigurationError, match="not sealed yet"):
        chosen_sources(some, day, 1)
    rehearsal = stage_context_of(context(sources=["api"], dry_run=True))
    assert [source.name for source in chosen_sources(rehearsal, day, 1)] == ["api"]
    for revision in (1, 2):
        with pytest.raises(ConfigurationError, match="unknown sources") as caught:
            chosen_sources(stage_context_of(context(sources=["api", "nobody"])), day, revision)
        assert caught.value.found == "nobody"


def test_a_dry_runs_staging_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__GENESIS_SHA256", "0" * 64)
    real, rehearsal = stage_context_of(context()), stage_context_of(context(dry_run=True))
    assert real.staging("2026-03-14").where("x") != rehearsal.staging("2026-03-14").where("x")


def test_a_verification_is_asked_for_by_params() -> None:
    asked = request_of(context(level="content", first="2026-03-01", last=None, slices=4, other=1))
    assert (asked.level, asked.first, asked.last, asked.sample, asked.slices) == (
        "content", "2026-03-01", None, None, 4
    )  # fmt: skip
    for wrong in ({"level": "all"}, {"first": "yesterday"}, {"sample": 0}, {"slices": 65}):
        with pytest.raises(ConfigurationError, match="a Param is wrong") as caught:
            request_of(context(**wrong))
        assert caught.value.where in wrong


def test_collect_waits_in_the_triggerer_until_the_cutoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__GENESIS_SHA256", "0" * 64)
    day = (datetime.now(UTC) - timedelta(days=1)).date()
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    run = SimpleNamespace(
        data_interval_start=start,
        data_interval_end=start + timedelta(days=1),
        run_id="r",
        run_type="scheduled",
    )
    task = SimpleNamespace(dag_id="d", run_id="r", task_id="collect", try_number=1)
    with pytest.raises(TaskDeferred) as waiting:
        CollectOperator(task_id="collect", late_data_hours=100).execute(
            {"dag_run": run, "params": {}, "ti": task}  # type: ignore[typeddict-item]
        )
    assert waiting.value.trigger.moment == start + timedelta(days=1, hours=100)
    assert waiting.value.method_name == "collect_late"


def test_a_day_that_has_not_ended_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__GENESIS_SHA256", "0" * 64)
    run = SimpleNamespace(data_interval_start=None, data_interval_end=None, run_id="r", run_type="manual")
    asked: Any = {"dag_run": run, "params": {"day": "2999-01-01", "late_data_hours": 1}}
    with pytest.raises(AirflowFailException, match="the day has not ended"):
        CollectOperator(task_id="collect").execute(asked)


def test_who_has_no_params_is_asked_for_nothing() -> None:
    assert request_of({"ti": SimpleNamespace()}).level == "objects"  # type: ignore[typeddict-item,typeddict-unknown-key]


def task_instance(**changes: Any) -> Any:
    """What a task sees of itself, as Airflow's task runner makes it."""
    values = {
        "dag_id": "audit_trail_daily",
        "run_id": "scheduled__2026-03-15T00:00:00+00:00",
        "task_id": "seal",
        "try_number": 2,
        "map_index": -1,
        "dag_version_id": UUID("019B9E5A-6F3C-7C52-9D0E-5F4D1C2B3A49"),
        "bundle_instance": SimpleNamespace(name="dags-folder", version=None),
    }
    return {"ti": SimpleNamespace(**values | changes)}


def test_a_stage_knows_which_run_it_is() -> None:
    run = AirflowRun(
        dag_id="audit_trail_daily",
        run_id="scheduled__2026-03-15T00:00:00+00:00",
        task_id="seal",
        try_number=2,
        dag_version_id="019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
        bundle="dags-folder",
    )
    assert stage_context_of(task_instance()).run == run
    versioned = task_instance(bundle_instance=SimpleNamespace(name="git", version="4b825dc6"))
    assert run_of(versioned) == run.model_copy(update={"bundle": "git", "bundle_version": "4b825dc6"})


def test_without_airflow_there_is_no_run() -> None:
    assert stage_context_of(context()).run is None


def test_a_run_that_somebody_named_strangely_is_spelled_in_ascii() -> None:
    """As Airflow's `allowed_run_id_pattern` may be set to let them."""
    run = run_of(task_instance(run_id="n\u00e4chster Versuch\n$(id)", dag_id="t\u00e4glich"))
    assert run is not None
    assert (run.run_id, run.dag_id) == ("n%C3%A4chster%20Versuch%0A%24%28id%29", "t%C3%A4glich")


def test_a_name_that_is_too_long_ends_the_run_before_anything_is_done() -> None:
    """SQLite alone lets it through; every other database of Airflow refuses it."""
    with pytest.raises(ConfigurationError, match=r"run_id: .*250 characters") as caught:
        stage_context_of(task_instance(run_id="x" * 251))
    assert "shorter" in caught.value.remedy
    assert len(caught.value.where) == 80


def test_airflows_limits_are_the_ones_that_these_are_made_for() -> None:
    """Read from the Airflow that is installed: a raise of it has to be looked at here."""
    from airflow.configuration import conf
    from airflow.models.base import ID_LEN

    assert ID_LEN == MAX_NAME_CHARACTERS
    assert conf.get("scheduler", "allowed_run_id_pattern") == "^[A-Za-z0-9_.~:+-]+$"
