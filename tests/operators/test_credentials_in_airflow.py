"""A day sealed through the DAG with credentials, keys and secrets from everywhere Airflow has them.

The archive is in S3 behind a role that an Airflow connection assumes, one key in KMS, one on a token,
one in a local file whose passphrase is a connection's password, and the pin in Parameter Store. None
of the secrets may be found in anything that Airflow keeps.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.signing.key_management_service import KeyManagementService
from tests.signing.pkcs11_tokens import SoftToken

from audit_trail.demo.airflow_process import airflow_environment
from audit_trail.pipeline.found_archive import found_archive
from audit_trail.pipeline.stage_context import StageContext
from audit_trail.settings import load_settings
from audit_trail.signing.local_keys import generate_keys

ROLE = "arn:aws:iam::123456789012:role/seals-logs"
DAY = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
PASSPHRASE = "passphrase-of-the-connection"
AWS_SECRET = "aws-secret-of-the-connection-0123"
SEAL_A_DAY = """
import json, sys
from airflow.__main__ import main
sys.argv[1:], day = ["db", "migrate"], sys.argv[1]
main()
from airflow.dag_processing.dagbag import DagBag
from pendulum import parse
run = DagBag().dags["audit_trail_daily"].test(logical_date=parse(day + "T00:00:00+00:00"))
print("RESULT " + str(run.state))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A day that has been sealed, and what came of it."""

    home: Path
    output: str
    requests: list[dict[str, Any]]
    kms: KeyManagementService
    secrets: dict[str, str]


@pytest.fixture(scope="module")
def sealed(
    tmp_path_factory: pytest.TempPathFactory, aws_server: str, soft_token: SoftToken
) -> Iterator[Sealed]:
    urllib.request.urlopen(f"{aws_server}/moto-api/reset", data=b"").close()
    home = tmp_path_factory.mktemp("credentials")
    kms = KeyManagementService()
    arn = kms.add_rsa()
    pin = home / "pin"
    pin.write_text(soft_token.PIN)
    pin.chmod(0o600)
    (home / "logs").mkdir()
    (home / "logs" / f"{DAY}.log").write_text("a record\n" * 50)
    values = {
        "archive": {"name": "roles", "bucket": "sealed", "aws_conn_id": "seals", "retain_days": 30},
        "pin": "ssm:/audit-trail/head",
        "sources": [{"name": "app", "kind": "application", "url": f"file://{home}/logs/{{date}}*"}],
        "collect_journal": False,
        "signing": {
            "key_uris": [f"awskms:{arn}", soft_token.uri("02")],
            "pkcs11_module": soft_token.module,
            "hsm_pin_file": str(pin),
            "passphrase_conn_id": "passphrase",
        },
    }
    (home / "audit-trail.yaml").write_text(json.dumps(values))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _credentials(aws_server, kms).items():
            patch.setenv(name, value)
        patch.setenv("AUDIT_TRAIL_SIGNING__PASSPHRASE", PASSPHRASE)
        settings = load_settings(home=home)
        generate_keys(settings)
        found_archive(StageContext(settings=settings))
    with recorded(home / "requests") as requests:
        output = _run(_environment(home, aws_server, kms))
    yield Sealed(
        home=home,
        output=output,
        requests=requests,
        kms=kms,
        secrets={
            "passphrase": PASSPHRASE,
            "HSM PIN": soft_token.PIN,
            "AWS secret key": AWS_SECRET,
            **_secrets_of_roles(),
        },
    )
    kms.close()


def _credentials(aws_server: str, kms: KeyManagementService) -> dict[str, str]:
    """For the command line, which knows no connections."""
    return {
        "AWS_ENDPOINT_URL": aws_server,
        "AWS_ENDPOINT_URL_KMS": kms.url,
        "AWS_ACCESS_KEY_ID": "founder",
        "AWS_SECRET_ACCESS_KEY": "founder",
    }


def _environment(home: Path, aws_server: str, kms: KeyManagementService) -> dict[str, str]:
    """Airflow's, in which the connection is the one way to AWS."""
    services = {name: {"endpoint_url": aws_server} for name in ("s3", "sts", "ssm")}
    seals = {
        "conn_type": "aws",
        "login": "AKIAOFTHECONNECTION",
        "password": AWS_SECRET,
        "extra": {
            "role_arn": ROLE,
            "region_name": "eu-central-1",
            "service_config": {**services, "kms": {"endpoint_url": kms.url}},
        },
    }
    made = airflow_environment(
        load_settings(home=home),
        AIRFLOW_CONN_SEALS=json.dumps(seals),
        AIRFLOW_CONN_PASSPHRASE=json.dumps({"conn_type": "generic", "password": PASSPHRASE}),
    )
    kept = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED")
    return {name: value for name, value in made.items() if not name.startswith("AWS_") or name in kept}


