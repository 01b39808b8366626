"""Lifecycle rules: unfinished uploads go, nothing of the archive does, and the ledger stays hot.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from audit_trail.archive.requirements.requirement import Bucket, Look, Requirement, code_of

ABORT_DAYS = 7
"""Days after which an upload that was begun is not going to be finished."""
HOT_FOLDERS = ("ledger/", "manifests/")
COLD_CLASSES = {"GLACIER", "DEEP_ARCHIVE"}
"""Classes whose objects cannot be read until somebody has asked for a restore."""

Rule = Mapping[str, Any]


def wanted_rule() -> dict[str, Any]:
    """The rule that ends unfinished uploads; of the whole bucket, since nothing else sees them."""
    return {
        "ID": "audit-trail-unfinished-uploads",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": ABORT_DAYS},
    }


def lifecycle_rules(bucket: Bucket) -> list[dict[str, Any]] | None:
    """The rules that are enabled; None where there is no lifecycle configuration."""
    from botocore.exceptions import ClientError

    try:
        answer = bucket.client.get_bucket_lifecycle_configuration(Bucket=bucket.name)
    except ClientError as error:
        if code_of(error) == "NoSuchLifecycleConfiguration":
            return None
        raise
    return [dict(rule) for rule in answer.get("Rules", []) if rule.get("Status") == "Enabled"]


def aborts_below(rule: Rule, prefix: str) -> bool:
    """Whether a rule ends unfinished uploads of everything below the prefix, soon enough."""
    days = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation", ABORT_DAYS + 1)
    return days <= ABORT_DAYS and prefix.startswith(rule_prefix(rule))


def expiring(rules: Iterable[Rule], prefix: str) -> list[str]:
    """What expires objects or versions below the prefix, in words; rules by tag or size included.

    An object without tags is not matched by a rule that asks for one, until
    somebody tags it: that needs less permission than deleting.
    """
    found = []
    for rule in rules:
        if not _may_match(rule, prefix):
            continue
        name = rule.get("ID", "without a name")
        expiration = rule.get("Expiration", {})
        if "Days" in expiration or "Date" in expiration:
            when = f"after {expiration['Days']} days" if "Days" in expiration else f"on {expiration['Date']}"
            found.append(f"rule {name!r} expires objects {when}")
        if "NoncurrentVersionExpiration" in rule:
            found.append(f"rule {name!r} expires versions that are not the newest")
    return found


def cooling(rules: Iterable[Rule], prefix: str) -> list[str]:
    """What moves ledger entries or manifests into a class that cannot be read at once, in words."""
    found = []
    for rule in rules:
        steps = [*rule.get("Transitions", []), *rule.get("NoncurrentVersionTransitions", [])]
        cold = sorted(COLD_CLASSES & {str(step.get("StorageClass")) for step in steps})
        if cold and any(_may_match(rule, prefix + folder) for folder in HOT_FOLDERS):
            found.append(f"rule {rule.get('ID', 'without a name')!r} moves them to {', '.join(cold)}")
    return found


def rule_prefix(rule: Rule) -> str:
    """The prefix that a rule is limited to, in any of the three places where it may stand."""
    chosen = rule.get("Filter", {})
    return str(chosen.get("Prefix") or chosen.get("And", {}).get("Prefix") or rule.get("Prefix") or "")


def _may_match(rule: Rule, prefix: str) -> bool:
    limit = rule_prefix(rule)
    return limit.startswith(prefix) or prefix.startswith(limit)


def _look_uploads(bucket: Bucket) -> Look:
    rules = lifecycle_rules(bucket)
    right = any(aborts_below(rule, bucket.prefix) for rule in rules or [])
    return Look(
        right=right,
        expected=f"a rule that ends unfinished uploads after at most {ABORT_DAYS} days",
        found="there is one" if right else "none",
        remedy="add this rule; put-bucket-lifecycle-configuration replaces all, so give it the others too",
        add=() if right else (wanted_rule(),),
        unset=rules is None,
    )


def _put_uploads(bucket: Bucket) -> None:
    rules: Any = [wanted_rule()]
    bucket.client.put_bucket_lifecycle_configuration(
        Bucket=bucket.name, LifecycleConfiguration={"Rules": rules}
    )


def _look_expiry(bucket: Bucket) -> Look:
    found = expiring(lifecycle_rules(bucket) or [], bucket.prefix)
    return Look(
        right=not found,
        expected="no rule that expires anything of the archive",
        found="; ".join(found) or "none",
        remedy="take the rule out, or limit it to another prefix",
    )


def _look_hot(bucket: Bucket) -> Look:
    found = cooling(lifecycle_rules(bucket) or [], bucket.prefix)
    return Look(
        right=not found,
        expected="ledger and manifests stay readable at once",
        found="; ".join(found) or "no rule moves them",
        remedy=f"limit the rule to {bucket.prefix}logs/",
    )


UNFINISHED_UPLOADS = Requirement(name="unfinished-uploads", look=_look_uploads, put=_put_uploads)
NO_EXPIRY = Requirement(name="no-expiry", look=_look_expiry)
HOT_LEDGER = Requirement(name="hot-ledger", look=_look_hot)
