"""Figures of who may change the archive, from the policies of its AWS account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.archive.s3_store import make_client
from audit_trail.errors import AuditTrailError
from audit_trail.reporting.access.bucket_settings import read_bucket
from audit_trail.reporting.access.entities import Entity, find_entities, with_abilities
from audit_trail.reporting.access.iam_account import read_principals
from audit_trail.reporting.aws_errors import aws_errors
from audit_trail.reporting.compliance.figures import Figure, Standing, not_measured, standing_of
from audit_trail.settings import ArchiveSettings, ComplianceSettings

CALLS = (
    "sts:GetCallerIdentity",
    "iam:GetAccountAuthorizationDetails, iam:GetPolicy, iam:GetPolicyVersion",
    "s3:GetBucketPolicy, s3:GetBucketAcl, s3:GetBucketOwnershipControls, s3:GetBucketPublicAccessBlock",
)
_NOT_AWS = "The archive is not in AWS (archive.endpoint_url is set): IAM knows nothing of its users."


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may do what; where it could not be measured, `unknown` says why."""

    account: str = ""
    principals: int = 0
    roles: tuple[str, ...] = ()
    entities: tuple[Entity, ...] = ()
    acls_enabled: bool = False
    unknown: str = ""


def measure_access(archive: ArchiveSettings, clients: ClientFactory = open_client) -> Access:
    """Read the account and the bucket, and evaluate everybody's policies.

    Whatever keeps it from being measured is told, and is no error here.
    """
    if archive.endpoint_url is not None:
        return Access(unknown=_NOT_AWS)
    try:
        return _measured(archive, clients)
    except AuditTrailError as error:
        return Access(unknown=str(error))


def _measured(archive: ArchiveSettings, clients: ClientFactory) -> Access:
    with aws_errors("the caller's account"):
        identity = clients(archive, "sts").get_caller_identity()
    account, partition = identity["Account"], identity["Arn"].split(":")[1]
    settings = read_bucket(make_client(archive, clients), bucket=archive.bucket, account=account)
    principals = read_principals(clients(archive, "iam"), account=account, partition=partition)
    prefix = archive.prefix.rstrip("/")
    entities = find_entities(
        principals,
        settings,
        bucket=archive.bucket,
        prefix=f"{prefix}/" if prefix else "",
        account=account,
        partition=partition,
    )
    return Access(
        account=account,
        principals=len(principals),
        roles=tuple(who.name.rpartition("/")[2] for who in principals if who.kind == "role"),
        entities=tuple(entities),
        acls_enabled=settings.acls_enabled,
    )


def write_access(access: Access, expected: ComplianceSettings) -> Figure:
    """How many may write or delete, and who of them should not."""
    name = "write-access"
    if access.unknown:
        return not_measured(name, access.unknown, sources=CALLS)
    able = with_abilities(access.entities, "write", "delete")
    findings = tuple(sentence for entity in able for sentence in _findings(entity, expected))
    findings += tuple(
        f"role {role} of compliance settings is not in account {access.account}"
        for role in (*expected.write_roles, *expected.read_roles)
        if role not in access.roles and not role.startswith("arn:")
    )
    conditional = sum(
        all(entity.is_conditional(ability) for ability in ("write", "delete") if entity.may(ability))
        for entity in able
    )
    return Figure(
        name=name,
        value=f"{len(able)}" + (f", {conditional} of them under conditions" if conditional else ""),
        standing=standing_of(findings),
        explanation=f"{len(with_abilities(able, 'write'))} may write, "
        f"{len(with_abilities(able, 'delete'))} may delete or expire, of {access.principals} principals of "
        f"account {access.account} and whoever the bucket names. Meant to write: "
        f"{', '.join(expected.write_roles) or 'nobody is named in compliance.write_roles'}; to read: "
        f"{', '.join(expected.read_roles) or 'nobody in compliance.read_roles'}. "
        "The root user is among them by nature; a lock in COMPLIANCE binds it too."
        + (" Objects may have ACLs of their own, which were not looked at." if access.acls_enabled else ""),
        findings=findings,
        sources=CALLS,
        data={"entities": [_to_json(entity) for entity in able], "account": access.account},
    )


def configure_access(access: Access) -> Figure:
    """Who may change what protects the bucket."""
    name = "configure-access"
    if access.unknown:
        return not_measured(name, access.unknown, sources=CALLS)
    able = with_abilities(access.entities, "configure")
    return Figure(
        name=name,
        value=str(len(able)),
        standing=Standing.STATED,
        explanation="; ".join(
            f"{entity.name}: {', '.join(entity.statements('configure'))}" for entity in able
        )
        or "Nobody",
        sources=CALLS,
        data={"entities": [_to_json(entity) for entity in able]},
    )


def _findings(entity: Entity, expected: ComplianceSettings) -> list[str]:
    if entity.kind == "root":
        return []
    is_writer = entity.name in expected.write_roles or (entity.role and entity.role in expected.write_roles)
    found = []
    for ability in ("write", "delete"):
        if not entity.may(ability) or (ability == "write" and is_writer):
            continue
        under = "under conditions " if entity.is_conditional(ability) else ""
        actions = ", ".join(dict.fromkeys(_actions(entity, ability)))
        by = "; ".join(entity.statements(ability)) or "too many patterns to tell"
        found.append(f"{entity.kind} {entity.name} may {under}{ability} ({actions}): {by}")
    return found


def _actions(entity: Entity, ability: str) -> list[str]:
    from audit_trail.reporting.access.s3_actions import S3_ACTIONS

    names = {action.name for action in S3_ACTIONS if action.ability == ability}
    return [grant.action for grant in entity.grants if grant.action in names]


def _to_json(entity: Entity) -> dict[str, Any]:
    return entity.to_json()
