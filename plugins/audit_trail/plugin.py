"""What Airflow's plugin loader is given."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from airflow.configuration import conf
from airflow.plugins_manager import AirflowPlugin

import audit_trail
from audit_trail.day_end import DayEnd
from audit_trail.timetable import UtcDayTimetable

log = logging.getLogger(__name__)

DISTRIBUTION = "airflow-audit-trail"
PACKAGE = "audit_trail"
_VERSION_LINE = re.compile(r'^__version__ = "([^"\n]{1,40})"$', re.MULTILINE)


PAGE = {
    "name": "Audit trail",
    "bundle_url": "audit-trail/assets/main.js",
    "url_route": "audit-trail",
    "destination": "nav",
    "nav_top_level": True,
    "icon": "audit-trail/assets/icon.svg",
    "icon_dark_mode": "audit-trail/assets/icon-dark.svg",
}
"""Relative addresses, so that they hold below a base path, too."""


class AuditTrailPlugin(AirflowPlugin):
    """Registers what the scheduler has to know by name, and the page in the UI."""

    name = "audit_trail"
    timetables = [UtcDayTimetable]  # noqa: RUF012 - Airflow declares it as a plain list
    deadline_references = [DayEnd]  # noqa: RUF012 - and this, too
    react_apps = [PAGE]  # noqa: RUF012

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The page's routes. Made when the API server asks, so that nobody else loads FastAPI."""
        try:
            from audit_trail.web.api import URL_PREFIX, make_app

            app = make_app()
        except Exception:
            # Without the page, and with all the rest of Airflow.
            log.exception("the page Audit trail cannot be shown")
            return []
        return [{"app": app, "url_prefix": URL_PREFIX, "name": PAGE["name"]}]

    @classmethod
    def on_load(cls, *args: Any, **kwargs: Any) -> None:
        """Say so when there is more than one copy of this package."""
        warn_of_copies()


@cache
def warn_of_copies() -> None:
    """Log a warning, once a process, when Airflow can see several copies of this package.

    The plugins folder and an installed package do not replace each other:
    Airflow registers one plugin, Python imports from the other, and versions
    mix without a word.
    """
    found = copies()
    if len(found) > 1:
        log.warning(
            "audit_trail is here more than once: %s. Modules of different versions can mix. "
            "Keep one: remove the folder from the plugins folder, or `pip uninstall %s`.",
            "; ".join(f"{version} in {home}" for home, version in found.items()),
            DISTRIBUTION,
        )


def copies() -> dict[Path, str]:
    """Each copy's folder and version: the running one first."""
    candidates = [
        Path(audit_trail.__file__).parent,
        Path(conf.get_mandatory_value("core", "plugins_folder")) / PACKAGE,
    ]
    with suppress(metadata.PackageNotFoundError):  # not installed: only the folder is there
        candidates.append(Path(str(metadata.distribution(DISTRIBUTION).locate_file(PACKAGE))))
    homes = dict.fromkeys(home.resolve() for home in candidates if (home / "__init__.py").is_file())
    return {home: _version_of(home) for home in homes}


def _version_of(home: Path) -> str:
    """Read, not imported: the other copy must not run."""
    match = _VERSION_LINE.search((home / "__init__.py").read_text(encoding="utf-8", errors="replace"))
    return match[1] if match else "an unknown version"
