"""Airflow's REST API, as somebody outside the cluster uses it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

TIMEOUT_S = 60


class AirflowApi:
    """Logged in as one user.

    Args:
        url: Of the API server.
        user: Name.
        password: Theirs.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._token = ""
        self._token = self.post("/auth/token", {"username": user, "password": password})["access_token"]

    def get(self, path: str) -> Any:
        """What lies under a path."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask for something to be done."""
        return self._ask("POST", path, body)

    def wait(self, what: str, is_done: Callable[[], bool], timeout_s: float, every_s: float = 2) -> None:
        """Until it is done; the API server may be away in between.

        Raises:
            AssertionError: It took longer.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            try:
                if is_done():
                    return
            except OSError:
                pass
            time.sleep(every_s)
        raise AssertionError(f"{what}: not done after {timeout_s:.0f} s")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        request = urllib.request.Request(
            self._url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return json.load(answer)
