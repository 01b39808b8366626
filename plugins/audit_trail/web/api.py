"""The page's routes, as an application that Airflow's API server mounts below `/audit-trail`.

Airflow mounts such applications without any login. So every route but the
bundle's asks for one itself, and for Airflow's permission on the DAG behind it.
All of them are plain functions: FastAPI runs those on threads, and none of
them keeps the API server's event loop waiting for a bucket.
"""

from __future__ import annotations

import json
import os
import threading
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.core_api.security import GetUserDep, auth_manager_from_app
from airflow.api_fastapi.logging.decorators import action_logging
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles

from audit_trail.errors import AuditTrailError, ConfigurationError, StorageError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.reporting.compliance.measurement import Period
from audit_trail.verification.days import DAG_ID
from audit_trail.web.access import (
    VERIFY_DAG_ID,
    abilities,
    may_measure,
    may_read,
    may_read_digests,
    may_read_records,
)
from audit_trail.web.archive_view import ArchiveView, Look
from audit_trail.web.configured_archive import ConfiguredArchive
from audit_trail.web.day_detail import day_detail, problem_json
from audit_trail.web.pack_download import FindingsError, PackDesk, PackOrder, blocks, limits
from audit_trail.web.report_desk import ReportDesk
from audit_trail.web.report_desk import limits as report_limits
from audit_trail.web.response_headers import ResponseHeaders
from audit_trail.web.snapshot import Snapshot, group_findings, is_day, recorded_verification

if TYPE_CHECKING:
    from collections.abc import Callable

    from audit_trail.archive.aws_clients import ClientFactory
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.settings import Settings

URL_PREFIX = "/audit-trail"
STATIC = Path(__file__).parent / "static"
PAGE_OF_VERIFICATIONS = 50
MAX_READERS = 8
"""Days being read from the bucket at once, of the 40 threads that all routes of a process share."""
FAMILY_STATUS = {"ConfigurationError": 400, "FindingsError": 409}
Day = Annotated[str, Query(pattern=r"^\d{4}-\d{2}-\d{2}$")]


def make_app(open_context: Callable[[], StageContext] | None = None) -> FastAPI:
    """The application.

    Args:
        open_context: Opens the archive; None: the one that the settings name.
    """
    opener = open_context or ConfiguredArchive(clients=_clients_of_connections)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # Airflow's dependencies look for it in the application that answers, which is this one.
    app.dependency_overrides[auth_manager_from_app] = get_auth_manager
    app.state.open_context = opener
    app.state.archive = ArchiveView(open_context=opener)
    app.state.desk = PackDesk()
    app.state.report_desk = ReportDesk()
    app.state.readers = threading.BoundedSemaphore(MAX_READERS)
    app.include_router(router)
    app.mount("/assets", StaticFiles(directory=STATIC), name="assets")
    app.add_exception_handler(AuditTrailError, _show_error)
    app.add_middleware(ResponseHeaders, assets_prefix="/assets/")
    return app


def _clients_of_connections(settings: Settings) -> ClientFactory:
    from audit_trail.hooks.aws_connection import ConnectionClients

    return ConnectionClients(settings)


router = APIRouter(prefix="/api", dependencies=[Depends(may_read)])


@router.get("/access")
def access(user: GetUserDep) -> dict[str, Any]:
    """What the user may do, and with which DAGs."""
    return {
        "user": user.get_name(),
        "can": abilities(user),
        "dags": {"seal": DAG_ID, "verify": VERIFY_DAG_ID},
        "pack": limits(),
        "report": report_limits(),
    }


@router.get("/overview")
def overview(request: Request) -> Response:
    """The whole archive: 200 with it, 202 while it is being read, 503 with why it cannot be shown."""
    look: Look = request.app.state.archive.look()
    if look.snapshot is None:
        if look.problem is not None and look.progress is None:
            return JSONResponse({"problem": problem_json(look.problem)}, status_code=503)
        progress = look.progress
        value = {"done": progress.done if progress else 0, "total": progress.total if progress else 0}
        return JSONResponse({"reading": value}, status_code=202)
    status = {
        "read_at": format_timestamp(look.snapshot.read_at),
        "looking": look.looking,
        "problem": problem_json(look.problem) if look.problem else None,
    }
    body = b'{"status":%b,"archive":%b}' % (json.dumps(status).encode(), look.snapshot.body)
    return Response(body, media_type="application/json")


