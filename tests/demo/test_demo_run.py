"""`audit-trail demo` from end to end: three runs in one home, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_trail.demo.embedded_store import EmbeddedStore

ROOT = Path(__file__).parents[2]


class DemoHome:
    """A home folder whose name needs quotes, and the demo run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, *options: str) -> tuple[int, dict[str, Any]]:
        done = subprocess.run(
            [sys.executable, "-m", "audit_trail", "demo", *options, "--count", "200", "--json"],
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT / "plugins"),
                "AUDIT_TRAIL_HOME": str(self.home),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        assert "Traceback" not in done.stderr
        value = json.loads(done.stdout)
        assert isinstance(value, dict)
        return done.returncode, value

    @property
    def log(self) -> str:
        return (self.home / "logs" / "demo-airflow.log").read_text("utf-8", "replace")

    def sealed_file(self) -> Path:
        """One of the machine's logs, or where it has none of the samples."""
        day = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
        machine = sorted((self.home / "machine" / day).iterdir())
        samples = sorted((self.home / "journal").glob(f"*/{day}/*.jsonl"))
        return next(path for path in (*machine, *samples) if path.stat().st_size)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoHome:
    return DemoHome(tmp_path_factory.mktemp("demo") / "it's home")


def test_the_demo_seals_once_verifies_again_and_notices_a_changed_byte(demo: DemoHome) -> None:
    status, first = demo.run("--clean")
    assert status == 0, first
    assert first["sealed_before"] is False
    assert [seal["revision"] for seal in first["seals"]] == [1]
    assert first["verification"]["exit_code"] == 0
    assert first["verification"]["level"] == "content"
    assert len(first["hand_check"]) == 5
    by_hand = subprocess.run(
        ["/bin/sh", "-ec", "\n".join(first["hand_check"])],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert by_hand.returncode == 0, by_hand.stderr
    assert by_hand.stdout.count("Verified OK") == 2

    status, second = demo.run()
    assert status == 0, second
    assert second["sealed_before"] is True
    assert second["seals"] == first["seals"]
    assert "[error" not in demo.log

    path = demo.sealed_file()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    status, third = demo.run()
    assert status == 1, third
    assert third["family"] == "IntegrityError"
    assert "sealed bytes of a file have changed" in third["error"]
    assert str(path) in third["error"]
    assert "sealed bytes of a file have changed" in demo.log

    assert not EmbeddedStore(demo.home / "store").is_in_use()
