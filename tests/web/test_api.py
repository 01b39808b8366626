"""Every route: who may ask, what is answered, and under which headers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import Archive
from tests.reporting.conftest import FIRST, GAP, LAST, QUIET, ROTATED, RUN
from tests.web.conftest import ROLES, Server

DATA_ROUTES = (
    "/api/access",
    "/api/overview",
    f"/api/days/{FIRST}",
    "/api/verifications?before=9",
    f"/api/pack/digests?first={QUIET}&last={QUIET}",
    f"/api/pack/records?first={QUIET}&last={QUIET}",
    f"/api/report?first={QUIET}&last={QUIET}",
)


def test_these_are_all_routes_there_are() -> None:
    """A new one has to be added above, and is then tried as nobody."""
    from audit_trail.web.api import router

    known = {path.partition("?")[0].replace(FIRST, "{day}") for path in DATA_ROUTES}
    assert {route.path for route in router.routes} == known  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", DATA_ROUTES)
def test_nobody_is_answered_without_a_login(server: Server, path: str) -> None:
    assert server.get(path, role=None).status_code == 401


@pytest.mark.parametrize("path", DATA_ROUTES)
def test_a_forged_token_is_refused(server: Server, path: str) -> None:
    head, body, _ = server.tokens["admin"].split(".")
    forged = {"Authorization": f"Bearer {head}.{body}.{'A' * 86}"}
    assert server.get(path, role=None, headers=forged).status_code == 403
    server.client.cookies.set("_token", forged["Authorization"][7:])
    try:
        assert server.get(path, role=None).status_code in {401, 403}
    finally:
        server.client.cookies.clear()


@pytest.mark.parametrize("path", DATA_ROUTES)
@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_see_the_dags_runs_is_answered(server: Server, role: str, path: str) -> None:
    server.overview()
    assert server.get(path, role).status_code == 200


@pytest.mark.parametrize("path", DATA_ROUTES)
def test_nothing_can_be_changed_through_the_page(server: Server, path: str) -> None:
    headers = {"Authorization": f"Bearer {server.tokens['admin']}"}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert server.client.request(method, f"/audit-trail{path}", headers=headers).status_code == 405


@pytest.mark.parametrize("path", [*DATA_ROUTES, "/assets/main.js", "/assets/none.js", "/api/none"])
@pytest.mark.parametrize("role", [None, "viewer"])
def test_every_answer_has_the_security_headers(server: Server, role: str | None, path: str) -> None:
    headers = server.get(path, role).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/assets/") else "no-store")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", DATA_ROUTES)
def test_another_sites_page_gets_nothing_with_the_users_cookie(server: Server, path: str, site: str) -> None:
    answer = server.get(path, headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 403
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert server.get(path, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 200


def test_there_is_no_description_of_the_routes_for_strangers(server: Server) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert server.get(path).status_code == 404


def test_a_cookie_is_as_good_as_a_token(server: Server) -> None:
    """It is what the browser sends."""
    server.client.cookies.set("_token", server.tokens["viewer"])
    try:
        assert server.get("/api/access", role=None).json()["user"] == "viewer"
    finally:
        server.client.cookies.clear()


def test_only_who_may_trigger_is_offered_to(server: Server) -> None:
    offered = {role: server.get("/api/access", role).json()["can"] for role in ROLES}
    assert {role: can["seal"] for role, can in offered.items()} == {
        "viewer": False,
        "user": True,
        "op": True,
        "admin": True,
    }
    assert offered["viewer"]["verify"] is False


def test_the_overview_says_what_each_day_amounts_to(server: Server) -> None:
    archive = server.overview()["archive"]
    days = archive["days"]
    assert days["first"] == FIRST
    assert days["verdicts"] == "SEGSS"
    assert days["revisions"] == [2, 1, 0, 1, 1]
    assert days["records"] == [303, 0, 0, 1, 50]
    assert archive["metrics"]["good_days"] == archive["metrics"]["due_days"] == 5
    assert archive["policy"]["lock_mode"] == "COMPLIANCE"
    assert archive["locks"]["objects"] > 5
    assert archive["pin"]["state"] == "extends"
    assert [key["revoked"] is not None for key in archive["keys"]].count(True) == 1


def test_the_heads_digest_is_the_one_in_the_store(server: Server, eventful: Archive) -> None:
    head = server.overview()["archive"]["head"]
    key = f"ledger/{head['sequence']:012d}.dsse.json"
    assert sha256(eventful.context().store.read(key, max_bytes=10**7)).hexdigest() == head["sha256"]


def test_a_day_opens_to_what_it_holds(server: Server) -> None:
    server.overview()
    day = server.get(f"/api/days/{FIRST}").json()
    assert day["verdict"] == "sealed"
    first, late = day["revisions"]
    assert {segment["source"] for segment in first["segments"]} == {"app", "api"}
    assert sum(segment["records"] for segment in first["segments"]) == first["totals"]["records"] == 302
    assert first["problem"] is None
    assert sum(first["redaction"]["replacements"].values()) == 1
    assert late["revision"] == 2
    assert late["reason"]
    assert late["inputs"][0]["uri"].endswith("app-late.log")
    assert day["verifications"][0]["failed"] == 0


def test_a_day_names_the_run_that_sealed_and_verified_it(server: Server) -> None:
    server.overview()
    day = server.get(f"/api/days/{LAST}").json()
    assert day["revisions"][0]["run"] == day["verifications"][0]["run"] == RUN.to_json()
    assert server.overview()["archive"]["verifications"][0]["run"] == RUN.to_json()
    by_hand = server.get(f"/api/days/{FIRST}").json()
    assert [revision["run"] for revision in by_hand["revisions"]] == [None, None]


def test_a_declared_gap_opens_to_its_reason(server: Server) -> None:
    server.overview()
    day = server.get(f"/api/days/{GAP}").json()
    assert day["verdict"] == "declared-gap"
    assert "nobody looked" in day["gap"]["reason"]
    assert day["revisions"] == []


def test_a_quiet_day_and_one_that_nothing_is_known_of(server: Server) -> None:
    server.overview()
    assert server.get(f"/api/days/{QUIET}").json()["revisions"][0]["segments"] == []
    unknown = server.get("/api/days/1999-01-01").json()
    assert unknown["verdict"] is None
    assert unknown["revisions"] == []


@pytest.mark.parametrize("day", ["2026-3-1", "20260301", "2026-02-30", "..%2f..%2fledger", "2026-W10-1"])
def test_what_is_no_day_is_not_found(server: Server, day: str) -> None:
    assert server.get(f"/api/days/{day}").status_code == 404


def test_verifications_come_page_by_page(server: Server) -> None:
    archive = server.overview()["archive"]
    newest = archive["verifications"][0]
    page = server.get(f"/api/verifications?before={newest['sequence']}").json()
    assert page["verifications"] == archive["verifications"][1:]
    assert page["more"] == 0


@pytest.mark.parametrize("kind", ["digests", "records"])
def test_a_pack_is_downloaded_whole(server: Server, kind: str) -> None:
    server.overview()
    answer = server.get(f"/api/pack/{kind}?first={ROTATED}&last={LAST}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    assert f'filename="audit-trail-{ROTATED}-to-{LAST}-{kind}.zip"' in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        assert pack.testzip() is None
        index = json.loads(pack.read("pack.json"))
        assert any("/part-" in name for name in pack.namelist()) == (kind == "records")
    assert index["range"] == {"from": ROTATED, "to": LAST}


def test_only_a_few_packs_are_made_at_once(server: Server) -> None:
    server.overview()
    desk = server.page.state.desk
    with desk._turn(), desk._turn():
        refused = server.get(f"/api/pack/digests?first={QUIET}&last={QUIET}")
    assert refused.status_code == 503
    assert refused.json()["problem"]["remedy"] == "try again in a minute"
    assert server.get(f"/api/pack/digests?first={QUIET}&last={QUIET}").status_code == 200


def test_days_that_wait_for_a_bucket_leave_threads_to_airflow(server: Server) -> None:
    from audit_trail.web.api import MAX_READERS

    server.overview()
    for _ in range(MAX_READERS):
        assert server.page.state.readers.acquire(blocking=False)
    assert server.get(f"/api/days/{QUIET}").status_code == 503
    for _ in range(MAX_READERS):
        server.page.state.readers.release()
    assert server.get(f"/api/days/{QUIET}").status_code == 200


def test_a_download_leaves_no_file_behind(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    server.overview()
    assert server.get(f"/api/pack/records?first={FIRST}&last={LAST}").status_code == 200
    assert list(tmp_path.iterdir()) == []


def test_who_took_a_pack_stands_in_airflows_audit_log(server: Server) -> None:
    from airflow.models.log import Log
    from airflow.utils.session import create_session

    server.overview()
    assert server.get(f"/api/pack/records?first={QUIET}&last={QUIET}", "op").status_code == 200
    with create_session() as session:
        entry = (
            session.query(Log).filter(Log.event == "audit_trail_pack_records").order_by(Log.id.desc()).first()
        )
        assert entry is not None
        assert entry.owner == "op"
        assert json.loads(entry.extra)["first"] == QUIET


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        (f"first={LAST}&last={FIRST}", 400, "empty"),
        ("first=2020-01-01&last=2026-03-01", 400, "too many days"),
        (f"first={FIRST}&last=2999-01-01", 400, "too many days"),
        ("first=2026-02-30&last=2026-03-01", 400, "not a day"),
        (f"first={FIRST}&last=2026-03-15", 400, "not over"),
        (f"first={FIRST}", 422, "last"),
        (f"first={FIRST}&last=x", 422, "last"),
    ],
)
def test_a_pack_that_cannot_be_is_refused(server: Server, query: str, status: int, says: str) -> None:
    server.overview()
    answer = server.get(f"/api/pack/records?{query}")
    assert answer.status_code == status
    assert says in answer.text


def test_days_with_findings_make_a_pack_only_when_asked_for(server: Server) -> None:
    """The day before the first was never sealed."""
    server.overview()
    path = f"/api/pack/digests?first=2026-03-09&last={FIRST}"
    refused = server.get(path)
    assert refused.status_code == 409
    assert refused.json()["findings"][0]["check"] == "day.sealed"
    assert server.get(f"{path}&allow_findings=true").status_code == 200


def test_records_need_the_audit_log_permission(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

    server.overview()
    real = SimpleAuthManager.is_authorized_dag

    def narrower(self: Any, *, user: Any, access_entity: Any = None, **more: Any) -> bool:
        allowed = access_entity is not DagAccessEntity.AUDIT_LOG or user.role != "VIEWER"
        return allowed and real(self, user=user, access_entity=access_entity, **more)

    monkeypatch.setattr(SimpleAuthManager, "is_authorized_dag", narrower)
    assert server.get("/api/access").json()["can"]["export_records"] is False
    assert server.get(f"/api/pack/records?first={FIRST}&last={LAST}").status_code == 403
    assert server.get(f"/api/pack/digests?first={FIRST}&last={LAST}").status_code == 200
    assert server.get(f"/api/pack/records?first={FIRST}&last={LAST}", "op").status_code == 200


def test_a_report_needs_the_audit_log_permission(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names people and roles of the AWS account."""
    from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

    server.overview()
    real = SimpleAuthManager.is_authorized_dag

    def narrower(self: Any, *, user: Any, access_entity: Any = None, **more: Any) -> bool:
        allowed = access_entity is not DagAccessEntity.AUDIT_LOG or user.role != "VIEWER"
        return allowed and real(self, user=user, access_entity=access_entity, **more)

    monkeypatch.setattr(SimpleAuthManager, "is_authorized_dag", narrower)
    for role, allowed in (("viewer", False), ("op", True)):
        assert server.get("/api/access", role).json()["can"]["report"] is allowed
        answer = server.get(f"/api/report?first={QUIET}&last={QUIET}", role)
        assert answer.status_code == (200 if allowed else 403)
    assert "figures" not in server.get(f"/api/report?first={QUIET}&last={QUIET}", "viewer").text


def test_the_bundle_is_there_for_everybody_and_holds_no_secret(server: Server) -> None:
    answer = server.get("/assets/main.js", role=None)
    assert answer.status_code == 200
    assert "javascript" in answer.headers["content-type"]
    for path in ("/assets/../api.py", "/assets/%2e%2e/api.py", "/assets/..%2fapi.py"):
        assert server.get(path, role=None).status_code == 404


def test_no_settings_are_said_with_their_remedy(make_server: Callable[..., Server]) -> None:
    from audit_trail.web.configured_archive import ConfiguredArchive

    server = make_server(ConfiguredArchive())
    for _ in range(100):
        answer = server.get("/api/overview")
        if answer.status_code != 202:
            break
    assert answer.status_code == 503
    assert "audit-trail init" in answer.json()["problem"]["remedy"]
    assert server.get(f"/api/days/{FIRST}").status_code in {400, 503}
