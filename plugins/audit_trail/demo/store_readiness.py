"""Whether a store that was started on a folder with objects can read them yet."""

from __future__ import annotations

from pathlib import Path

_SERVER_ERROR = 500


def can_be_read(endpoint_url: str, credentials_file: Path) -> bool:
    """Read one byte of one object; a store without objects can be read.

    Started again, the store says that it is ready while its S3 side may not have heard yet
    where its volumes are. For some seconds it then answers each GET with "InternalError".

    Args:
        endpoint_url: Of the store.
        credentials_file: An AWS shared credentials file.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from audit_trail.archive.s3_store import make_client
    from audit_trail.settings import ArchiveSettings

    try:
        client = make_client(
            ArchiveSettings(bucket="any", endpoint_url=endpoint_url, credentials_file=credentials_file)
        )
        for bucket in client.list_buckets()["Buckets"]:
            for item in client.list_objects_v2(Bucket=bucket["Name"], MaxKeys=1).get("Contents", []):
                client.get_object(Bucket=bucket["Name"], Key=item["Key"], Range="bytes=0-0")["Body"].read()
                return True
    except ClientError as error:
        # Anything else is for whoever uses it to find out.
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"]) < _SERVER_ERROR
    except BotoCoreError:
        return False
    return True
