"""A bridge and one network namespace for each service: every service has all ports to itself.

Linux, root and `ip` (iproute2) only. Nothing leads out of it: no route, no forwarding.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress

MAX_NAME = 15  # of an interface, linux/if.h


class IsolatedNetwork:
    """Addresses 10.213.N.0/24, the host at .1.

    Args:
        tag: Short and unique on this machine.
        number: N.
    """

    def __init__(self, tag: str, number: int) -> None:
        self._bridge = f"at{tag}"[:MAX_NAME]
        self._tag = tag
        self._prefix = f"10.213.{number}"
        self._namespaces: list[str] = []

    def open(self) -> None:
        """Make the bridge."""
        _ip("link", "add", self._bridge, "type", "bridge")
        _ip("addr", "add", f"{self._prefix}.1/24", "dev", self._bridge)
        _ip("link", "set", self._bridge, "up")

    def add(self, index: int) -> tuple[str, str]:
        """A namespace with an address of its own; its name and the address."""
        namespace, outer, inner = (f"at{self._tag}{kind}{index}"[:MAX_NAME] for kind in ("n", "o", "i"))
        address = f"{self._prefix}.{index + 10}"
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)
        _ip("link", "add", outer, "type", "veth", "peer", "name", inner, "netns", namespace)
        _ip("link", "set", outer, "master", self._bridge, "up")
        _ip("-n", namespace, "addr", "add", f"{address}/24", "dev", inner)
        _ip("-n", namespace, "link", "set", inner, "up")
        _ip("-n", namespace, "link", "set", "lo", "up")
        return namespace, address

    def close(self) -> None:
        """Remove everything that was made."""
        for namespace in self._namespaces:
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", namespace)
        with suppress(subprocess.CalledProcessError):
            _ip("link", "del", self._bridge)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=30)
