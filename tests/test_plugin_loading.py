"""Airflow's real plugin loader, in a process of its own, against this plugins folder.

The loader executes every file it is allowed to see as a top-level module. If
`.airflowignore` let it see more than one, modules would exist twice, and a
file named like a standard-library module would replace that.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PLUGINS = Path(__file__).parents[1] / "plugins"

SCRIPT = """
import json, sys, sysconfig
from airflow import plugins_manager
from airflow.sdk import plugins_manager as sdk_plugins_manager
plugins, errors = plugins_manager._get_plugins()
sdk_plugins, sdk_errors = sdk_plugins_manager._get_plugins()
import audit_trail.plugin, secrets, json as json_module
loaded_early = "audit_trail.web.api" in sys.modules
apps, _ = plugins_manager.get_fastapi_plugins()
_, react_apps = plugins_manager._get_ui_plugins()
folder = sys.argv[1]
own = {
    name: module.__file__
    for name, module in list(sys.modules.items())
    if (getattr(module, "__file__", None) or "").startswith(folder)
}
print(json.dumps({
    "ours": [type(plugin).__module__ for plugin in plugins if plugin.name == "audit_trail"],
    "same_class": all(
        type(plugin) is audit_trail.plugin.AuditTrailPlugin
        for plugin in [*plugins, *sdk_plugins] if plugin.name == "audit_trail"
    ),
    "errors": errors | sdk_errors,
    "top_level": sorted(name for name in own if name.partition(".")[0] != "audit_trail"),
    "timetables": sorted(plugins_manager.get_timetables_plugins()),
    "loaded_early": loaded_early,
    "mounts": {item["url_prefix"]: type(item["app"]).__name__ for item in apps},
    "pages": {item["url_route"]: item["bundle_url"] for item in react_apps},
    "secrets_of": sys.modules["secrets"].__file__,
    "stdlib": sysconfig.get_paths()["stdlib"],
}))
"""


def load_plugins(home: Path, *, folder: Path = PLUGINS, **variables: str) -> tuple[dict[str, Any], str]:
    """What the loader found, and what it logged."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW_", "AUDIT_TRAIL_"))
    }
    environment |= {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        **variables,
    }
    if "PYTHONPATH" not in variables:
        environment.pop("PYTHONPATH", None)  # Airflow itself puts the plugins folder on the path
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder)],
        env=environment,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1]), result.stdout + result.stderr


def install_copy(folder: Path, *, version: str) -> Path:
    """A site folder that holds this package as `pip install` would leave it."""
    site = folder / "site"
    shutil.copytree(
        PLUGINS / "audit_trail", site / "audit_trail", ignore=shutil.ignore_patterns("__pycache__")
    )
    package = site / "audit_trail" / "__init__.py"
    package.write_text(
        re.sub(r"^__version__ = .*$", f'__version__ = "{version}"', package.read_text(), flags=re.MULTILINE)
    )
    metadata = site / f"airflow_audit_trail-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: airflow-audit-trail\nVersion: {version}\n"
    )
    (metadata / "entry_points.txt").write_text(
        "[airflow.plugins]\naudit_trail = audit_trail.plugin:AuditTrailPlugin\n"
    )
    return site


@pytest.mark.parametrize("syntax", ["glob", "regexp"])
def test_the_loader_sees_one_plugin_and_executes_nothing_else(tmp_path: Path, syntax: str) -> None:
    found, log = load_plugins(tmp_path, AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX=syntax)
    assert found["ours"] == ["audit_trail.plugin"]
    assert found["same_class"]
    assert found["errors"] == {}
    assert found["top_level"] == ["audit_trail_plugin"]
    assert found["timetables"] == ["audit_trail.timetable.UtcDayTimetable"]
    assert found["mounts"] == {"/audit-trail": "FastAPI"}
    assert found["pages"] == {"audit-trail": "audit-trail/assets/main.js"}
    assert not found["loaded_early"], "only the API server needs FastAPI and the page"
    assert Path(found["secrets_of"]).is_relative_to(found["stdlib"])
    assert "more than once" not in log


def test_without_the_ignore_file_the_loader_would_execute_every_module(tmp_path: Path) -> None:
    """Shows that the test above can fail."""
    folder = tmp_path / "plugins"
    package = folder / "audit_trail"
    package.mkdir(parents=True)
    for name in (
        "__init__.py",
        "plugin.py",
        "timetable.py",
        "day_end.py",
        "audit_trail_plugin.py",
        "errors.py",
    ):
        shutil.copy(PLUGINS / "audit_trail" / name, package)
    found, log = load_plugins(tmp_path, folder=folder)
    assert "errors" in found["top_level"]
    # And that an API server starts without the page when the page cannot be loaded.
    assert found["mounts"] == {}
    assert "the page Audit trail cannot be shown" in log


def test_no_module_of_ours_is_named_like_a_top_level_module_of_the_standard_library() -> None:
    own = {path.stem for path in (PLUGINS / "audit_trail").rglob("*.py")} - {"__init__", "__main__"}
    assert own & set(sys.stdlib_module_names) == set()


def test_an_installed_copy_beside_the_folder_is_said_with_both_places(tmp_path: Path) -> None:
    site = install_copy(tmp_path, version="9.9.9")
    found, log = load_plugins(tmp_path, PYTHONPATH=str(site))
    assert found["ours"] == ["audit_trail.plugin"]
    assert "audit_trail is here more than once" in log
    assert f"9.9.9 in {site / 'audit_trail'}" in log
    assert str(PLUGINS / "audit_trail") in log


def test_an_installed_package_without_a_folder_loads_by_its_entry_point(tmp_path: Path) -> None:
    site = install_copy(tmp_path, version="9.9.9")
    (tmp_path / "plugins").mkdir()
    found, log = load_plugins(tmp_path, folder=tmp_path / "plugins", PYTHONPATH=str(site))
    assert found["ours"] == ["audit_trail.plugin"]
    assert found["errors"] == {}
    assert "more than once" not in log
