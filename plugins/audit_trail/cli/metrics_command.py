"""`metrics`: what CloudWatch is told of the last two weeks."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from audit_trail.cli.output import Output, table
from audit_trail.errors import ConfigurationError
from audit_trail.evidence.fields import format_timestamp
from audit_trail.settings import load_settings


def add_metrics(parser: ArgumentParser) -> None:
    """The arguments of `metrics`."""
    parser.description = (
        "Shows the data points that the ledger's entries of the last two weeks make. --push puts those that "
        "metrics.sink does not have yet: after an outage, or when it has just been set."
    )
    parser.add_argument("--push", action="store_true", help="put the points that are not there yet")


def metrics(args: Namespace, output: Output) -> int:
    """Show the data points of the last two weeks, and put those that are missing."""
    from audit_trail.pipeline.stage_context import StageContext
    from audit_trail.reporting.metrics.data_points import NAMESPACE, entry_points, recent_entries
    from audit_trail.reporting.metrics.sinks import open_sink, put_unknown
    from audit_trail.verification.content_checks import read_manifest

    context = StageContext(settings=load_settings())
    view, chosen = context.ledger(), context.settings.metrics.sink
    sink = open_sink(context.settings, view.genesis.archive, context.clients)
    if args.push and sink is None:
        raise ConfigurationError(
            "there is nowhere to put metrics",
            where="metrics.sink",
            expected="cloudwatch or file",
            found=chosen,
        )
    points = [
        point
        for entry in recent_entries(view, context.now())
        for point in entry_points(entry, lambda seal: read_manifest(context.store, view, seal))
    ]
    put = put_unknown(sink, points, now=context.now()) if args.push and sink else None
    value = {
        "namespace": NAMESPACE,
        "archive": view.genesis.archive,
        "sink": chosen,
        "points": [
            {
                "metric": point.name,
                "at": format_timestamp(point.at),
                "value": point.value,
                "entry": point.sequence,
            }
            for point in points
        ],
        "put": put,
    }

    def human(console: Any) -> None:
        rows = [
            (point.name, format_timestamp(point.at), f"{point.value:g}", point.sequence) for point in points
        ]
        title = f"{NAMESPACE} of {view.genesis.archive}, from the ledger"
        table(console, title, ("metric", "at", "value", "ledger entry"), rows)
        if put is not None:
            console.print(f"{put} of {len(points)} points put to {chosen}; it had the others.")

    output.result(value, human)
    return 0
