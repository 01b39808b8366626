"""`docker-compose.yaml` as what has to be started, in which order, with which environment and folders."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$\{([A-Z_]+):-([^}]*)\}")
_SECONDS = re.compile(r"(\d+)s")
KNOWN = {
    *("image", "build", "init", "restart", "environment", "depends_on", "stop_grace_period"),
    *("user", "command", "volumes", "healthcheck", "hostname", "ports"),
}
"""What the runner understands: whatever else the file says would not be tested."""


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A named volume on a folder."""

    volume: str
    folder: str
    read_only: bool


@dataclass(frozen=True, kw_only=True)
class HealthCheck:
    """A command that says 0 when a service can be used."""

    test: list[str]
    patience_s: float


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service as the file describes it, defaults of variables filled in."""

    name: str
    image: str
    hostname: str
    command: list[str]
    environment: dict[str, str]
    mounts: list[Mount]
    user: str | None
    health: HealthCheck | None
    depends_on: dict[str, str] = field(default_factory=dict)


def read_compose(path: Path) -> dict[str, Service]:
    """All services by name.

    Raises:
        ValueError: A service says something that the runner does not understand.
    """
    document = yaml.safe_load(_VARIABLE.sub(lambda match: match[2], path.read_text("utf-8")))
    return {name: _service(name, value) for name, value in document["services"].items()}


def in_order(services: dict[str, Service]) -> list[Service]:
    """Each after those it depends on."""
    done: list[str] = []
    while len(done) < len(services):
        waiting = [name for name in services if name not in done]
        ready = [name for name in waiting if set(services[name].depends_on) <= set(done)]
        if not ready:
            raise ValueError("services depend on each other in a circle")
        done += ready
    return [services[name] for name in done]


def _service(name: str, value: dict[str, Any]) -> Service:
    if unknown := set(value) - KNOWN:
        raise ValueError(f"{name}: {sorted(unknown)} would not be tested")
    return Service(
        name=name,
        image=value["image"],
        hostname=value.get("hostname", name),
        command=[str(part) for part in value.get("command", [])],
        environment={key: str(item) for key, item in value.get("environment", {}).items()},
        mounts=[_mount(text) for text in value.get("volumes", [])],
        user=value.get("user"),
        health=_health(value["healthcheck"]) if "healthcheck" in value else None,
        depends_on={key: item["condition"] for key, item in value.get("depends_on", {}).items()},
    )


def _mount(text: str) -> Mount:
    volume, folder, *mode = text.split(":")
    return Mount(volume=volume, folder=folder, read_only=mode == ["ro"])


def _health(value: dict[str, Any]) -> HealthCheck:
    kind, *command = value["test"]
    patience = sum(_seconds(value.get(key, "0s")) for key in ("start_period",))
    patience += _seconds(value["interval"]) * value["retries"]
    return HealthCheck(test=command if kind == "CMD" else ["/bin/sh", "-c", *command], patience_s=patience)


def _seconds(text: str) -> int:
    match = _SECONDS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text}: write seconds")
    return int(match[1])
