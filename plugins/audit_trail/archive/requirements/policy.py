"""The bucket's policy has every statement that an archive needs; what else it has is its owner's."""

from __future__ import annotations

import json

from audit_trail.archive.bucket_policy import Statement, missing_statements, required_statements
from audit_trail.archive.requirements.requirement import Bucket, Look, Requirement, code_of


def wanted_statements(bucket: Bucket) -> tuple[Statement, ...]:
    """The statements for the archive that the settings describe."""
    archive = bucket.archive
    return required_statements(
        bucket_arn=bucket.arn,
        prefix=bucket.prefix,
        lock_mode=archive.lock_mode,
        retain_days=archive.retain_days,
        kms_key_arn=archive.kms_key_arn,
    )


def _look(bucket: Bucket) -> Look:
    from botocore.exceptions import ClientError

    try:
        text = bucket.client.get_bucket_policy(Bucket=bucket.name)["Policy"]
    except ClientError as error:
        if code_of(error) != "NoSuchBucketPolicy":
            raise
        text = ""
    wanted = wanted_statements(bucket)
    missing = missing_statements(json.loads(text) if text else {}, wanted)
    names = ", ".join(str(statement["Sid"]) for statement in missing)
    return Look(
        right=not missing,
        expected=", ".join(str(statement["Sid"]) for statement in wanted),
        found=f"without {names}" if missing else "all of them",
        remedy="add these statements; put-bucket-policy replaces all, so give it the others too",
        add=missing,
        unset=not text,
    )


def _put(bucket: Bucket) -> None:
    document = {"Version": "2012-10-17", "Statement": wanted_statements(bucket)}
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(document))


POLICY = Requirement(
    name="policy",
    look=_look,
    put=_put,
    # Tried: SeaweedFS 4.48 denies every PUT where a condition names if-none-match or the lock's mode.
    why_aws_only="AWS only: other stores read conditions differently, and a wrong Deny shuts its owner out",
)
