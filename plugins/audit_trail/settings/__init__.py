"""All settings, typed: environment `AUDIT_TRAIL_*`, then one YAML file, then Parameter Store.

A wrong setting fails before anything runs, with the field and the fix. The
YAML file is `$AUDIT_TRAIL_CONFIG`, or `audit-trail.yaml` in the home folder
when it is there. Nested fields are joined by two underscores in the
environment: `AUDIT_TRAIL_ARCHIVE__BUCKET`.
"""

from audit_trail.settings.load import load_settings
from audit_trail.settings.model import TASK_LOGS, Settings, literal_path
from audit_trail.settings.sections import (
    ArchiveSettings,
    ComplianceSettings,
    RedactionSettings,
    TimestampSettings,
    VerificationSettings,
)
from audit_trail.settings.source import AIRFLOW_SCHEMES, EVENT_SCHEMES, EventTimeSettings, SourceSettings
from audit_trail.settings.yaml_file import CONFIG_NAME, CONFIG_VARIABLE, ENV_PREFIX

__all__ = [
    "AIRFLOW_SCHEMES",
    "CONFIG_NAME",
    "CONFIG_VARIABLE",
    "ENV_PREFIX",
    "EVENT_SCHEMES",
    "TASK_LOGS",
    "ArchiveSettings",
    "ComplianceSettings",
    "EventTimeSettings",
    "RedactionSettings",
    "Settings",
    "SourceSettings",
    "TimestampSettings",
    "VerificationSettings",
    "literal_path",
    "load_settings",
]
