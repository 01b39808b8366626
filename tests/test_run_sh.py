"""run.sh as a user meets it, on a small project of its own that needs no network."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from audit_trail.demo import sqlite_turns

ROOT = Path(__file__).parents[1]
BASH = shutil.which("bash") or "/bin/bash"
# Stands in for the command line and for pytest, ruff and mypy: says how it was called.
ECHO = """
import json, os, sys
names = ("AUDIT_TRAIL_HOME", "AIRFLOW_HOME", "AIRFLOW__CORE__PLUGINS_FOLDER", "AIRFLOW__CORE__DAGS_FOLDER",
         "AIRFLOW__CORE__LOAD_EXAMPLES", "PYTHONPATH")
names += tuple(name for name in ("AUDIT_TRAIL_TEST_OPENSSL", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS")
               if name in os.environ)
print(json.dumps({"argv": sys.argv[1:], "prefix": sys.prefix, "cwd": os.getcwd(),
                  "environment": {name: os.environ.get(name) for name in names}}))
sys.exit(int(os.environ.get("ECHO_STATUS", "0")))
"""


def make_project(folder: Path) -> Path:
    package = folder / "plugins" / "audit_trail"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "__main__.py").write_text(ECHO)
    for module in ("pytest", "airflow"):
        (folder / "plugins" / f"{module}.py").write_text(ECHO)
    (folder / "tests" / "reporting").mkdir(parents=True)
    (folder / "tests" / "reporting" / "fetch_openssl.sh").write_text("echo /fetched/openssl\n")
    shutil.copy(ROOT / "run.sh", folder)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (folder / name).write_text("# nothing to install\n")
    return folder


def environment(**variables: str) -> dict[str, str]:
    """This Python first on the path, no uv, nothing set that run.sh sets."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRFLOW", "AUDIT_TRAIL_", "PYTHON", "VIRTUAL_ENV", "PIP_", "UV_"))
        and name != "CI"
    }
    return {**kept, "PIP_NO_INDEX": "1", "UV_NO_INDEX": "1", **variables}


