from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from benchmarks.redaction.__main__ import first_and_later_run, main
from benchmarks.redaction.comparison import Bench, Growth, Run, Series, compare
from benchmarks.redaction.contestants import CONTESTANTS, OURS, Contestant, Job
from benchmarks.redaction.engines import whole_lines
from benchmarks.redaction.hostile import HOSTILE
from benchmarks.redaction.hostile_runs import HostileResult
from benchmarks.redaction.inputs import INPUTS, copy_beginning
from benchmarks.redaction.pinned_process import run_pinned
from benchmarks.redaction.targets import judge
from benchmarks.redaction.thoroughness import measure_thoroughness

from audit_trail.errors import ConfigurationError
from audit_trail.redaction import Redactor

SED = next(one for one in CONTESTANTS if one.name == "sed")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(folder=tmp_path, foreign_python=tmp_path / "none", progress=lambda text: None)


def series(contestant: str, *, wall_s: float, work_s: float | None = None) -> Series:
    run = Run(wall_s=wall_s, cpu_s=wall_s, work_s=work_s or wall_s, peak_rss_bytes=1)
    return Series(contestant=contestant, input="json", bytes=10**9, runs=[run])


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """A process that compiles holds more memory then than in all that it measures."""
    Redactor().redact(b"")


def test_ours_and_sed_redact_the_same_megabyte(bench: Bench) -> None:
    ours, sed = compare(bench, [OURS, SED], [INPUTS["json"]], megabytes=1, runs=1)
    assert (ours.contestant, sed.contestant) == ("ours", "sed")
    assert ours.bytes == sed.bytes >= 10**6
    assert 0 < ours.runs[0].work_s < ours.runs[0].wall_s
    assert ours.runs[0].growth_bytes > 0
    assert sed.megabytes_per_s() > 0


