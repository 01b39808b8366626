"""Airflow's database and user, the archive, its keys and sample logs: before a cluster's services start.

Doing it again changes nothing, and finishes what an interrupted start began.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from audit_trail.archive.s3_store import error_code, make_client
from audit_trail.demo.demo_home import prepare_archive
from audit_trail.demo.samples import write_samples
from audit_trail.errors import StorageError
from audit_trail.private_file import write_private
from audit_trail.settings import Settings, load_settings

ADMIN = "admin"
SAMPLES_A_DAY = 1000
CONFIG = "audit-trail.yaml"


def set_up(settings: Settings, *, sample_days: int) -> None:
    """Everything, in order.

    Args:
        settings: Of the service that sets up; its home is the folder that all services read.
        sample_days: Days before today that get sample logs.
    """
    _airflow("db", "migrate")
    _make_admin(settings.home / "admin-password")
    _make_staging(settings)
    genesis = prepare_archive(settings)
    today = datetime.now(UTC).date()
    for offset in range(1, sample_days + 1):
        day = today - timedelta(days=offset)
        if not any(settings.journal.glob(f"*/{day.isoformat()}/*")):
            write_samples(settings.journal, day=day, count=SAMPLES_A_DAY)
    # Written last: the other services start from it.
    write_private(settings.home / CONFIG, json.dumps(_shared_settings(settings, genesis), indent=2) + "\n")


def _shared_settings(settings: Settings, genesis: str) -> dict[str, object]:
    """What every worker has to know; YAML is a superset of JSON."""
    archive = settings.archive
    return {
        "archive": {
            "name": archive.name,
            "bucket": archive.bucket,
            "endpoint_url": archive.endpoint_url,
            "credentials_file": str(archive.credentials_file),
            "genesis_sha256": genesis,
        },
        "keys_dir": str(settings.keys),
        "journal_dir": str(settings.journal),
        "staging_url": settings.staging_url,
    }


def _make_staging(settings: Settings) -> None:
    """The bucket of staging: without Object Lock, as raw logs must be gone after the seal."""
    from botocore.exceptions import ClientError

    if settings.staging_url is None:
        return
    client, bucket = make_client(settings.archive), settings.staging_url.split("/")[2]
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        if error_code(error) not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise StorageError(
                "the staging bucket cannot be made", where=settings.staging_url, found=error_code(error)
            ) from error


def _make_admin(password_file: Path) -> None:
    """The first user; the password goes by standard input, which no process list shows."""
    password = password_file.read_text("ascii")
    person = ("--firstname", "Airflow", "--lastname", "Admin", "--email", "admin@example.invalid")
    _airflow(
        *("users", "create", "--username", ADMIN, "--role", "Admin", *person),
        given=f"{password}\n{password}\n",
    )


def _airflow(*arguments: str, given: str = "") -> None:
    # A session of its own has no terminal, from which Airflow would ask for the password.
    ended = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        input=given,
        text=True,
        check=False,
        start_new_session=True,
    )
    if ended.returncode != 0:
        raise StorageError(
            f"airflow {' '.join(arguments[:2])} failed",
            where="the database of Airflow",
            found=f"exit status {ended.returncode}",
            remedy="the reason is above; correct it and start again",
        )


def main() -> None:
    """Set up a cluster from the environment."""
    parser = argparse.ArgumentParser(description="set up Airflow's database, the archive and sample logs")
    parser.add_argument("--sample-days", type=int, default=0)
    set_up(load_settings(), sample_days=parser.parse_args().sample_days)


if __name__ == "__main__":
    main()
