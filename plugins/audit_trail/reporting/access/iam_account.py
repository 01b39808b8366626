"""The users, groups and roles of an account with all their policies, through two calls of IAM.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from audit_trail.reporting.access.policy_document import Statement, parse_policy
from audit_trail.reporting.access.principals import Principal
from audit_trail.reporting.aws_errors import aws_errors

FILTER = ["User", "Group", "Role", "LocalManagedPolicy"]
"""AWS's own policies, more than a thousand, are asked for one by one where they are attached."""


def read_principals(client: Any, *, account: str, partition: str = "aws") -> tuple[Principal, ...]:
    """The account's root user, and all its users and roles.

    Args:
        client: Of IAM.
        account: Its twelve digits.
        partition: `aws`, `aws-cn`, `aws-us-gov`.

    Raises:
        StorageError: AWS refused or could not be reached.
        ConfigurationError: A policy cannot be understood.
    """
    reader = _Reader(client=client)
    with aws_errors(f"IAM of account {account}"):
        for page in client.get_paginator("get_account_authorization_details").paginate(Filter=FILTER):
            reader.users += page.get("UserDetailList", [])
            reader.roles += page.get("RoleDetailList", [])
            reader.groups |= {item["GroupName"]: item for item in page.get("GroupDetailList", [])}
            reader.documents |= {item["Arn"]: _default_document(item) for item in page.get("Policies", [])}
        root = Principal(kind="root", name=f"arn:{partition}:iam::{account}:root", account=account)
        return (root, *reader.principals(account))


def _default_document(policy: dict[str, Any]) -> Any:
    return next(item["Document"] for item in policy["PolicyVersionList"] if item["IsDefaultVersion"])


@dataclass(slots=True, kw_only=True)
class _Reader:
    client: Any
    users: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[str, Any] = field(default_factory=dict)
    parsed: dict[str, tuple[Statement, ...]] = field(default_factory=dict)

    def principals(self, account: str) -> Iterator[Principal]:
        for item in sorted(self.users, key=lambda user: user["Arn"]):
            statements = list(self._statements(item, "UserPolicyList", "of the user"))
            for group in item.get("GroupList", []):
                statements += self._statements(
                    self.groups.get(group, {}), "GroupPolicyList", f"of group {group}"
                )
            yield Principal(
                kind="user",
                name=item["Arn"],
                account=account,
                unique_id=item["UserId"],
                statements=tuple(statements),
                boundary=self._boundary(item),
                tags=tuple((tag["Key"], tag["Value"]) for tag in item.get("Tags", [])),
            )
        for item in sorted(self.roles, key=lambda role: role["Arn"]):
            yield Principal(
                kind="role",
                name=item["Arn"],
                account=account,
                unique_id=item["RoleId"],
                statements=tuple(self._statements(item, "RolePolicyList", "of the role")),
                boundary=self._boundary(item),
            )

    def _statements(self, item: dict[str, Any], inline: str, whose: str) -> Iterator[Statement]:
        for policy in item.get(inline, []):
            name = f"inline policy {policy['PolicyName']} {whose}"
            yield from parse_policy(policy["PolicyDocument"], name=name, has_principals=False)
        for policy in item.get("AttachedManagedPolicies", []):
            yield from self._managed(policy["PolicyArn"])

    def _boundary(self, item: dict[str, Any]) -> tuple[Statement, ...] | None:
        arn = (item.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        return self._managed(arn) if arn else None

    def _managed(self, arn: str) -> tuple[Statement, ...]:
        if arn not in self.parsed:
            if arn not in self.documents:
                version = self.client.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
                answer = self.client.get_policy_version(PolicyArn=arn, VersionId=version)
                self.documents[arn] = answer["PolicyVersion"]["Document"]
            name = f"policy {arn.partition(':policy/')[2] or arn}"
            self.parsed[arn] = parse_policy(self.documents[arn], name=name, has_principals=False)
        return self.parsed[arn]
