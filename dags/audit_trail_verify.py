"""The airflow DAG that verifies the whole archive, weekly and on demand. Wiring only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Param

from audit_trail.operators import airflow_config
from audit_trail.operators.notices import run_failed
from audit_trail.operators.verify_operators import (
    PlanHistoryOperator,
    SealHistoryOperator,
    VerifySliceOperator,
)

with DAG(
    dag_id="audit_trail_verify",
    dag_display_name="Audit trail: verify the archive",
    description="Verify the ledger, every object and, on demand, every byte of the archive",
    schedule=airflow_config.verify_schedule(),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    # There is nothing to verify before the first day is sealed.
    is_paused_upon_creation=True,
    on_failure_callback=run_failed,
    default_args={
        "owner": "audit-trail",
        "pool": airflow_config.pool(),
        # Only of what may pass: broken promises and wrong settings fail at once.
        "retries": 3,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(minutes=10),
    },
    params={
        "first": Param(
            None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="Empty: from the first sealed day on.",
        ),
        "last": Param(
            None,
            type=["null", "string"],
            format="date",
            title="Last day",
            description="Empty: up to the last sealed day.",
        ),
        "level": Param(
            "objects",
            type="string",
            enum=["ledger", "objects", "content"],
            title="Level",
            description="ledger: chain, signatures, days. objects: also every object, its version and lock. "
            "content: also the bytes.",
        ),
        "sample": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=100_000,
            title="Sample",
            description="At level content: read only so many segments of the whole history. Empty: all.",
        ),
        "slices": Param(
            8, type="integer", minimum=1, maximum=64, title="Slices", description="Tasks that share the work."
        ),
    },
    tags=["audit-trail"],
    doc_md="""
Verifies the archive in slices, side by side, and appends the joined result to the
ledger, whatever it is. The run fails when a check fails or could not be made; the
log of `seal_result` begins with what was found. Unpause it when the first day is sealed.
""",
) as dag:
    plan = PlanHistoryOperator(
        task_id="plan",
        execution_timeout=timedelta(hours=1),
        doc_md="Walks the ledger and cuts its days into slices of about the same work.",
    )
    verify_slice = VerifySliceOperator.partial(
        task_id="verify_slice",
        execution_timeout=timedelta(hours=24),
        doc_md="Verifies one slice. What it finds is in its log, and is handed on.",
        map_index_template="{{ segment_label }}",
    ).expand(work=plan.output)
    seal_result = SealHistoryOperator(
        task_id="seal_result",
        execution_timeout=timedelta(hours=1),
        doc_md="Joins the findings, appends them to the ledger as one entry, and fails if there are any.",
        results=verify_slice.output,
    )
