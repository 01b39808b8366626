"""Policies of IAM, evaluated: as much of the language as is used here, and an error for the rest.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

Context = Mapping[str, str]
Document = Mapping[str, Any]


def decision(policies: Iterable[Document], action: str, resource: str, context: Context) -> str:
    """`allow`, `deny` (explicit, which wins) or `none` (nobody says anything)."""
    effects = {
        statement["Effect"]
        for policy in policies
        for statement in _listed(policy["Statement"])
        if _applies(statement, action, resource, context)
    }
    return "deny" if "Deny" in effects else "allow" if "Allow" in effects else "none"


def _applies(statement: Document, action: str, resource: str, context: Context) -> bool:
    unknown = set(statement) - {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}
    assert not unknown, f"not evaluated here: {unknown}"
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_matches(pattern, resource) for pattern in _listed(statement["Resource"]))
        and _holds(statement.get("Condition", {}), context)
    )


def _holds(condition: Document, context: Context) -> bool:
    given = {key.lower(): value for key, value in context.items()}
    return all(
        OPERATORS[operator](given.get(key.lower()), [str(value) for value in _listed(wanted)])
        for operator, tests in condition.items()
        for key, wanted in tests.items()
    )


# A negated operator holds where the request says nothing of the key; the others do not.
OPERATORS: dict[str, Callable[[str | None, list[str]], bool]] = {
    "Bool": lambda found, wanted: found in wanted,
    "Null": lambda found, wanted: str(found is None).lower() in wanted,
    "StringEquals": lambda found, wanted: found in wanted,
    "StringNotEquals": lambda found, wanted: found not in wanted,
    "ArnNotEquals": lambda found, wanted: found not in wanted,
    "NumericLessThan": lambda found, wanted: found is not None and float(found) < float(wanted[0]),
}


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = (".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)
    return re.compile("".join(parts))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
