"""The embedded store for all tests, and an environment in which none can reach real AWS."""

from __future__ import annotations

import os
import shutil
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.dead_worker import DeadWorker

from audit_trail.demo.embedded_store import EmbeddedStore

if TYPE_CHECKING:
    from tests.signing.pkcs11_tokens import SoftToken
    from tests.signing.timestamp_authority import TimestampAuthority

CLEARED_PREFIXES = ("AUDIT_TRAIL_", "AWS_")
AIRFLOW_HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Airflow reads its home, and writes into it, the moment it is imported."""
    home = tempfile.mkdtemp(prefix="audit-trail-airflow-")
    config.stash[AIRFLOW_HOME] = home
    config.pluginmanager.register(SkipGuard())
    config.pluginmanager.register(DeadWorker())
    os.environ["AIRFLOW_HOME"] = home
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    # Tests have homes of their own; in each of them the scanner would be compiled again.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(Path.home() / ".cache"))


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[AIRFLOW_HOME], ignore_errors=True)


class SkipGuard:
    """Under CI=true a skipped test is a failure: what was not run is not known to work.

    Counts reports, which reach the controlling process from all workers.
    """

    def __init__(self) -> None:
        self.skipped = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if os.environ.get("CI") == "true" and self.skipped and exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True, scope="session")
def _clean_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures of a wider scope than one test."""
    with pytest.MonkeyPatch.context() as patch:
        _clean(patch, tmp_path_factory.mktemp("home"))
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    _clean(monkeypatch, tmp_path_factory.mktemp("home"))


def _clean(patch: pytest.MonkeyPatch, home: Path) -> None:
    for name in list(os.environ):
        if name.startswith(CLEARED_PREFIXES):
            patch.delenv(name)
    patch.setenv("HOME", str(home))
    patch.setenv("AWS_CONFIG_FILE", str(home / "no-aws-config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(home / "no-aws-credentials"))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """Where a server of AWS's protocols listens, for what only AWS has."""
    from moto.server import ThreadedMotoServer

    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def aws(aws_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty AWS account, by boto3's own environment."""
    urllib.request.urlopen(f"{aws_server}/moto-api/reset", data=b"").close()
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_server)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return aws_server


@pytest.fixture
def aws_by_name(aws: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same account under the name that S3 has, as through a proxy of a company."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3.us-east-1.amazonaws.com")
    monkeypatch.setenv("HTTP_PROXY", aws)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return aws


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """One running S3 store with Object Lock; make a bucket of your own in it."""
    with EmbeddedStore(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(scope="session")
def soft_token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftToken]:
    """A PKCS#11 token in software; one a process, because its module reads its configuration once."""
    from tests.signing.pkcs11_tokens import SoftToken

    token = SoftToken(tmp_path_factory.mktemp("softhsm"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in token.environment.items():
            patch.setenv(name, value)
        patch.setenv("PYKCS11LIB", token.module)  # the settings write it; this takes it back
        yield token


@pytest.fixture
def make_authority(tmp_path: Path) -> Iterator[Callable[..., TimestampAuthority]]:
    """Makes running time-stamping authorities; `name` tells their roots apart."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the command openssl")
    from tests.signing.timestamp_authority import TimestampAuthority

    made: list[TimestampAuthority] = []

    def make(**properties: Any) -> TimestampAuthority:
        made.append(TimestampAuthority(tmp_path / f"authority-{len(made)}", **properties))
        return made[-1]

    yield make
    for authority in made:
        authority.close()


@pytest.fixture
def authority(make_authority: Callable[..., TimestampAuthority]) -> TimestampAuthority:
    """A time-stamping authority that answers."""
    return make_authority()
