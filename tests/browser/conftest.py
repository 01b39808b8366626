"""Airflow as `up` runs it, and a Chromium that is logged in to it: one of each for all tests."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
from tests.airflow_api import AirflowApi
from tests.browser.devtools import Browser, Page
from tests.running_airflow import RunningAirflow, wait_for

SCREENSHOTS = "AUDIT_TRAIL_SCREENSHOTS"
"""Names a folder in the environment: what the tests saw is kept there."""
COMMANDS = ("chromium", "chromium-browser", "google-chrome")
_KEPT = os.environ.pop(SCREENSHOTS, "")


def days_ago(number: int) -> str:
    """A day, counted back from today in UTC."""
    return (datetime.now(UTC).date() - timedelta(days=number)).isoformat()


@dataclass(kw_only=True)
class Site:
    """The running Airflow, and somebody's browser."""

    airflow: RunningAirflow
    url: str
    browser: Browser
    page: Page
    api: AirflowApi

    def open(self, query: str = "") -> Page:
        """The page "Audit trail", as soon as it shows its days."""
        self.page.goto(f"{self.url}/plugin/audit-trail{query}")
        self.page.wait("!!document.querySelector('[data-testid=audit-trail] [data-day]')")
        return self.page

    def verdict(self, day: str) -> str:
        """What the calendar says of a day."""
        found = self.page.evaluate(
            f"document.querySelector('[data-testid=audit-trail] [data-day=\"{day}\"]')?.dataset.verdict"
        )
        return str(found)

    def token_of(self, role: str) -> str:
        """A token as Airflow would give it to somebody with that role."""
        secret = (self.airflow.home / "airflow" / "jwt-secret").read_text("utf-8")
        claims = jwt.decode(self.api.token, options={"verify_signature": False})
        algorithm = jwt.get_unverified_header(self.api.token)["alg"]
        return jwt.encode(claims | {"sub": role, "role": role.upper()}, secret, algorithm=algorithm)

    def keep(self, name: str) -> None:
        """Keep what is to be seen, where somebody wants to look at it."""
        if _KEPT:
            Path(_KEPT).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(Path(_KEPT) / f"{name}.png")


@pytest.fixture(scope="module")
def chromium() -> str:
    """The browser's command."""
    found = next((command for command in COMMANDS if shutil.which(command)), None)
    if found is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Logged in as the administrator; yesterday is sealed, by the schedule."""
    airflow = RunningAirflow(tmp_path_factory.mktemp("site") / "home")
    browser = None
    try:
        login, api = airflow.login(), airflow.api()
        wait_for("yesterday's seal", lambda: _is_sealed(airflow, api))
        browser = Browser(chromium, tmp_path_factory.mktemp("browser"))
        page = browser.page()
        page.size(1400, 1000)
        _log_in(page, login)
        yield Site(airflow=airflow, url=login["url"], browser=browser, page=page, api=api)
    finally:
        if browser is not None:
            browser.close()
        airflow.close()


def _log_in(page: Page, login: dict[str, str]) -> None:
    page.goto(f"{login['url']}/plugin/audit-trail")
    page.type("input[name=username]", login["user"])
    page.type("input[name=password]", login["password"])
    page.press("Enter")
    page.wait("!!document.querySelector('[data-testid=nav-sidebar]')")


def _is_sealed(airflow: RunningAirflow, api: AirflowApi) -> bool:
    try:
        runs = api.get("/api/v2/dags/audit_trail_daily/dagRuns")["dag_runs"]
    except TimeoutError:
        return False  # a busy machine
    assert "failed" not in [run["state"] for run in runs], airflow.log()
    return "success" in [run["state"] for run in runs]
