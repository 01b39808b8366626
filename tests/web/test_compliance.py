"""The figures of compliance on the page, and the report that is measured through it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from tests.pipeline.conftest import NOW, Archive
from tests.reporting.conftest import FIRST, GAP, LAST, QUIET
from tests.web.conftest import Server

from audit_trail.reporting.compliance.figures import DEFINITIONS
from audit_trail.reporting.compliance.measurement import Period
from audit_trail.reporting.compliance.report_document import make_report
from audit_trail.web.page_figures import NEEDS

LEDGER_FIGURES = ["days-covered", "seal-lag", "keys", "verification-frequency", "verification-success"]


def report_of(archive: Archive, first: str | None = None, last: str | None = None) -> dict[str, Any]:
    """What the command line would write."""
    context = archive.context()
    period = Period(
        first=date.fromisoformat(first) if first else None, last=date.fromisoformat(last) if last else None
    )
    made = make_report(
        context.store,
        period,
        context.settings,
        genesis=context.genesis,
        remembered=context.pin.read(),
        now=NOW,
        times=context.time_trust,
    )
    return dict(json.loads(json.dumps(made.to_json())))


def test_the_page_has_every_figure_of_the_report_in_its_order(server: Server) -> None:
    """A figure that is added to the report has to be given here too, or what it needs."""
    figures = server.overview()["archive"]["compliance"]["figures"]
    assert [figure["name"] for figure in figures] == list(DEFINITIONS)
    assert [figure["name"] for figure in figures if "needs" not in figure] == LEDGER_FIGURES
    assert {figure["name"]: figure["needs"] for figure in figures if "needs" in figure} == NEEDS


def test_what_the_ledger_gives_is_what_the_report_measures(server: Server, eventful: Archive) -> None:
    reported = {figure["name"]: figure for figure in report_of(eventful)["figures"]}
    for figure in server.overview()["archive"]["compliance"]["figures"]:
        if "needs" not in figure:
            for part in ("title", "how", "value", "standing", "explanation", "findings"):
                assert figure[part] == reported[figure["name"]][part], figure["name"]


def test_what_the_page_did_not_read_has_no_value_and_no_standing(server: Server) -> None:
    """Not 0, and not in order."""
    figures = server.overview()["archive"]["compliance"]["figures"]
    for figure in figures:
        assert ("needs" in figure) != bool({"value", "standing", "from"} & figure.keys())
    assert all("the last verification left them" in figure["from"] for figure in figures if "from" in figure)


def test_the_report_is_the_command_lines(server: Server, eventful: Archive) -> None:
    server.overview()
    answer = server.get("/api/report")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    made = answer.json()
    assert made["report"] == report_of(eventful)
    assert made["html"].startswith("<!doctype html>")
    assert all(figure["title"].split("'")[0] in made["html"] for figure in made["report"]["figures"])
    by_name = {figure["name"]: figure for figure in made["report"]["figures"]}
    assert by_name["storage"]["standing"] == "in order"
    assert by_name["redactions"]["value"] == "1"


def test_a_report_is_of_the_days_that_are_asked_for(server: Server, eventful: Archive) -> None:
    server.overview()
    made = server.get(f"/api/report?first={QUIET}&last={GAP}").json()["report"]
    assert (made["from"], made["to"]) == (QUIET, GAP)
    assert [day["verdict"] for day in made["days"]] == ["sealed-empty", "declared-gap"]
    assert made == report_of(eventful, QUIET, GAP)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        (f"first={LAST}&last={FIRST}", 400, "the period is empty"),
        ("first=2999-01-01", 400, "not over"),
        ("last=2026-03-15", 400, "not over"),
        ("first=2026-02-30", 400, "not a day"),
        ("first=x", 422, "first"),
        ("last=2026-3-1", 422, "last"),
    ],
)
def test_a_period_that_cannot_be_is_refused(server: Server, query: str, status: int, says: str) -> None:
    server.overview()
    answer = server.get(f"/api/report?{query}")
    assert answer.status_code == status
    assert says in answer.text


def test_one_report_is_measured_at_a_time(server: Server) -> None:
    server.overview()
    desk = server.page.state.report_desk
    with desk._free:
        refused = server.get(f"/api/report?first={QUIET}&last={QUIET}")
        # A pack is another matter.
        assert server.get(f"/api/pack/digests?first={QUIET}&last={QUIET}").status_code == 200
    assert refused.status_code == 503
    assert refused.json()["problem"]["remedy"] == "try again in a minute"
    assert server.get(f"/api/report?first={QUIET}&last={QUIET}").status_code == 200


@pytest.fixture
def few_objects(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """As many as the first day's two revisions have: two manifests and three segments."""
    monkeypatch.setattr("audit_trail.web.report_desk.MAX_OBJECTS", 5)
    yield 5


def test_what_would_take_too_long_is_for_the_command_line(server: Server, few_objects: int) -> None:
    server.overview()
    assert server.get(f"/api/report?first={FIRST}&last={FIRST}").status_code == 200
    refused = server.get(f"/api/report?first={FIRST}&last={QUIET}")
    assert refused.status_code == 400
    problem = refused.json()["problem"]
    assert (problem["expected"], problem["found"]) == (f"at most {few_objects} objects", "6 objects")
    assert "audit-trail report" in problem["remedy"]
    # A refusal does not keep the place.
    assert server.get(f"/api/report?first={QUIET}&last={QUIET}").status_code == 200


def test_who_had_it_measured_stands_in_airflows_audit_log(server: Server) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    server.overview()
    assert server.get(f"/api/report?first={GAP}&last={LAST}", "op").status_code == 200
    with create_session() as session:
        entry = session.query(Log).filter(Log.event == "audit_trail_report").order_by(Log.id.desc()).first()
        assert entry is not None
        assert entry.owner == "op"
        assert json.loads(entry.extra)["first"] == GAP


def test_the_page_says_when_its_figures_were_measured(server: Server) -> None:
    archive = server.overview()["archive"]
    assert archive["compliance"]["measured_at"] == "2026-03-15T08:00:00Z"


def test_days_waited_for_their_seal_as_the_report_counts_it(server: Server, eventful: Archive) -> None:
    """All were sealed at the founding's moment, so none waited, however long ago it was."""
    columns = server.overview()["archive"]["days"]
    assert columns["lag_hours"] == [0.0, 0.0, None, 0.0, 0.0]
    lag = next(figure for figure in report_of(eventful)["figures"] if figure["name"] == "seal-lag")
    assert lag["data"]["longest_hours"] == 0
