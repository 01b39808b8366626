"""What `docker compose up` starts, started natively: days are sealed across workers that share no disk."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.airflow_api import AirflowApi
from tests.cluster.compose_runner import ComposeRunner

from audit_trail.archive.s3_store import make_client
from audit_trail.errors import StorageError
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import Settings, load_settings
from audit_trail.verification.verifier import Verifier

COMPOSE = Path(__file__).parents[2] / "docker-compose.yaml"
DAG = "/api/v2/dags/audit_trail_daily"
BACKFILLED = 3
TASK_BEGINS = "Executing workload in Celery"
SEAL_TIMEOUT_S = 400
TODAY = datetime.now(UTC).date()
YESTERDAY = (TODAY - timedelta(days=1)).isoformat()


def _missing() -> list[str]:
    tools = [name for name in ("ip", "unshare", "setpriv", "redis-server") if shutil.which(name) is None]
    if not any(Path("/usr/lib/postgresql").glob("*/bin/postgres")):
        tools.append("postgresql")
    return tools if sys.platform == "linux" and os.getuid() == 0 else [*tools, "Linux and root"]


pytestmark = [
    pytest.mark.skipif(
        bool(_missing()),
        reason=f"the native cluster needs {', '.join(_missing())}: "
        "apt-get install iproute2 util-linux redis-server postgresql",
    ),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[ComposeRunner]:
    # Not below pytest's own folder, which other users may not enter.
    folder = Path(tempfile.mkdtemp(prefix="audit-trail-cluster-"))
    folder.chmod(0o755)
    try:
        with ComposeRunner(COMPOSE, folder) as running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def api(cluster: ComposeRunner) -> AirflowApi:
    password = (cluster.volume("settings") / "admin-password").read_text()
    return AirflowApi(f"http://{cluster.addresses['airflow-apiserver']}:8080", "admin", password)


@pytest.fixture(scope="module")
def outside(cluster: ComposeRunner, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An auditor's settings: the store, and the digest of the genesis."""
    settings = cluster.volume("settings")
    return load_settings(
        home=tmp_path_factory.mktemp("auditor"),
        archive={
            "name": "compose",
            "bucket": "audit-trail",
            "endpoint_url": f"http://{cluster.addresses['store']}:8333",
            "credentials_file": settings / "aws-credentials",
            "genesis_sha256": (settings / "genesis.sha256").read_text().split()[0],
        },
    )


def state_of(api: AirflowApi, run_after: str) -> list[str]:
    runs = api.get(f"{DAG}/dagRuns?limit=100")["dag_runs"]
    return [run["state"] for run in runs if run["data_interval_start"].startswith(run_after)]


def sealed_days(settings: Settings) -> list[str]:
    view = StageContext(settings=settings).ledger()
    days = [(TODAY - timedelta(days=offset)).isoformat() for offset in range(1, 9)]
    return [day for day in days if view.seals_of(day)]


def test_yesterday_is_sealed_by_the_schedule(api: AirflowApi, outside: Settings) -> None:
    api.wait("the scheduled run", lambda: state_of(api, YESTERDAY) == ["success"], SEAL_TIMEOUT_S)
    assert sealed_days(outside) == [YESTERDAY]


def test_a_backfill_survives_the_loss_of_a_worker_and_of_the_scheduler(
    cluster: ComposeRunner, api: AirflowApi, outside: Settings
) -> None:
    first, last = TODAY - timedelta(days=1 + BACKFILLED), TODAY - timedelta(days=2)
    days = [(last - timedelta(days=offset)).isoformat() for offset in range(BACKFILLED)]
    api.post(
        "/api/v2/backfills",
        {
            "dag_id": "audit_trail_daily",
            "from_date": f"{first}T00:00:00Z",
            "to_date": f"{last}T00:00:00Z",
            "max_active_runs": BACKFILLED,
            "reprocess_behavior": "none",
        },
    )
    worker = cluster.running["airflow-worker-1"]
    begun = worker.count(TASK_BEGINS)
    api.wait("a task on the worker", lambda: worker.count(TASK_BEGINS) > begun, 120, every_s=0.05)
    for name in ("airflow-worker-1", "airflow-scheduler"):
        cluster.running[name].kill()
        cluster.running[name].start()
    api.wait(
        "the backfill",
        lambda: all(state_of(api, day) == ["success"] for day in days),
        SEAL_TIMEOUT_S,
    )
    assert sealed_days(outside) == [YESTERDAY, *days]


def test_the_archive_is_verified_from_outside(outside: Settings) -> None:
    context = StageContext(settings=outside)
    verifier = Verifier(context.store, genesis=context.genesis, remembered=context.pin.read())
    report = verifier.verify("content", now=context.now(), due_hours=24)
    assert (report.exit_code, report.checks.not_passed) == (0, [])
    assert [day.verdict for day in report.days] == ["sealed"] * (1 + BACKFILLED)


def test_nothing_of_a_sealed_day_stays_in_staging(cluster: ComposeRunner, outside: Settings) -> None:
    answer = make_client(outside.archive).list_object_versions(Bucket="audit-trail-staging")
    assert [item["Key"] for item in [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]] == []
    for name in ("worker-1", "worker-2"):
        assert [path for path in (cluster.volume(name) / "staging").rglob("*") if path.is_file()] == []


def test_both_workers_took_part(cluster: ComposeRunner) -> None:
    for name in ("airflow-worker-1", "airflow-worker-2"):
        assert "final_state=success" in cluster.running[name].log_path.read_text("utf-8", "replace"), name


def test_no_secret_is_in_a_log_or_in_a_process_list(cluster: ComposeRunner) -> None:
    settings = cluster.volume("settings")
    names = ("admin-password", "broker-password", "fernet-key", "jwt-secret", "api-secret")
    found = [(settings / name).read_text() for name in names]
    found += [(settings / "keys" / "passphrase").read_text().strip()]
    found += [(cluster.volume("postgres-settings") / "password").read_text()]
    found += [
        line.split()[-1]
        for line in (settings / "aws-credentials").read_text().splitlines()
        if "secret" in line
    ]
    places = [native.log_path for native in cluster.running.values()]
    places += [path for name in ("worker-1", "worker-2") for path in cluster.volume(name).rglob("*.log")]
    places += list(Path("/proc").glob("[0-9]*/cmdline"))
    for path in places:
        text = _text_of(path)
        assert not [number for number, secret in enumerate(found) if secret in text], path


def test_secrets_belong_to_who_reads_them(cluster: ComposeRunner) -> None:
    for volume, user in (("settings", 10001), ("postgres-settings", 999), ("redis-settings", 999)):
        for path in (cluster.volume(volume), *cluster.volume(volume).rglob("*")):
            status = path.stat()
            assert (status.st_uid, status.st_mode & 0o077) == (user, 0), path


def test_who_has_not_logged_in_gets_nothing(cluster: ComposeRunner) -> None:
    with pytest.raises(OSError, match="401"):
        AirflowApi(f"http://{cluster.addresses['airflow-apiserver']}:8080", "admin", "wrong")
    stranger = outside_settings(cluster)
    with pytest.raises(StorageError):
        StageContext(settings=stranger).ledger()


def outside_settings(cluster: ComposeRunner) -> Any:
    """Without the store's key."""
    return load_settings(
        archive={
            "bucket": "audit-trail",
            "endpoint_url": f"http://{cluster.addresses['store']}:8333",
            "genesis_sha256": "ab" * 32,
        }
    )


def _text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
