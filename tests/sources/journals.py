"""Real journals, written by systemd's own writer from its export format."""

from __future__ import annotations

import shutil
import struct
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

WRITER = next(
    (
        path
        for folder in ("/usr/lib/systemd", "/lib/systemd")
        if (path := Path(folder) / "systemd-journal-remote").exists()
    ),
    None,
)
BOOTS = ("a" * 32, "b" * 32)
BOOTED = datetime.fromisoformat("2026-03-10T00:00:00+00:00")


def need_journals() -> None:
    """Skip where systemd's tools are not there."""
    if WRITER is None or shutil.which("journalctl") is None:
        pytest.skip("needs the commands journalctl and systemd-journal-remote")


def write_journal(path: Path, *entries: tuple[datetime, dict[str, bytes]], boot: str = BOOTS[0]) -> None:
    """Append entries to a journal file, made when it is not there."""
    assert WRITER is not None
    path.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [WRITER, f"--output={path}", "-"],
        input=b"".join(_exported(moment, fields, boot) for moment, fields in entries),
        capture_output=True,
        check=True,
    )


def _exported(moment: datetime, fields: dict[str, bytes], boot: str) -> bytes:
    micros = round(moment.timestamp() * 1_000_000)
    since_boot = micros - round(BOOTED.timestamp() * 1_000_000)
    head = f"__REALTIME_TIMESTAMP={micros}\n__MONOTONIC_TIMESTAMP={since_boot}\n_BOOT_ID={boot}\n".encode()
    return head + b"".join(_field(name, value) for name, value in fields.items()) + b"\n"


def _field(name: str, value: bytes) -> bytes:
    if b"\n" in value or not value.isascii():
        return name.encode() + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name.encode() + b"=" + value + b"\n"
