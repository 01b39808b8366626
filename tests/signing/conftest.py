"""Keys made once a session: RSA takes its time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

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
