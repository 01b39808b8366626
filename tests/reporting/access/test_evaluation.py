"""AWS's documented evaluation logic, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from tests.reporting.access.policies import (
    ACCOUNT,
    BUCKET,
    OBJECTS,
    OTHER,
    ROLE,
    USER,
    allow,
    ask,
    bucket_policy,
    deny,
    policy,
    role,
    root,
    user,
    verdict,
)

from audit_trail.errors import ConfigurationError
from audit_trail.reporting.access import wildcards
from audit_trail.reporting.access.policy_document import parse_policy
from audit_trail.reporting.access.principals import Principal

EVERYBODY = {"Principal": "*"}


def test_nothing_is_allowed_by_itself() -> None:
    assert verdict(user()) == "no"
    assert verdict(role()) == "no"


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({}, "yes"),
        ({"Action": "*"}, "yes"),
        ({"Action": "S3:deleteOBJECT"}, "yes"),
        ({"Action": "s3:Delete*"}, "yes"),
        ({"Action": "s3:DeleteObjec?"}, "yes"),
        ({"Action": "s3:DeleteObject?"}, "no"),
        ({"Action": ["s3:Get*", "s3:List*"]}, "no"),
        ({"Action": ["s3:Get*", "s3:DeleteObject"]}, "yes"),
        ({"NotAction": "s3:Get*"}, "yes"),
        ({"NotAction": "iam:*"}, "yes"),
        ({"NotAction": ["s3:delete*", "iam:*"]}, "no"),
        ({"Resource": OBJECTS}, "yes"),
        ({"Resource": f"{BUCKET}/some/*"}, "yes"),
        ({"Resource": "arn:aws:s3:::LOGS/*"}, "no"),
        ({"Resource": "arn:aws:s3:::lo*"}, "yes"),
        ({"Resource": BUCKET}, "no"),
        ({"Resource": "arn:aws-cn:s3:::logs/*"}, "no"),
        ({"Resource": ["arn:aws:s3:::other/*", OBJECTS]}, "yes"),
        ({"NotResource": OBJECTS}, "no"),
        ({"NotResource": f"{BUCKET}/ledger/*"}, "yes"),
        ({"NotResource": [f"{BUCKET}/ledger/*", "arn:aws:s3:::*"]}, "no"),
    ],
)
def test_actions_and_resources(parts: dict[str, Any], expected: str) -> None:
    assert verdict(user(allow(**parts))) == expected
    assert verdict(role(allow(**parts))) == expected
    # A deny of the same takes exactly that away from somebody who may do everything.
    left = verdict(user(allow(), deny(**parts)))
    whole = parts.get("Resource") in (None, OBJECTS, "arn:aws:s3:::lo*", ["arn:aws:s3:::other/*", OBJECTS])
    covered = expected == "yes" and whole and "NotResource" not in parts
    assert left == ("no" if covered else "yes")


def test_the_example_is_what_the_denies_leave() -> None:
    who = user(allow(Sid="All"), deny(Resource=[f"{BUCKET}/ledger/*", f"{BUCKET}/manifests/*"]))
    grant = ask(who)
    assert grant is not None
    assert grant.example.startswith(f"{BUCKET}/")
    assert grant.statements == ("policy, statement 'All'",)
    inside = ask(who, resources=f"{BUCKET}/ledger/*")
    assert inside is None


def test_an_action_on_the_bucket_is_asked_of_the_bucket() -> None:
    who = user(allow(Action="s3:PutLifecycleConfiguration", Resource=BUCKET))
    assert verdict(who, "s3:PutLifecycleConfiguration", resources=BUCKET) == "yes"
    assert verdict(who, "s3:PutLifecycleConfiguration") == "no"


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        ([], "no"),
        ([allow()], "yes"),
        ([allow(Action="s3:Get*")], "no"),
        ([allow(Resource=f"{BUCKET}/a/*")], "yes"),
        ([allow(Resource="arn:aws:s3:::other/*")], "no"),
        ([allow(), deny(Action="s3:DeleteObject")], "no"),
        ([allow(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}})], "conditional"),
    ],
)
def test_a_boundary_intersects_and_never_grants(boundary: list[dict[str, Any]], expected: str) -> None:
    for make in (user, role):
        assert verdict(make(allow(), boundary=policy(*boundary))) == expected
        assert verdict(make(boundary=policy(*boundary))) == "no"


@pytest.mark.parametrize(
    ("statement", "of_user", "of_role"),
    [
        (allow(Principal={"AWS": USER}), "yes", "no"),
        (allow(Principal={"AWS": ROLE}), "no", "yes"),
        (allow(Principal={"AWS": [USER, ROLE]}), "yes", "yes"),
        (allow(Principal={"AWS": "AIDAALICE"}), "yes", "no"),
        (allow(Principal={"AWS": "AROAWRITER"}), "no", "yes"),
        (allow(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/daily"}), "no", "yes"),
        (allow(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/daily"}), "no", "no"),
        (allow(Principal={"AWS": f"arn:aws:sts::{OTHER}:assumed-role/writer/daily"}), "no", "no"),
        (allow(Principal="*"), "yes", "yes"),
        (allow(Principal={"AWS": "*"}), "yes", "yes"),
        # The account's name leaves it to IAM, which allows nothing here.
        (allow(Principal={"AWS": ACCOUNT}), "no", "no"),
        (allow(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}), "no", "no"),
        (allow(Principal={"AWS": OTHER}), "no", "no"),
        (allow(Principal={"Service": "logging.s3.amazonaws.com"}), "no", "no"),
        (allow(NotPrincipal={"AWS": USER}), "no", "yes"),
        (allow(Principal={"AWS": USER}, Resource="arn:aws:s3:::other/*"), "no", "no"),
    ],
)
def test_a_bucket_policy_alone_is_enough_within_the_account(
    statement: dict[str, Any], of_user: str, of_role: str
) -> None:
    bucket = bucket_policy(statement)
    assert (verdict(user(), bucket=bucket), verdict(role(), bucket=bucket)) == (of_user, of_role)


def test_a_boundary_limits_what_a_bucket_policy_gives_a_role_and_not_what_it_gives_a_user() -> None:
    nothing = policy(allow(Action="iam:*"))
    by_name = bucket_policy(allow(Principal={"AWS": [USER, ROLE]}))
    assert verdict(user(boundary=nothing), bucket=by_name) == "yes"
    assert verdict(role(boundary=nothing), bucket=by_name) == "no"
    session = bucket_policy(allow(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/daily"}))
    assert verdict(role(boundary=nothing), bucket=session) == "yes"
    # Whoever everyone is may also come without a name.
    assert verdict(role(boundary=nothing), bucket=bucket_policy(allow(**EVERYBODY))) == "yes"


@pytest.mark.parametrize(
    ("statement", "of_user", "of_role"),
    [
        (deny(**EVERYBODY), "no", "no"),
        (deny(Principal={"AWS": USER}), "no", "yes"),
        (deny(Principal={"AWS": ACCOUNT}), "no", "no"),
        (deny(Principal={"AWS": OTHER}), "yes", "yes"),
        (deny(Principal={"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/writer/daily"}), "yes", "conditional"),
        (deny(**EVERYBODY, Action="s3:DeleteObject*"), "no", "no"),
        (deny(**EVERYBODY, Resource=f"{BUCKET}/ledger/*"), "yes", "yes"),
        (deny(**EVERYBODY, NotResource=OBJECTS), "yes", "yes"),
        # Everybody but the one who is named together with the account.
        (deny(NotPrincipal={"AWS": [USER, ACCOUNT]}), "yes", "no"),
        (deny(NotPrincipal={"AWS": [USER]}), "conditional", "no"),
        (deny(NotPrincipal={"AWS": [ROLE, ACCOUNT]}), "no", "conditional"),
        (deny(NotPrincipal={"AWS": ACCOUNT}), "no", "no"),
        # The usual way to lock everybody else out.
        (deny(**EVERYBODY, Condition={"ArnNotEquals": {"aws:PrincipalArn": ROLE}}), "no", "yes"),
        (
            deny(**EVERYBODY, Condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}}),
            "yes",
            "no",
        ),
        (deny(**EVERYBODY, Condition={"StringNotLike": {"aws:userId": "AROAWRITER:*"}}), "no", "yes"),
        (
            deny(**EVERYBODY, Condition={"StringNotLike": {"aws:userId": "AROAWRITER:daily"}}),
            "no",
            "conditional",
        ),
        (deny(**EVERYBODY, Condition={"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}), "yes", "yes"),
        (deny(**EVERYBODY, Condition={"Bool": {"aws:SecureTransport": "false"}}), "yes", "yes"),
        (
            deny(**EVERYBODY, Condition={"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}),
            "conditional",
            "conditional",
        ),
    ],
)
def test_a_deny_wins_wherever_it_stands(statement: dict[str, Any], of_user: str, of_role: str) -> None:
    bucket = bucket_policy(statement)
    assert verdict(user(allow()), bucket=bucket) == of_user
    assert verdict(role(allow()), bucket=bucket) == of_role


def test_a_deny_but_for_some_hits_whoever_has_a_boundary() -> None:
    bucket = bucket_policy(deny(NotPrincipal={"AWS": [USER, ACCOUNT]}))
    assert verdict(user(allow(), boundary=policy(allow())), bucket=bucket) == "no"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"aws:username": "alice"}}, "yes"),
        ({"StringEquals": {"AWS:UserName": "alice"}}, "yes"),
        ({"StringEquals": {"aws:username": "Alice"}}, "no"),
        ({"StringEqualsIgnoreCase": {"aws:username": "Alice"}}, "yes"),
        ({"StringEquals": {"aws:username": "a*"}}, "no"),
        ({"StringLike": {"aws:username": "a*"}}, "yes"),
        ({"StringLike": {"aws:username": ["b*", "?lice"]}}, "yes"),
        ({"StringNotEquals": {"aws:username": ["bob", "carol"]}}, "yes"),
        ({"StringNotEquals": {"aws:username": ["bob", "alice"]}}, "no"),
        ({"StringNotLike": {"aws:username": "a*"}}, "no"),
        ({"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"}}, "yes"),
        ({"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, "no"),
        ({"ArnLike": {"aws:PrincipalArn": "arn:*:user/team/alice"}}, "conditional"),  # four fields: no ARN
        ({"StringEquals": {"aws:PrincipalTag/team": "audit"}}, "yes"),
        ({"StringEquals": {"aws:PrincipalTag/team": "sales"}}, "no"),
        ({"StringEquals": {"aws:PrincipalTag/shift": "night"}}, "no"),
        ({"StringNotEquals": {"aws:PrincipalTag/shift": "night"}}, "yes"),
        ({"StringEqualsIfExists": {"aws:PrincipalTag/shift": "night"}}, "yes"),
        ({"Null": {"aws:PrincipalTag/shift": "true"}}, "yes"),
        ({"Null": {"aws:PrincipalTag/shift": "false"}}, "no"),
        ({"Null": {"aws:PrincipalTag/team": False}}, "yes"),
        ({"Null": {"aws:PrincipalTag/team": True}}, "no"),
        ({"Null": {"aws:MultiFactorAuthAge": "true"}}, "conditional"),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalTag/shift": "night"}}, "no"),
        ({"ForAnyValue:StringEquals": {"aws:PrincipalTag/team": ["audit", "x"]}}, "yes"),
        ({"ForAllValues:StringEquals": {"aws:PrincipalTag/shift": "night"}}, "yes"),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "conditional"),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, "conditional"),
        ({"Bool": {"aws:SecureTransport": "true"}}, "yes"),
        ({"Bool": {"aws:SecureTransport": False}}, "yes"),  # the caller's choice
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "conditional"),
        ({"DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}, "conditional"),
        ({"NumericLessThan": {"s3:max-keys": 10}}, "conditional"),
        ({"StringEquals": {"s3:object-lock-mode": "COMPLIANCE"}}, "conditional"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "conditional"),
        ({"StringEquals": {"s3:ResourceAccount": ACCOUNT}}, "yes"),
        ({"StringEquals": {"aws:ResourceAccount": OTHER}}, "no"),
        ({"NoSuchOperator": {"aws:username": "alice"}}, "conditional"),
        # All of them must hold: one that does not ends it, one that is open leaves it open.
        ({"StringEquals": {"aws:username": "bob", "aws:SourceVpc": "vpc-1"}}, "no"),
        ({"StringEquals": {"aws:username": "alice", "aws:SourceVpc": "vpc-1"}}, "conditional"),
    ],
)
def test_conditions_of_an_allow_and_of_a_deny(condition: dict[str, Any], expected: str) -> None:
    tagged = {"tags": (("Team", "audit"),)}
    assert verdict(user(allow(Condition=condition), **tagged)) == expected
    opposite = {"yes": "no", "no": "yes", "conditional": "conditional"}[expected]
    if "SecureTransport" not in str(condition):
        assert verdict(user(allow(), deny(Condition=condition), **tagged)) == opposite


def test_what_a_role_is_not_known_by() -> None:
    assert verdict(role(allow(Condition={"StringLike": {"aws:username": "*"}}))) == "no"
    assert (
        verdict(role(allow(Condition={"StringEquals": {"aws:PrincipalTag/team": "audit"}}))) == "conditional"
    )
    assert verdict(role(allow(Condition={"StringLike": {"aws:userid": "AROAWRITER:*"}}))) == "yes"
    assert (
        verdict(role(allow(Condition={"StringEquals": {"aws:userid": "AROAWRITER:daily"}}))) == "conditional"
    )
    assert verdict(role(allow(Condition={"StringLike": {"aws:userid": "AROAOTHER:*"}}))) == "no"


@pytest.mark.parametrize(
    ("resource", "version", "expected"),
    [
        (f"{BUCKET}/home/${{aws:username}}/*", "2012-10-17", "yes"),
        (f"{BUCKET}/${{aws:PrincipalAccount}}/*", "2012-10-17", "yes"),
        (f"{BUCKET}/${{aws:PrincipalTag/team}}/*", "2012-10-17", "no"),
        (f"{BUCKET}/${{aws:PrincipalTag/team, 'none'}}/*", "2012-10-17", "yes"),
        (f"{BUCKET}/${{aws:SourceVpc}}/*", "2012-10-17", "conditional"),
        (f"{BUCKET}/${{*}}", "2012-10-17", "yes"),
        # In an old document it is a text, and no object of the bucket is called so by chance.
        (f"{BUCKET}/${{aws:SourceVpc}}", "2008-10-17", "yes"),
        (f"{BUCKET}/${{aws:SourceVpc}}", None, "yes"),
    ],
)
def test_variables(resource: str, version: str | None, expected: str) -> None:
    made = policy(allow(Resource=resource), version=version)
    assert verdict(user(statements=made)) == expected


def test_a_variable_stands_for_one_text_and_not_for_a_pattern() -> None:
    who = user(allow(Resource=f"{BUCKET}/${{aws:username}}"))
    grant = ask(who)
    assert grant is not None
    assert grant.example == f"{BUCKET}/alice"
    assert verdict(user(allow(Resource=f"{BUCKET}/${{*}}")), resources=f"{BUCKET}/a/*") == "no"


def test_open_variables_never_take_a_permission_away() -> None:
    assert verdict(user(allow(), deny(Resource=f"{BUCKET}/${{aws:SourceVpc}}"))) == "conditional"
    assert verdict(user(allow(), deny(Resource="arn:aws:s3:::${aws:SourceVpc}/*"))) == "conditional"
    assert verdict(user(allow(), deny(NotResource="arn:aws:s3:::${aws:SourceVpc}/*"))) == "conditional"
    assert verdict(user(allow(NotResource="arn:aws:s3:::${aws:SourceVpc}/*"))) == "conditional"
    known_too = user(allow(Resource=["arn:aws:s3:::${aws:SourceVpc}/*", OBJECTS]))
    assert verdict(known_too) == "yes"


def test_root_may_do_everything_that_no_bucket_policy_denies() -> None:
    assert verdict(root()) == "yes"
    grant = ask(root())
    assert grant is not None
    assert "root" in grant.statements[0]
    assert verdict(root(), bucket=bucket_policy(deny(**EVERYBODY))) == "no"
    assert verdict(root(), bucket=bucket_policy(deny(Principal={"AWS": USER}))) == "yes"


def test_nobody_can_deny_root_the_bucket_policy() -> None:
    nobody = bucket_policy(deny(**EVERYBODY))
    for action in ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"):
        assert verdict(root(), action, bucket=nobody, resources=BUCKET) == "yes"
        assert verdict(user(allow()), action, bucket=nobody, resources=BUCKET) == "no"
    assert verdict(root(), "s3:PutBucketAcl", bucket=nobody, resources=BUCKET) == "no"


@pytest.mark.parametrize(
    ("who", "statement", "expected"),
    [
        (Principal(kind="account", name=OTHER, account=OTHER), allow(Principal={"AWS": OTHER}), "yes"),
        (
            Principal(kind="principal", name=f"arn:aws:iam::{OTHER}:role/x", account=OTHER),
            allow(Principal={"AWS": f"arn:aws:iam::{OTHER}:role/x"}),
            "yes",
        ),
        (Principal(kind="anyone", name="*"), allow(Principal="*"), "yes"),
        (
            Principal(kind="anyone", name="*"),
            allow(Principal="*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            "conditional",
        ),
        (
            Principal(kind="service", name="logging.s3.amazonaws.com"),
            allow(Principal={"Service": "logging.s3.amazonaws.com"}),
            "yes",
        ),
        (
            Principal(kind="service", name="logging.s3.amazonaws.com"),
            allow(
                Principal={"Service": "logging.s3.amazonaws.com"},
                Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}},
            ),
            "conditional",
        ),
        (Principal(kind="account", name=OTHER, account=OTHER), allow(Principal={"AWS": ACCOUNT}), "no"),
    ],
)
def test_those_from_outside_need_the_bucket_policy(
    who: Principal, statement: dict[str, Any], expected: str
) -> None:
    assert verdict(who, bucket=bucket_policy(statement)) == expected
    assert verdict(who, bucket=bucket_policy(statement, deny(Principal="*"))) == "no"


def test_a_question_that_is_too_large_counts_as_a_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wildcards, "MAX_STATES", 3)
    assert verdict(user(allow(Resource=f"{BUCKET}/a*b*c"))) == "conditional"
    wildcards.contains.cache_clear()


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        {},
        {"Statement": [{"Effect": "allow", "Action": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "NotAction": "*", "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Principal": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": [{}], "Resource": "*"}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ["x"]}]},
        {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Extra": "x"}]},
        {"Statements": []},
    ],
)
def test_what_is_no_policy_is_an_error_and_never_ignored(document: Any) -> None:
    with pytest.raises(ConfigurationError, match="cannot be understood") as caught:
        parse_policy(document, name="policy p", has_principals=False)
    assert caught.value.where == "policy p"


def test_documents_come_as_text_too() -> None:
    text = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
    plain = parse_policy(text, name="p", has_principals=False)
    encoded = parse_policy(text.replace("{", "%7B").replace(" ", "%20"), name="p", has_principals=False)
    assert plain == encoded
    assert plain[0].has_variables