@router.get("/days/{day}")
def day(request: Request, day: str) -> dict[str, Any]:
    """One day, opened."""
    if not is_day(day):
        raise HTTPException(404, "Not a day: YYYY-MM-DD")
    snapshot, state = _snapshot(request), request.app.state
    # While a bucket does not answer, its readers must not take all threads from Airflow's own routes.
    if not state.readers.acquire(blocking=False):
        raise StorageError(
            "many days are being read", where="this API server", remedy="try again in a moment"
        )
    try:
        return day_detail(state.open_context().store, snapshot, day)
    finally:
        state.readers.release()


@router.get("/verifications")
def verifications(request: Request, before: Annotated[int, Query(ge=0)]) -> dict[str, Any]:
    """Verifications that stand in the ledger before an entry, newest first."""
    found = [entry for entry in _snapshot(request).view.verifications if entry.sequence < before]
    shown = found[-PAGE_OF_VERIFICATIONS:][::-1]
    return {
        "verifications": [recorded_verification(entry) for entry in shown],
        "more": len(found) - len(shown),
    }


@router.get(
    "/pack/digests",
    dependencies=[Depends(may_read_digests), Depends(action_logging("audit_trail_pack_digests"))],
)
def pack_of_digests(request: Request, first: Day, last: Day, allow_findings: bool = False) -> Response:
    """The auditor's pack without records."""
    return _pack(request, first, last, digests_only=True, allow_findings=allow_findings)


@router.get(
    "/pack/records",
    dependencies=[Depends(may_read_records), Depends(action_logging("audit_trail_pack_records"))],
)
def pack_of_records(request: Request, first: Day, last: Day, allow_findings: bool = False) -> Response:
    """The auditor's pack, records included."""
    return _pack(request, first, last, digests_only=False, allow_findings=allow_findings)


@router.get("/report", dependencies=[Depends(may_measure), Depends(action_logging("audit_trail_report"))])
def report(request: Request, first: Day | None = None, last: Day | None = None) -> Response:
    """The compliance report of some days, or of all: every object is looked at, while the browser waits."""
    state, snapshot = request.app.state, _snapshot(request)
    period = Period(
        first=_date(first, "first") if first else None, last=_date(last, "last") if last else None
    )
    return JSONResponse(state.report_desk.measure(state.open_context(), snapshot, period))


def _pack(request: Request, first: str, last: str, *, digests_only: bool, allow_findings: bool) -> Response:
    state, snapshot = request.app.state, _snapshot(request)
    order = PackOrder(
        first=_date(first, "first"),
        last=_date(last, "last"),
        digests_only=digests_only,
        allow_findings=allow_findings,
    )
    file = state.desk.make(state.open_context(), snapshot, order)
    return StreamingResponse(
        blocks(file),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{order.filename}"',
            "content-length": str(os.fstat(file.fileno()).st_size),
            # Compressed already; Airflow's own compression would cost time and the length.
            "content-encoding": "identity",
        },
    )


def _date(text: str, where: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError("not a day", where=where, expected="YYYY-MM-DD", found=text[:40]) from None


def _snapshot(request: Request) -> Snapshot:
    look: Look = request.app.state.archive.look()
    if look.snapshot is not None:
        return look.snapshot
    if look.problem is not None:
        raise look.problem
    raise HTTPException(503, "The ledger is still being read", headers={"Retry-After": "2"})


async def _show_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AuditTrailError)  # noqa: S101 - registered for these only
    content: dict[str, Any] = {"problem": problem_json(error)}
    if isinstance(error, FindingsError):
        content["findings"] = group_findings(error.findings)
    return JSONResponse(content, status_code=FAMILY_STATUS.get(type(error).__name__, 503))
