"""Everybody who may do something to an archive, and by which statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit_trail.reporting.access.bucket_settings import AclGrant, BucketSettings
from audit_trail.reporting.access.evaluation import Grant, Question
from audit_trail.reporting.access.principals import Kind, Principal, outside_principals
from audit_trail.reporting.access.s3_actions import ABILITIES, S3_ACTIONS, Ability
from audit_trail.reporting.access.wildcards import Pattern, literal, wildcard

_ACL_ACTIONS: dict[str, tuple[str, ...]] = {
    "WRITE": ("s3:PutObject",),
    "WRITE_ACP": ("s3:PutBucketAcl",),
    "FULL_CONTROL": ("s3:PutObject", "s3:PutBucketAcl"),
}
"""Deleting is not among them: an ACL lets its grantee create objects, not take away the owner's."""
_ABILITY = {action.name: action.ability for action in S3_ACTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Somebody with access; `name` is an ARN, or what the bucket calls it by."""

    kind: Kind
    name: str
    grants: tuple[Grant, ...]

    @property
    def role(self) -> str:
        """The name of a role, without its path; empty for all others."""
        return self.name.rpartition("/")[2] if self.kind == "role" else ""

    def may(self, ability: Ability) -> bool:
        """Whether it has the ability, be it under conditions."""
        return any(_ABILITY[grant.action] == ability for grant in self.grants)

    def is_conditional(self, ability: Ability) -> bool:
        """Whether it has the ability under conditions only."""
        found = [grant.conditional for grant in self.grants if _ABILITY[grant.action] == ability]
        return bool(found) and all(found)

    def statements(self, *abilities: Ability) -> list[str]:
        """What grants the abilities."""
        found = [grant for grant in self.grants if _ABILITY[grant.action] in abilities]
        return list(dict.fromkeys(label for grant in found for label in grant.statements))

    def to_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "kind": self.kind,
            "name": self.name,
            "abilities": {
                ability: "conditional" if self.is_conditional(ability) else "granted"
                for ability in ABILITIES
                if self.may(ability)
            },
            "grants": [
                {
                    "action": grant.action,
                    "conditional": grant.conditional,
                    "example": grant.example,
                    "statements": list(grant.statements),
                }
                for grant in self.grants
            ],
        }


def find_entities(
    principals: tuple[Principal, ...],
    settings: BucketSettings,
    *,
    bucket: str,
    prefix: str,
    account: str,
    partition: str = "aws",
) -> list[Entity]:
    """Everybody with access to the bucket, or to objects below the prefix.

    Args:
        principals: Those of the account, see `read_principals`.
        settings: What the bucket says.
        bucket: Its name.
        prefix: What every key of the archive begins with; empty, or ends with a slash.
        account: The bucket's.
        partition: `aws`, `aws-cn`, `aws-us-gov`.
    """
    arn = f"arn:{partition}:s3:::{bucket}"
    bucket_arn, objects = literal(arn), literal(f"{arn}/{prefix}") + wildcard("*")
    question = Question(bucket_account=account, bucket_policy=settings.policy)
    everybody = (*principals, *outside_principals(settings.policy, principals, account=account))
    entities = []
    for who in everybody:
        grants = _grants(question, who, bucket_arn, objects)
        if (
            settings.restrict_public
            and who.kind in ("anyone", "account", "principal")
            and _is_public(question)
        ):
            grants = [] if who.kind == "anyone" or who.account != account else grants
        entities.append(Entity(kind=who.kind, name=who.name, grants=tuple(grants)))
    entities += [_by_acl(item, arn) for item in settings.acl if item.permission in _ACL_ACTIONS]
    return [entity for entity in entities if entity.grants]


def _grants(question: Question, who: Principal, bucket: Pattern, objects: Pattern) -> list[Grant]:
    answers = (
        question.answer(who, action.name, bucket if action.on_bucket else objects) for action in S3_ACTIONS
    )
    return [grant for grant in answers if grant is not None]


def _is_public(question: Question) -> bool:
    """Whether a policy is public beyond doubt: everybody, without a condition."""
    return any(
        statement.allows and not statement.conditions and ("AWS", "*") in statement.principals
        for statement in question.bucket_policy
    )


def _by_acl(item: AclGrant, arn: str) -> Entity:
    grants = tuple(
        Grant(
            action=action,
            conditional=False,
            example=arn,
            statements=(f"bucket ACL, {item.permission}",),
        )
        for action in _ACL_ACTIONS[item.permission]
    )
    return Entity(kind="anyone" if item.is_group else "canonical user", name=item.grantee, grants=grants)


def with_abilities(entities: Iterable[Entity], *abilities: Ability) -> list[Entity]:
    """Those that have one of the abilities."""
    return [entity for entity in entities if any(entity.may(ability) for ability in abilities)]
