"""The container files: what they promise without a container engine."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COMPOSE = ROOT / "docker-compose.yaml"
SECRET_NAME = re.compile(r"(?i)secret|password|passphrase|token|credential|access_key|fernet")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    value = yaml.safe_load(COMPOSE.read_text("utf-8"))
    assert isinstance(value, dict)
    return value


@pytest.fixture(scope="module")
def dockerfile() -> list[tuple[str, str]]:
    """Instructions and their arguments, continued lines joined."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split()[0], " ".join(line.split()[1:])) for line in lines]


def test_every_port_is_bound_to_loopback_by_default(compose: dict[str, Any]) -> None:
    ports = [str(port) for service in compose["services"].values() for port in service.get("ports", [])]
    assert ports
    for port in ports:
        assert port.startswith("127.0.0.1:"), port
    for service in compose["services"].values():
        assert "network_mode" not in service
        assert not service.get("privileged")


def test_what_is_published_is_where_the_api_server_listens(compose: dict[str, Any]) -> None:
    service = compose["services"]["airflow-apiserver"]
    (port,) = service["ports"]
    assert port.rpartition(":")[2] == "8080"
    assert ":8080/" in " ".join(service["healthcheck"]["test"])
    assert ":8080/" in service["environment"]["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]


def test_secrets_are_named_by_file_and_never_written_here(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET_NAME.search(name) or ("://" in str(value) and "@" in str(value)):
                assert name.endswith(("_CMD", "_FILE")), name
                assert str(value).removeprefix("cat ").startswith("/etc/"), name
    assert not SECRET_NAME.search((ROOT / "Dockerfile").read_text("utf-8"))


def test_workers_share_no_folder_they_can_write_to(compose: dict[str, Any]) -> None:
    def written(name: str) -> set[str]:
        mounts = [text.split(":") for text in compose["services"][name]["volumes"]]
        return {mount[0] for mount in mounts if mount[2:] != ["ro"]}

    workers = [name for name in compose["services"] if "worker" in name]
    assert len(workers) == 2
    assert not written(workers[0]) & written(workers[1])


def test_each_folder_of_a_volume_is_made_by_the_image_for_its_user(
    compose: dict[str, Any], dockerfile: list[tuple[str, str]]
) -> None:
    made = " ".join(text for name, text in dockerfile if name == "RUN" and "install -d" in text)
    for service in compose["services"].values():
        if service["image"] != "audit-trail" or service.get("user"):
            continue
        for mount in service["volumes"]:
            assert f" {mount.split(':')[1]}" in made, mount


def test_the_file_is_what_the_compose_specification_says() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_image_installs_only_what_the_lock_names_by_digest(dockerfile: list[tuple[str, str]]) -> None:
    installs = [text for name, text in dockerfile if name == "RUN" and "pip install" in text]
    assert len(installs) == 1
    for part in installs[0].split("&&"):
        if "pip install" in part:
            assert "--require-hashes" in part
            assert part.rstrip().endswith(("-r requirements-pip.lock", "-r requirements.lock"))
    # run.sh compares the two, and would install everything again at each start.
    assert "cp requirements.lock .venv/requirements.lock" in installs[0]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = re.findall(r"^[A-Za-z0-9][^\s=]*==\S+", lock, re.MULTILINE)
    assert len(pinned) > 50
    assert lock.count("--hash=sha256:") >= len(pinned)


def test_the_image_does_not_run_as_root(dockerfile: list[tuple[str, str]]) -> None:
    users = [text for name, text in dockerfile if name == "USER"]
    assert users
    assert users[-1] not in {"root", "0"}
    after = [name for name, _ in dockerfile[[name for name, _ in dockerfile].index("USER") :]]
    assert "CMD" in after
    assert "ADD" not in [name for name, _ in dockerfile]


def test_what_the_image_copies_is_in_the_context_and_what_is_private_is_not(
    dockerfile: list[tuple[str, str]],
) -> None:
    copied = {
        source
        for name, text in dockerfile
        if name == "COPY"
        for source in [word for word in shlex.split(text) if not word.startswith("--")][:-1]
    }
    rules = [
        line
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]

    def is_sent(path: str) -> bool:
        """The last rule that matches decides, as Docker has it."""
        sent = True
        for rule in rules:
            if fnmatch(path, rule.removeprefix("!")):
                sent = rule.startswith("!")
        return sent

    for source in copied:
        assert (ROOT / source).exists(), source
        assert is_sent(source), source
    for private in (".run", ".git", ".venv", "tests", "anything-else"):
        assert not is_sent(private), private
