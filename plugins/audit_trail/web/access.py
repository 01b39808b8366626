"""Who may do what on the page: Airflow's own permissions on the DAGs behind it."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import requires_access_dag
from airflow.models.dag import DagModel

from audit_trail.verification.days import DAG_ID

VERIFY_DAG_ID = "audit_trail_verify"

may_read = requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DAG_ID)
"""The calendar, and all that the ledger and manifests say: for whoever may see the runs that made them."""
may_read_digests = requires_access_dag("GET", DagAccessEntity.TASK_LOGS, param_dag_id=DAG_ID)
"""A pack without records: for whoever may read the runs' task logs, which say the same."""
may_read_records = requires_access_dag("GET", DagAccessEntity.AUDIT_LOG, param_dag_id=DAG_ID)
"""A pack with records: log records of the company, so for whoever may read Airflow's own audit log."""

may_measure = may_read_records
"""The compliance report: it names everybody in the AWS account who could change the archive."""


def abilities(user: Any) -> dict[str, bool]:
    """What the page offers to a user; each is decided again where it is done."""
    return {
        "seal": _is_allowed(user, "POST", DagAccessEntity.RUN, DAG_ID),
        "verify": _is_allowed(user, "POST", DagAccessEntity.RUN, VERIFY_DAG_ID),
        "export_digests": _is_allowed(user, "GET", DagAccessEntity.TASK_LOGS, DAG_ID),
        "report": _is_allowed(user, "GET", DagAccessEntity.AUDIT_LOG, DAG_ID),
        "export_records": _is_allowed(user, "GET", DagAccessEntity.AUDIT_LOG, DAG_ID),
    }


def _is_allowed(user: Any, method: Any, entity: DagAccessEntity, dag_id: str) -> bool:
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    return bool(
        get_auth_manager().is_authorized_dag(method=method, access_entity=entity, details=details, user=user)
    )