def test_the_command_works_without_the_other_tools_and_names_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--megabytes", "1", "--runs", "1", "--inputs", "all-hits", "--json", "--no-first-run"]
    assert main([*arguments, "--only", "ours,scrubadub", "--venv", str(tmp_path / "absent")]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["skipped"] == ["scrubadub"]
    assert [entry["contestant"] for entry in document["measured"]] == ["ours"]
    assert {growth["block_bytes"] for growth in document["growths"]} == {4 << 20, 64 << 20}
    assert document["first_run_s"] is None


class Compiling(Contestant):
    """Leaves a file in the folder for compiled code, and reports how many were there before."""

    def command(self, job: Job, *, foreign_python: Path) -> list[str]:
        program = (
            "import json, os, pathlib, sys\n"
            "folder = pathlib.Path(os.environ['NUMBA_CACHE_DIR'])\n"
            "before = len(list(folder.iterdir()))\n"
            "(folder / 'kept').touch()\n"
            "pathlib.Path(sys.argv[1]).write_text(json.dumps({'work_s': before}))\n"
        )
        return [str(foreign_python), "-c", program, str(job.report)]


def test_a_first_run_finds_nothing_compiled_and_a_later_one_what_the_machine_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with our own engine, which would compile for two minutes."""
    bench = Bench(folder=tmp_path, foreign_python=Path(sys.executable), progress=lambda text: None)
    kept = tmp_path / "machine"
    kept.mkdir()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(kept))
    first, later = first_and_later_run(bench, Compiling(name="compiling", engine="any", looks_for="nothing"))
    assert (first.work_s, later.work_s) == (0, 1)
    assert first.wall_s > 0


def test_ours_finds_what_the_made_up_logs_hold_and_sed_only_a_part(bench: Bench) -> None:
    ours, sed = measure_thoroughness(bench, [OURS, SED], [INPUTS["json"]])
    assert ours.hits_touched > 0.99
    assert ours.clean_touched == 0
    assert 0.3 < sed.hits_touched < ours.hits_touched


def test_a_hostile_run_reports_and_its_status_says_whether_all_was_fast_enough(
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = ["--hostile-inputs", "newlines,emails", "--scale", "0.01", "--runs", "1"]
    status = main(["--hostile", *chosen, "--json"])
    results = json.loads(capsys.readouterr().out)
    assert {result["name"] for result in results} == {"newlines", "emails"}
    assert all(result["keeps_lines"] for result in results)
    assert status == (0 if all(result["megabytes_per_s"] >= 10 for result in results) else 1)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_input_has_the_size_asked_for_and_is_the_same_each_time(name: str) -> None:
    data = HOSTILE[name].build(100_000)
    assert 99_000 < len(data) <= 100_000
    assert data == HOSTILE[name].build(100_000)


@pytest.mark.parametrize(
    ("speed", "keeps_lines", "passes"),
    [(10.0, True, True), (9.9, True, False), (500.0, False, False), (None, True, False)],
)
def test_a_hostile_input_fails_when_slow_or_given_up_or_when_lines_moved(
    speed: float | None, keeps_lines: bool, passes: bool
) -> None:
    result = HostileResult(name="x", bytes=1, megabytes_per_s=speed, keeps_lines=keeps_lines)
    assert result.passes is passes


def test_a_process_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    script = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    assert run_pinned([sys.executable, "-I", "-S", "-c", script], timeout_s=2) is None
    for _ in range(50):
        if not is_running(int(marker.read_text())):
            return
        time.sleep(0.1)
    pytest.fail("the measured process outlived its time")


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_process_that_fails_is_an_error_that_says_what_it_said() -> None:
    with pytest.raises(ConfigurationError, match="no such thing"):
        run_pinned([sys.executable, "-c", "import sys; sys.exit('no such thing')"])


def test_the_peak_of_a_small_process_is_not_that_of_the_one_that_measures() -> None:
    ballast = b"x" * 100_000_000
    usage = run_pinned(["true"])
    assert usage is not None
    assert usage.peak_rss_bytes < len(ballast) // 2


def test_a_process_runs_on_one_core(tmp_path: Path) -> None:
    output = tmp_path / "cores"
    run_pinned([sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"], output=output)
    assert output.read_text().strip() == "1"


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_blocks_are_cut_behind_newlines_and_nothing_is_lost(size: int) -> None:
    data = b"a\nbcd\n\nlonger than a block\nwithout an end"
    pieces = list(whole_lines(data[start : start + size] for start in range(0, len(data), size)))
    assert b"".join(pieces) == data
    assert all(piece.endswith(b"\n") for piece in pieces[:-1])


def test_the_slow_ones_get_whole_lines_from_the_beginning(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(b"0123456789abcde\n" * 1000)
    copy_beginning(source, target, 0.01)
    assert target.read_bytes() == b"0123456789abcde\n" * 625
    copy_beginning(source, target, 1)
    assert target.read_bytes() == source.read_bytes()


def test_promises_are_judged_with_our_start_up_and_without_theirs() -> None:
    slow_start = series("datafog", wall_s=40, work_s=17)
    verdicts = judge([series("ours", wall_s=4.5), series("sed", wall_s=22), slow_start], [])
    assert [(verdict.measured, verdict.is_kept) for verdict in verdicts] == [
        ("222 MB/s", True),
        ("4.9 times", False),
        ("3.8 times", False),
    ]


def test_memory_is_judged_in_blocks() -> None:
    kept, missed = judge(
        [],
        [
            Growth(input="json", block_bytes=1 << 20, growth_bytes=3 << 20),
            Growth(input="json", block_bytes=1 << 20, growth_bytes=(3 << 20) + 4096 * 10),
        ],
    )
    assert kept.is_kept
    assert not missed.is_kept


def test_measuring_leaves_this_process_on_all_its_cores() -> None:
    before = os.sched_getaffinity(0)
    run_pinned(["true"])
    assert os.sched_getaffinity(0) == before
