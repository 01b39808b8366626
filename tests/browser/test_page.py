"""The page "Audit trail" in a real browser, inside a real Airflow."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from tests.airflow_api import RefusedError
from tests.browser.conftest import Site, days_ago
from tests.running_airflow import PATIENCE_S, wait_for

DAY = "[data-testid=audit-trail-day]"
PACK = "[data-testid=audit-trail-pack]"
RUNS = "/api/v2/dags/audit_trail_daily/dagRuns"


@pytest.fixture(autouse=True)
def _at_home(site: Site) -> Iterator[None]:
    """Each test begins with a wide window, and ends without an error in the browser's console."""
    site.page.size(1400, 1000)
    site.page.errors.clear()
    yield
    assert site.page.errors == []


def test_the_page_is_in_the_navigation_and_shows_the_days(site: Site) -> None:
    site.page.goto(site.url)
    site.page.click_button("Audit trail", "[data-testid=nav-sidebar]")
    site.page.wait("!!document.querySelector('[data-testid=audit-trail] [data-day]')")
    assert site.verdict(days_ago(1)) == "sealed"
    text = site.page.text()
    for part in ("Days proven", "Missing days", "Throughput", "Ledger and locks", "Keys", "Verifications"):
        assert part in text
    assert "extends the head remembered outside the bucket" in text
    head = site.page.evaluate(
        "fetch('audit-trail/api/overview').then(a => a.json()).then(a => a.archive.head)"
    )
    assert head["sha256"][:16] in text
    site.keep("page-light")


def test_a_day_opens_by_keyboard_and_leads_to_its_run_and_log(site: Site) -> None:
    page = site.open()
    page.evaluate("document.querySelector('[data-testid=audit-trail] [data-day][tabindex=\"0\"]').focus()")
    assert page.evaluate("document.activeElement.dataset.day") == days_ago(0)
    page.press("ArrowUp")
    assert page.evaluate("document.activeElement.dataset.day") == days_ago(1)
    page.press("Enter")
    page.wait(f"document.querySelector('{DAY}')?.innerText.includes('Merkle root')")
    text = page.evaluate(f"document.querySelector('{DAY}').innerText")
    for part in (
        "part-00000",
        "application",
        "SHA-256 before redaction",
        "Redacted by the pipeline",
        "passed",
    ):
        assert part in text
    page.wait(f"document.querySelector('{DAY}').innerText.includes('scheduled__')")
    site.keep("day-light")
    page.click_button("verification", DAY)
    page.wait("location.pathname.includes('/tasks/verify_sample')")
    page.wait_for("SUMMARY VERIFIED")
    page.evaluate("history.back()")
    page.wait(f"!!document.querySelector('{DAY}')")
    assert f"day={days_ago(1)}" in page.evaluate("location.search")
    page.press("Escape")
    page.wait(f"!document.querySelector('{DAY}')")
    assert page.evaluate("location.search") == ""


def test_a_day_is_sealed_from_the_page(site: Site) -> None:
    """And the day after it turns out to be missing."""
    site.open(f"?day={days_ago(3)}")
    site.page.click_button("Seal this day", DAY)
    site.page.wait(
        f"document.querySelector('{DAY}').innerText.includes('Run success')", patience_s=PATIENCE_S
    )
    site.page.wait(f"document.querySelector('{DAY}').innerText.includes('Merkle root')")
    site.page.press("Escape")
    wait_for("the calendar", lambda: site.verdict(days_ago(3)) == "sealed")
    assert site.verdict(days_ago(2)) == "missing"
    runs = site.api.get(f"{RUNS}?run_type=manual")["dag_runs"]
    assert [run["data_interval_start"][:10] for run in runs] == [days_ago(3)]
    assert runs[0]["triggering_user_name"] == "admin"
    site.page.click("[aria-label=Findings] button")
    site.page.wait_for("What it means")
    site.keep("finding-light")


def test_a_day_is_verified_from_the_page(site: Site) -> None:
    site.open(f"?day={days_ago(1)}")
    site.page.wait_for("audit_trail_verify is paused: unpause it first.")
    unpause = {
        "method": "PATCH",
        "headers": {"Content-Type": "application/json"},
        "body": '{"is_paused": false}',
    }
    asked = f"fetch('/api/v2/dags/audit_trail_verify', {json.dumps(unpause)}).then(answer => answer.status)"
    assert site.page.evaluate(asked) == 200
    site.open(f"?day={days_ago(1)}")
    site.page.click_button("Verify now", DAY)
    site.page.wait(
        f"document.querySelector('{DAY}').innerText.includes('Run success')", patience_s=PATIENCE_S
    )


def test_a_pack_is_downloaded(site: Site) -> None:
    page = site.open()
    page.click_button("Auditor\u2019s pack")
    page.wait(f"document.querySelector('{PACK}')?.innerText.includes('First day')")
    site.keep("pack-light")
    page.click_button("Download", PACK)
    page.wait_for("is in your downloads")
    saved = site.browser.downloads / f"audit-trail-{days_ago(1)}-to-{days_ago(1)}-records.zip"
    wait_for("the file", saved.is_file)
    with zipfile.ZipFile(saved) as pack:
        assert pack.testzip() is None
        assert json.loads(pack.read("pack.json"))["range"] == {"from": days_ago(1), "to": days_ago(1)}
    page.press("Escape")


def test_a_viewer_sees_everything_and_starts_nothing(site: Site) -> None:
    viewer = site.token_of("viewer")
    site.page.call("Network.setCookie", name="_token", value=viewer, url=site.url)
    try:
        site.open(f"?day={days_ago(1)}")
        site.page.wait(f"document.querySelector('{DAY}')?.innerText.includes('Merkle root')")
        site.page.wait_for("You may not trigger audit_trail_daily.")
        look = f"[...document.querySelectorAll('{DAY} button')].filter(e => /Seal|Verify/.test(e.innerText))"
        assert site.page.evaluate(f"{look}.map(e => e.disabled)") == [True, True]
        with pytest.raises(RefusedError) as refused:
            site.api.bearing(viewer).post(RUNS, {"logical_date": days_ago(4)})
        assert refused.value.status == 403
    finally:
        site.page.call("Network.setCookie", name="_token", value=site.api.token, url=site.url)


def test_it_is_dark_where_airflow_is_and_fits_a_narrow_screen(site: Site) -> None:
    page = site.open()
    look = "getComputedStyle(document.querySelector('[data-testid=audit-trail] section > div')).color"
    light = page.evaluate(look)
    page.evaluate("localStorage.setItem('theme', 'dark')")
    try:
        site.open()
        assert page.evaluate(look) != light
        site.keep("page-dark")
        page.size(390, 844)
        site.keep("page-dark-narrow")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        box = "document.querySelector('[data-testid=main-content]')"
        assert page.evaluate(f"{box}.scrollWidth <= {box}.clientWidth")
    finally:
        page.evaluate("localStorage.setItem('theme', 'light')")


def test_nothing_is_asked_of_anybody_but_airflow(site: Site) -> None:
    """Over all that the tests above did, in whatever order."""
    site.open()
    asked = {urlsplit(url).netloc for url in site.page.requested if url.startswith("http")}
    assert asked == {urlsplit(site.url).netloc}


def test_nobody_who_is_not_logged_in_gets_more_than_the_bundle(site: Site) -> None:
    for path in ("overview", "access", f"days/{days_ago(1)}", "verifications?before=9"):
        with pytest.raises(RefusedError) as refused:
            site.api.bearing("").get(f"/audit-trail/api/{path}")
        assert refused.value.status == 401
