"""Keys made once a session: RSA takes its time. And where other keys live: Vault, KMS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.signing.key_management_service import KeyManagementService
from tests.signing.transit_engine import OpenBao, TransitDouble, open_transit

from audit_trail.settings import Settings, load_settings
from audit_trail.signing.local_keys import SigningKey, generate_keys

PASSPHRASE = "correct-horse-battery-staple"


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, tuple[SigningKey, ...]]:
    """Settings with a pair of keys; nothing may be changed in their folder."""
    settings = load_settings(
        home=tmp_path_factory.mktemp("keyed") / "home", signing={"passphrase": PASSPHRASE}
    )
    return settings, generate_keys(settings)


@pytest.fixture
def settings_with(tmp_path: Path) -> Callable[..., Settings]:
    """Settings of a home folder that is not there yet."""

    def make(**overrides: Any) -> Settings:
        return load_settings(**({"home": tmp_path / "home"} | overrides))

    return make


@pytest.fixture(scope="module")
def transit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TransitDouble | OpenBao]:
    """A transit engine."""
    engine = open_transit(tmp_path_factory.mktemp("transit"))
    yield engine
    engine.close()


@pytest.fixture
def kms(monkeypatch: pytest.MonkeyPatch) -> Iterator[KeyManagementService]:
    """A KMS that signs as AWS says it does."""
    service = KeyManagementService()
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", service.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws-secret-not-to-be-shown")
    yield service
    service.close()
