"""Who is told when a day is not sealed in time, or a run has failed.

Everybody who reads the log, and those whom Airflow's own notifiers reach: the
SMTP connection `smtp_conn_id` with the recipients `smtp_to`, and the HTTP
connection `webhook_conn_id`. A notice says which run and which day, never what
was found: that is in the task log.
"""

from __future__ import annotations

import asyncio
import html
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from audit_trail.operators.airflow_config import text

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.sdk.bases.notifier import BaseNotifier

log = logging.getLogger(__name__)


def run_failed(context: Context) -> None:
    """Callback of a DAG: one notice for a failed run."""
    run: Any = context["dag_run"]
    reason = str(context.get("reason") or "a task failed")
    send(f"{run.dag_id}: run {run.run_id} failed ({reason}). Its task log says what was found.")


async def day_not_sealed(context: Mapping[str, Any], **_: Any) -> None:
    """Callback of a missed deadline, which runs in the triggerer.

    A run that began after its deadline, as in a backfill, could never meet it:
    that is written to the log, and nobody is called.
    """
    run = context["dag_run"]
    deadline = _moment(context["deadline"]["deadline_time"])
    queued = _moment(run.get("queued_at") or run.get("run_after"))
    day = str(run.get("data_interval_start") or run.get("logical_date") or "?")[:10]
    sentence = (
        f"{run['dag_id']}: {day} was not sealed by {deadline:%Y-%m-%d %H:%M} UTC, run {run['dag_run_id']}"
    )
    if queued >= deadline:
        log.warning("%s; the run began only at %s", sentence, f"{queued:%Y-%m-%d %H:%M}")
        return
    # Notifiers of two kinds, of which not all can be awaited.
    await asyncio.to_thread(send, sentence)


def send(sentence: str) -> None:
    """Log a notice, and pass it on to every notifier that is set. One that fails stops no other."""
    # A run's id may be anybody's text.
    sentence = "".join(char for char in sentence if char.isprintable())
    log.error("%s", sentence)
    for name, make in _notifiers(sentence).items():
        try:
            # Not called but asked to notify: then no template is rendered, whatever is in a run's id.
            make().notify({})
        except Exception:
            log.exception("the notice could not be sent by %s", name)


def wipe_dry_run(context: Context) -> None:
    """Callback of a failed task: a dry run leaves no staging, whatever became of it."""
    from audit_trail.operators.run_context import is_dry_run, stage_context_of
    from audit_trail.operators.stage_operator import day_of_run

    if is_dry_run(context):
        stage_context_of(context).staging(day_of_run(context)).wipe()


def _notifiers(sentence: str) -> dict[str, Callable[[], BaseNotifier]]:
    made: dict[str, Callable[[], BaseNotifier]] = {}
    if connection := text("smtp_conn_id"):
        made[f"SMTP connection {connection}"] = lambda: _mail(sentence, connection)
    if webhook := text("webhook_conn_id"):
        made[f"HTTP connection {webhook}"] = lambda: _webhook(sentence, webhook)
    return made


def _mail(sentence: str, connection: str) -> BaseNotifier:
    from airflow.providers.smtp.notifications.smtp import SmtpNotifier

    recipients = [item.strip() for item in text("smtp_to").split(",") if item.strip()]
    return SmtpNotifier(
        to=recipients,
        subject=f"[audit-trail] {sentence}"[:200],
        html_content=f"<p>{html.escape(sentence)}</p>",
        smtp_conn_id=connection,
    )


def _webhook(sentence: str, connection: str) -> BaseNotifier:
    from airflow.providers.http.notifications.http import HttpNotifier

    return HttpNotifier(http_conn_id=connection, json={"text": sentence})


def _moment(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
