"""One honest archive that nobody changes, and small ones to be attacked in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.attacks.clock import NOW

from audit_trail.archive.s3_store import S3Store, make_client
from audit_trail.archive.storage_processor import StorageProcessor
from audit_trail.demo.attacks.victim import SealedArchive
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import ArchiveSettings, load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BUCKET = "attacked"


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Signing keys, made once: making them is most of the cost of an archive."""
    settings = load_settings(home=tmp_path_factory.mktemp("keys"))
    make_passphrase(settings)
    generate_keys(settings)
    return settings.keys


@pytest.fixture(scope="session")
def client(store: EmbeddedStore) -> S3Client:
    """An administrator's."""
    return make_client(
        ArchiveSettings(endpoint_url=store.endpoint_url, credentials_file=store.credentials_file)
    )


@pytest.fixture(scope="session")
def make_archive(
    store: EmbeddedStore, client: S3Client, keys_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], SealedArchive]:
    """Founds an archive in a prefix of its own."""
    numbers = count(1)

    def make() -> SealedArchive:
        home = tmp_path_factory.mktemp("archive")
        shutil.copytree(keys_folder, home / "keys")
        (home / "keys").chmod(0o700)
        settings = load_settings(
            home=home,
            collect_journal=False,
            archive={
                "bucket": BUCKET,
                "prefix": f"archive-{next(numbers)}",
                "endpoint_url": store.endpoint_url,
                "credentials_file": store.credentials_file,
            },
            sources=[{"name": "app", "kind": "application", "url": f"file://{home}/logs/{{date}}/*.log"}],
        )
        context = StageContext(settings=settings, now=lambda: NOW)
        context.storage = StorageProcessor(settings, store=S3Store(settings.archive, client), now=lambda: NOW)
        founded = found_archive(context)
        return SealedArchive(
            settings=settings, logs=home / "logs", genesis=founded.genesis_sha256, client=client, now=NOW
        )

    return make


@pytest.fixture(scope="session")
def honest(make_archive: Callable[[], SealedArchive]) -> SealedArchive:
    """Two days of records, sealed and verified. Not to be changed: copy it."""
    archive = make_archive()
    archive.write_log("2026-01-05", "app.log", b"".join(b"record %d of day 5\n" % n for n in range(200)))
    archive.write_log("2026-01-06", "app.log", b"".join(b"record %d of day 6\n" % n for n in range(200)))
    archive.seal("2026-01-05")
    archive.seal("2026-01-06")
    return archive


@pytest.fixture
def victim(make_archive: Callable[[], SealedArchive]) -> SealedArchive:
    """One sealed day, to be attacked in place."""
    archive = make_archive()
    archive.write_log("2026-01-05", "app.log", b"first\nsecond\nthird\n")
    archive.seal("2026-01-05")
    return archive


@pytest.fixture(scope="session")
def lax_bucket(store: EmbeddedStore, client: S3Client) -> ArchiveSettings:
    """A bucket that can lock objects and locks none by itself: the attacker's own."""
    archive = ArchiveSettings(
        bucket="copies", endpoint_url=store.endpoint_url, credentials_file=store.credentials_file
    )
    client.create_bucket(Bucket=archive.bucket, ObjectLockEnabledForBucket=True)
    return archive


@pytest.fixture
def elsewhere(lax_bucket: ArchiveSettings, request: pytest.FixtureRequest) -> ArchiveSettings:
    """An empty place for a copy."""
    prefix = sha256(request.node.nodeid.encode()).hexdigest()[:20]
    return lax_bucket.model_copy(update={"prefix": prefix})
