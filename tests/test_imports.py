"""Dependencies point one way: an application that only writes logs needs neither Airflow nor boto3."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[1] / "plugins"
PACKAGE = PLUGINS / "audit_trail"
AIRFLOW_PARTS = (
    "operators",
    "hooks",
    "triggers",
    "links",
    "day_end",
    "plugin",
    "timetable",
    "audit_trail_plugin",
    "__main__",
)
AIRFLOW_MODULES = ("web.access", "web.api", "web.stored_variable")
LIGHT_PARTS = ("evidence", "redaction", "journal", "errors")


def modules() -> list[str]:
    found = pkgutil.walk_packages([str(PACKAGE)], "audit_trail.")
    return [module.name for module in found]


def run(blocked: tuple[str, ...], statements: str) -> None:
    code = (
        "import importlib.abc, sys\n"
        f"BLOCKED = {set(blocked)!r}\n"
        "class Blocker(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in BLOCKED:\n"
        "            raise ImportError(name + ' is blocked')\n"
        "sys.meta_path.insert(0, Blocker())\n" + statements
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(PLUGINS), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_blocker_blocks() -> None:
    with pytest.raises(AssertionError, match="airflow is blocked"):
        run(("airflow",), "import audit_trail.plugin")


def test_everything_below_the_operators_imports_without_airflow() -> None:
    names = [
        name
        for name in modules()
        if name.split(".")[1] not in AIRFLOW_PARTS and name.partition(".")[2] not in AIRFLOW_MODULES
    ]
    assert len(names) > 50
    run(("airflow",), "\n".join(f"import {name}" for name in names))


def test_the_writing_side_imports_without_airflow_and_boto3() -> None:
    names = [name for name in modules() if name.split(".")[1] in LIGHT_PARTS]
    assert len(names) > 10
    run(("airflow", "boto3", "botocore"), "\n".join(f"import {name}" for name in names))


@pytest.mark.parametrize(
    "name", ["AuditLogger", "AuditTrailProcessor", "CryptographicProcessor", "StorageProcessor"]
)
def test_the_integration_api_imports_neither_airflow_nor_boto3_until_needed(name: str) -> None:
    run(("airflow", "boto3", "botocore"), f"from audit_trail import {name}")


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"airflow", "boto3", "pydantic", "cryptography"}
    run((), f"import audit_trail, sys\nassert not {heavy!r} & set(sys.modules)")


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    import audit_trail

    with pytest.raises(AttributeError, match="Nonsense"):
        audit_trail.Nonsense  # noqa: B018
