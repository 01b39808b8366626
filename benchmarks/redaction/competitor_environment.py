"""The virtual environment of the other tools: locked, hash-checked, made only when asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
_DONE = "benchmark-requirements.lock"


def default_environment() -> Path:
    """Under the user's cache (XDG Base Directory Specification)."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "audit-trail", "benchmark-venv")


def python_of(environment: Path) -> Path:
    """Its interpreter, there or not."""
    return environment / "bin" / "python"


def is_installed(environment: Path) -> bool:
    """True when it holds what the lock file asks for now."""
    done = environment / _DONE
    return done.exists() and done.read_bytes() == LOCK.read_bytes()


def install(environment: Path) -> None:
    """Make it anew from the lock file, with uv where there is one.

    Raises:
        subprocess.CalledProcessError: The installer failed; it said why.
    """
    if is_installed(environment):
        return
    uv = shutil.which("uv")
    locked = ["--quiet", "--require-hashes", "--requirement", str(LOCK)]
    python = str(python_of(environment))
    if uv:
        _run(uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(environment))
        _run(uv, "pip", "install", "--python", python, *locked)
    else:
        _run(sys.executable, "-m", "venv", "--clear", str(environment))
        _run(python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", *locked)
    shutil.copyfile(LOCK, environment / _DONE)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
