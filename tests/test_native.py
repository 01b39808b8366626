"""Compiled code: kept where nobody else can write, and the same as without a compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from audit_trail import native

PLUGINS = Path(native.__file__).parents[1]


@pytest.fixture(autouse=True)
def no_chosen_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)


def test_the_folder_is_the_users_alone_and_named_after_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = native._usable_folder("0123")
    assert folder == tmp_path / "audit-trail" / "0123"
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_write_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept there is loaded as code."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    shared = tmp_path / "shared" / "audit-trail"
    shared.mkdir(parents=True)
    shared.chmod(0o777)
    assert native._usable_folder("0123") == tmp_path / "home" / ".cache" / "audit-trail" / "0123"


def test_without_any_folder_the_code_is_compiled_by_every_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    with native._cache_folder((native.__file__,)) as folder:
        assert folder is None
    assert "NUMBA_CACHE_DIR" in caplog.text


def test_a_changed_source_has_another_folder(tmp_path: Path) -> None:
    source = tmp_path / "kernel.py"
    source.write_text("a = 1\n")
    before = native._digest((str(source),))
    source.write_text("a = 2\n")
    assert native._digest((str(source),)) != before


def test_importing_the_package_imports_no_compiler() -> None:
    """Airflow parses DAG files all the time; only work may pay for numba."""
    code = (
        "import sys, audit_trail.redaction, audit_trail.pipeline.processor, audit_trail.cli.command_line;"
        "sys.exit(bool({'numba', 'numpy', 'stdnum', 'yaml'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(PLUGINS)}, check=True)
