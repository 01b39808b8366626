"""A real account's users, groups, roles and bucket, over HTTP."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from tests.reporting.access.policies import allow, deny
from tests.reporting.aws_client import client, new_client

from audit_trail.errors import StorageError
from audit_trail.reporting.access.bucket_settings import read_bucket
from audit_trail.reporting.access.entities import Entity, find_entities, with_abilities
from audit_trail.reporting.access.iam_account import read_principals

ACCOUNT = "123456789012"
BUCKET = "archive"
ARN = f"arn:aws:s3:::{BUCKET}"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
        ],
    }
)


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def managed(iam: Any, name: str, *statements: dict[str, Any]) -> str:
    return str(iam.create_policy(PolicyName=name, PolicyDocument=document(*statements))["Policy"]["Arn"])


@pytest.fixture
def iam(aws: str) -> Any:
    return client("iam")


@pytest.fixture
def s3(aws: str) -> Any:
    made = client("s3")
    made.create_bucket(Bucket=BUCKET, ObjectLockEnabledForBucket=True)
    return made


def entities(iam: Any, s3: Any, prefix: str = "audit/") -> dict[str, Entity]:
    found = find_entities(
        read_principals(iam, account=ACCOUNT),
        read_bucket(s3, bucket=BUCKET, account=ACCOUNT),
        bucket=BUCKET,
        prefix=prefix,
        account=ACCOUNT,
    )
    return {entity.name.removeprefix(f"arn:aws:iam::{ACCOUNT}:"): entity for entity in found}


def test_an_empty_account_has_its_root(iam: Any, s3: Any) -> None:
    found = entities(iam, s3)
    assert list(found) == ["root"]
    assert all(found["root"].may(ability) for ability in ("write", "delete", "configure", "read"))


def test_users_groups_and_roles_with_managed_and_inline_policies(iam: Any, s3: Any) -> None:
    iam.create_user(UserName="alice", Path="/team/")
    iam.put_user_policy(
        UserName="alice",
        PolicyName="own",
        PolicyDocument=document(allow(Sid="Mine", Action="s3:PutObject", Resource=f"{ARN}/audit/*")),
    )
    iam.create_user(UserName="bob")
    iam.create_group(GroupName="operators")
    iam.put_group_policy(
        GroupName="operators", PolicyName="clean", PolicyDocument=document(allow(Action="s3:Delete*"))
    )
    iam.add_user_to_group(GroupName="operators", UserName="bob")
    iam.create_user(UserName="carol")
    iam.attach_group_policy(GroupName="operators", PolicyArn=managed(iam, "reading", allow(Action="s3:Get*")))
    iam.create_user(UserName="dave")
    iam.put_user_policy(
        UserName="dave",
        PolicyName="elsewhere",
        PolicyDocument=document(allow(Resource=[f"{ARN}/other/*", "arn:aws:s3:::other/*"])),
    )
    iam.create_role(RoleName="writer", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(
        RoleName="writer",
        PolicyArn=managed(iam, "writing", allow(Action=["s3:PutObject*"], Resource=f"{ARN}/*")),
    )
    iam.create_role(RoleName="bounded", AssumeRolePolicyDocument=TRUST)
    boundary = managed(iam, "limit", allow(Action=["s3:Get*"]))
    iam.put_role_policy(RoleName="bounded", PolicyName="all", PolicyDocument=document(allow()))
    iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
    found = entities(iam, s3)
    assert sorted(found) == ["role/bounded", "role/writer", "root", "user/bob", "user/team/alice"]
    assert abilities(found["user/team/alice"]) == ["write"]
    assert found["user/team/alice"].statements("write") == ["inline policy own of the user, statement 'Mine'"]
    assert abilities(found["user/bob"]) == ["delete", "configure", "read"]  # DeleteBucketPolicy too
    assert found["user/bob"].statements("delete") == ["inline policy clean of group operators, statement 1"]
    assert found["user/bob"].statements("read") == ["policy reading, statement 1"]
    assert abilities(found["role/bounded"]) == ["read"]
    assert found["role/writer"].role == "writer"
    assert not found["role/writer"].may("delete")
    assert {entity.name for entity in with_abilities(found.values(), "write", "delete")} == {
        found[name].name for name in ("role/writer", "root", "user/bob", "user/team/alice")
    }


def abilities(entity: Entity) -> list[str]:
    return list(entity.to_json()["abilities"])


def test_a_new_version_of_a_policy_counts_and_the_old_one_does_not(iam: Any, s3: Any) -> None:
    iam.create_user(UserName="erin")
    arn = managed(iam, "changing", allow(Action="s3:DeleteObject"))
    iam.attach_user_policy(UserName="erin", PolicyArn=arn)
    assert "user/erin" in entities(iam, s3)
    iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=document(allow(Action="s3:ListBucket")), SetAsDefault=True
    )
    assert "user/erin" not in entities(iam, s3)


def test_many_users_take_several_pages(iam: Any, s3: Any) -> None:
    for number in range(130):
        iam.create_user(UserName=f"user-{number:03d}")
    iam.put_user_policy(UserName="user-129", PolicyName="p", PolicyDocument=document(allow()))
    assert len(read_principals(iam, account=ACCOUNT)) == 131
    assert set(entities(iam, s3)) == {"root", "user/user-129"}


def test_a_bucket_policy_names_strangers_and_denies_the_rest(iam: Any, s3: Any) -> None:
    iam.create_role(RoleName="writer", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="admin")
    iam.put_user_policy(UserName="admin", PolicyName="all", PolicyDocument=document(allow(Action="*")))
    role = f"arn:aws:iam::{ACCOUNT}:role/writer"
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            allow(Sid="Writer", Principal={"AWS": role}, Action="s3:PutObject", Resource=f"{ARN}/*"),
            allow(Principal={"AWS": "444455556666"}, Action="s3:PutObject", Resource=f"{ARN}/*"),
            allow(
                Principal={"Service": "logging.s3.amazonaws.com"},
                Action="s3:PutObject",
                Resource=f"{ARN}/elsewhere/*",
            ),
            deny(
                Principal="*",
                Action="s3:Delete*",
                Resource=[ARN, f"{ARN}/*"],
            ),
        ),
    )
    found = entities(iam, s3)
    assert sorted(found) == ["444455556666", "role/writer", "root", "user/admin"]
    assert found["role/writer"].statements("write") == ["bucket policy, statement 'Writer'"]
    assert abilities(found["444455556666"]) == ["write"]
    assert found["444455556666"].kind == "account"
    for name in ("root", "user/admin"):
        # Lifecycle rules are left: nobody denied those.
        assert {g.action for g in found[name].grants} & {"s3:DeleteObject", "s3:DeleteObjectVersion"} == set()
        assert found[name].may("delete")
    # A grant to another prefix is none to the archive; without a prefix everything is the archive.
    assert "logging.s3.amazonaws.com" in entities(iam, s3, prefix="")


def test_a_public_policy_and_its_block(iam: Any, s3: Any) -> None:
    s3.put_bucket_policy(
        Bucket=BUCKET, Policy=document(allow(Principal="*", Action="s3:PutObject", Resource=f"{ARN}/*"))
    )
    assert entities(iam, s3)["*"].kind == "anyone"
    s3.put_public_access_block(
        Bucket=BUCKET,
        PublicAccessBlockConfiguration={"RestrictPublicBuckets": True, "IgnorePublicAcls": True},
    )
    assert "*" not in entities(iam, s3)


def test_acls_count_where_they_are_not_switched_off(iam: Any, s3: Any) -> None:
    everybody = "http://acs.amazonaws.com/groups/global/AllUsers"
    s3.delete_bucket_ownership_controls(Bucket=BUCKET)
    owner = s3.get_bucket_acl(Bucket=BUCKET)["Owner"]
    group = {"Grantee": {"Type": "Group", "URI": everybody}, "Permission": "WRITE"}
    s3.put_bucket_acl(Bucket=BUCKET, AccessControlPolicy={"Owner": owner, "Grants": [group]})
    found = entities(iam, s3)
    assert abilities(found[everybody]) == ["write"]
    assert found[everybody].statements("write") == ["bucket ACL, WRITE"]
    assert read_bucket(s3, bucket=BUCKET, account=ACCOUNT).acls_enabled
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"IgnorePublicAcls": True})
    assert everybody not in entities(iam, s3)
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.put_bucket_ownership_controls(
        Bucket=BUCKET, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert everybody not in entities(iam, s3)
    assert not read_bucket(s3, bucket=BUCKET, account=ACCOUNT).acls_enabled


def test_what_cannot_be_reached_or_is_not_there_is_a_storage_error(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageError, match="AWS refused GetBucketPolicy"):
        read_bucket(new_client("s3"), bucket="not-there", account=ACCOUNT)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-shown")
    with pytest.raises(StorageError, match="could not be reached") as caught:
        read_principals(new_client("iam"), account=ACCOUNT)
    assert "not-to-be-shown" not in f"{caught.value!s}{caught.value.__cause__!r}"


def test_a_policy_of_awss_own_is_asked_for_where_it_is_attached(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    urllib.request.urlopen(f"{aws}/moto-api/reset", data=b"").close()
    iam, s3 = (client(name) for name in ("iam", "s3"))
    s3.create_bucket(Bucket=BUCKET)
    iam.create_user(UserName="full")
    iam.attach_user_policy(UserName="full", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    assert entities(iam, s3)["user/full"].statements("delete") == ["policy AmazonS3FullAccess, statement 1"]
