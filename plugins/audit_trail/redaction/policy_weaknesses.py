"""Where a policy takes out less than the default one: allowed, and never silent."""

from __future__ import annotations

from collections.abc import Iterable

from audit_trail.redaction.policy import Policy, Rule
from audit_trail.redaction.policy_file import default_policy

_LISTS = ("keys", "weak_keys", "parameters", "shapes", "detectors")


def policy_weaknesses(policy: Policy) -> list[str]:
    """What the default policy takes out and this one does not, in sentences.

    Compared is what both say, not what both do: a rule renamed is no weakness,
    but a shape rewritten is one.
    """
    taken = _all_of(rule for rule in policy.rules if rule.action != "keep")
    found = []
    for rule in default_policy().rules:
        lost = {name: [text for text in getattr(rule, name) if text not in taken[name]] for name in _LISTS}
        gone = [text for texts in lost.values() for text in texts]
        if gone:
            found.append(f"redaction does not look for {rule.name}: {_some(gone)}")
    kept = [rule.name for rule in policy.rules if rule.action == "keep"]
    if kept:
        found.append(f"redaction leaves as it is what is found by {_some(kept)}")
    for name in ("harmless_beginnings", "harmless_keys"):
        more = [word for word in getattr(policy, name) if word not in getattr(default_policy(), name)]
        if more:
            found.append(f"redaction passes over keys with {_some(more)}")
    return found


def _all_of(rules: Iterable[Rule]) -> dict[str, set[str]]:
    every: dict[str, set[str]] = {name: set() for name in _LISTS}
    for rule in rules:
        for name in _LISTS:
            every[name].update(getattr(rule, name))
    return every


def _some(texts: list[str]) -> str:
    more = len(texts) - 3
    return ", ".join(texts[:3]) + (f" and {more} more" if more > 0 else "")
