"""Staging in a bucket, for workers that share no disk.

The bucket is not the archive's: what lies here is not redacted yet and has to be gone
after the seal, so nothing may lock it.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from audit_trail.archive.s3_store import error_code, remedy_for
from audit_trail.archive.storage_processor import READ_BLOCK_BYTES
from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.evidence.paired_hashing import RunningHash
from audit_trail.pipeline.hashed_file import HashedFile
from audit_trail.pipeline.staging import GONE_REMEDY, StagedFileGoneError, check_staged

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

_GONE = {"404", "NoSuchKey", "NotFound"}
_TAKEN = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}
_DELETED_AT_ONCE = 1000
"""https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html"""


class S3Staging:
    """A `DayStaging` below `{url}/{genesis}/{day}/`.

    There is no lock, as a killed holder would leave it: a file's key has its digest, so
    runs that collect the same day at once do not disturb each other, and one of them
    publishes what it collected.

    Args:
        client: Of the store.
        url: `s3://bucket/prefix`.
        genesis: The archive's identity, hex.
        day: `YYYY-MM-DD`.
        scratch: Local folder in which files are written before they are put.
    """

    def __init__(self, client: S3Client, url: str, genesis: str, day: str, *, scratch: Path) -> None:
        self._client = client
        self._bucket, _, prefix = url.removeprefix("s3://").partition("/")
        prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._prefix = f"{prefix}{genesis[:16]}/{day}/"
        self._scratch = scratch

    def where(self, name: str) -> str:
        """See `DayStaging.where`."""
        return f"s3://{self._bucket}/{self._prefix}{name}"

    def check(self) -> None:
        """See `DayStaging.check`: a bucket with Object Lock may keep raw logs for years."""
        from botocore.exceptions import ClientError

        try:
            with self._errors(""):
                answer = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except StorageError as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and "ObjectLockConfigurationNotFound" in error_code(cause):
                return
            raise
        if answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled":
            raise ConfigurationError(
                "the staging bucket locks objects: raw logs could not be removed after the seal",
                where=f"staging_url s3://{self._bucket}",
                expected="a bucket without Object Lock",
                remedy="name another bucket, encrypted, readable by the workers only",
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `DayStaging.locked`; see this class for why nobody waits."""
        yield

    def start_over(self) -> None:
        """See `DayStaging.start_over`: another run may be using what is there."""

    def create(self, name: str, running_hash: RunningHash | None = None) -> S3File:
        """See `DayStaging.create`."""
        try:
            self._scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=self._scratch)
        except OSError as error:
            raise _scratch_error(self._scratch, error) from error
        return S3File(Path(temporary), descriptor, partial(self._put_file, name), running_hash)

    def write(self, name: str, data: bytes) -> str:
        """See `DayStaging.write`."""
        digest = hashlib.sha256(data).hexdigest()
        with self._errors(name):
            self._client.put_object(Bucket=self._bucket, Key=self._key(name, digest), Body=data)
        return digest

    def publish(self, name: str, data: bytes) -> None:
        """See `DayStaging.publish`: one conditional PUT."""
        from botocore.exceptions import ClientError

        try:
            with self._errors(name):
                self._client.put_object(
                    Bucket=self._bucket, Key=self._prefix + name, Body=data, IfNoneMatch="*"
                )
        except StorageError as error:
            if not isinstance(error.__cause__, ClientError) or error_code(error.__cause__) not in _TAKEN:
                raise
            if self.published(name) != data:
                raise StorageError(
                    "another run has collected the day meanwhile",
                    where=self.where(name),
                    remedy="run it again: it takes what the other one has collected",
                ) from error

    def published(self, name: str) -> bytes:
        """See `DayStaging.published`."""
        return b"".join(self._stream(name, self._prefix + name, READ_BLOCK_BYTES))

    def withdraw(self, name: str) -> None:
        """See `DayStaging.withdraw`."""
        self._remove(self._prefix + name)

    def read(self, name: str, *, expected_sha256: str) -> bytes:
        """See `DayStaging.read`."""
        data = b"".join(self.blocks(name, expected_sha256))
        check_staged(self.where(name), expected=expected_sha256, found=hashlib.sha256(data).hexdigest())
        return data

    def blocks(self, name: str, sha256: str, block_bytes: int = READ_BLOCK_BYTES) -> Iterator[bytes]:
        """See `DayStaging.blocks`."""
        return self._stream(name, self._key(name, sha256), block_bytes)

    def digest(self, name: str, sha256: str) -> str:
        """See `DayStaging.digest`."""
        digest = hashlib.sha256()
        for block in self.blocks(name, sha256):
            digest.update(block)
        return digest.hexdigest()

    @contextmanager
    def local_copy(self, name: str, sha256: str) -> Iterator[Path]:
        """See `DayStaging.local_copy`: a private file, removed at the end."""
        with self.create(name) as file:
            for block in self.blocks(name, sha256):
                file.write(block)
            check_staged(self.where(name), expected=sha256, found=file.sha256)
            yield file.finished()

    def wipe(self) -> None:
        """See `DayStaging.wipe`."""
        self._remove(self._prefix)

    def _remove(self, prefix: str) -> None:
        """Everything below it; in a bucket with versions, older ones too."""
        with self._errors(""):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": _DELETED_AT_ONCE}
            )
            for page in pages:
                found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
                doomed: list[ObjectIdentifierTypeDef] = [
                    {"Key": item["Key"], "VersionId": item["VersionId"]}
                    for item in cast("list[dict[str, Any]]", found)
                ]
                if doomed:
                    answer = self._client.delete_objects(
                        Bucket=self._bucket, Delete={"Objects": doomed, "Quiet": True}
                    )
                    _check_removed(answer.get("Errors", []), f"s3://{self._bucket}")

    def _key(self, name: str, sha256: str) -> str:
        return f"{self._prefix}{name}.{sha256[:32]}"

    def _put_file(self, name: str, path: Path, sha256: str) -> None:
        """Files of any size: boto3 puts large ones in parts."""
        from boto3.exceptions import S3UploadFailedError

        with self._errors(name):
            try:
                self._client.upload_file(str(path), self._bucket, self._key(name, sha256))
            except OSError as error:
                raise _scratch_error(path.parent, error) from error
            except S3UploadFailedError as error:
                raise StorageError(
                    "a file could not be put into staging",
                    where=self.where(name),
                    remedy="check staging_url, credentials and network, then try again",
                ) from error

    def _stream(self, name: str, key: str, block_bytes: int) -> Iterator[bytes]:
        with self._errors(name):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            yield from answer["Body"].iter_chunks(block_bytes)

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            yield
        except ClientError as error:
            code = error_code(error)
            if code in _GONE:
                raise StagedFileGoneError(
                    "a staged file is gone", where=self.where(name), found=code, remedy=GONE_REMEDY
                ) from error
            raise StorageError(
                "staging cannot be read or written",
                where=self.where(name),
                found=code,
                remedy=remedy_for(code) or "check staging_url, then try again",
            ) from error
        except (BotoCoreError, HTTPError) as error:
            raise StorageError(
                "staging cannot be reached",
                where=self.where(name),
                found=type(error).__name__,
                remedy="check staging_url, credentials and network, then try again",
            ) from error


