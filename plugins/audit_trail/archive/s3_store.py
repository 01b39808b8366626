"""S3 with Object Lock, through boto3.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_trail.archive.aws_clients import ClientFactory, open_client
from audit_trail.archive.object_store import (
    ArchivedError,
    DeniedError,
    KeyTakenError,
    ObjectVersion,
    RestoreAnswer,
    Retention,
    StoredObject,
    TierUnavailableError,
)
from audit_trail.archive.restore import archived_error
from audit_trail.errors import StorageError
from audit_trail.settings import ArchiveSettings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK_BYTES = 1024 * 1024
MAX_ATTEMPTS = 5
_ABSENT = {"404", "NoSuchKey", "NoSuchVersion", "NotFound"}
# A delete marker answers HEAD and GET of its own version with 405.
_DELETED = {"405", "MethodNotAllowed"}
_TAKEN = {"412", "PreconditionFailed"}
# Two conditional writes at the same instant: the loser may look again.
_CONFLICT = {"409", "ConditionalRequestConflict"}
_RESTORING = {"RestoreAlreadyInProgress"}
_OK = 200
_KINDS: dict[str, type[StorageError]] = {
    "InvalidObjectState": ArchivedError,
    "AccessDenied": DeniedError,
    "403": DeniedError,  # a HEAD has no body that could say more
    "GlacierExpeditedRetrievalNotAvailable": TierUnavailableError,
}


def make_client(archive: ArchiveSettings, clients: ClientFactory = open_client) -> S3Client:
    """A client of the archive's store.

    Raises:
        ConfigurationError: See `open_client`; or the endpoint is no URL.
    """
    from botocore.config import Config

    client: S3Client = clients(
        archive,
        "s3",
        endpoint_url=archive.endpoint_url,
        config=Config(
            retries={"max_attempts": MAX_ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path" if archive.endpoint_url else "auto"},
            max_pool_connections=32,
        ),
    )
    return client


def archive_uri(archive: ArchiveSettings) -> str:
    """The address of a whole archive, e.g. `s3://bucket/prefix/`."""
    return f"s3://{archive.bucket}/{_folder(archive)}"


def _folder(archive: ArchiveSettings) -> str:
    return archive.prefix.rstrip("/") + "/" if archive.prefix.rstrip("/") else ""


class S3Store:
    """An `ObjectStore` in one bucket below one prefix."""

    def __init__(self, archive: ArchiveSettings, client: S3Client | None = None) -> None:
        self._client = client or make_client(archive)
        self._bucket = archive.bucket
        self._prefix = _folder(archive)

    def uri(self, key: str) -> str:
        """The address that other tools know the object by."""
        return f"s3://{self._bucket}/{self._prefix}{key}"

    def put_once(
        self,
        key: str,
        body: bytes | Path,
        *,
        sha256: str,
        retention: Retention,
        storage_class: str,
        content_type: str,
    ) -> StoredObject:
        """See `ObjectStore.put_once`."""
        from botocore.exceptions import ClientError

        for _ in range(MAX_ATTEMPTS):
            try:
                with self._errors(key), _opened(body) as data:
                    self._client.put_object(
                        Bucket=self._bucket,
                        Key=self._prefix + key,
                        Body=data,
                        ChecksumAlgorithm="SHA256",  # some stores want the name beside the value
                        ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
                        IfNoneMatch="*",
                        ObjectLockMode=retention.mode,  # type: ignore[arg-type]
                        ObjectLockRetainUntilDate=retention.until,
                        StorageClass=storage_class,  # type: ignore[arg-type]
                        ContentType=content_type,
                    )
                break
            except StorageError as error:
                cause = error.__cause__
                code = error_code(cause) if isinstance(cause, ClientError) else ""
                if code in _TAKEN:
                    break
                if code not in _CONFLICT:
                    raise
        return self._settle(key, sha256, retention)

    def _settle(self, key: str, sha256: str, retention: Retention) -> StoredObject:
        """Look at what is there now: ours, or somebody else's."""
        there = self.head(key)
        if there is None:
            raise StorageError("object was stored and is not there", where=self.uri(key), remedy="try again")
        if there.sha256 != sha256:
            raise KeyTakenError(
                "the key holds other bytes already",
                where=self.uri(key),
                expected=sha256,
                found=there.sha256 or "no checksum",
            )
        wanted = _stronger(there.retention, retention)
        if wanted != there.retention:
            self._lengthen(there, wanted)
            there = self.head(key, there.version_id) or there
        return there

    def _lengthen(self, there: StoredObject, retention: Retention) -> None:
        lock: Any = {"Mode": retention.mode, "RetainUntilDate": retention.until}
        with self._errors(there.key):
            self._client.put_object_retention(
                Bucket=self._bucket, Key=self._prefix + there.key, VersionId=there.version_id, Retention=lock
            )

    def head(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """See `ObjectReader.head`."""
        from botocore.exceptions import ClientError

        try:
            with self._errors(key):
                answer = self._client.head_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    ChecksumMode="ENABLED",
                    **_version(version_id),
                )
        except StorageError as error:
            if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) in _ABSENT | _DELETED:
                return None
            raise
        return _described(key, dict(answer))

    def fetch(self, key: str, version_id: str | None = None, *, max_bytes: int) -> tuple[StoredObject, bytes]:
        """See `ObjectReader.fetch`."""
        with self._archived(key, version_id), self._errors(key):
            answer = self._client.get_object(
                Bucket=self._bucket, Key=self._prefix + key, ChecksumMode="ENABLED", **_version(version_id)
            )
            if answer["ContentLength"] > max_bytes:
                raise StorageError(
                    "object is too large to be what it should be",
                    where=self.uri(key),
                    expected=f"at most {max_bytes} bytes",
                    found=f"{answer['ContentLength']} bytes",
                )
            return _described(key, dict(answer)), answer["Body"].read()

    def read(self, key: str, version_id: str | None = None, *, max_bytes: int) -> bytes:
        """See `ObjectReader.read`."""
        return self.fetch(key, version_id, max_bytes=max_bytes)[1]

    def stream(self, key: str, version_id: str | None = None) -> Iterator[bytes]:
        """See `ObjectReader.stream`."""
        with self._archived(key, version_id), self._errors(key):
            answer = self._client.get_object(
                Bucket=self._bucket, Key=self._prefix + key, **_version(version_id)
            )
            yield from answer["Body"].iter_chunks(BLOCK_BYTES)

    def list_versions(self, prefix: str) -> Iterator[ObjectVersion]:
        """See `ObjectReader.list_versions`."""
        paginator = self._client.get_paginator("list_object_versions")
        with self._errors(prefix):
            for page in paginator.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                lines = [(dict(item), False) for item in page.get("Versions", [])]
                lines += [(dict(item), True) for item in page.get("DeleteMarkers", [])]
                for item, marker in sorted(lines, key=lambda line: _place(line[0])):
                    yield self._listed(item, marker=marker)

    def _listed(self, item: dict[str, Any], *, marker: bool) -> ObjectVersion:
        return ObjectVersion(
            key=item["Key"].removeprefix(self._prefix),
            version_id=item["VersionId"],
            is_latest=item["IsLatest"],
            is_delete_marker=marker,
            size=item.get("Size", 0),
            modified=item["LastModified"].astimezone(UTC),
        )

    def request_restore(self, key: str, version_id: str, *, tier: str, days: int) -> RestoreAnswer:
        """See `ObjectStore.request_restore`."""
        from botocore.exceptions import ClientError

        request: Any = {"Days": days, "GlacierJobParameters": {"Tier": tier}}
        try:
            with self._errors(key):
                answer = self._client.restore_object(
                    Bucket=self._bucket,
                    Key=self._prefix + key,
                    VersionId=version_id,
                    RestoreRequest=request,
                )
        except DeniedError as error:
            error.remedy = (
                f"allow these credentials s3:RestoreObject on arn:aws:s3:::{self._bucket}/{self._prefix}*"
            )
            raise
        except TierUnavailableError as error:
            error.remedy = "take Standard or Bulk, set restore.fall_back, or try again later"
            raise
        except ArchivedError as error:
            raise StorageError(
                "the store restores no object of this storage class",
                where=error.where,
                found=error.found,
                remedy="look at its class in the store; only GLACIER and DEEP_ARCHIVE are restored",
            ) from error
        except StorageError as error:
            if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) in _RESTORING:
                return "in-progress"
            raise
        # 202 Accepted, or 200 OK where a copy was there already.
        return "extended" if answer["ResponseMetadata"]["HTTPStatusCode"] == _OK else "asked"

    @contextmanager
    def _archived(self, key: str, version_id: str | None) -> Iterator[None]:
        """Say of a cold object how it stands with its restore."""
        try:
            yield
        except ArchivedError as error:
            raise archived_error(self.head(key, version_id), key=key, where=self.uri(key)) from error

    @contextmanager
    def _errors(self, key: str) -> Iterator[None]:
        """No foreign exception leaves this class, and no secret leaves with ours."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise _KINDS.get(error_code(error), StorageError)(
                f"the store refused {error.operation_name}",
                where=self.uri(key),
                found=f"{error_code(error)}: {error.response.get('Error', {}).get('Message', '')}"[:300],
                remedy=remedy_for(error_code(error)),
            ) from error
        except (BotoCoreError, OSError) as error:
            raise StorageError(
                "the store could not be reached",
                where=self.uri(key),
                found=f"{type(error).__name__}: {error}"[:300],
                remedy="check archive.endpoint_url, credentials and network, then try again",
            ) from error


def _place(item: dict[str, Any]) -> tuple[str, bool, float]:
    # S3 gives versions and markers in two lists, each newest first.
    return item["Key"], not item["IsLatest"], -item["LastModified"].timestamp()


def _described(key: str, answer: dict[str, Any]) -> StoredObject:
    checksum = answer.get("ChecksumSHA256")
    mode = answer.get("ObjectLockMode")
    return StoredObject(
        key=key,
        version_id=answer.get("VersionId", ""),
        size=answer["ContentLength"],
        sha256=base64.b64decode(checksum).hex() if checksum and "-" not in checksum else None,
        retention=Retention(mode=mode, until=answer["ObjectLockRetainUntilDate"].astimezone(UTC))
        if mode
        else None,
        storage_class=answer.get("StorageClass", "STANDARD"),
        encryption=answer.get("ServerSideEncryption"),
        restore=answer.get("Restore", ""),
    )


def _stronger(held: Retention | None, asked: Retention) -> Retention:
    """A lock is never shortened, nor made GOVERNANCE when it is COMPLIANCE."""
    if held is None:
        return asked
    mode = held.mode if held.mode == "COMPLIANCE" else asked.mode
    return Retention(mode=mode, until=max(held.until, asked.until))


def _opened(body: bytes | Path) -> Any:
    if isinstance(body, bytes):
        return nullcontext(body)
    try:
        return body.open("rb")
    except OSError as error:
        raise StorageError(
            "the file to store cannot be read",
            where=str(body),
            found=error.strerror or type(error).__name__,
        ) from error


def _version(version_id: str | None) -> dict[str, Any]:
    return {"VersionId": version_id} if version_id else {}


def error_code(error: Any) -> str:
    """The store's own code of a `ClientError`."""
    return str(error.response.get("Error", {}).get("Code", ""))


_REMEDIES = {
    "NoSuchBucket": "check archive.bucket, or found the archive with `audit-trail init`",
    "AccessDenied": "check the credentials and what they are allowed to do",
    "InvalidAccessKeyId": "check the credentials: the store does not know this access key",
    "SignatureDoesNotMatch": "check the credentials: the secret key is not the one of this access key",
    "ExpiredToken": "the session of these credentials has ended: get a new session, then run it again",
    "InvalidToken": "check the credentials: the session token is not valid here",
    "RequestTimeTooSkewed": "set this machine's clock: it differs too much from the store's",
    "SlowDown": "the store asks for fewer requests: try again later, or with fewer workers",
    "ServiceUnavailable": "the store is overloaded: try again later",
}
_REMEDIES |= {
    "404": _REMEDIES["NoSuchBucket"],
    "403": _REMEDIES["AccessDenied"],
    "503": _REMEDIES["SlowDown"],
}


def remedy_for(code: str) -> str:
    """What to do about an error code of S3; empty where nothing is certain.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    """
    return _REMEDIES.get(code, "")
