"""What the DAG files read from Airflow's own configuration, section `[audit_trail]`.

These are of Airflow and not of the archive, and are needed when a DAG file is
parsed, where the package's settings would be too much to load. In the
environment: `AIRFLOW__AUDIT_TRAIL__SEALED_BY` and so on.
"""

from __future__ import annotations

import re
from datetime import timedelta

from airflow.sdk.configuration import conf

from audit_trail.errors import ConfigurationError
from audit_trail.operators.run_context import MAX_LATE_DATA_HOURS

SECTION = "audit_trail"
VERIFY_SCHEDULE = "0 3 * * 0"
PAGE_URL = "/plugin/audit-trail?day={day}"
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z")


def text(name: str, default: str = "") -> str:
    """One option; empty where it is not set."""
    return str(conf.get(SECTION, name, fallback=default) or "").strip()


def pool() -> str:
    """The pool of all tasks. A DAG that names a pool which does not exist does not run."""
    return text("pool", "default_pool") or "default_pool"


def sealed_within() -> timedelta | None:
    """From a day's end to when it has to be sealed; None, the default: no deadline.

    Not set by default: of Airflow 3.3.2, `airflow dags test` and `dag.test()` end with an error
    after the last task of any DAG that has a deadline. Scheduled runs do not.

    Raises:
        ConfigurationError: Not a time of day.
    """
    clock = text("sealed_by")
    if clock.lower() in ("", "none"):
        return None
    match = _CLOCK.match(clock)
    if match is None:
        raise _wrong("sealed_by", "a UTC time like 06:00, or none", clock)
    return timedelta(hours=int(match[1]), minutes=int(match[2]))


def late_data_hours() -> float:
    """Hours after a day's end that its late data is waited for.

    Raises:
        ConfigurationError: Not a number of hours.
    """
    found = text("late_data_hours", "0")
    try:
        hours = float(found)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= MAX_LATE_DATA_HOURS:
        raise _wrong("late_data_hours", f"0 to {MAX_LATE_DATA_HOURS} hours", found)
    return hours


def verify_schedule() -> str | None:
    """When the whole archive is verified: a cron expression in UTC; None: only on demand."""
    found = text("verify_schedule", VERIFY_SCHEDULE)
    return None if found.lower() in ("", "none") else found


def _wrong(name: str, expected: str, found: str) -> ConfigurationError:
    return ConfigurationError(
        "a setting of Airflow's configuration is wrong",
        where=f"[{SECTION}] {name}, or AIRFLOW__{SECTION.upper()}__{name.upper()}",
        expected=expected,
        found=found[:80],
    )
