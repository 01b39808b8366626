"""Is a service healthy? For the health checks of `docker-compose.yaml`, at little cost.

health URL          answers with 200
health URL PART     answers with JSON in which this part of Airflow is healthy
health tcp://H:P    takes connections
"""

from __future__ import annotations

import json
import socket
import sys
import urllib.request
from urllib.parse import urlsplit

TIMEOUT_S = 8.0


def is_healthy(url: str, part: str | None = None) -> bool:
    """Ask once; no answer, or another one, is not healthy."""
    try:
        address = urlsplit(url)
        if address.scheme == "tcp":
            with socket.create_connection((address.hostname, address.port or 0), TIMEOUT_S):
                return True
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310 - our own file names it
            if part is None:
                return True
            status = json.load(answer)[part]["status"]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return bool(status == "healthy")


if __name__ == "__main__":
    sys.exit(0 if is_healthy(*sys.argv[1:3]) else 1)
