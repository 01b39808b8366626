"""The page's application below an API server with Airflow's own login and roles."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from tests.pipeline.conftest import Archive
from tests.reporting.conftest import eventful_archive

from audit_trail.demo.embedded_store import EmbeddedStore

ROLES = ("viewer", "user", "op", "admin")
USERS = ",".join(f"{role}:{role}" for role in ROLES)
VARIABLES = {
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": USERS,
    "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-these-tests-and-of-nothing-else, and of no use elsewhere",
}


@pytest.fixture(scope="session")
def airflow_tables() -> None:
    """Airflow's tables, empty, in the SQLite file of the tests' home."""
    import airflow.models
    from airflow import settings
    from airflow.models.base import Base

    airflow.models.import_all_models()
    Base.metadata.create_all(settings.get_engine())


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An API server that holds the page's application and nothing else."""

    client: Any
    page: Any
    tokens: dict[str, str]

    def get(self, path: str, role: str | None = "viewer", **more: Any) -> httpx.Response:
        """Ask as somebody of that role; None: as nobody."""
        headers = {"Authorization": f"Bearer {self.tokens[role]}"} if role else {}
        answer: httpx.Response = self.client.get(
            f"/audit-trail{path}", headers=headers | more.pop("headers", {}), **more
        )
        return answer

    def overview(self) -> dict[str, Any]:
        """The archive, once it has been read."""
        for _ in range(600):
            answer = self.get("/api/overview")
            if answer.status_code != 202:
                assert answer.status_code == 200, answer.text
                return dict(answer.json())
            time.sleep(0.05)
        raise AssertionError("the ledger was never read")


@pytest.fixture(scope="session")
def make_server(airflow_tables: None) -> Iterator[Callable[..., Server]]:
    """Makes servers; `open_context` gives each its archive."""
    from airflow.api_fastapi.app import get_auth_manager, init_auth_manager, purge_cached_app
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from airflow.api_fastapi.core_api.app import init_middlewares
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from audit_trail.web.api import URL_PREFIX, make_app

    before = {name: os.environ.get(name) for name in VARIABLES}
    os.environ.update(VARIABLES)
    purge_cached_app()

    def make(open_context: Callable[..., Any]) -> Server:
        root, page = FastAPI(), make_app(open_context)
        init_auth_manager(root)
        root.mount(URL_PREFIX, page)
        init_middlewares(root)
        manager = get_auth_manager()
        tokens = {
            role: manager.generate_jwt(SimpleAuthManagerUser(username=role, role=role.upper()))
            for role in ROLES
        }
        return Server(client=TestClient(root, raise_server_exceptions=False), page=page, tokens=tokens)

    yield make
    purge_cached_app()
    for name, value in before.items():
        os.environ.pop(name)
        if value is not None:
            os.environ[name] = value


@pytest.fixture(scope="session")
def eventful(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """The archive of five eventful days. Not to be changed."""
    return eventful_archive(store, tmp_path_factory.mktemp("eventful"))


@pytest.fixture(scope="session")
def server(make_server: Callable[..., Server], eventful: Archive) -> Server:
    """A server with the archive of five eventful days."""
    return make_server(eventful.context)
