"""Passwords and keys of a cluster: made at its first start, each readable by who uses it alone.

    settings folder   Airflow's keys, the URLs of database and broker, the store's
                      access key, the password of the user `admin`
    postgres folder   `password`
    redis folder      `redis.conf`

Run as root, as it gives files away. Doing it again changes nothing; killed half-way it
goes on where it stopped.
"""

from __future__ import annotations

import argparse
import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from audit_trail.demo.store_identity import ensure_credentials
from audit_trail.private_file import write_private

DATABASE_UID = 999
"""Of the user in the images of PostgreSQL and Redis."""
DATABASE_URL = "postgresql+psycopg2://airflow:{}@postgres:5432/airflow"
RESULT_BACKEND = "db+postgresql://airflow:{}@postgres:5432/airflow"
BROKER_URL = "redis://:{}@redis:6379/0"


def make_secrets(settings: Path, postgres: Path, redis: Path, *, owner: int, database_owner: int) -> None:
    """Write what is missing.

    Args:
        settings: Folder that Airflow's services and the store read.
        postgres: Folder of the database.
        redis: Folder of the broker.
        owner: User id of Airflow's services and the store.
        database_owner: User id of database and broker.
    """
    database_password = _kept(postgres / "password", _password)
    broker_password = _kept(settings / "broker-password", _password)
    _derived(redis / "redis.conf", f'requirepass {broker_password}\nsave ""\nappendonly no\n')
    _kept(settings / "fernet-key", _fernet_key)
    for name in ("jwt-secret", "api-secret", "admin-password"):
        _kept(settings / name, _password)
    _derived(settings / "database-url", DATABASE_URL.format(database_password))
    _derived(settings / "result-backend", RESULT_BACKEND.format(database_password))
    _derived(settings / "broker-url", BROKER_URL.format(broker_password))
    ensure_credentials(settings / "aws-credentials")
    for folder, user in ((settings, owner), (postgres, database_owner), (redis, database_owner)):
        _give(folder, user)


def _password() -> str:
    return secrets.token_hex(24)


def _fernet_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


def _kept(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_private(path, make())
    return path.read_text("ascii")


def _derived(path: Path, text: str) -> None:
    """Not written when it says the same: services may be reading it."""
    if not path.exists() or path.read_text("ascii") != text:
        write_private(path, text)


def _give(folder: Path, user: int) -> None:
    folder.chmod(0o700)
    for path in (folder, *folder.iterdir()):
        os.chown(path, user, user, follow_symlinks=False)


def main() -> None:
    """Make the secrets of the folders that the compose file mounts."""
    parser = argparse.ArgumentParser(description="make the passwords and keys of a cluster")
    parser.add_argument("--settings", type=Path, default=Path("/etc/audit-trail"))
    parser.add_argument("--postgres", type=Path, default=Path("/etc/postgres"))
    parser.add_argument("--redis", type=Path, default=Path("/etc/redis"))
    parser.add_argument("--owner", type=int, default=10001, help="user id of Airflow's services")
    chosen = parser.parse_args()
    make_secrets(
        chosen.settings,
        chosen.postgres,
        chosen.redis,
        owner=chosen.owner,
        database_owner=DATABASE_UID,
    )


if __name__ == "__main__":
    main()
