"""Conditions of statements: true, false, or not to be told without the request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from audit_trail.reporting.access.policy_document import Condition, Statement
from audit_trail.reporting.access.request_context import Expanded, RequestContext, expand
from audit_trail.reporting.access.wildcards import Pattern, contains, matches

Truth = bool | None
"""None: it depends on what is only known when somebody makes the request."""
Compare = Callable[[Pattern, Pattern], Truth]
_WILD = ("stringlike", "arnlike", "arnequals")
_QUANTIFIERS = ("forallvalues:", "foranyvalue:")


def hold(statement: Statement, context: RequestContext) -> Truth:
    """Whether all conditions of a statement hold."""
    return all_of(_holds(item, statement, context) for item in statement.conditions)


def all_of(truths: Iterable[Truth]) -> Truth:
    """And, of three values."""
    found = set(truths)
    return False if False in found else None if None in found else True


def any_of(truths: Iterable[Truth]) -> Truth:
    """Or, of three values."""
    found = set(truths)
    return True if True in found else None if None in found else False


def _holds(condition: Condition, statement: Statement, context: RequestContext) -> Truth:
    quantifier, operator, if_exists = _parse(condition.operator)
    value = context.value(condition.key)
    absent = context.is_absent(condition.key)
    if value is None and not absent:
        return None
    if operator == "null":
        return any_of(absent == (text.lower() == "true") for text in condition.values)
    positive = operator.replace("not", "", 1)
    if value is None:
        lenient = if_exists or quantifier == "forallvalues:" or positive != operator
        return lenient and quantifier != "foranyvalue:"
    if positive not in _COMPARISONS:
        return None
    expected = [expand(text, statement, context, wild=positive in _WILD) for text in condition.values]
    found = any_of(_compared(item, value, _COMPARISONS[positive]) for item in expected)
    return found if positive == operator or found is None else not found


def _compared(expected: Expanded, value: Pattern, compare: Compare) -> Truth:
    if expected.pattern is None:
        return False
    found = compare(expected.pattern, value)
    return found if expected.certain or found is False else None


def _parse(operator: str) -> tuple[str, str, bool]:
    small = operator.lower()
    quantifier = next((name for name in _QUANTIFIERS if small.startswith(name)), "")
    small = small.removeprefix(quantifier)
    return quantifier, small.removesuffix("ifexists"), small.endswith("ifexists")


def _same(expected: Pattern, value: Pattern) -> Truth:
    text = _text(value)
    return matches(expected, text) if text is not None else contains(expected, value)


def _same_ignoring_case(expected: Pattern, value: Pattern) -> Truth:
    return _same(_small(expected), _small(value))


def _same_arn(expected: Pattern, value: Pattern) -> Truth:
    """Field by field: a wildcard does not reach over a colon. What is no ARN is left open."""
    ours, theirs = _fields(value), _fields(expected)
    if len(ours) != len(theirs):
        return None
    return all_of(_same(one, other) for one, other in zip(theirs, ours, strict=True))


def _text(pattern: Pattern) -> str | None:
    letters = [token for token in pattern if isinstance(token, str)]
    return "".join(letters) if len(letters) == len(pattern) else None


def _small(pattern: Pattern) -> Pattern:
    return tuple(token.lower() if isinstance(token, str) else token for token in pattern)


def _fields(pattern: Pattern) -> list[Pattern]:
    """The six fields of an ARN; the last one may hold colons."""
    fields: list[Pattern] = [()]
    for item in pattern:
        if item == ":" and len(fields) < 6:
            fields.append(())
        else:
            fields[-1] += (item,)
    return fields


_COMPARISONS: dict[str, Compare] = {
    "stringequals": _same,
    "stringlike": _same,
    "stringequalsignorecase": _same_ignoring_case,
    "bool": _same_ignoring_case,
    "arnequals": _same_arn,
    "arnlike": _same_arn,
}
"""Numbers, dates and addresses are of the request alone, so they cannot be told."""
