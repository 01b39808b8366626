"""Keys made once, and an archive in memory for each test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.verification.memory_archive import KeyRing, MemoryArchive

from audit_trail.settings import load_settings
from audit_trail.signing.local_keys import generate_keys, make_passphrase
from audit_trail.signing.signatures import load_signers

DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")


@pytest.fixture(scope="session")
def make_keys(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], KeyRing]:
    """Makes an RSA and an ML-DSA key that sign together."""

    def make() -> KeyRing:
        settings = load_settings(home=tmp_path_factory.mktemp("keys"))
        make_passphrase(settings)
        public = tuple(key.public_key for key in generate_keys(settings))
        return KeyRing(public=public, signers=load_signers(settings))

    return make


@pytest.fixture(scope="session")
def keys(make_keys: Callable[[], KeyRing]) -> KeyRing:
    """The keys of the archive."""
    return make_keys()


@pytest.fixture(scope="session")
def foreign_keys(make_keys: Callable[[], KeyRing]) -> KeyRing:
    """Just as good, and nobody believes them here."""
    return make_keys()


@pytest.fixture
def fresh(keys: KeyRing) -> MemoryArchive:
    """An archive with a genesis and nothing else."""
    return MemoryArchive(keys=keys)


@pytest.fixture
def archive(fresh: MemoryArchive) -> MemoryArchive:
    """Three sealed days: genesis, then entries 1 to 3; the first day has two segments."""
    fresh.seal(DAYS[0], b"one\ntwo\nthree\n", b"four\nfive\n")
    fresh.seal(DAYS[1], b"six\n" * 40)
    fresh.seal(DAYS[2], b"seven\neight")
    return fresh
