"""Settings in Parameter Store, over HTTP against a server that speaks its protocol."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from audit_trail.errors import ConfigurationError, StorageError
from audit_trail.settings import load_settings
from audit_trail.signing.pins import Head
from audit_trail.signing.ssm_pin import SsmPin

SECRET = "correct-horse-battery-staple"
PREFIX = "/audit-trail/"


class Parameters:
    """Parameter Store, as somebody fills it."""

    def __init__(self) -> None:
        import boto3

        self.client: Any = boto3.client("ssm")

    def put(self, name: str, value: str, kind: str = "String") -> None:
        self.client.put_parameter(Name=f"{PREFIX}{name}", Value=value, Type=kind)


@pytest.fixture
def parameters(aws: str, monkeypatch: pytest.MonkeyPatch) -> Parameters:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AUDIT_TRAIL_SSM_PREFIX", PREFIX)
    return Parameters()


def test_each_parameter_is_a_field(parameters: Parameters, tmp_path: Path) -> None:
    parameters.put("archive/bucket", "of-parameter-store")
    parameters.put("archive/retain_days", "400")
    parameters.put("signing/rsa_bits", "3072")
    parameters.put("signing/passphrase", SECRET, "SecureString")
    parameters.put("signing/post_quantum", "false")
    parameters.put("signing/key_uris", "awskms:alias/seal,hv:seal", "StringList")
    parameters.put("sources", '[{"name": "a", "kind": "api", "url": "file:///a/{date}"}]')
    parameters.put("archive/profile", "0123")  # text stays text
    settings = load_settings(home=tmp_path)
    assert (settings.archive.bucket, settings.archive.retain_days) == ("of-parameter-store", 400)
    assert (settings.signing.rsa_bits, settings.signing.post_quantum) == (3072, False)
    assert settings.signing.passphrase is not None
    assert settings.signing.passphrase.get_secret_value() == SECRET
    assert SECRET not in repr(settings)
    assert settings.signing.key_uris == ("awskms:alias/seal", "hv:seal")
    assert [source.url for source in settings.sources] == ["file:///a/{date}"]
    assert settings.archive.profile == "0123"


def test_lists_may_be_yaml(parameters: Parameters, tmp_path: Path) -> None:
    parameters.put("sources", "- name: a\n  kind: api\n  url: file:///a/{date}\n")
    assert load_settings(home=tmp_path).sources[0].name == "a"


def test_it_gives_way_to_yaml_and_that_to_the_environment(
    parameters: Parameters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("bucket", "name", "region"):
        parameters.put(f"archive/{name}", "parameter")
    (tmp_path / "audit-trail.yaml").write_text("archive: {bucket: yaml, name: yaml}")
    monkeypatch.setenv("AUDIT_TRAIL_ARCHIVE__NAME", "environment")
    archive = load_settings(home=tmp_path).archive
    assert (archive.name, archive.bucket, archive.region) == ("environment", "yaml", "parameter")
    assert load_settings(home=tmp_path, archive={"region": "argument"}).archive.region == "argument"


def test_more_than_one_page_is_read(parameters: Parameters, tmp_path: Path) -> None:
    """Parameter Store gives ten at a time."""
    names = ("journal_dir", "staging_dir", "keys_dir", "embedded_store_dir")
    for name in names:
        parameters.put(name, f"/{name}")
    for name in ("credentials_file", "profile", "bucket", "prefix", "region", "endpoint_url", "aws_conn_id"):
        parameters.put(f"archive/{name}", "/credentials" if name == "credentials_file" else "text")
    settings = load_settings(home=tmp_path)
    assert [str(getattr(settings, name)) for name in names] == [f"/{name}" for name in names]
    assert settings.archive.aws_conn_id == settings.archive.profile == "text"


@pytest.mark.parametrize(
    "name", ["archive/buket", "archive", "archive/bucket/name", "sources/0/name", "Archive/bucket", "x"]
)
def test_an_unknown_parameter_is_refused_by_name(parameters: Parameters, tmp_path: Path, name: str) -> None:
    parameters.put(name, SECRET, "SecureString")
    with pytest.raises(ConfigurationError, match="unknown setting in Parameter Store") as caught:
        load_settings(home=tmp_path)
    assert caught.value.where == f"parameter {PREFIX}{name}"
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("archive/retain_days", SECRET, "archive.retain_days: "),
        ("signing/rsa_bits", "1024", "signing.rsa_bits: "),
        ("signing/key_uris", f'["pkcs11:token=a;id=%02?pin-value={SECRET}"]', "it names a PIN"),
        ("sources", f"[{SECRET}", "neither YAML nor JSON"),
        ("sources", f"- {SECRET}", "sources.0: "),
    ],
)
def test_a_wrong_value_names_its_parameter_and_is_not_shown(
    parameters: Parameters, tmp_path: Path, name: str, value: str, what: str
) -> None:
    parameters.put(name, value, "SecureString")
    with pytest.raises(ConfigurationError) as caught:
        load_settings(home=tmp_path)
    assert what in caught.value.what
    assert caught.value.where == f"parameter {PREFIX}{name}"
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_remembered_head_may_lie_below_the_prefix(parameters: Parameters, tmp_path: Path) -> None:
    SsmPin(f"{PREFIX}head", "a" * 64, region="eu-central-1").advance(Head(sequence=1, sha256="b" * 64))
    parameters.put("pin", "ssm:/audit-trail/head")
    assert load_settings(home=tmp_path).pin == "ssm:/audit-trail/head"


@pytest.mark.parametrize("prefix", ["", "audit-trail", "/", "//", "/a//b", "/a b"])
def test_a_prefix_is_a_path(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_TRAIL_SSM_PREFIX", prefix)
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert caught.value.where == "AUDIT_TRAIL_SSM_PREFIX"


def test_without_a_region_or_a_store_it_says_what_to_do(
    parameters: Parameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match="region of Parameter Store"):
        load_settings()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(StorageError, match="could not be read") as caught:
        load_settings()
    assert caught.value.where == "parameters below /audit-trail"


def test_it_costs_nothing_when_it_is_not_used() -> None:
    code = (
        "import sys\n"
        "from audit_trail.settings import load_settings\n"
        "load_settings()\n"
        "assert not {'boto3', 'botocore'} & set(sys.modules)\n"
    )
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "plugins"), "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