def run(
    project: Path, *arguments: str, cwd: Path | None = None, script: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BASH, str(script or project / "run.sh"), *arguments],
        env=environment(**variables),
        cwd=cwd or project,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def called(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed already; the folder has a blank in its name."""
    folder = make_project(tmp_path_factory.mktemp("my project"))
    result = run(folder, "version")
    assert result.returncode == 0, result.stderr
    return folder


@pytest.mark.parametrize("arguments", [(), ("help",)])
def test_help_needs_no_installation(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    folder = make_project(tmp_path)
    result = run(folder, *arguments)
    assert result.returncode == 0
    for command in ("demo", "up", "test", "check", "help"):
        assert f"./run.sh {command}" in result.stdout
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize("arguments", [("demo", "--clean"), ("up",), ("verify", "--day", "a b", "")])
def test_commands_go_to_the_command_line_of_the_package(project: Path, arguments: tuple[str, ...]) -> None:
    found = called(run(project, *arguments))
    assert found["argv"] == list(arguments)
    assert found["prefix"] == str(project / ".venv")


def test_test_goes_to_pytest_in_the_project_folder(project: Path, tmp_path: Path) -> None:
    found = called(run(project, "test", "-k", "one thing", cwd=tmp_path, PATH=path_with_tools(tmp_path)))
    assert found["argv"] == ["-k", "one thing"]
    assert found["cwd"] == str(project)


def test_the_environment_points_into_the_project(project: Path) -> None:
    assert called(run(project, "demo"))["environment"] == {
        "AUDIT_TRAIL_HOME": f"{project}/.run",
        "AIRFLOW_HOME": f"{project}/.run/airflow",
        "AIRFLOW__CORE__PLUGINS_FOLDER": f"{project}/plugins",
        "AIRFLOW__CORE__DAGS_FOLDER": f"{project}/dags",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": f"{project}/plugins",
    }


def test_homes_that_are_set_are_kept(project: Path) -> None:
    found = called(run(project, "demo", AUDIT_TRAIL_HOME="/a", AIRFLOW_HOME="/b", PYTHONPATH="/c"))
    kept = found["environment"]
    assert isinstance(kept, dict)
    assert (kept["AUDIT_TRAIL_HOME"], kept["AIRFLOW_HOME"]) == ("/a", "/b")
    assert kept["PYTHONPATH"] == f"{project}/plugins:/c"


def test_airflows_home_is_where_up_has_it(project: Path) -> None:
    found = called(run(project, "airflow", "dags", "list", AUDIT_TRAIL_HOME="/a"))
    assert found["argv"] == ["dags", "list"]
    assert isinstance(found["environment"], dict)
    assert found["environment"]["AIRFLOW_HOME"] == "/a/airflow"


@pytest.mark.parametrize(
    ("variables", "takes_turns"),
    [
        ({}, True),
        ({"AUDIT_TRAIL_HOME": "/a"}, True),
        ({"AIRFLOW_HOME": "/b"}, False),
        ({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://db/airflow"}, False),
        ({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": "cat url"}, False),
        ({"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "url"}, False),
    ],
    ids=range(6),
)
def test_airflows_commands_take_turns_at_the_database_of_up_alone(
    project: Path, variables: dict[str, str], takes_turns: bool
) -> None:
    kept = called(run(project, "airflow", "version", **variables))["environment"]
    assert isinstance(kept, dict)
    expected = f"{sqlite_turns.__name__}.CONNECT_ARGS" if takes_turns else None
    assert kept.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS") == expected


@pytest.mark.parametrize("command", ["demo", "test"])
@pytest.mark.parametrize("status", [1, 2, 3, 5])
def test_the_exit_status_passes_through(project: Path, tmp_path: Path, command: str, status: int) -> None:
    result = run(project, command, ECHO_STATUS=str(status), PATH=path_with_tools(tmp_path))
    assert result.returncode == status


def test_it_works_from_another_folder_and_through_symlinks(project: Path, tmp_path: Path) -> None:
    (tmp_path / "absolute").symlink_to(project / "run.sh")
    (tmp_path / "relative").symlink_to("absolute")
    found = called(run(project, "demo", cwd=tmp_path, script=tmp_path / "relative"))
    assert found["prefix"] == str(project / ".venv")


def test_a_second_call_installs_nothing(project: Path) -> None:
    assert run(project, "demo").stderr == ""


def test_a_changed_lock_is_installed_but_not_without_its_hashes(tmp_path: Path, project: Path) -> None:
    folder = copy_of(project, tmp_path)
    wheel = make_wheel(tmp_path)
    (folder / "requirements.lock").write_text(f"{wheel}\n")
    refused = run(folder, "demo")
    assert refused.returncode == 1
    assert "hash" in refused.stderr.lower()
    assert "the installation failed" in refused.stderr
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "requirements.lock").write_text(f"{wheel} --hash=sha256:{digest}\n")
    accepted = run(folder, "demo")
    assert called(accepted)
    assert "starting over" in accepted.stderr
    assert list((folder / ".venv").rglob("audit_trail_probe.py"))


@pytest.mark.parametrize("damage", ["interrupted", "no python"])
def test_a_half_made_environment_is_repaired(tmp_path: Path, project: Path, damage: str) -> None:
    folder = copy_of(project, tmp_path)
    if damage == "interrupted":
        (folder / ".venv" / ".installing").write_text("")
    else:
        (folder / ".venv" / "bin" / "python").unlink()
    result = run(folder, "demo")
    assert called(result)["prefix"] == str(folder / ".venv")
    assert "making .venv" in result.stderr
    assert run(folder, "demo").stderr == ""


def test_first_calls_at_the_same_time_make_one_environment(tmp_path: Path) -> None:
    folder = make_project(tmp_path)
    calls = [
        subprocess.Popen(
            [BASH, "run.sh", "demo"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    said = ""
    for call in calls:
        stdout, stderr = call.communicate(timeout=180)
        assert call.returncode == 0, stderr
        assert json.loads(stdout)["prefix"] == str(folder / ".venv")
        said += stderr
    assert said.count("making .venv") == 1


def test_without_a_fitting_python_it_says_which_are_looked_for(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "project")
    tools = tmp_path / "bin"
    link_tools(tools, "dirname", "readlink", "cmp", "flock", "rm", "id")
    old = tools / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = run(folder, "demo", PATH=str(tools))
    assert result.returncode == 1
    assert "no Python 3.11 or newer" in result.stderr
    assert "python3.11" in result.stderr
    assert not (folder / ".venv").exists()


def test_missing_tools_are_named_and_fail_only_under_ci(project: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    link_tools(tools, "dirname", "readlink", "cmp", "flock", "rm", "openssl")
    make_script(tools / "id", "echo 1000")  # not root: nothing is installed
    by_hand = run(project, "test", PATH=str(tools))
    assert by_hand.returncode == 0, by_hand.stderr
    # Others may be missing too, and those that are looked for by path may be there.
    assert "missing tools: zstd jq" in by_hand.stderr
    assert "; the tests that use them are skipped" in by_hand.stderr
    in_ci = run(project, "test", PATH=str(tools), CI="true")
    assert in_ci.returncode == 1
    assert "missing tools: zstd jq" in in_ci.stderr
    assert in_ci.stdout == ""


def test_root_gets_missing_tools_installed(project: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    link_tools(tools, "dirname", "readlink", "cmp", "flock", "rm", "openssl", "zstd")
    make_script(tools / "id", "echo 0")
    make_script(tools / "apt-get", f'echo "$@" >>"{tmp_path}/apt"')
    assert run(project, "test", PATH=str(tools), CI="true").returncode == 0
    update, install = (tmp_path / "apt").read_text().splitlines()
    assert update == "update -qq"
    assert install.startswith("install -y -qq jq")


@pytest.mark.parametrize(
    ("listed", "named", "taken"),
    [
        ("", {}, "/fetched/openssl"),
        ("{ 2.16.840.1.101.3.4.3.18, id-ml-dsa-65, ML-DSA-65 } @ default", {}, None),
        ("", {"AUDIT_TRAIL_TEST_OPENSSL": "/my/openssl"}, "/my/openssl"),
    ],
    ids=["too old", "new enough", "named"],
)
def test_an_openssl_that_knows_ml_dsa_is_fetched_where_there_is_none(
    project: Path, tmp_path: Path, listed: str, named: dict[str, str], taken: str | None
) -> None:
    path = path_with_tools(tmp_path)
    make_script(tmp_path / "stand-ins" / "openssl", f"echo '{listed}'")
    environment = called(run(project, "test", PATH=path, **named))["environment"]
    assert isinstance(environment, dict)
    assert environment.get("AUDIT_TRAIL_TEST_OPENSSL") == taken


def test_where_none_can_be_fetched_tests_are_skipped_and_fail_under_ci(project: Path, tmp_path: Path) -> None:
    folder = copy_of(project, tmp_path)
    (folder / "tests" / "reporting" / "fetch_openssl.sh").write_text("exit 1\n")
    by_hand = run(folder, "test", PATH=path_with_tools(tmp_path))
    assert by_hand.returncode == 0, by_hand.stderr
    assert "skipping the tests that need openssl 3.5 or later" in by_hand.stderr
    in_ci = run(folder, "test", PATH=path_with_tools(tmp_path), CI="true")
    assert in_ci.returncode == 1
    assert "AUDIT_TRAIL_TEST_OPENSSL" in in_ci.stderr
    assert in_ci.stdout == ""


@pytest.mark.parametrize("failing", ["ruff", "mypy", None])
def test_check_runs_all_checks_and_fails_with_any(tmp_path: Path, project: Path, failing: str | None) -> None:
    folder = copy_of(project, tmp_path)
    run(folder, "test", PATH=path_with_tools(tmp_path))
    for name in ("ruff", "mypy"):
        make_script(
            folder / ".venv" / "bin" / name,
            f'echo "{name} $*" >>"{tmp_path}/calls"\nexit {1 if name == failing else 0}',
        )
    assert run(folder, "check").returncode == (0 if failing is None else 1)
    calls = [line.strip() for line in (tmp_path / "calls").read_text().splitlines()]
    assert calls == ["ruff check .", "ruff format --check .", "mypy"]


def test_the_scripts_are_executable_and_parse() -> None:
    for script in (ROOT / "run.sh", ROOT / ".ci" / "run"):
        assert os.access(script, os.X_OK), script
        subprocess.run([BASH, "-n", str(script)], check=True)


def copy_of(project: Path, folder: Path) -> Path:
    """A copy with an environment of its own that may be damaged."""
    return Path(shutil.copytree(project, folder / "copy", symlinks=True))


def make_wheel(folder: Path) -> Path:
    """The smallest package that can be installed."""
    wheel = folder / "audit_trail_probe-1.0-py3-none-any.whl"
    info = "audit_trail_probe-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("audit_trail_probe.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: audit-trail-probe\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"audit_trail_probe.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n")
    return wheel


def make_script(path: Path, body: str) -> None:
    path.write_text(f"#!{BASH}\n{body}\n")
    path.chmod(0o755)


def link_tools(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"this machine has no {name}")
        (folder / name).symlink_to(found)


def path_with_tools(folder: Path) -> str:
    """The usual path, and stand-ins for the tools that tests of tests do not use."""
    tools = folder / "stand-ins"
    tools.mkdir(exist_ok=True)
    for name in ("openssl", "zstd", "jq", "softhsm2-util"):
        make_script(tools / name, "exit 0")
    return f"{Path(sys.executable).parent}:{tools}:{os.environ['PATH']}"
