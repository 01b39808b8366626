"""A user's shell: settings in environment variables, commands, and what they print."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_trail.cli.command_line import main
from audit_trail.demo.embedded_store import EmbeddedStore

PLUGINS = Path(__file__).parents[2] / "plugins"
PASSPHRASE = "correct-horse-battery-staple"


def day_ago(days: int) -> date:
    return datetime.now(UTC).date() - timedelta(days=days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """Standard output as the one JSON document that it must be."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


class Shell:
    """Commands with a user's environment, in this process or in one of their own."""

    def __init__(self, home: Path, variables: dict[str, str]) -> None:
        self.home = home
        self.variables = variables

    def run(self, capsys: pytest.CaptureFixture[str], *arguments: str, **variables: str) -> Ended:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.variables | variables).items():
                patch.setenv(name, value)
            try:
                status = main(arguments)
            except SystemExit as error:
                status = int(str(error.code))
        said = capsys.readouterr()
        return Ended(status=status, out=said.out, err=said.err)

    def environment(self, **variables: str) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(PLUGINS), **self.variables, **variables}

    def spawn(self, *arguments: str, **variables: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "audit_trail", *arguments],
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        return Ended(status=done.returncode, out=done.stdout.decode(), err=done.stderr.decode())


@pytest.fixture(scope="session")
def archive_variables(store: EmbeddedStore) -> dict[str, str]:
    """Where the store is, and a passphrase; no bucket and no home yet."""
    return {
        "AUDIT_TRAIL_ARCHIVE__ENDPOINT_URL": store.endpoint_url,
        "AUDIT_TRAIL_ARCHIVE__CREDENTIALS_FILE": str(store.credentials_file),
        "AUDIT_TRAIL_SIGNING__PASSPHRASE": PASSPHRASE,
    }


@pytest.fixture
def shell(tmp_path: Path, archive_variables: dict[str, str]) -> Shell:
    """Before anything was done: no keys, no bucket."""
    home = tmp_path / "home"
    own = {
        "AUDIT_TRAIL_HOME": str(home),
        "AUDIT_TRAIL_ARCHIVE__BUCKET": f"cli-{uuid.uuid4().hex[:20]}",
    }
    return Shell(home, archive_variables | own)


@pytest.fixture(scope="session")
def _founded(
    tmp_path_factory: pytest.TempPathFactory, archive_variables: dict[str, str], _clean_session: None
) -> Iterator[Shell]:
    home = tmp_path_factory.mktemp("founded")
    own = {
        "AUDIT_TRAIL_HOME": str(home),
        "AUDIT_TRAIL_ARCHIVE__BUCKET": f"cli-{uuid.uuid4().hex[:20]}",
    }
    shell = Shell(home, archive_variables | own)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in shell.variables.items():
            patch.setenv(name, value)
        assert main(["generate-keys", "--json"]) == 0
        assert main(["init", "--json"]) == 0
        assert main(["generate-samples", "--count", "30", "--days", "2", "--json"]) == 0
        assert main(["process", "--date", day_ago(2).isoformat(), "--json"]) == 0
        assert main(["process", "--json"]) == 0
    yield shell


@pytest.fixture
def founded(_founded: Shell) -> Shell:
    """Yesterday and the day before are sealed. Nothing may be changed in it."""
    return _founded
