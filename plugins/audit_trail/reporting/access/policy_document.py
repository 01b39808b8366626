"""IAM policy documents, read strictly: what cannot be understood is an error, never ignored.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from audit_trail.errors import ConfigurationError

VARIABLES_SINCE = "2012-10-17"
"""In documents of the version before, `${…}` is text like any other."""
_FIELDS = {"Sid", "Effect", "Condition"} | {
    negation + name for name in ("Action", "Resource", "Principal") for negation in ("", "Not")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One operator with one key: `StringLike`, `aws:PrincipalArn`, and the values to compare with."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement of a policy.

    Attributes:
        label: Policy and statement, for people.
        allows: Its effect; False is a deny.
        actions: Patterns; `not_actions` says that all others are meant.
        not_actions: See `actions`.
        resources: Patterns; `not_resources` says that all others are meant.
        not_resources: See `resources`.
        principals: Pairs of type and value; empty in identity-based policies.
        not_principals: All others than `principals` are meant.
        conditions: All of them must hold.
        has_variables: Whether `${…}` stands for something.
    """

    label: str
    allows: bool
    actions: tuple[str, ...]
    not_actions: bool
    resources: tuple[str, ...]
    not_resources: bool
    principals: tuple[tuple[str, str], ...]
    not_principals: bool
    conditions: tuple[Condition, ...]
    has_variables: bool


def parse_policy(document: str | dict[str, Any], *, name: str, has_principals: bool) -> tuple[Statement, ...]:
    """Read a policy document.

    Args:
        document: JSON, percent-encoded or not, or what was read from it.
        name: The policy's name, for labels and errors.
        has_principals: Resource-based policies name principals, others must not.

    Raises:
        ConfigurationError: It is not a policy document that this package understands.
    """
    try:
        value = json.loads(unquote(document) if document.startswith("%7B") else document) if isinstance(
            document, str
        ) else document  # fmt: skip
        if not isinstance(value, dict) or not set(value) <= {"Version", "Id", "Statement"}:
            raise ValueError("not an object with Version, Id and Statement")
        statements = value["Statement"]
        statements = statements if isinstance(statements, list) else [statements]
        variables = value.get("Version") == VARIABLES_SINCE
        return tuple(
            _statement(item, _label(name, item, number), variables, has_principals)
            for number, item in enumerate(statements, 1)
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            "a policy cannot be understood, so nobody's access can be told",
            where=name,
            expected="a policy document of IAM",
            found=f"{type(error).__name__}: {error}"[:200],
        ) from error


def _label(name: str, item: dict[str, Any], number: int) -> str:
    return f"{name}, statement {item['Sid']!r}" if item.get("Sid") else f"{name}, statement {number}"


def _statement(item: dict[str, Any], label: str, variables: bool, has_principals: bool) -> Statement:
    if not set(item) <= _FIELDS:
        raise ValueError(f"unknown element {sorted(set(item) - _FIELDS)[0]!r}")
    if item["Effect"] not in ("Allow", "Deny"):
        raise ValueError("an effect that is neither Allow nor Deny")
    actions, not_actions = _one_of(item, "Action", "NotAction")
    resources, not_resources = _one_of(item, "Resource", "NotResource")
    named = ("Principal" in item) + ("NotPrincipal" in item)
    if named != int(has_principals):
        raise ValueError("principals where there must be none, or none where there must be one")
    not_principals = "NotPrincipal" in item
    return Statement(
        label=label,
        allows=item["Effect"] == "Allow",
        actions=actions,
        not_actions=not_actions,
        resources=resources,
        not_resources=not_resources,
        principals=tuple(_principals(item["NotPrincipal" if not_principals else "Principal"]))
        if named
        else (),
        not_principals=not_principals,
        conditions=tuple(_conditions(item.get("Condition", {}))),
        has_variables=variables,
    )


def _one_of(item: dict[str, Any], name: str, negated: str) -> tuple[tuple[str, ...], bool]:
    if (name in item) == (negated in item):
        raise ValueError(f"not exactly one of {name} and {negated}")
    return _texts(item[name if name in item else negated]), negated in item


def _principals(value: Any) -> Iterator[tuple[str, str]]:
    if value == "*":
        yield "AWS", "*"
        return
    for kind, names in value.items():
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise ValueError(f"unknown type of principal {kind!r}")
        for name in _texts(names):
            yield kind, name


def _conditions(value: dict[str, Any]) -> Iterator[Condition]:
    for operator, keys in value.items():
        for key, values in keys.items():
            yield Condition(operator=operator, key=key, values=_texts(values))


def _texts(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    made = []
    for item in values:
        # JSON's true and 1 mean "true" and "1".
        if isinstance(item, bool | int):
            made.append(json.dumps(item))
        elif isinstance(item, str):
            made.append(item)
        else:
            raise TypeError("neither a text nor a list of texts")
    return tuple(made)
