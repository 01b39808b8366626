"""python -m benchmarks.redaction: see `--help`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from audit_trail.errors import AuditTrailError
from benchmarks.redaction.comparison import Bench, Run, compare, measure_growth
from benchmarks.redaction.competitor_environment import default_environment, install, is_installed, python_of
from benchmarks.redaction.contestants import CONTESTANTS, OURS, Contestant
from benchmarks.redaction.hostile import HOSTILE
from benchmarks.redaction.hostile_runs import LIMIT_MB_PER_S, run_hostile
from benchmarks.redaction.inputs import INPUTS
from benchmarks.redaction.pinned_process import run_pinned
from benchmarks.redaction.report import Results, as_json, as_text, hostile_as_text, search_as_text
from benchmarks.redaction.thoroughness import measure_thoroughness

_BLOCK_SIZES = (4 << 20, 64 << 20)
_NEXT_TO_NOTHING_MB = 0.01


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; 1 when a hostile input was too slow."""
    options = _parser().parse_args(arguments)
    try:
        if options.install:
            install(options.venv)
        if options.search:
            return _search(options)
        return _hostile(options) if options.hostile else _comparison(options)
    except AuditTrailError as error:
        print(error, file=sys.stderr)
        return error.exit_code


def _comparison(options: argparse.Namespace) -> int:
    chosen = [one for one in CONTESTANTS if one.name in options.only]
    ready = [one for one in chosen if not one.is_foreign or is_installed(options.venv)]
    inputs = [INPUTS[name] for name in options.inputs]
    with tempfile.TemporaryDirectory(dir=options.work, prefix="redaction-") as folder:
        bench = Bench(folder=Path(folder), foreign_python=python_of(options.venv), progress=_progress)
        ours_starts = OURS in ready and not options.no_first_run
        first, later = first_and_later_run(bench) if ours_starts else (None, None)
        measured = compare(bench, ready, inputs, megabytes=options.megabytes, runs=options.runs)
        results = Results(
            measured=measured,
            growths=measure_growth(bench, inputs, _BLOCK_SIZES) if OURS in ready else (),
            found=measure_thoroughness(bench, ready, inputs),
            first_run_s=first.wall_s if first else None,
            later_run_s=later.wall_s if later else None,
            skipped=[one.name for one in chosen if one not in ready],
        )
    _progress("")
    print(json.dumps(as_json(results), indent=1) if options.json else as_text(results))
    return 0


def first_and_later_run(bench: Bench, contestant: Contestant = OURS) -> tuple[Run, Run]:
    """A run without anything compiled, and one with everything: the second also warms the caches."""
    source = bench.folder / "next-to-nothing.log"
    INPUTS["json"].write(source, _NEXT_TO_NOTHING_MB)
    bench.progress("compiling")
    with tempfile.TemporaryDirectory(dir=bench.folder) as empty:
        first = bench.run(contestant, source, Path(os.devnull), environment={"NUMBA_CACHE_DIR": empty})
    bench.run(contestant, source, Path(os.devnull))
    return first, bench.run(contestant, source, Path(os.devnull))


def _hostile(options: argparse.Namespace) -> int:
    results = run_hostile(
        options.hostile_inputs or list(HOSTILE), runs=options.runs, scale=options.scale, progress=_progress
    )
    _progress("")
    found = json.dumps([asdict(one) for one in results], indent=1) if options.json else ""
    print(found or hostile_as_text(results))
    return 0 if all(one.passes for one in results) else 1


def _search(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        module = [sys.executable, "-m", "benchmarks.redaction.hostile_search"]
        run_pinned([*module, str(options.seed), str(options.search), str(report)])
        found = json.loads(report.read_text())
    print(json.dumps(found, indent=1) if options.json else search_as_text(found))
    return 0 if all(trial["megabytes_per_s"] >= LIMIT_MB_PER_S for trial in found["slowest"]) else 1


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    names = [one.name for one in CONTESTANTS]
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.redaction",
        description="Speed of redaction on one core, beside other tools on the same bytes.",
    )
    parser.add_argument("--megabytes", type=float, default=400, help="size of each input (default 400)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each; medians are shown (default 3)")
    parser.add_argument("--only", type=_names(names), default=names, help=f"of {','.join(names)}")
    parser.add_argument(
        "--inputs", type=_names(list(INPUTS)), default=list(INPUTS), help=f"of {','.join(INPUTS)}"
    )
    parser.add_argument(
        "--no-first-run", action="store_true", help="leave out the start that compiles: two minutes of a core"
    )
    parser.add_argument("--json", action="store_true", help="all figures as JSON")
    parser.add_argument("--work", type=Path, help="folder for the inputs (default: the temporary one)")
    parser.add_argument("--install", action="store_true", help="install the other tools first")
    parser.add_argument(
        "--venv", type=Path, default=default_environment(), help="their environment (default: %(default)s)"
    )
    parser.add_argument(
        "--hostile", action="store_true", help="run the hostile inputs; exit status 1 under 10 MB/s"
    )
    parser.add_argument("--hostile-inputs", type=_names(list(HOSTILE)), help="some of them, by name")
    parser.add_argument(
        "--search",
        type=float,
        metavar="SECONDS",
        help="look for slow inputs that --hostile lacks; status as there",
    )
    parser.add_argument("--seed", type=int, default=1, help="another one searches elsewhere (default 1)")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the hostile inputs' sizes")
    return parser


def _names(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        unknown = [name for name in names if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"no such name: {', '.join(unknown)}")
        return names

    return parse


if __name__ == "__main__":
    # An end from outside must end the process that is being measured, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
