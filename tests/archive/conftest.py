"""A bucket of one's own in the real store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from audit_trail.archive.bucket import found_bucket
from audit_trail.archive.object_store import Retention
from audit_trail.archive.s3_store import S3Store, make_client
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.settings import ArchiveSettings

MakeArchive = Callable[..., ArchiveSettings]


@pytest.fixture(scope="session")
def archive_settings(store: EmbeddedStore) -> MakeArchive:
    """Settings of a bucket that is not there yet."""

    def make(**overrides: Any) -> ArchiveSettings:
        settings = {
            "bucket": f"test-{uuid4().hex}",
            "endpoint_url": store.endpoint_url,
            "credentials_file": store.credentials_file,
        }
        return ArchiveSettings(**(settings | overrides))

    return make


@pytest.fixture(scope="module")
def archive(archive_settings: MakeArchive) -> ArchiveSettings:
    """A founded bucket for the tests of one module; each uses keys of its own."""
    settings = archive_settings(prefix="company/logs", lock_mode="GOVERNANCE")
    found_bucket(settings)
    return settings


@pytest.fixture(scope="module")
def client(archive: ArchiveSettings) -> Any:
    """What an administrator, or an attacker, has."""
    return make_client(archive)


@pytest.fixture(scope="module")
def s3_store(archive: ArchiveSettings) -> S3Store:
    return S3Store(archive)


@pytest.fixture
def lock() -> Retention:
    """COMPLIANCE for a day: long enough for a test, and on whole seconds as S3 keeps it."""
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    return Retention(mode="COMPLIANCE", until=until)


@pytest.fixture
def wrong_credentials(tmp_path: Path) -> Path:
    path = tmp_path / "credentials"
    path.write_text(
        "[default]\naws_access_key_id = AKIAWRONGWRONGWRONG0\naws_secret_access_key = wrong-secret-key\n"
    )
    return path
