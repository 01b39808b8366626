"""python -m benchmarks.verification: see `--help`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit_trail.archive.bucket import found_bucket
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import AuditTrailError
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase
from benchmarks.pipeline.measured_process import Measured, cpu_seconds_of, run_measured
from benchmarks.pipeline.ours import PLUGINS
from benchmarks.verification.archive_of_years import YearsWriter
from benchmarks.verification.content import compare_content
from benchmarks.verification.report import Results, as_json, as_text
from benchmarks.verification.tree import measure_tree

LEVELS = ("ledger", "objects")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 when everything ran and was verified."""
    options = _parser().parse_args(arguments)
    try:
        with (
            tempfile.TemporaryDirectory(dir=options.work, prefix="verification-") as folder,
            EmbeddedStore(Path(folder, "store")) as store,
        ):
            results = Results(
                days=options.days,
                levels=_years(Path(folder), store, options.days, options.runs) if options.days else {},
                content=compare_content(Path(folder), store, options.megabytes, progress=_progress)
                if options.megabytes
                else None,
                tree=measure_tree(),
            )
    except AuditTrailError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stdout or ''}\n{error.stderr or ''}", file=sys.stderr)
        return 1
    _progress("")
    print(json.dumps(as_json(results), indent=1) if options.json else as_text(results))
    return 0


def _years(
    folder: Path, store: EmbeddedStore, days: int, runs: int
) -> dict[str, list[tuple[Measured, float]]]:
    environment = {
        "PYTHONPATH": str(PLUGINS),
        "AUDIT_TRAIL_HOME": str(folder / "home"),
        "AUDIT_TRAIL_ARCHIVE__NAME": "years",
        "AUDIT_TRAIL_ARCHIVE__BUCKET": "years",
        "AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": store.endpoint_url,
        "AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE": str(store.credentials_file),
        "AUDIT_TRAIL_ARCHIVE__RETAIN_DAYS": "3650",
        # The last day is long ago: nothing after it is due.
        "AUDIT_TRAIL_VERIFICATION__DUE_HOURS": "744",
    }
    os.environ.update(environment)
    settings = load_settings()
    make_passphrase(settings)
    generate_keys(settings)
    found_bucket(settings.archive)
    YearsWriter(context=StageContext(settings=settings), records=200, progress=_progress).write(days)
    measured: dict[str, list[tuple[Measured, float]]] = {level: [] for level in LEVELS}
    for number in range(runs):
        for level in LEVELS:
            _progress(f"level {level}, run {number + 1}")
            pid = store.pid
            assert pid is not None
            before = cpu_seconds_of(pid)
            command = [sys.executable, "-m", "audit_trail", "verify", "--level", level, "--json"]
            run = run_measured(command, environment=dict(os.environ), folder=folder)
            measured[level].append((run, cpu_seconds_of(pid) - before))
    return measured


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.verification",
        description="Time and memory of verifying an archive of years at the levels ledger and objects; "
        "content beside `zstd -dc | sha256sum`; the Merkle tree alone.",
    )
    parser.add_argument(
        "--days", type=int, default=3650, help="of the archive, three segments each (3650); 0: none"
    )
    parser.add_argument("--megabytes", type=float, default=1000, help="of content (1000); 0: none")
    parser.add_argument("--runs", type=int, default=3, help="of each level; medians are shown (3)")
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.add_argument("--work", type=Path, help="folder for everything (default: the temporary one)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
