"""The template, deployed; and what its properties come to, for what the test's AWS does not make of them."""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

TEMPLATE = Path(__file__).parents[2] / "infra" / "audit-trail.yaml"
REGION = "us-east-1"
ACCOUNT = "123456789012"
NO_VALUE = object()


def template() -> dict[str, Any]:
    """The template with all functions in their long form."""
    from cfnlint.decode import decode

    read, problems = decode(str(TEMPLATE))
    assert read is not None, problems
    value = json.loads(json.dumps(read))
    assert isinstance(value, dict)
    return value


def client(service: str) -> Any:
    """A client of the account."""
    import boto3

    make: Any = boto3.client
    return make(service, region_name=REGION)


class Stack:
    """A stack of the template."""

    def __init__(self, **parameters: str) -> None:
        self.template = template()
        declared = self.template["Parameters"]
        self.parameters = {name: str(field.get("Default", "")) for name, field in declared.items()}
        self.parameters |= parameters
        self._client = client("cloudformation")
        self._client.create_stack(
            StackName="audit-trail",
            TemplateBody=TEMPLATE.read_text("utf-8"),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[
                {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
            ],
        )

    @cached_property
    def description(self) -> dict[str, Any]:
        """What CloudFormation says of the stack."""
        (stack,) = self._client.describe_stacks(StackName="audit-trail")["Stacks"]
        return dict(stack)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """Its outputs."""
        return {item["OutputKey"]: item["OutputValue"] for item in self.description.get("Outputs", [])}

    @cached_property
    def physical(self) -> dict[str, str]:
        """The names that the resources got, by the template's."""
        found = self._client.describe_stack_resources(StackName="audit-trail")["StackResources"]
        # moto lists what it has not made, too: without a name.
        return {
            item["LogicalResourceId"]: item["PhysicalResourceId"]
            for item in found
            if "LogicalResourceId" in item
        }

    def properties(self, name: str) -> Any:
        """The properties of a resource, with everything in them worked out."""
        return self._value(self.template["Resources"][name]["Properties"])

    def has(self, name: str) -> bool:
        """Whether the resource's condition holds."""
        condition = self.template["Resources"][name].get("Condition")
        return condition is None or self._condition(condition)

    def role_policies(self, role: str) -> list[dict[str, Any]]:
        """What the deployed role may do, as IAM says it."""
        iam = client("iam")
        name = self.physical[role]
        return [
            iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]
        ]

    def _condition(self, name: str) -> bool:
        found = self._value(self.template["Conditions"][name])
        assert isinstance(found, bool)
        return found

    def _value(self, value: Any) -> Any:
        if isinstance(value, list):
            items = [self._value(item) for item in value]
            return [item for item in items if item is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in {"Ref", "Condition"} and isinstance(argument, str):
                return self._ref(argument) if name == "Ref" else self._condition(argument)
            if name.startswith("Fn::"):
                return self._function(name.removeprefix("Fn::"), argument)
        found = {key: self._value(item) for key, item in value.items()}
        return {key: item for key, item in found.items() if item is not NO_VALUE}

    def _function(self, name: str, argument: Any) -> Any:
        if name == "If":
            return self._value(argument[1 if self._condition(argument[0]) else 2])
        if name == "GetAtt":
            return self._attribute(argument if isinstance(argument, list) else argument.split("."))
        if name == "Sub":
            return re.sub(r"\$\{([^}]+)\}", lambda match: self._substituted(match[1]), argument)
        values = self._value(argument)
        match name:
            case "Equals":
                return values[0] == values[1]
            case "Not":
                return not values[0]
            case "And":
                return all(values)
            case "Join":
                return values[0].join(values[1])
            case "FindInMap":
                return self.template["Mappings"][values[0]][str(values[1])][values[2]]
        raise AssertionError(f"not worked out here: {name}")

    def _substituted(self, name: str) -> str:
        return str(self._attribute(name.split(".")) if "." in name else self._ref(name))

    def _ref(self, name: str) -> Any:
        pseudo = {
            "AWS::NoValue": NO_VALUE,
            "AWS::Partition": "aws",
            "AWS::Region": REGION,
            "AWS::AccountId": ACCOUNT,
        }
        if name in pseudo:
            return pseudo[name]
        if name not in self.parameters:
            return self.physical[name]
        kind = self.template["Parameters"][name]["Type"]
        value = self.parameters[name]
        return value.split(",") if kind == "CommaDelimitedList" else int(value) if kind == "Number" else value

    def _attribute(self, path: list[str]) -> str:
        name, attribute = path
        assert attribute == "Arn"
        kind, physical = self.template["Resources"][name]["Type"], self.physical[name]
        match kind:
            case "AWS::S3::Bucket":
                return f"arn:aws:s3:::{physical}"
            case "AWS::IAM::Role":
                iam = client("iam")
                return str(iam.get_role(RoleName=physical)["Role"]["Arn"])
            case "AWS::KMS::Key":
                # Not described: moto stumbles over the policy of a key that a template made.
                (arn,) = (
                    key["KeyArn"] for key in client("kms").list_keys()["Keys"] if key["KeyId"] == physical
                )
                return str(arn)
        raise AssertionError(f"not worked out here: {kind}")
