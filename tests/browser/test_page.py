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
REPORT = "[data-testid=audit-trail-report]"
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
    for part in (
        "Days proven",
        "Missing days",
        "Throughput",
        "Compliance",
        "Ledger and locks",
        "Keys",
        "Verifications",
    ):
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
    # The seal names its run and the DAG's version, and Airflow is asked whether it says the same.
    page.wait(
        f"document.querySelector('{DAY}').innerText.includes('version 1 in Airflow, which says the same')"
    )
    run = page.evaluate(f"fetch('audit-trail/api/days/{days_ago(1)}').then(a => a.json())")["revisions"][0][
        "run"
    ]
    assert (run["dag_id"], run["task_id"], run["bundle"]) == ("audit_trail_daily", "seal", "dags-folder")
    said = page.evaluate(f"document.querySelector('{DAY}').innerText")
    assert run["run_id"] in said
    assert run["dag_version_id"] in said
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
    site.api.patch("/api/v2/dags/audit_trail_verify", {"is_paused": False})
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


def test_how_long_days_waited_for_their_seal_is_drawn_and_said(site: Site) -> None:
    page = site.open()
    section = "document.querySelector('[aria-labelledby=audit-trail-throughput]')"
    page.wait(f"{section}.querySelectorAll('canvas').length === 2")
    assert "waited longer than 24 h for the seal" in page.evaluate(f"{section}.innerText")
    page.click_button("Table", "[aria-labelledby=audit-trail-throughput]")
    page.wait(f"{section}.innerText.includes('Sealed after')")
    rows = page.evaluate(f"[...{section}.querySelectorAll('tbody tr')].map(row => row.innerText)")
    assert rows
    assert all(days_ago(1) not in row or "h" in row or "min" in row for row in rows)


def test_a_compliance_report_is_measured_shown_and_saved(site: Site) -> None:
    page = site.open()
    section = "document.querySelector('[aria-labelledby=audit-trail-compliance]')"
    before = page.evaluate(f"{section}.innerText")
    assert before.count("not measured here") == 10  # nine figures, and the sentence that explains it
    assert "Days sealed or declared" in before
    page.click_button("Compliance report", REPORT)
    page.wait_for("the figures above are the report")
    after = page.evaluate(f"{section}.innerText")
    assert "not measured here" not in after
    assert "of all days, up to ledger entry" in after
    # The embedded store is not AWS: nobody's policies can be read, and that is not 0.
    assert "IAM knows nothing of its users" in after
    site.keep("compliance-light")
    page.click_button("Save for machines (JSON)", REPORT)
    page.click_button("Save for people (HTML)", REPORT)
    name = f"audit-trail-compliance-{days_ago(0)}"
    for ending in ("json", "html"):
        wait_for("the file", (site.browser.downloads / f"{name}.{ending}").is_file)
    saved = json.loads((site.browser.downloads / f"{name}.json").read_text("utf-8"))
    assert [figure["value"] for figure in saved["figures"] if figure["name"] == "signed-records"] == ["100 %"]
    assert "Objects stored as promised" in (site.browser.downloads / f"{name}.html").read_text("utf-8")


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
    for path in ("overview", "access", f"days/{days_ago(1)}", "verifications?before=9", "report"):
        with pytest.raises(RefusedError) as refused:
            site.api.bearing("").get(f"/audit-trail/api/{path}")
        assert refused.value.status == 401
