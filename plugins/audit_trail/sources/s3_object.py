"""One content of an S3 object, pinned while it is read.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError
from audit_trail.evidence.manifest import StoredVersion
from audit_trail.sources.s3_errors import s3_errors

if TYPE_CHECKING:
    from typing import Self

RANGE_BYTES = 8 << 20
"""Asked for at once; large enough for the line's full speed, small beside a worker's memory."""
MAX_TRIES = 4
"""Of one range whose answer breaks off: botocore tries again only until an answer begins."""
_NO_VERSION = "null"
"""What S3 calls the version of an object that was put while the bucket had none."""


class S3Object:
    """A `StoredFile` of the content that was listed, and of no other.

    The first range is asked for on condition of the listed ETag. In a bucket with
    versions the rest is read of the version that this range was of, so an object may
    be overwritten meanwhile; in one without, the condition stands in every request,
    and an object that was overwritten ends the reading.

    Args:
        client: boto3's, of S3.
        request: Bucket, key, and whatever every request says.
        uri: Its name.
        size_bytes: As listed.
        version: As listed, so without a version id.
    """

    def __init__(
        self, client: Any, request: dict[str, Any], *, uri: str, size_bytes: int, version: StoredVersion
    ) -> None:
        self.uri = self.identity = uri
        self.size_bytes = size_bytes
        self.version = version
        self._client = client
        self._request = {**request, "IfMatch": version.etag}
        self._position = 0
        self._range = memoryview(b"")

    def read(self, max_bytes: int) -> bytes:
        """See `StoredFile`."""
        if not self._range and self._position < self.size_bytes:
            self._range = memoryview(self._next_range())
            self._position += len(self._range)
        piece, self._range = self._range[:max_bytes], self._range[max_bytes:]
        return bytes(piece)

    def size_now(self) -> int:
        """See `StoredFile`: a content never changes."""
        return self.size_bytes

    def close(self) -> None:
        """See `StoredFile`."""
        self._range = memoryview(b"")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _next_range(self) -> bytes:
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        end = min(self._position + RANGE_BYTES, self.size_bytes)
        with s3_errors(self.uri, "read"):
            for _ in range(MAX_TRIES - 1):
                try:
                    return self._read_range(self._position, end)
                except (HTTPClientError, IncompleteReadError):
                    continue
            return self._read_range(self._position, end)

    def _read_range(self, start: int, end: int) -> bytes:
        answer = self._client.get_object(**self._request, Range=f"bytes={start}-{end - 1}")
        data = bytes(answer["Body"].read())
        if len(data) != end - start or answer["ETag"] != self.version.etag:
            raise CollectionError(
                "the store sent something else than was asked for",
                where=self.uri,
                expected=f"{end - start} bytes of the content {self.version.etag}",
                found=f"{len(data)} bytes of {answer['ETag']}",
                remedy="run again",
            )
        version_id = answer.get("VersionId", _NO_VERSION)
        if self.version.version_id is None and version_id != _NO_VERSION:
            self.version = StoredVersion(etag=self.version.etag, version_id=version_id)
            self._request["VersionId"] = version_id
        return data
