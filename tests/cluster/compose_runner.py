"""Runs `docker-compose.yaml` without a container engine: the same services, commands and environment."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from tests.cluster.compose_file import Service, in_order, read_compose
from tests.cluster.isolated_network import IsolatedNetwork
from tests.cluster.native_service import NativeService

INIT_TIMEOUT_S = 300


class ComposeRunner:
    """All services of a compose file, started as `docker compose up` would.

    Args:
        path: The file.
        folder: For volumes and logs; emptied by nobody.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.services = read_compose(path)
        self.running: dict[str, NativeService] = {}
        self._folder = folder
        self._network = IsolatedNetwork(secrets.token_hex(3), os.getpid() % 250 + 1)
        self.addresses: dict[str, str] = {}

    def __enter__(self) -> ComposeRunner:
        try:
            self._open()
            for service in in_order(self.services):
                self._start(service)
            for native in self.running.values():
                if native.service.health is not None:
                    native.wait_healthy()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def volume(self, name: str) -> Path:
        """Where a volume's files are."""
        return self._folder / "volumes" / name

    def close(self) -> None:
        """End everything, in the other order than it was started."""
        for native in reversed(self.running.values()):
            with suppress(Exception):
                native.kill()
        self._network.close()

    def _open(self) -> None:
        self._network.open()
        namespaces = {}
        for index, name in enumerate(self.services):
            namespaces[name], self.addresses[name] = self._network.add(index)
        for name, service in self.services.items():
            self.running[name] = NativeService(service, namespaces[name], self._folder, self.addresses)

    def _start(self, service: Service) -> None:
        for needed, condition in service.depends_on.items():
            other = self.running[needed]
            if condition == "service_completed_successfully":
                status = other.wait(INIT_TIMEOUT_S)
                assert status == 0, f"{needed} ended with {status}:\n{other.tail()}"
            elif condition == "service_healthy":
                other.wait_healthy()
            else:
                raise ValueError(f"{service.name}: the condition {condition} would not be tested")
        self.running[service.name].start()
