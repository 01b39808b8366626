"""May a caller do one thing to a bucket or to any object of an archive?

1. A deny that applies ends it, wherever it stands.
2. Within the account, an allow of an identity-based policy *or* of the bucket
   policy is enough; the permissions boundary limits the first, and the second
   where it names a role. It does not limit what a bucket policy allows a user,
   a session or everyone.
3. From outside the account both are needed; the identity-based policy is the other
   account's to write, so it is taken to be there.
4. The account's name in an allow of the bucket policy leaves the decision to IAM.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html

What cannot be decided without the request (conditions on addresses, MFA, time, unknown
variables) counts as a permission, and as no prohibition: such access is *conditional*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from audit_trail.reporting.access import conditions
from audit_trail.reporting.access.conditions import Truth, all_of
from audit_trail.reporting.access.policy_document import Statement
from audit_trail.reporting.access.principals import Match, Principal, allow_match, deny_match
from audit_trail.reporting.access.request_context import RequestContext, expand
from audit_trail.reporting.access.wildcards import (
    Pattern,
    UndecidedError,
    arn_pattern,
    contains,
    find_member,
    matches,
    wildcard,
)

Part = Literal["identity", "boundary", "bucket, limited by the boundary", "bucket", "deny"]
_NEVER_DENIED_TO_ROOT = ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy")
"""So that nobody locks an account out for good: API reference of S3, `PutBucketPolicy`."""
_BY_NATURE = "the account's root user, by nature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """An action that a caller may do.

    Attributes:
        action: For instance `s3:DeleteObject`.
        conditional: It depends on what only the request tells.
        example: A resource that it may be done to.
        statements: Labels of those that allow it there.
    """

    action: str
    conditional: bool
    example: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A statement that is about the action and the caller: for which resources, and how certainly."""

    part: Part
    label: str
    patterns: tuple[Pattern, ...]
    negated: bool
    certain: bool

    def within(self, resources: Pattern) -> _Rule | None:
        """The same rule with what it says of `resources` alone; None: nothing.

        Most patterns are about all of them or none, and need no search then.
        """
        kept: list[Pattern] = []
        for pattern in self.patterns:
            inside = contains(pattern, resources)
            if inside is not False:
                kept.append(resources if inside else pattern)
        if (resources in kept) if self.negated else not kept:
            return None
        return replace(self, patterns=tuple(kept))

    def covers(self, found: dict[Pattern, bool]) -> bool:
        return any(found[pattern] for pattern in self.patterns) is not self.negated


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which bucket is asked about, and what its policy says."""

    bucket_account: str
    bucket_policy: tuple[Statement, ...]

    def answer(self, who: Principal, action: str, resources: Pattern) -> Grant | None:
        """Whether the caller may do `action` to any of `resources`, a pattern of ARNs; None: it may not."""
        found = None
        # TLS or not is the caller's choice: the better way counts.
        for secure in (True, False):
            context = who.context(bucket_account=self.bucket_account, secure=secure)
            grant = self._answer(who, action, resources, context)
            if grant is not None and not grant.conditional:
                return grant
            found = found or grant
        return found

    def _answer(
        self, who: Principal, action: str, resources: Pattern, context: RequestContext
    ) -> Grant | None:
        said = (*self._identity_rules(who, action, context), *self._bucket_rules(who, action, context))
        rules = [rule for one in said if (rule := one.within(resources)) is not None]
        for certainly in (True, False):
            counted = [rule for rule in rules if rule.certain or (rule.part == "deny") is certainly]
            try:
                example = _example(counted, who, resources)
            except UndecidedError:
                return Grant(
                    action=action, conditional=True, example="too many patterns to tell", statements=()
                )
            if example is not None:
                return Grant(
                    action=action,
                    conditional=not certainly,
                    example=example,
                    statements=tuple(_labels(counted, who, example)),
                )
        return None

    def _identity_rules(self, who: Principal, action: str, context: RequestContext) -> Iterable[_Rule]:
        parts: tuple[tuple[Part, tuple[Statement, ...]], ...] = (
            ("identity", who.statements),
            ("boundary", who.boundary or ()),
        )
        for part, statements in parts:
            for statement in statements:
                yield from _rules(statement, part if statement.allows else "deny", action, context)

    def _bucket_rules(self, who: Principal, action: str, context: RequestContext) -> Iterable[_Rule]:
        if who.kind == "root" and action in _NEVER_DENIED_TO_ROOT:
            return
        for statement in self.bucket_policy:
            if not statement.allows:
                yield from _rules(statement, "deny", action, context, applies=deny_match(statement, who))
                continue
            match = allow_match(statement, who)
            if match is Match.NO or (match is Match.ACCOUNT and who.is_local):
                continue
            limited = who.kind == "role" and match is Match.ITSELF
            part: Part = "bucket, limited by the boundary" if limited else "bucket"
            yield from _rules(statement, part, action, context)


def _rules(
    statement: Statement, part: Part, action: str, context: RequestContext, *, applies: Truth = True
) -> Iterable[_Rule]:
    """What a statement says of an action; what depends on unknown variables apart from the rest."""
    named = any(matches(wildcard(name.lower()), action.lower()) for name in statement.actions)
    truth = all_of((applies, conditions.hold(statement, context)))
    if named is statement.not_actions or truth is False:
        return
    texts = [expand(text, statement, context) for text in statement.resources]
    for certain in (True, False):
        patterns = tuple(
            arn_pattern(text.pattern)
            for text in texts
            if text.pattern is not None and text.certain is certain
        )
        if statement.not_resources and certain:
            # An exception that may turn out to be another one excepts nothing for sure.
            certain = truth is True and all(text.certain for text in texts)  # noqa: PLW2901
        elif statement.not_resources or not patterns:
            continue
        yield _Rule(
            part=part,
            label=statement.label,
            patterns=patterns,
            negated=statement.not_resources,
            certain=certain and truth is True,
        )


def _example(rules: list[_Rule], who: Principal, resources: Pattern) -> str | None:
    """A resource that the rules, all of them taken as certain, let the caller at."""
    patterns = list(dict.fromkeys([resources, *(pattern for rule in rules for pattern in rule.patterns)]))

    def allowed(found: tuple[bool, ...]) -> bool:
        held = dict(zip(patterns, found, strict=True))
        return _allows({rule.part for rule in rules if rule.covers(held)}, who)

    if not _allows({rule.part for rule in rules if rule.part != "deny"}, who):
        return None
    # Most permissions are about everything: the plainest resource tells without a search.
    plain = "".join(item if isinstance(item, str) else "a" for item in resources)
    if matches(resources, plain) and allowed(tuple(matches(pattern, plain) for pattern in patterns)):
        return plain
    # With no other pattern, what holds for one resource holds for all.
    return find_member(patterns, allowed) if len(patterns) > 1 else None


def _allows(parts: set[Part], who: Principal) -> bool:
    if "deny" in parts:
        return False
    if "bucket" in parts or who.kind == "root":
        return True
    within = who.boundary is None or "boundary" in parts
    return within and ("identity" in parts or "bucket, limited by the boundary" in parts)


def _labels(rules: list[_Rule], who: Principal, example: str) -> Iterable[str]:
    if who.kind == "root":
        yield _BY_NATURE
    for rule in rules:
        if rule.part in ("deny", "boundary"):
            continue
        if rule.covers({pattern: matches(pattern, example) for pattern in rule.patterns}):
            yield rule.label
