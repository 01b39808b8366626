"""The machine's own logs are copied once, and what cannot be copied is left out and named."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

import pytest

from audit_trail.demo.machine_logs import MAX_BYTES, keep_machine_logs


@pytest.fixture
def var_log(tmp_path: Path) -> Path:
    root = tmp_path / "log"
    (root / "apt").mkdir(parents=True)
    (root / "dpkg.log").write_bytes(b"installed\n")
    (root / "apt" / "history.log").write_bytes(b"history\n")
    (root / "apt" / "term.log").write_bytes(b"term\n")
    (root / "secure.key").write_bytes(b"not a log\n")
    for path in root.rglob("*.log"):
        path.chmod(0o644)
    return root


def test_known_logs_are_copied_under_flat_names(var_log: Path, tmp_path: Path) -> None:
    kept = keep_machine_logs(tmp_path / "kept" / "2026-01-31", var_log)
    assert {path.name: path.read_bytes() for path in kept} == {
        "apt-history.log": b"history\n",
        "apt-term.log": b"term\n",
        "dpkg.log": b"installed\n",
    }
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["2026-01-31"]


def test_only_the_owner_reads_the_copies(var_log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    before = os.umask(0)
    try:
        kept = keep_machine_logs(folder, var_log)
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in kept] == [0o600] * 3


def test_a_second_call_changes_nothing(var_log: Path, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    first = keep_machine_logs(folder, var_log)
    (var_log / "dpkg.log").write_bytes(b"installed\nand more\n")
    (var_log / "syslog").write_bytes(b"new\n")
    assert keep_machine_logs(folder, var_log) == first
    assert (folder / "dpkg.log").read_bytes() == b"installed\n"


def test_what_is_too_large_or_no_file_is_left_out_and_named(
    var_log: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with (var_log / "syslog").open("wb") as file:
        file.truncate(MAX_BYTES + 1)  # sparse
    with (var_log / "messages").open("wb") as file:
        file.truncate(MAX_BYTES)
    (var_log / "kern.log").mkdir()
    (var_log / "auth.log").symlink_to(tmp_path / "nowhere")
    os.mkfifo(var_log / "dnf.log")
    with caplog.at_level(logging.WARNING):
        kept = {path.name for path in keep_machine_logs(tmp_path / "kept", var_log)}
    assert kept == {"apt-history.log", "apt-term.log", "dpkg.log", "messages"}
    for name in ("syslog", "kern.log", "dnf.log"):
        assert str(var_log / name) in caplog.text


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_what_cannot_be_read_is_left_out_and_named(
    var_log: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # Not even root can read its first page.
    (var_log / "syslog").symlink_to("/proc/self/mem")
    with caplog.at_level(logging.WARNING):
        kept = {path.name for path in keep_machine_logs(tmp_path / "kept", var_log)}
    assert kept == {"apt-history.log", "apt-term.log", "dpkg.log"}
    assert str(var_log / "syslog") in caplog.text


def test_a_machine_without_logs_gives_an_empty_folder(tmp_path: Path) -> None:
    assert keep_machine_logs(tmp_path / "kept", tmp_path / "nothing") == []
    assert (tmp_path / "kept").is_dir()
