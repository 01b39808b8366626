"""Telling CloudWatch what a run has done. It is told; it is not asked: no failure here stops a run."""

from __future__ import annotations

import logging

from audit_trail.pipeline.stage_context import StageContext
from audit_trail.verification.ledger_walk import LedgerView

log = logging.getLogger(__name__)


def announce_metrics(context: StageContext, view: LedgerView, day: str, *, last: int) -> int:
    """Put the data points of what a run of a day has written; how many were put.

    Nothing is put twice by running a day again. What a failure keeps from being put,
    `audit-trail metrics --push` puts later.

    Args:
        context: What stages work with.
        view: The ledger with the run's entries.
        day: The run's.
        last: The number of the verification that the run has written.
    """
    if context.settings.metrics.sink == "none":
        return 0
    try:
        put = _announce(context, view, day, last)
    except Exception as error:  # noqa: BLE001 - a day that is sealed stays sealed, whatever CloudWatch says
        log.warning("metrics of day=%s were not put: %s; audit-trail metrics --push puts them", day, error)
        return 0
    log.info("metrics day=%s sink=%s points=%d", day, context.settings.metrics.sink, put)
    return put


def _announce(context: StageContext, view: LedgerView, day: str, last: int) -> int:
    from audit_trail.reporting.metrics.data_points import entries_of_run, entry_points, recent_entries
    from audit_trail.reporting.metrics.sinks import open_sink
    from audit_trail.verification.content_checks import read_manifest

    recent = {entry.sequence for entry in recent_entries(view, context.now())}
    points = [
        point
        for entry in entries_of_run(view, day, last=last)
        if entry.sequence in recent
        for point in entry_points(entry, lambda seal: read_manifest(context.store, view, seal))
    ]
    sink = open_sink(context.settings, view.genesis.archive, context.clients)
    return sink.put(points) if sink and points else 0
