"""Links from tasks, in Airflow's UI, to what they made.

A link is made by the worker when the task ends, from what the task returned.
To an object of the archive it leads by a template of an URL, `object_url` in
section `[audit_trail]` of Airflow's configuration, with the fields `{bucket}`,
`{key}`, `{version_id}` and `{region}`; without one, to the console of AWS when
the archive is there, and nowhere when it is in another store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk.bases.operatorlink import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk import BaseOperator
    from airflow.sdk.types import TaskInstanceKey

AWS_CONSOLE = (
    "https://{region}.console.aws.amazon.com/s3/object/{bucket}"
    "?region={region}&prefix={key}&versionId={version_id}"
)


class DayLink(BaseOperatorLink):
    """To the page about the sealed day."""

    name = "Sealed day"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """See `BaseOperatorLink`; empty where the task returned nothing."""
        from audit_trail.operators.airflow_config import PAGE_URL, text

        value = _returned(ti_key)
        return filled(text("page_url", PAGE_URL), day=str(value["day"])) if "day" in value else ""


class LedgerEntryLink(BaseOperatorLink):
    """To the ledger entry that the task appended."""

    name = "Ledger entry"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """See `BaseOperatorLink`; empty where the task returned nothing."""
        from audit_trail.evidence.object_keys import ledger_key

        value = _returned(ti_key)
        return object_link(ledger_key(int(value["sequence"]))) if "sequence" in value else ""


class ManifestLink(BaseOperatorLink):
    """To the manifest of the sealed day."""

    name = "Manifest"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """See `BaseOperatorLink`; empty where the task returned nothing."""
        value = _returned(ti_key)
        return object_link(str(value["manifest_key"])) if "manifest_key" in value else ""


class StoredObjectLink(BaseOperatorLink):
    """To the object that was uploaded, in its version."""

    name = "Object in the store"

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        """See `BaseOperatorLink`; empty where the task returned nothing."""
        stored = _returned(ti_key).get("object")
        if not isinstance(stored, dict):
            return ""
        return object_link(str(stored.get("key", "")), str(stored.get("version_id", "")))


def object_link(key: str, version_id: str = "") -> str:
    """Where a person sees an object of the archive; empty where nothing leads there."""
    from audit_trail.operators.airflow_config import text
    from audit_trail.settings import load_settings

    archive = load_settings().archive
    template = text("object_url") or ("" if archive.endpoint_url else AWS_CONSOLE)
    prefix = f"{archive.prefix.rstrip('/')}/" if archive.prefix.rstrip("/") else ""
    return filled(
        template, bucket=archive.bucket, key=prefix + key, version_id=version_id, region=archive.region
    )


def filled(template: str, **fields: str) -> str:
    """A template with its fields, each quoted so that it stays one part of the URL."""
    for name, value in fields.items():
        template = template.replace(f"{{{name}}}", quote(value, safe=""))
    return template


def _returned(ti_key: Any) -> dict[str, Any]:
    from airflow.sdk.execution_time.xcom import XCom

    # The worker asks at the end of every task; one that failed or was skipped has returned nothing,
    # and looking for that would leave an error in its log.
    state = getattr(ti_key, "state", None)
    if state is not None and getattr(state, "value", state) != "success":
        return {}
    value = XCom.get_value(ti_key=ti_key, key="return_value")
    return value if isinstance(value, dict) else {}
