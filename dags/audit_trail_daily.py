"""The daily airflow DAG: one run seals one UTC day of logs. Wiring only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Param, TriggerRule

from audit_trail.operators.daily_operators import (
    CollectOperator,
    HashOperator,
    SanitizeOperator,
    SealOperator,
    SignOperator,
    UploadOperator,
    VerifySampleOperator,
)
from audit_trail.timetable import UtcDayTimetable

LABEL = "{{ segment_label }}"

with DAG(
    dag_id="audit_trail_daily",
    description="Seal one UTC day of logs: redacted, hashed, signed, locked, verified",
    schedule=UtcDayTimetable(),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    # A run that waits for a restore is active, for days if need be, and no reason not to seal the next.
    max_active_runs=16,
    default_args={
        "owner": "audit-trail",
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
    params={
        "day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Day",
            description="The UTC day to seal, for manual runs. Empty: the run's own day.",
        )
    },
    tags=["audit-trail"],
    doc_md="""
Seals one UTC day. Running a sealed day again adds nothing, unless its sources
hold something new: that is sealed as the next revision. Missed days: backfill
them, in any order and in parallel.
""",
) as dag:
    collect = CollectOperator(task_id="collect")
    sanitize = SanitizeOperator.partial(task_id="sanitize", map_index_template=LABEL).expand(
        segment=collect.output
    )
    hash_segments = HashOperator.partial(task_id="hash", map_index_template=LABEL).expand(
        sanitized=sanitize.output
    )
    # A day without new segments skips the mapped tasks, and is signed and sealed all the same.
    sign = SignOperator(
        task_id="sign",
        collected=collect.output["collected"],
        hashed=hash_segments.output,
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    upload = UploadOperator.partial(task_id="upload", map_index_template=LABEL).expand(staged=sign.output)
    seal = SealOperator(
        task_id="seal",
        signed=sign.output["signed"],
        uploaded=upload.output,
        trigger_rule=TriggerRule.NONE_FAILED,
    )
    verify_sample = VerifySampleOperator(task_id="verify_sample", sealed=seal.output)