class S3File(HashedFile):
    """A `StagedFile`: written to a local file, then put."""

    def __init__(
        self, path: Path, descriptor: int, put: Any, running_hash: RunningHash | None = None
    ) -> None:
        super().__init__(descriptor, running_hash)
        self._path = path
        self._put = put

    def __enter__(self) -> S3File:
        return self

    def write(self, data: bytes | memoryview) -> None:
        """See `StagedFile.write`."""
        try:
            self.append(data)
        except OSError as error:
            raise _scratch_error(self._path.parent, error) from error

    def finished(self) -> Path:
        """The local file, whole."""
        self._file.close()
        return self._path

    def commit(self) -> str:
        """See `StagedFile.commit`."""
        self._put(self.finished(), self.sha256)
        self._path.unlink(missing_ok=True)
        return self.sha256

    def discard(self) -> None:
        """See `StagedFile.discard`."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def _scratch_error(folder: Path, error: OSError) -> StorageError:
    return StorageError(
        "a file for staging cannot be written",
        where=str(folder),
        found=error.strerror or type(error).__name__,
        remedy="check space and permissions of staging_dir, then try again",
    )


def _check_removed(errors: Any, where: str) -> None:
    if errors:
        raise StorageError(
            "staged files could not be removed: they are raw logs",
            where=f"{where}/{errors[0].get('Key', '')}",
            expected="all removed",
            found=f"{len(errors)} left, {errors[0].get('Code', '')}",
            remedy="allow s3:DeleteObject and s3:DeleteObjectVersion there, then run the day again",
        )
