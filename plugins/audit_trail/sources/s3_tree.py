"""Prefixes of S3 as a `FileTree`, by boto3.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from audit_trail.errors import CollectionError, ConfigurationError
from audit_trail.evidence.manifest import StoredVersion
from audit_trail.sources.file_tree import DIRECTORY, FILE, Entry
from audit_trail.sources.s3_errors import s3_errors
from audit_trail.sources.s3_object import S3Object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from audit_trail.settings import SourceSettings
    from audit_trail.sources.source_access import SourceAccess

SCHEME = "s3://"
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
"""Old buckets of us-east-1 may be longer and have capitals and underscores."""


class S3Tree:
    """Keys below each other by their slashes; a path is `bucket/key`.

    Nothing in a key is special: two slashes in a row are a folder without a name,
    and an object may have the name of a folder beside it.

    Args:
        client: boto3's, of S3.
        requester_pays: See `SourceSettings`.
    """

    def __init__(self, client: Any, *, requester_pays: bool = False) -> None:
        self._client = client
        self._payer = {"RequestPayer": "requester"} if requester_pays else {}

    def children(
        self, directory: str, accepts: Callable[[str], bool], *, beginning: str = ""
    ) -> Iterator[Entry]:
        """See `FileTree`; pages are listed as they are taken."""
        bucket, _, folder = directory.partition("/")
        prefix = f"{folder}/" if "/" in directory else ""
        request = {"Bucket": bucket, "Prefix": prefix + beginning, "Delimiter": "/", **self._payer}
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(**request))
        while True:
            with s3_errors(self.uri(directory), "listed"):
                page = next(pages, None)
            if page is None:
                return
            for item in page.get("Contents", ()):
                name = item["Key"][len(prefix) :]
                if name and accepts(name):
                    yield self._object(bucket, item)
                elif not name and item["Size"]:
                    # Consoles put an empty object there to show a folder; this one has content.
                    yield self._entry(f"{bucket}/{item['Key']}", "object whose name ends with a slash")
            for item in page.get("CommonPrefixes", ()):
                name = item["Prefix"][len(prefix) : -1]
                if accepts(name):
                    yield self._entry(f"{bucket}/{prefix}{name}", DIRECTORY)

    def find(self, path: str) -> Sequence[Entry]:
        """See `FileTree`: the object of that key, and the folder."""
        bucket, _, key = path.partition("/")
        found = []
        # Keys are listed in their order, and none that begins with this one comes before it.
        for item in self._first(bucket, key):
            if item["Key"] == key:
                found.append(self._object(bucket, item))
        if self._first(bucket, f"{key}/"):
            found.append(self._entry(path, DIRECTORY))
        return found

    def uri(self, path: str) -> str:
        """See `FileTree`; keys are taken literally, nothing is percent-encoded."""
        return SCHEME + path

    def _first(self, bucket: str, prefix: str) -> list[dict[str, Any]]:
        with s3_errors(self.uri(f"{bucket}/{prefix}"), "listed"):
            page = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1, **self._payer)
        return list(page.get("Contents", ()))

    def _entry(self, path: str, kind: str) -> Entry:
        return Entry(path=path, kind=kind, size_bytes=0, identity=self.uri(path), is_link=False)

    def _object(self, bucket: str, item: dict[str, Any]) -> Entry:
        key, size_bytes = item["Key"], item["Size"]
        uri = self.uri(f"{bucket}/{key}")
        if not item.get("ETag"):
            raise CollectionError(
                "the store names no ETag, so the object's content cannot be pinned", where=uri
            )
        version = StoredVersion(etag=item["ETag"])

        def opened() -> S3Object:
            request = {"Bucket": bucket, "Key": key, **self._payer}
            return S3Object(self._client, request, uri=uri, size_bytes=size_bytes, version=version)

        return Entry(
            path=f"{bucket}/{key}",
            kind=FILE,
            size_bytes=size_bytes,
            identity=uri,
            is_link=False,
            version=version,
            open=opened,
        )


def s3_tree(url: str, source: SourceSettings, access: SourceAccess) -> tuple[S3Tree, str]:
    """The tree of a source, and its URL's path there.

    Raises:
        ConfigurationError: The URL has no bucket or no key, or no client can be made.
    """
    path = url.removeprefix(SCHEME)
    bucket, _, key = path.partition("/")
    if not _BUCKET.fullmatch(bucket) or not key or key.endswith("/"):
        raise ConfigurationError(
            "the URL of a source names no objects",
            where=url,
            expected="s3://bucket/prefix/*.log",
            remedy="write the bucket without wildcards, and behind it keys or a pattern of keys",
        )
    client = access.client("s3", region=source.region, endpoint_url=source.endpoint_url)
    return S3Tree(client, requester_pays=source.requester_pays), path
