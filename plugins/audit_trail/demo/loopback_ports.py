"""Ports of the loopback interface that are free, and stay so until somebody listens."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable

from audit_trail.errors import StorageError

LOOPBACK = "127.0.0.1"
SERVER_PORTS = range(30000, 32768)
"""For what nobody has to find again: above the embedded store's, below every ephemeral one."""
MAX_TRIES = 2000


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def random_port(ports: range, is_usable: Callable[[int], bool] = is_free) -> int:
    """A random one of them that can be used: two programs started at once must not take the same.

    Args:
        ports: Below every system's ephemeral range (Linux 32768, others 49152), where any
            outgoing connection may come to sit on a port before its server listens.
        is_usable: Whether one can be used.

    Raises:
        StorageError: None was found.
    """
    for _ in range(MAX_TRIES):
        port = random.choice(ports)  # noqa: S311 - a port is no secret
        if is_usable(port):
            return port
    raise StorageError(
        "no free port",
        where=f"{LOOPBACK}, ports {ports.start} to {ports.stop - 1}",
        remedy="end programs that listen there",
    )
