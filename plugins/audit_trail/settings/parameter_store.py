"""Settings from AWS Systems Manager Parameter Store, below a prefix.

`AUDIT_TRAIL_SSM_PREFIX=/audit-trail/` makes a field of each parameter below it:
`/audit-trail/archive/bucket` is `archive.bucket`. Lists and sections' lists are YAML, of which JSON is a
part. Region, credentials and endpoint are boto3's own: nothing of this package is set yet.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParametersByPath.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_origin

from pydantic import BaseModel

from audit_trail.errors import ConfigurationError, StorageError

PREFIX_VARIABLE = "AUDIT_TRAIL_SSM_PREFIX"
_PREFIX = re.compile(r"(/[A-Za-z0-9_.-]+)+/?")
_PIN = re.compile(r"(^|/)[0-9a-f]{32}$")
"""What the remembered head of an archive is called; see `signing.ssm_pin`. No field is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadParameters:
    """What Parameter Store says, as a mapping of fields; `names` are its parameters by field."""

    values: dict[str, Any]
    names: Mapping[tuple[str, ...], str]


def read_parameters(model: type[BaseModel]) -> ReadParameters:
    """Read all parameters below the prefix, if one is named; without one nothing is loaded or asked.

    Args:
        model: The settings, whose fields the parameters must be.

    Raises:
        ConfigurationError: The prefix is none, a parameter is no field, or no YAML where it has to be.
        StorageError: Parameter Store refused or could not be reached.
    """
    prefix = os.environ.get(PREFIX_VARIABLE)
    if prefix is None:
        return ReadParameters(values={}, names={})
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            "not a prefix of parameters",
            where=PREFIX_VARIABLE,
            expected="a path such as /audit-trail/",
            remedy=f"correct it, or unset {PREFIX_VARIABLE}",
        )
    values: dict[str, Any] = {}
    names: dict[tuple[str, ...], str] = {}
    for parameter in _parameters(prefix.rstrip("/")):
        below = parameter["Name"].removeprefix(prefix.rstrip("/") + "/")
        if _PIN.search(below):
            continue
        path = tuple(below.split("/"))
        _put(values, path, _parsed(model, path, parameter))
        names[path] = parameter["Name"]
    return ReadParameters(values=values, names=names)


def _parameters(prefix: str) -> Iterator[Any]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

    try:
        pages = boto3.client("ssm").get_paginator("get_parameters_by_path")
        for page in pages.paginate(Path=prefix, Recursive=True, WithDecryption=True):
            yield from page["Parameters"]
    except NoRegionError as error:
        raise ConfigurationError(
            "the region of Parameter Store is not known",
            where=PREFIX_VARIABLE,
            remedy="set AWS_DEFAULT_REGION",
        ) from error
    except (BotoCoreError, ClientError, OSError) as error:
        code = error.response["Error"]["Code"] if isinstance(error, ClientError) else type(error).__name__
        raise StorageError(
            "the settings in Parameter Store could not be read",
            where=f"parameters below {prefix}",
            found=code,
            remedy="check the credentials, that they may ssm:GetParametersByPath and kms:Decrypt, "
            "the region and the network",
        ) from error


def _parsed(model: type[BaseModel], path: tuple[str, ...], parameter: Mapping[str, Any]) -> Any:
    """The value of a field as its type wants it: text as it is, anything with parts as YAML."""
    annotation = _annotation(model, path)
    if annotation is None:
        raise ConfigurationError(
            "unknown setting in Parameter Store",
            where=f"parameter {parameter['Name']}",
            remedy="delete it, or correct its name; docs/SETTINGS.md lists them all",
        )
    text = parameter["Value"]
    if not _has_parts(annotation):
        return text
    if parameter["Type"] == "StringList":
        return text.split(",")
    import yaml

    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        # Not chained: the error quotes the text.
        raise ConfigurationError(
            "a parameter is neither YAML nor JSON", where=f"parameter {parameter['Name']}"
        ) from None


def _annotation(model: type[BaseModel], path: tuple[str, ...]) -> Any:
    """The type of a field; None: there is no such field, or it is a section, whose fields have parameters."""
    section: Any = model
    for part in path:
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            return None
        field = section.model_fields.get(part)
        if field is None:
            return None
        section = field.annotation
    is_section = isinstance(section, type) and issubclass(section, BaseModel)
    return None if is_section else section


def _has_parts(annotation: Any) -> bool:
    return get_origin(annotation) in (tuple, list, dict, set, frozenset)


def _put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    *sections, name = path
    for section in sections:
        values = values.setdefault(section, {})
    values[name] = value
