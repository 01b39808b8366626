"""The default encryption: the store's own keys, or one of KMS that the settings name.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
"""

from __future__ import annotations

from typing import Any

from audit_trail.archive.requirements.requirement import Bucket, Look, Requirement, answered, code_of

OWN_KEYS = "AES256"
KMS = "aws:kms"


def wanted_encryption(kms_key_arn: str | None) -> dict[str, Any]:
    """The server-side encryption configuration that the settings ask for."""
    if kms_key_arn is None:
        return {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": OWN_KEYS}}]}
    by_default = {"SSEAlgorithm": KMS, "KMSMasterKeyID": kms_key_arn}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}]}


def _look(bucket: Bucket) -> Look:
    from botocore.exceptions import ClientError

    try:
        answer = bucket.client.get_bucket_encryption(Bucket=bucket.name)
        rules = answered(answer, "ServerSideEncryptionConfiguration").get("Rules", [])
    except ClientError as error:
        if code_of(error) != "ServerSideEncryptionConfigurationNotFoundError":
            raise
        rules = []
    rule = dict(rules[0]) if rules else {}
    held = dict(rule.get("ApplyServerSideEncryptionByDefault", {}))
    algorithm, key = held.get("SSEAlgorithm", ""), held.get("KMSMasterKeyID", "")
    has_bucket_key = rule.get("BucketKeyEnabled") is True
    wanted = bucket.archive.kms_key_arn
    right = algorithm == OWN_KEYS
    if wanted is not None:
        right = algorithm == KMS and key == wanted and has_bucket_key
    command = bucket.command(
        "put-bucket-encryption", server_side_encryption_configuration=wanted_encryption(wanted)
    )
    # A comment of the shell, so that the line can be pasted.
    instead = f"  # or set archive.kms_key_arn to {key}" if key and wanted is None else ""
    return Look(
        right=right,
        expected=f"{KMS} with {wanted} and a bucket key" if wanted else OWN_KEYS,
        found=_described(algorithm, key, has_bucket_key),
        remedy=command + instead,
        # Every new bucket of AWS has AES256, which nobody chose.
        unset=not held or algorithm == OWN_KEYS,
    )


def _described(algorithm: str, key: str, has_bucket_key: bool) -> str:
    if not algorithm:
        return "none"
    if algorithm == OWN_KEYS:
        return algorithm
    return f"{algorithm} with {key or 'the key of AWS'}, {'a' if has_bucket_key else 'no'} bucket key"


def _put(bucket: Bucket) -> None:
    configuration: Any = wanted_encryption(bucket.archive.kms_key_arn)
    bucket.client.put_bucket_encryption(Bucket=bucket.name, ServerSideEncryptionConfiguration=configuration)


ENCRYPTION = Requirement(
    name="encryption",
    look=_look,
    put=_put,
    # Tried: SeaweedFS 4.48 takes AES256 as a default, and cannot read what is put afterwards.
    why_aws_only="AWS only: another store may take the setting and be unable to read what it encrypts",
)
