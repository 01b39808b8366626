"""The AWS command line in an environment of its own: locked, hash-checked, made only when asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from audit_trail.errors import ConfigurationError

LOCK = Path(__file__).with_name("requirements.lock")
_DONE = "aws-requirements.lock"


def default_environment() -> Path:
    """Under the user's cache (XDG Base Directory Specification)."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "audit-trail", "aws-cli-venv")


def find_aws(environment: Path) -> Path:
    """The installed `aws`.

    Raises:
        ConfigurationError: It is not installed, or another version than the locked one.
    """
    done = environment / _DONE
    if not done.exists() or done.read_bytes() != LOCK.read_bytes():
        raise ConfigurationError(
            "the AWS command line is not installed for the script",
            where=str(environment),
            remedy="call again with --install, or with --no-script",
        )
    return environment / "bin" / "aws"


def install(environment: Path) -> None:
    """Make the environment anew from the lock file, with uv where there is one.

    Raises:
        subprocess.CalledProcessError: The installer failed; it said why.
    """
    python = str(environment / "bin" / "python")
    locked = ["--quiet", "--require-hashes", "--requirement", str(LOCK)]
    uv = shutil.which("uv")
    if uv:
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment))
        _run(uv, "pip", "install", "--python", python, *locked)
    else:
        _run(sys.executable, "-m", "venv", "--clear", str(environment))
        _run(python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *locked)
    shutil.copyfile(LOCK, environment / _DONE)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
