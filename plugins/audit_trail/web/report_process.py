"""A compliance report measured in a process of its own, so that Airflow's API server goes on answering.

Within the API server its eight threads take turns with every request, and all that it
remembers makes Python look for garbage among everything that the server holds: for up to
a second, in which no thread of the server does anything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from audit_trail.errors import AuditTrailError, StorageError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from audit_trail.archive.aws_clients import ClientFactory
    from audit_trail.reporting.compliance.measurement import Period
    from audit_trail.settings import Settings
    from audit_trail.signing.pins import Head

NICENESS = 10
"""Beside the API server; whoever waits for a report waits for longer than for anything else on the page."""

_BY_HAND = "or use the command line: audit-trail report"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOrder:
    """All that measuring needs, as it is sent to another process: no client, no connection, no lock.

    Attributes:
        settings: The other process opens the archive by them, and by the Airflow connection that they name.
        genesis: The archive's identity.
        remembered: The newest head seen before.
        period: Which days.
        now: The moment that the report says it was made at.
    """

    settings: Settings
    genesis: str
    remembered: Head | None
    period: Period
    now: datetime


def measure_apart(order: ReportOrder) -> dict[str, Any]:
    """Measure in another process, and wait for it.

    The process is started anew, not forked: the API server has threads, which may hold locks.
    It ends with the answer, and when nobody is there any more to take it.

    Returns:
        `report`, as `audit-trail report --format json` writes it, and `html`.

    Raises:
        AuditTrailError: See `make_report`.
        StorageError: The process could not be started, or ended without an answer.
    """
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(sender, order), name="audit-trail-report", daemon=True)
    with receiver:
        with sender:  # of which the process has its own
            _start(process)
        try:
            answer = receiver.recv()
        except (EOFError, OSError):
            answer = None
    process.join()
    if isinstance(answer, AuditTrailError):
        raise answer
    if answer is None:
        raise StorageError(
            "the process that measured the report ended without one",
            where="this API server",
            found=f"exit status {process.exitcode}",
            remedy=f"its log may say why, or memory ran out; {_BY_HAND}",
        )
    made: dict[str, Any] = answer
    return made


def _start(process: SpawnProcess) -> None:
    try:
        process.start()
    except OSError as error:
        raise StorageError(
            "no process could be started to measure the report",
            where="this API server",
            found=str(error.strerror),
            remedy=f"look at its limits of processes and memory; {_BY_HAND}",
        ) from error


def _answer(sender: Connection, order: ReportOrder) -> None:
    """The process: one order, one answer. Any other error ends it, with a traceback in the server's log."""
    os.nice(NICENESS)
    answer: dict[str, Any] | AuditTrailError
    with sender:
        try:
            answer = _measured(order)
        except AuditTrailError as error:
            answer = error
        sender.send(answer)


def _measured(order: ReportOrder) -> dict[str, Any]:
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.reporting.compliance.report_document import make_report
    from audit_trail.reporting.compliance.report_page import page_blocks

    context = StageContext(settings=order.settings, clients=_clients(order.settings))
    made = make_report(
        context.store,
        order.period,
        order.settings,
        genesis=order.genesis,
        remembered=order.remembered,
        now=order.now,
        times=context.time_trust,
        clients=context.clients,
    )
    return {"report": made.to_json(), "html": b"".join(page_blocks(made)).decode("utf-8")}


def _clients(settings: Settings) -> ClientFactory:
    """By Airflow connection where the settings name one: what Airflow is takes seconds to import."""
    if settings.archive.aws_conn_id is None:
        from audit_trail.archive.aws_clients import open_client

        return open_client
    from audit_trail.hooks.aws_connection import ConnectionClients

    return ConnectionClients(settings)
