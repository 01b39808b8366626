"""Airflow's REST API, as an operator or somebody outside of a cluster uses it."""

from __future__ import annotations

import copy
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

TIMEOUT_S = 60


class RefusedError(OSError):
    """The API server refused.

    Attributes:
        status: Of HTTP.
        detail: What it says of the reason.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status} {detail}")
        self.status = status
        self.detail = detail


class AirflowApi:
    """Logged in as one user.

    Args:
        url: Of the API server.
        user: Name.
        password: Theirs.
    """

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        self.token = ""
        self.token = self.post("/auth/token", {"username": user, "password": password})["access_token"]

    def bearing(self, token: str) -> AirflowApi:
        """The same server, asked by whoever the token is of; an empty one is nobody's."""
        other = copy.copy(self)
        other.token = token
        return other

    def get(self, path: str) -> Any:
        """What lies under a path."""
        return self._ask("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask for something to be done."""
        return self._ask("POST", path, body)

    def put(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask for something to be done once."""
        return self._ask("PUT", path, body)

    def patch(self, path: str, body: dict[str, Any]) -> Any:
        """Change some fields."""
        return self._ask("PATCH", path, body)

    def wait(self, what: str, is_done: Callable[[], Any], timeout_s: float, every_s: float = 2) -> None:
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
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, method=method, data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise RefusedError(error.code, error.read().decode("utf-8", "replace")) from error
