"""An archive with everything that can happen to one, and packs of it."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import NOW, Archive
from tests.reporting.opened_pack import ML_DSA_OPENSSL, OpenedPack

from audit_trail.archive.object_store import ObjectReader
from audit_trail.demo.embedded_store import EmbeddedStore
from audit_trail.evidence.airflow_run import AirflowRun, spell_name
from audit_trail.pipeline.ledger_appends import declare_gap, revoke_key, rotate_keys
from audit_trail.reporting.export import Exported, ExportOrder, export_pack

FIRST, QUIET, GAP, ROTATED, LAST = (f"2026-03-{day}" for day in (10, 11, 12, 13, 14))
DUE_HOURS = 24 * 365
RUN = AirflowRun(
    dag_id="audit_trail_daily",
    run_id=spell_name("manual__<b>again</b>"),
    task_id="seal",
    try_number=2,
    dag_version_id="019b9e5a-6f3c-7c52-9d0e-5f4d1c2b3a49",
    bundle="git",
    bundle_version="4b825dc642cb6eb9a060e54bf8d69288fbee4904",
)


@pytest.fixture(scope="session")
def eventful(store: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Not to be changed."""
    return eventful_archive(store, tmp_path_factory.mktemp("eventful"))


def eventful_archive(store: EmbeddedStore, home: Path) -> Archive:
    """Five days: a supplement, a quiet day, a gap, a rotation, a revocation; the last one by Airflow."""
    url = f"file://{home}/home/logs"
    archive = Archive(
        home / "home",
        store,
        sources=[
            {"name": "app", "kind": "application", "url": f"{url}/{{date}}-app*"},
            {"name": "api", "kind": "api", "url": f"{url}/{{date}}-api*"},
        ],
    )
    archive.log(f"{FIRST}-app.log", b"".join(b"record %d\n" % number for number in range(300)))
    archive.log(f"{FIRST}-api.log", b"GET /orders password=hunter2-hunter2\nGET /orders/17")
    archive.processor().process_daily_logs(FIRST)
    archive.log(f"{FIRST}-app-late.log", b"late\n")
    archive.processor().process_daily_logs(FIRST)
    archive.processor().process_daily_logs(QUIET)
    declare_gap(archive.context(), GAP, 'the disk <b>"was full"</b> & nobody looked')
    rotate_keys(archive.context())
    archive.log(f"{ROTATED}-app.log", b"after the rotation\n")
    archive.processor().process_daily_logs(ROTATED)
    rsa = next(key for key in archive.context().ledger().keys if key.keytype == "rsa")
    revoke_key(archive.context(), rsa.keyid, reason="a laptop was lost")
    archive.log(f"{LAST}-app.log", b"".join(b"after the revocation %d\n" % number for number in range(50)))
    by_airflow = archive.processor()
    by_airflow.context.run = RUN
    by_airflow.process_daily_logs(LAST)
    return archive


def exported(
    archive: Archive,
    output: Path,
    *,
    first: str = FIRST,
    last: str = LAST,
    store: ObjectReader | None = None,
    now: datetime = NOW,
    **order: Any,
) -> Exported:
    """Export some days, from the archive or from another store in its place."""
    context = archive.context()
    days = {"first": date.fromisoformat(first), "last": date.fromisoformat(last)}
    return export_pack(
        store or context.store,
        ExportOrder(**days, output=output, **order),
        genesis=archive.genesis,
        remembered=None,
        now=now,
        due_hours=DUE_HOURS,
        times=context.time_trust,
    )


def unpacked(pack: Path, folder: Path) -> Path:
    """As `unzip` does it, modes included."""
    with zipfile.ZipFile(pack) as opened:
        for item in opened.infolist():
            (folder / opened.extract(item, folder)).chmod(item.external_attr >> 16)
    return folder


@pytest.fixture(scope="session")
def pack(eventful: Archive, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pack of all five days."""
    output = tmp_path_factory.mktemp("packs") / "pack.zip"
    assert exported(eventful, output).checks.exit_code == 0
    return output


@pytest.fixture
def opened(eventful: Archive, pack: Path, tmp_path: Path) -> OpenedPack:
    """The pack, unpacked somewhere, checked with whatever openssl is here."""
    return OpenedPack(folder=unpacked(pack, tmp_path / "it's a pack; really"), archive=eventful)


@pytest.fixture(scope="session")
def ml_dsa_openssl() -> Path:
    """An openssl that can check ML-DSA signatures."""
    if ML_DSA_OPENSSL is None:
        pytest.skip("needs openssl 3.5 or later: on the path, or named in AUDIT_TRAIL_TEST_OPENSSL")
    return ML_DSA_OPENSSL


@pytest.fixture
def complete(opened: OpenedPack, ml_dsa_openssl: Path) -> OpenedPack:
    """The same, where every signature can be checked."""
    opened.openssl = ml_dsa_openssl
    return opened


@pytest.fixture
def umask() -> Iterator[None]:
    """As careless as an umask gets: modes must not come from it."""
    before = os.umask(0)
    yield
    os.umask(before)