def _run(environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SEAL_A_DAY, DAY],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    output = done.stdout + done.stderr
    assert "RESULT success" in output, output[-6000:]
    return output


@contextmanager
def recorded(path: Path) -> Iterator[list[dict[str, Any]]]:
    """What reaches moto meanwhile, by its own recorder."""
    from moto.moto_api import recorder

    requests: list[dict[str, Any]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recorder, "_location", str(path))
        recorder.start_recording()
        yield requests
        recorder.stop_recording()
    requests += [json.loads(line) for line in path.read_text().splitlines()]


def _secrets_of_roles() -> dict[str, str]:
    from moto.sts.models import sts_backends

    roles = sts_backends["123456789012"]["global"].assumed_roles
    return {f"secret of assumed role {number}": role.secret_access_key for number, role in enumerate(roles)}


def test_all_of_aws_is_asked_with_the_credentials_of_the_assumed_role(sealed: Sealed) -> None:
    signed: dict[str, set[str]] = {}
    for request in sealed.requests:
        authorization = request["headers"].get("Authorization", "")
        found = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", authorization)
        if found:
            signed.setdefault(found[3], set()).add(f"{found[1][:4]} {found[2]}")
    assert signed == {
        "sts": {"AKIA eu-central-1"},
        "s3": {"ASIA eu-central-1"},
        "ssm": {"ASIA eu-central-1"},
    }
    of_kms = {(item["access_key"][:4], item["Action"]) for item in sealed.kms.asked("Sign")[1:]}
    assert of_kms == {("ASIA", "Sign")}


def test_no_secret_is_in_anything_that_airflow_keeps(sealed: Sealed) -> None:
    database = sqlite3.connect(sealed.home / "airflow" / "airflow.db")
    kept = {
        "XCom": database.execute("select key, value from xcom").fetchall(),
        "rendered fields": database.execute(
            "select rendered_fields from rendered_task_instance_fields"
        ).fetchall(),
    }
    database.close()
    assert {len(rows) > 5 for rows in kept.values()} == {True}
    files = {str(path): path.read_bytes() for path in (sealed.home / "airflow").rglob("*") if path.is_file()}
    assert "signed key=" in sealed.output
    assert len(sealed.secrets) > 4
    for what, secret in sealed.secrets.items():
        assert len(secret) >= 8, what
        assert secret not in sealed.output, what
        for place, rows in kept.items():
            assert secret not in str(rows), (what, place)
        for name, data in files.items():
            assert secret.encode() not in data, (what, name)


def test_what_was_sealed_verifies_and_the_pin_moved(
    sealed: Sealed, aws_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _credentials(aws_server, sealed.kms).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__REGION", "eu-central-1")  # the connection says it in Airflow
    context = StageContext(settings=load_settings(home=sealed.home))
    remembered = context.pin.read()
    view = context.ledger()
    assert remembered == view.head
    assert [seal.date for seal in view.seals] == [DAY]
    assert sorted(key.scheme for key in view.keys) == [
        "ecdsa-sha2-nistp256",
        "ml-dsa-65/1",
        "rsassa-pss-sha256",
    ]
    assert view.verifications[-1].failed == 0
