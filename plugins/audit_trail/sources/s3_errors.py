"""What S3 answers, as the collection error it means: never a key of credentials, never content."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError
from audit_trail.sources.read_errors import vanished

if TYPE_CHECKING:
    from collections.abc import Iterator

_GONE = {"NoSuchKey", "NoSuchVersion", "404", "NotFound"}
_CHANGED = {"PreconditionFailed", "412"}
_DENIED = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled"}
_CREDENTIALS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}
_ELSEWHERE = {
    "PermanentRedirect",
    "301",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}


@contextmanager
def s3_errors(uri: str, doing: str) -> Iterator[None]:
    """Let nothing but this package's errors out of a call to S3.

    Args:
        uri: Of the object or prefix.
        doing: What failed, as the sentence's verb: "listed", "read".

    Raises:
        CollectionError: For every failure.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        raise _refused(error.response, uri, doing) from error
    except (BotoCoreError, OSError) as error:
        raise CollectionError(
            f"it could not be {doing}: the store did not answer",
            where=uri,
            found=type(error).__name__,
            remedy="check credentials, the source's region and endpoint_url, and the network; then run again",
        ) from error


def _refused(response: Any, uri: str, doing: str) -> CollectionError:
    answer = response.get("Error", {})
    code = str(answer.get("Code", ""))
    if code in _GONE:
        return vanished(uri)
    if code in _CHANGED:
        return CollectionError(
            "the object was overwritten since it was listed",
            where=uri,
            expected="the content that was listed, by its ETag",
            remedy="run again: the listing will have the new content",
        )
    if code == "InvalidObjectState":
        return CollectionError(
            f"the object is in an archive storage class and cannot be {doing}",
            where=uri,
            found=str(answer.get("StorageClass", "") or code),
            remedy="restore it (aws s3api restore-object), then run again",
        )
    expected, remedy = _advice(code)
    return CollectionError(
        f"it could not be {doing}: the store refused",
        where=uri,
        expected=expected,
        found=code or "no reason",
        remedy=remedy,
    )


def _advice(code: str) -> tuple[str, str]:
    if code in _DENIED or code.startswith("KMS"):
        return (
            "s3:ListBucket on the bucket, s3:GetObject and s3:GetObjectVersion on its objects, "
            "kms:Decrypt on their key, requester_pays where the bucket asks for it",
            "grant it to the credentials of the archive, then run again",
        )
    if code in _CREDENTIALS:
        return "valid credentials", "renew them, then run again"
    if code in _ELSEWHERE:
        return "the bucket's own region", "set the source's `region`"
    if code == "NoSuchBucket":
        return "a bucket of that name", "correct the source's url, or its region and endpoint_url"
    return "", "run again"
