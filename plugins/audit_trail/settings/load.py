"""Reading the settings, and saying where a wrong one came from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings.exceptions import SettingsError

from audit_trail.errors import ConfigurationError
from audit_trail.settings.model import Settings
from audit_trail.settings.parameter_store import PREFIX_VARIABLE, read_parameters
from audit_trail.settings.yaml_file import CONFIG_VARIABLE, ENV_PREFIX, config_path, read_yaml

REMEDY = "correct the fields named; docs/SETTINGS.md lists them all"


def load_settings(**overrides: Any) -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: Naming each wrong field and where it came from.
    """
    _refuse_unknown_variables()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        # Neither input nor context: both may hold a secret.
        found = error.errors(include_input=False, include_url=False, include_context=False)
        problems = [
            f"{'.'.join(map(str, item['loc'])) or 'settings'}: {item['msg'].removeprefix('Value error, ')}"
            for item in found
        ]
        origins = dict.fromkeys(_origin(item["loc"], overrides) for item in found)
        raise ConfigurationError(
            f"wrong settings: {'; '.join(problems)}", where=", ".join(origins), remedy=REMEDY
        ) from None
    except SettingsError as error:
        raise ConfigurationError(
            "a setting in the environment is not JSON",
            where=f"environment {ENV_PREFIX}*",
            found=str(error),
            remedy=f"write JSON, or one variable for each field: {ENV_PREFIX}ARCHIVE__BUCKET",
        ) from None


def _origin(field: tuple[int | str, ...], overrides: Mapping[str, Any]) -> str:
    """Who gave a field its value: an argument, a variable or the YAML file."""
    path = config_path(overrides.get("home"))
    in_yaml, in_ssm = read_yaml(path), read_parameters(Settings).names
    for depth in range(len(field), 0, -1):
        names = field[:depth]
        variable = ENV_PREFIX + "__".join(map(str, names)).upper()
        if _holds(overrides, names):
            return f"argument {'.'.join(map(str, names))}"
        if variable in os.environ:
            return variable
        if _holds(in_yaml, names):
            return str(path)
        if names in in_ssm:
            return f"parameter {in_ssm[tuple(map(str, names))]}"
    return str(path or f"environment {ENV_PREFIX}*")


def _holds(value: Any, names: tuple[int | str, ...]) -> bool:
    for name in names:
        try:
            value = value[name]
        except (LookupError, TypeError):
            return False
    return True


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be ignored without a word."""
    for variable in os.environ:
        if not variable.upper().startswith(ENV_PREFIX) or variable in (CONFIG_VARIABLE, PREFIX_VARIABLE):
            continue
        # In small letters it would be read here and not where the YAML file is looked for.
        if variable != variable.upper() or not _is_field(variable.removeprefix(ENV_PREFIX).lower()):
            raise ConfigurationError(
                "unknown setting in the environment",
                where=variable,
                remedy="unset it, or correct its name; docs/SETTINGS.md lists them all",
            )


def _is_field(name: str) -> bool:
    """Whether `archive__bucket` names a field; only sections have fields of their own."""
    section: Any = Settings
    for part in name.split("__"):
        fields = section.model_fields if isinstance(section, type) and issubclass(section, BaseModel) else {}
        if part not in fields:
            return False
        section = fields[part].annotation
    return True
