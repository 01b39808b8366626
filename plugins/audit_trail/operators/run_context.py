"""What a run was asked for, by its Params, and which run it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from audit_trail.errors import ConfigurationError

MAX_LATE_DATA_HOURS = 168
"""A week: what comes later is sealed as a further revision."""

if TYPE_CHECKING:
    from airflow.sdk import Context

    from audit_trail.evidence.airflow_run import AirflowRun
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.settings import Settings


def stage_context_of(context: Context) -> StageContext:
    """What the stages of a run work with: the worker's settings, and the run's Params over them.

    Raises:
        ConfigurationError: A setting or a Param is wrong.
    """
    from audit_trail.hooks.aws_connection import ConnectionClients
    from audit_trail.hooks.connection_secrets import with_connection_secrets
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.settings import load_settings

    params = params_of(context)
    settings = _with_sample_size(load_settings(), params.get("sample_size"))
    return StageContext(
        settings=settings,
        clients=ConnectionClients(settings),
        with_secrets=with_connection_secrets,
        only_sources=_names(params.get("sources")),
        is_dry_run=is_dry_run(context),
        run=run_of(context),
    )


def check_names(context: Context) -> None:
    """Refuse what a run is asked for and nobody reads: a mistyped `dry_run` would seal.

    Raises:
        ConfigurationError: The run's `conf` names something that is no Param.
    """
    declared = {
        *getattr(context.get("dag"), "params", ()),
        *getattr(context.get("task"), "params", ()),
    }
    conf = getattr(context.get("dag_run"), "conf", None) or {}
    if unknown := sorted(set(conf) - declared):
        raise ConfigurationError(
            "the run was asked for something that is no Param of its DAG",
            where=", ".join(unknown)[:200],
            expected=", ".join(sorted(declared)),
            remedy="correct the name, or leave it out, and trigger the DAG again",
        )


def params_of(context: Context) -> Mapping[str, Any]:
    """The run's Params; Airflow has held them against their schema."""
    return context.get("params") or {}


def is_dry_run(context: Context) -> bool:
    """Whether nothing may be written to archive or ledger.

    Raises:
        ConfigurationError: Neither yes nor no: what was meant as a rehearsal must not seal.
    """
    found = params_of(context).get("dry_run", False)
    if not isinstance(found, bool):
        raise _wrong("dry_run", "true or false", found)
    return found


def cutoff(context: Context, day: str, hours: float) -> datetime:
    """Until when a day's late data is waited for.

    Args:
        context: Of the run; its Param `late_data_hours` wins.
        day: `YYYY-MM-DD`.
        hours: After the day's end, where the run does not say.

    Raises:
        ConfigurationError: Not a number of hours.
    """
    chosen = params_of(context).get("late_data_hours")
    if chosen is not None:
        hours = chosen
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 <= hours <= MAX_LATE_DATA_HOURS:
        raise _wrong("late_data_hours", f"0 to {MAX_LATE_DATA_HOURS} hours", hours)
    try:
        start = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    except ValueError:
        raise _wrong("day", "YYYY-MM-DD", day) from None
    return start + timedelta(days=1, hours=hours)


def run_of(context: Context) -> AirflowRun | None:
    """The try of a task that this is, for the entries that it signs; None where Airflow runs none.

    Raises:
        ConfigurationError: A name that no entry may hold: then nothing is begun.
    """
    from pydantic import ValidationError

    from audit_trail.evidence.airflow_run import MAX_NAME_CHARACTERS, AirflowRun, spell_name
    from audit_trail.evidence.fields import first_problem

    ti: Any = context.get("ti")
    if ti is None:  # an operator that somebody calls without Airflow
        return None
    bundle = getattr(ti, "bundle_instance", None)
    names = {
        "dag_id": ti.dag_id,
        "run_id": ti.run_id,
        "task_id": ti.task_id,
        "bundle": getattr(bundle, "name", None),
        "bundle_version": getattr(bundle, "version", None),
    }
    version = getattr(ti, "dag_version_id", None)
    try:
        return AirflowRun(
            **{name: spell_name(text) for name, text in names.items() if text},
            try_number=ti.try_number,
            dag_version_id=str(version) if version else None,
        )
    except ValidationError as error:
        raise ConfigurationError(
            f"the run cannot be named in the ledger: {first_problem(error)}",
            where=ti.run_id[:80],
            expected=f"names of 1 to {MAX_NAME_CHARACTERS} characters",
            remedy="trigger the day again with a shorter run id",
        ) from error


def say_run(context: Context, day: str) -> None:
    """Write which run, task and try this log is of, and by which version of the DAG."""
    from audit_trail import __version__
    from audit_trail.pipeline.evidence_log import fact
    from audit_trail.pipeline.evidence_writer import say

    ti: Any = context.get("ti")
    if ti is None:  # an operator that somebody calls without Airflow
        return
    bundle = getattr(ti, "bundle_instance", None)
    mapped = getattr(ti, "map_index", None)
    say(
        fact(
            "run",
            day=day or None,
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            task_id=ti.task_id,
            map_index=None if mapped in (None, -1) else mapped,
            try_number=ti.try_number,
            dag_version_id=getattr(ti, "dag_version_id", None),
            bundle=getattr(bundle, "name", None),
            bundle_version=getattr(bundle, "version", None),
            audit_trail=__version__,
        )
    )


def _with_sample_size(settings: Settings, size: Any) -> Settings:
    from pydantic import ValidationError

    from audit_trail.settings import VerificationSettings

    if size is None:
        return settings
    values = settings.verification.model_dump() | {"sample_size": size}
    try:
        chosen = VerificationSettings.model_validate(values, strict=True)
    except ValidationError:
        raise _wrong("sample_size", "1 to 100000", size) from None
    return settings.model_copy(update={"verification": chosen})


def _names(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise _wrong("sources", "a list of names of sources", value)
    return tuple(dict.fromkeys(value))


def _wrong(name: str, expected: str, found: Any) -> ConfigurationError:
    return ConfigurationError(
        "a Param is wrong",
        where=name,
        expected=expected,
        found=str(found)[:80],
        remedy="trigger the DAG again with another value",
    )
