"""Looking at one requirement: is it right, is it wrong, or does the store have no such thing?"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from audit_trail.archive.bucket_points import Point, State
from audit_trail.archive.requirements.requirement import Bucket, Look, NotOfferedError, Requirement, code_of

WAITS_ON_AWS_S = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Before each look at what was just set: what a bucket is set to shows "eventually".
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel"""
NOT_OFFERED = {"NotImplemented", "XNotImplemented", "501", "MethodNotAllowed", "405", "NotSupported"}
NOT_TAKEN = NOT_OFFERED | {"MalformedXML", "MalformedPolicy", "InvalidRequest", "InvalidArgument"}
DENIED = {"AccessDenied", "403", "AllAccessDisabled", "UnauthorizedAccess"}


def look_at(requirement: Requirement, bucket: Bucket, *, may_put: Callable[[], bool]) -> Point:
    """Look at one thing, and set it first where it is unset and may be set.

    Raises:
        botocore.exceptions.ClientError: The store refused to set it, or failed.
        botocore.exceptions.BotoCoreError: The store could not be reached.
    """
    from botocore.exceptions import ClientError

    if requirement.why_aws_only and not bucket.is_on_aws:
        return _not_offered(requirement, requirement.why_aws_only)
    try:
        look = requirement.look(bucket)
    except (ClientError, NotOfferedError) as error:
        return _unanswered(requirement, error)
    if not look.right and look.unset and requirement.put is not None and may_put():
        return _put(requirement, requirement.put, bucket)
    return _seen(requirement.name, look)


def _unanswered(requirement: Requirement, error: Any) -> Point:
    """What a failed look means; what is neither a refusal nor a missing function is raised again."""
    if isinstance(error, NotOfferedError):
        return _not_offered(requirement, "this store does not offer it: it answers something else")
    if code_of(error) in DENIED:
        return Point(
            name=requirement.name,
            state=State.UNREADABLE,
            expected="",
            found=f"{error.operation_name} was refused: {code_of(error)}",
            remedy=f"allow these credentials what docs/AWS.md lists for {error.operation_name}",
        )
    if code_of(error) not in NOT_OFFERED:
        raise error
    return _not_offered(requirement, f"this store does not offer it: {code_of(error)}")


def _put(requirement: Requirement, put: Callable[[Bucket], None], bucket: Bucket) -> Point:
    """Set one thing, and look whether it is there."""
    from botocore.exceptions import ClientError

    try:
        put(bucket)
    except ClientError as error:
        # Of AWS that is an error of ours, or a missing permission: never a matter of course.
        if bucket.is_on_aws or code_of(error) not in NOT_TAKEN:
            raise
        return _not_offered(requirement, f"this store does not take it: {code_of(error)}")
    look = requirement.look(bucket)
    for wait_s in WAITS_ON_AWS_S if bucket.is_on_aws else ():
        if look.right:
            break
        time.sleep(wait_s)
        look = requirement.look(bucket)
    if not look.right and not bucket.is_on_aws:
        return _not_offered(requirement, "this store takes it, and has forgotten it at once")
    return _seen(requirement.name, look)


def _seen(name: str, look: Look) -> Point:
    return Point(
        name=name,
        state=State.RIGHT if look.right else State.WRONG,
        expected=look.expected,
        found=look.found,
        remedy="" if look.right else look.remedy,
        add=() if look.right else look.add,
    )


def _not_offered(requirement: Requirement, found: str) -> Point:
    if requirement.essential:
        return Point(
            name=requirement.name,
            state=State.WRONG,
            expected="a store with Object Lock and versions",
            found=found,
            remedy="use AWS, or another store that locks objects",
        )
    return Point(name=requirement.name, state=State.NOT_OFFERED, expected="", found=found)
