"""Why something was found, in the policy's own words and without a word of the log."""

from __future__ import annotations

import re
from dataclasses import dataclass

from audit_trail.redaction.policy import Policy, Rule
from audit_trail.redaction.redactor import Finding

_LOOKED_BACK_BYTES = 256
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What of a rule it was.

    Attributes:
        kind: `key`, `parameter`, `shape`, `detector`, or empty when several
            could have been it and none can be told.
        text: The rule's own key, parameter, shape or detector.
    """

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind} {self.text}".strip()


class Reasons:
    """Finds the reason of a finding again.

    The scanner does not keep it: it is looked for afterwards, in what stands
    before the value and in the value itself, and told only where it is clear.

    Args:
        policy: The one that the findings are of.
    """

    def __init__(self, policy: Policy) -> None:
        self._rules = {rule.name: rule for rule in policy.rules}
        self._shapes: dict[str, list[tuple[str, re.Pattern[bytes]]]] = {}

    def of(self, data: bytes, finding: Finding) -> Reason:
        """The reason of one finding in the data that it was found in."""
        rule = self._rules.get(finding.rule)
        if rule is None:
            return Reason(kind="", text="")
        last, before_last = _names_before(data, finding.start)
        return (
            _key_of(rule, last)
            or self._seen(data, finding, rule)
            or _key_of(rule, before_last)  # {"name": "password", "value": ...}
            or _only_detector(rule)
        )

    def _seen(self, data: bytes, finding: Finding, rule: Rule) -> Reason | None:
        if rule.name not in self._shapes:
            self._shapes[rule.name] = [(shape, re.compile(shape.encode("latin-1"))) for shape in rule.shapes]
        for shape, pattern in self._shapes[rule.name]:
            if pattern.fullmatch(data, finding.start, finding.end):
                return Reason(kind="shape", text=shape)
        return None


def _names_before(data: bytes, start: int) -> tuple[str, str]:
    """The last two names in a record before a place, letters and digits only."""
    before = data[max(start - _LOOKED_BACK_BYTES, 0) : start]
    names = _NAME.findall(before[before.rfind(b"\n") + 1 :])
    joined = ["", "", *(_joined(name.decode()) for name in names)]
    return joined[-1], joined[-2]


def _key_of(rule: Rule, name: str) -> Reason | None:
    """The longest key of the rule that a name ends with."""
    for kind, keys in (("key", (*rule.keys, *rule.weak_keys)), ("parameter", rule.parameters)):
        for key in sorted(keys, key=len, reverse=True):
            if name.endswith(_joined(key)):
                return Reason(kind=kind, text=key)
    return None


def _joined(name: str) -> str:
    return "".join(char for char in name.lower() if char.isalnum())


def _only_detector(rule: Rule) -> Reason:
    if len(rule.detectors) == 1:
        return Reason(kind="detector", text=rule.detectors[0])
    return Reason(kind="", text="")
