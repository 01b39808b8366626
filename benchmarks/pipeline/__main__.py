"""python -m benchmarks.pipeline: see `--help`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.errors import AuditTrailError
from benchmarks.pipeline import aws_cli
from benchmarks.pipeline.comparison import Bench
from benchmarks.pipeline.inputs import KINDS, write_inputs
from benchmarks.pipeline.profile import profile
from benchmarks.pipeline.report import as_json, as_text
from benchmarks.pipeline.scripted import check_tools


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 0 when everything ran and was verified."""
    options = _parser().parse_args(arguments)
    try:
        aws = _aws(options)
        with (
            tempfile.TemporaryDirectory(dir=options.work, prefix="pipeline-") as folder,
            EmbeddedStore(Path(folder, "store")) as store,
        ):
            bench = Bench(folder=Path(folder), store=store, aws=aws, progress=_progress)
            bench.warm_up()
            return _profile(options, bench) if options.profile else _compare(options, bench)
    except AuditTrailError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except subprocess.CalledProcessError as error:
        print(f"{error}\n{error.stdout or ''}\n{error.stderr or ''}", file=sys.stderr)
        return 1


def _compare(options: argparse.Namespace, bench: Bench) -> int:
    parts = (4, 2, 1) if options.linearity else (1,)
    sizes = [options.megabytes / part for part in parts]
    comparisons = [
        bench.compare(kind, sizes, runs=options.runs, by_event_time=options.event_time)
        for kind in _kinds(options)
    ]
    _progress("")
    print(json.dumps(as_json(comparisons), indent=1) if options.json else as_text(comparisons))
    return 0


def _profile(options: argparse.Namespace, bench: Bench) -> int:
    for kind in _kinds(options):
        bench.progress(f"{kind} {options.megabytes:g} MB, profile")
        inputs = write_inputs(bench.folder / f"{kind}-profile", kind, options.megabytes)
        found = profile(bench.folder, bench.store, inputs, by_event_time=options.event_time)
        _progress("")
        print(json.dumps(found.to_json(), indent=1) if options.json else found.as_text())
    return 0


def _aws(options: argparse.Namespace) -> Path | None:
    if options.no_script or options.profile:
        return None
    check_tools()
    if options.install:
        aws_cli.install(options.venv)
    return aws_cli.find_aws(options.venv)


def _kinds(options: argparse.Namespace) -> list[str]:
    return list(KINDS) if options.kind == "both" else [options.kind]


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline",
        description="Raw logs to a verified seal: `audit-trail process` beside a script of sed, zstd, "
        "sha256sum, openssl and aws, on the same bytes, into the same store.",
    )
    parser.add_argument("--megabytes", type=float, default=1000, help="size of a day (default 1000)")
    parser.add_argument("--kind", choices=(*KINDS, "both"), default="both", help="of log (default both)")
    parser.add_argument("--runs", type=int, default=3, help="runs of ours; the median is shown (default 3)")
    parser.add_argument("--event-time", action="store_true", help="ours also selects records by their time")
    parser.add_argument("--linearity", action="store_true", help="also a quarter and a half of the size")
    parser.add_argument("--no-script", action="store_true", help="only ours")
    parser.add_argument("--profile", action="store_true", help="where our time goes, instead of comparing")
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.add_argument("--work", type=Path, help="folder for everything (default: the temporary one)")
    parser.add_argument("--install", action="store_true", help="install the script's AWS command line first")
    parser.add_argument(
        "--venv", type=Path, default=aws_cli.default_environment(), help="its place (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
