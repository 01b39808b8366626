"""`check-bucket`, and how `init` shows what a bucket lacks."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from audit_trail.archive.bucket_points import Point, State, exit_code_of
from audit_trail.cli.output import Output, printable, table
from audit_trail.settings import load_settings

if TYPE_CHECKING:
    from rich.console import Console


def check_bucket(args: Namespace, output: Output) -> int:
    """Look whether the bucket is as it should be; needs no keys, and changes nothing."""
    from audit_trail.archive import bucket

    archive = load_settings().archive
    points = bucket.check_bucket(archive)

    def human(console: Any) -> None:
        rows = [(point.state.value, point.name, printable(point.found)) for point in points]
        table(console, f"Bucket s3://{archive.bucket}", ("state", "point", "found"), rows)
        show_points(console, points)

    value: dict[str, Any] = {"bucket": archive.bucket, "points": [point.to_json() for point in points]}
    output.result(value, human)
    return exit_code_of(points)


def show_points(console: Console, points: Sequence[Point]) -> None:
    """Show what is not right, with its remedy; and once, what the store does not offer."""
    for point in points:
        if point.state is State.WRONG:
            console.print(f"Not right: {point.name}", style="bold red")
            console.print(f"  expected {point.expected}")
            console.print(f"  found    {printable(point.found)}")
        elif point.state is State.UNREADABLE:
            console.print(f"Not seen: {point.name}: {point.found}", style="yellow")
        else:
            continue
        console.print(f"  {printable(point.remedy)}")
        for item in point.add:
            console.print(json.dumps(item, indent=2))
    lacking = [point for point in points if point.state is State.NOT_OFFERED]
    if lacking:
        console.print("Weaker than AWS, by the store and by nobody's mistake:", style="yellow")
        for point in lacking:
            console.print(f"  {point.name}: {point.found}")
