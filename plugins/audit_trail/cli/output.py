"""Saying it: tables for people, JSON for machines, progress on a terminal.

Results go to standard output, progress and errors to standard error.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audit_trail.errors import AuditTrailError

if TYPE_CHECKING:
    from rich.console import Console

    from audit_trail.pipeline.stage_context import Progress

STYLES = {"PASS": "green", "FAIL": "bold red", "UNVERIFIABLE": "yellow"}
PIPED_WIDTH = 160
"""Columns when nobody's terminal tells: digests stay on one line."""


class Output:
    """Where a command's results go."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @property
    def console(self) -> Console:
        """For people; plain text when it is not a terminal."""
        from rich.console import Console

        class PlainConsole(Console):
            """Leaves a closed pipe to the caller, who knows the exit status."""

            def on_broken_pipe(self) -> None:
                raise BrokenPipeError

        # Paths and names are shown as they are: neither markup nor emoji codes.
        return PlainConsole(
            highlight=False,
            markup=False,
            emoji=False,
            soft_wrap=not sys.stdout.isatty(),
            width=None if sys.stdout.isatty() else PIPED_WIDTH,
        )

    def result(self, value: dict[str, Any], human: Callable[[Console], None]) -> None:
        """Show a result, one way or the other."""
        if self.as_json:
            _write_json(value)
        else:
            human(self.console)

    def error(self, error: AuditTrailError) -> None:
        """Show what went wrong and what to do."""
        if self.as_json:
            value = {"error": error.what, "family": type(error).__name__, "exit_code": error.exit_code}
            _write_json(value | error.details())
            return
        from rich.console import Console
        from rich.text import Text

        console = Console(stderr=True, highlight=False, soft_wrap=True)
        console.print(Text.assemble(("audit-trail: ", "bold"), (printable(error.what), "bold red")))
        for name, text in error.details().items():
            # A name or a field may be of somebody who wants to be misread.
            console.print(Text(f"  {name:<9}{printable(text)}"))

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """A bar for every stage, on a terminal; silence elsewhere."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda stage, done, total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description:<14}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bars:
            tasks: dict[str, Any] = {}

            def show(stage: str, done: int, total: int) -> None:
                if stage not in tasks:
                    tasks[stage] = bars.add_task(stage, total=total)
                bars.update(tasks[stage], completed=done, total=max(total, done))

            yield show


def _write_json(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, indent=2) + "\n")
    # A reader at the other end of a pipe may wait for it while we go on (`up`).
    sys.stdout.flush()


def table(console: Console, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table whose cells are shown as they are, never as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell), style=STYLES.get(str(cell), "")) for cell in row))
    console.print(made)


def size(count: int) -> str:
    """Bytes for a reader, e.g. `1.5 MiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            break
        value /= 1024
    return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"


def shown(data: bytes) -> str:
    """Bytes as text in which nothing steers a terminal."""
    return printable(data.decode("utf-8", "backslashreplace"))


def printable(text: str) -> str:
    """Text in which nothing steers a terminal, whoever wrote it."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
