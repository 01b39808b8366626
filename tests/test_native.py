"""Compiled code: kept where nobody else can write, and the same as without a compiler."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit_trail import kept_code
from audit_trail.evidence import block_code, line_hasher
from audit_trail.redaction import scanner
from audit_trail.sources import day_scanner

PLUGINS = Path(kept_code.__file__).parents[1]


@pytest.fixture(autouse=True)
def no_chosen_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)


def test_the_folder_is_the_users_alone_and_named_after_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = kept_code.usable_folder("0123")
    assert folder == tmp_path / "audit-trail" / "0123"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept there is loaded as code."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    shared = tmp_path / "shared" / "audit-trail"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    assert kept_code.usable_folder("0123") == tmp_path / "home" / ".cache" / "audit-trail" / "0123"


def test_without_any_folder_the_code_is_compiled_by_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    compilations: list[int] = []

    def compile_all() -> list[kept_code.CompiledFunction]:
        compilations.append(1)
        return []

    for _ in range(2):
        kept_code.kept_functions("nothing", (kept_code.__file__,), compile_all)
    assert len(compilations) == 2
    assert "NUMBA_CACHE_DIR" in caplog.text


def test_a_changed_source_has_another_folder(tmp_path: Path) -> None:
    source = tmp_path / "kernel.py"
    source.write_text("a = 1\n")
    before = kept_code.digest_of((str(source),))
    source.write_text("a = 2\n")
    assert kept_code.digest_of((str(source),)) != before


def test_importing_the_package_imports_no_compiler() -> None:
    """Airflow parses DAG files all the time; only work may pay for numba."""
    code = (
        "import sys, audit_trail.redaction, audit_trail.pipeline.processor, audit_trail.cli.command_line;"
        "sys.exit(bool({'numba', 'numpy', 'stdnum', 'yaml'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PLUGINS)}, check=True)


def _imported(path: Path) -> set[Path]:
    """The package's own files that a file imports, directly or through others."""
    found: set[Path] = set()
    pending = [path]
    while pending:
        here = pending.pop()
        if here in found:
            continue
        found.add(here)
        for node in ast.walk(ast.parse(here.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("audit_trail"):
                names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
                files = [PLUGINS.joinpath(*name.split(".")).with_suffix(".py") for name in names]
                pending += [file for file in files if file.is_file()]
    return found


@pytest.mark.parametrize(
    ("kernel", "sources"),
    [
        ("evidence/merkle_kernel.py", line_hasher.SOURCES),
        ("evidence/block_kernel.py", block_code.SOURCES),
        ("sources/day_kernel.py", day_scanner.SOURCES),
        ("redaction/kernel/scan.py", scanner.SOURCES),
        ("redaction/kernel/assemble.py", scanner.SOURCES),
        ("redaction/kernel/compare.py", scanner.SOURCES),
    ],
)
def test_kept_functions_are_given_up_when_any_of_their_sources_changes(
    kernel: str, sources: tuple[str, ...]
) -> None:
    path = PLUGINS / "audit_trail" / kernel
    assert _imported(path.resolve()) <= {Path(source).resolve() for source in sources}


def test_whatever_compiles_is_among_those_tested() -> None:
    files = (PLUGINS / "audit_trail").rglob("*.py")
    callers = {path.stem for path in files if "kept_functions(" in path.read_text(encoding="utf-8")}
    assert callers == {"kept_code", "block_code", "line_hasher", "day_scanner", "scanner"}


def test_of_many_processes_on_a_new_machine_one_compiles(tmp_path: Path) -> None:
    """Compiling takes two minutes of a core; the tasks of a day start together."""
    program = (
        "import sys, time\n"
        "from audit_trail import kept_code\n"
        "def compile_all():\n"
        "    print('compiled', flush=True)\n"
        "    time.sleep(1)\n"
        "    return []\n"
        "kept_code.kept_functions('nothing', (kept_code.__file__,), compile_all)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(PLUGINS), "NUMBA_CACHE_DIR": str(tmp_path)}
    running = [
        subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(said) == [b"", b"", b"compiled\n"]
