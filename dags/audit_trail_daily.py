"""The daily airflow DAG: one run seals one UTC day of logs. Wiring only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import DAG, Asset, AsyncCallback, DeadlineAlert, Param, TriggerRule

from audit_trail.day_end import DayEnd
from audit_trail.operators import airflow_config
from audit_trail.operators.daily_operators import (
    CollectOperator,
    HashOperator,
    SanitizeOperator,
    SealOperator,
    SignOperator,
    UploadOperator,
    VerifySampleOperator,
)
from audit_trail.operators.notices import day_not_sealed, run_failed, wipe_dry_run
from audit_trail.timetable import UtcDayTimetable

LABEL = "{{ segment_label }}"
SEALED_DAY = Asset(name="audit_trail_sealed_day", uri="x-audit-trail://sealed-day")
SEALED_WITHIN = airflow_config.sealed_within()


def task(task_id: str, limit_hours: int, doc: str) -> dict[str, Any]:
    """What every task says of itself."""
    return {"task_id": task_id, "execution_timeout": timedelta(hours=limit_hours), "doc_md": doc}


with DAG(
    dag_id="audit_trail_daily",
    dag_display_name="Audit trail: seal a day",
    description="Seal one UTC day of logs: redacted, hashed, signed, locked, verified",
    schedule=UtcDayTimetable(),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    # A run that waits for a restore is active, for days if need be, and no reason not to seal the next.
    max_active_runs=16,
    on_failure_callback=run_failed,
    deadline=DeadlineAlert(
        name="sealed in time",
        reference=DayEnd(),
        interval=SEALED_WITHIN,
        callback=AsyncCallback(day_not_sealed),
    )
    if SEALED_WITHIN
    else None,
    default_args={
        "owner": "audit-trail",
        "pool": airflow_config.pool(),
        # Only of what may pass: broken promises and wrong settings fail at once.
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
        "on_failure_callback": wipe_dry_run,
    },
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="The UTC day to seal, for manual runs. Empty: the run's own day.",
        ),
        "sources": Param(
            [],
            type="array",
            items={"type": "string", "pattern": "^[a-z0-9][a-z0-9._-]{0,62}$"},
            title="Only these sources",
            description="One name a line, of a day that is sealed: its late data of these sources alone "
            "becomes the next revision. Empty: all. A first seal is always of all sources.",
        ),
        "sample_size": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=100_000,
            title="Sample size",
            description="Segments of the whole history whose bytes verify_sample reads. Empty: as set.",
        ),
        "late_data_hours": Param(
            None,
            type=["null", "number"],
            minimum=0,
            maximum=168,
            title="Wait for late data",
            description="Hours after the day's end before it is collected. Empty: as set. Holds no worker.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Collect, redact, hash, say what would be sealed; sign, store and seal nothing.",
        ),
    },
    tags=["audit-trail"],
    doc_md="""
Seals one UTC day. Running a sealed day again adds nothing, unless its sources
hold something new: that is sealed as the next revision. Missed days: backfill
them, in any order and in parallel.

Each task's log is evidence: the last line says what it came to, every fact and
check stands on a line of its own, with the command that repeats it. See
docs/TASK_LOGS.md. Other DAGs can be scheduled on the asset `audit_trail_sealed_day`.
""",
) as dag:
    collect = CollectOperator(
        **task("collect", 12, "Pins every input by byte range and SHA-256, and copies it into staging."),
        late_data_hours=airflow_config.late_data_hours(),
    )
    sanitize = SanitizeOperator.partial(
        **task("sanitize", 6, "Redacts one segment, looks again at what it made, and compresses it."),
        map_index_template=LABEL,
    ).expand(segment=collect.output)
    hash_segments = HashOperator.partial(
        **task("hash", 6, "Reads one redacted segment back: SHA-256, and the Merkle root over its records."),
        map_index_template=LABEL,
    ).expand(sanitized=sanitize.output)
    # A day without new segments skips the mapped tasks, and is signed and sealed all the same.
    sign = SignOperator(
        **task("sign", 1, "Writes the day's manifest and signs it. A dry run reports, and ends here."),
        collected=collect.output["collected"],
        hashed=hash_segments.output,
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    upload = UploadOperator.partial(
        **task("upload", 6, "Puts one object under lock; the store compares its checksum."),
        map_index_template=LABEL,
    ).expand(staged=sign.output)
    seal = SealOperator(
        **task("seal", 1, "One conditional PUT into the ledger: from here on the day is a fact."),
        signed=sign.output["signed"],
        uploaded=upload.output,
        trigger_rule=TriggerRule.NONE_FAILED,
        outlets=[SEALED_DAY],
    )
    verify_sample = VerifySampleOperator(
        **task(
            "verify_sample", 12, "Checks ledger and objects of the day, and a sample of all that is sealed."
        ),
        sealed=seal.output,
    )
