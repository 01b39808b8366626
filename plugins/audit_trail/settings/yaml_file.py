"""The YAML file that settings are read from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from audit_trail.errors import ConfigurationError

ENV_PREFIX = "AUDIT_TRAIL_"
CONFIG_VARIABLE = "AUDIT_TRAIL_CONFIG"
CONFIG_NAME = "audit-trail.yaml"


def config_path(home: str | Path | None) -> Path | None:
    """The YAML file to read: the one that is named, or the one in the home folder if it is there."""
    named = os.environ.get(CONFIG_VARIABLE)
    path = Path(named or Path(home or os.environ.get(f"{ENV_PREFIX}HOME") or "~/.audit-trail") / CONFIG_NAME)
    try:
        path = path.expanduser()
        return path if named or path.is_file() else None
    except (OSError, RuntimeError) as error:
        raise _unreadable(
            path, getattr(error, "strerror", "") or "the home folder in it is not known"
        ) from error


def read_yaml(path: Path | None) -> dict[str, Any]:
    """What stands in it; without a file, nothing.

    Raises:
        ConfigurationError: It cannot be read, or is no mapping of names.
    """
    import yaml

    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8") as file:
            value = yaml.safe_load(file)
    except OSError as error:
        raise _unreadable(path, error.strerror or type(error).__name__) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # `from None`: the error may quote a line, and the line may be the secret.
        mark = getattr(error, "problem_mark", None)
        raise _unreadable(path, f"invalid YAML{f' in line {mark.line + 1}' if mark else ''}") from None
    if value is not None and not (isinstance(value, dict) and all(isinstance(key, str) for key in value)):
        raise _unreadable(path, "YAML of another kind")
    return value or {}


def _unreadable(path: Path, found: str) -> ConfigurationError:
    return ConfigurationError(
        "the settings file cannot be read",
        where=str(path),
        expected="a YAML mapping of field names to values",
        found=found,
        remedy=f"correct it, or the path in {CONFIG_VARIABLE} or {ENV_PREFIX}HOME",
    )
